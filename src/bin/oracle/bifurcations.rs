//! Hopf points and branches of equilibria, found in a range of the parameter.

use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, BranchEnd, ContinuationOptions, DiagramOptions, EquilibriumContinuation,
    ParameterFamily, SpecialPoint,
};

use crate::case::{Case, Entry};
use crate::checks::{Checks, Outcome};
use crate::folds::parameter_index;

/// The diagram goes from this far below to this far above, times the size of the value; neither end tells where in between.
const RANGE: (f64, f64) = (0.031, 0.023);
/// How near the parameter must come.
const NEAR: f64 = 1e-8;

/// A Hopf point: place, frequency, first Lyapunov coefficient, the side of the small cycle.
pub fn hopf(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let value = entries.get("value")?.number()?;
    let size = value.abs().max(1.0);
    let range = (value - RANGE.0 * size, value + RANGE.1 * size);
    let family = family(case)?;
    let diagram =
        BifurcationDiagram::new(&family, range, &DiagramOptions::new()).map_err(|e| e.to_string())?;
    checks.holds("complete", diagram.complete, || format!("{diagram:?}"));
    let found = diagram.specials_of(Bifurcation::Hopf);
    let state = entries.get("h")?.numbers()?;
    let Some(point) = nearest(&found, &state, value) else {
        return Err(format!("no Hopf point among {:?}", diagram.specials()));
    };
    checks.near("parameter", point.parameter(), value, NEAR);
    checks.holds("converged", point.converged, || format!("{point:?}"));
    let (low, high) = (point.bracket.0.min(point.bracket.1), point.bracket.0.max(point.bracket.1));
    checks.holds("bracket", low <= value + NEAR && value - NEAR <= high, || format!("{point:?}"));
    for (axis, expected) in state.iter().enumerate() {
        checks.near("state", point.state.get(axis).copied().unwrap_or(f64::NAN), *expected, 1e-7);
    }
    let number = |name: &str| entries.get(name)?.number();
    checks.near("frequency", point.frequency.unwrap_or(f64::NAN), number("frequency")?, 1e-7);
    let supercritical = match entries.get("criticality")?.text()? {
        "supercritical" => true,
        "subcritical" => false,
        other => return Err(format!("criticality: `{other}`; supercritical and subcritical are known")),
    };
    checks.same("supercritical", point.is_supercritical(), Some(supercritical));
    let l1 = point.first_lyapunov.map(|first| first.kuznetsov);
    let expected = number("l1_kuznetsov")?;
    checks.same("sign of l1", l1.map(f64::signum), Some(expected.signum()));
    let speed = 2.0 * point.crossing_speed.unwrap_or(f64::NAN);
    let expected = number("dtrace_dparam")?;
    checks.near("derivative of the trace", speed, expected, 1e-5 * expected.abs().max(1.0));
    if let Some(simulation) = entries.find("simulation")? {
        let side = simulation.get("side")?.whole()?;
        checks.same("side of the small cycle", point.cycle_side().map(|side| side as i64), Some(side));
        let stable = simulation.get("small_cycle_stable")?.truth()?;
        checks.same("small cycle stable", point.is_supercritical(), Some(stable));
    }
    Ok("the Hopf point: parameter, state, frequency, sign of l1, side of the cycle".to_owned())
}

/// A branch: its folds, Hopf points, neutral saddles, ends, and points in between.
pub fn branch(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let start = entries.get("start")?;
    let &[low, high] = entries.get("range")?.numbers()?.as_slice() else {
        return Err("range: expected two numbers".to_owned());
    };
    let family = family(case)?;
    let (value, state) = (start.get("value")?.number()?, start.get("h")?.numbers()?);
    let options = ContinuationOptions::new();
    let branch = EquilibriumContinuation::branch(&family, (low, high), value, &state, &options)
        .map_err(|e| e.to_string())?;
    let all = branch.specials();
    let lists = [
        ("folds", Bifurcation::Fold),
        ("hopfs", Bifurcation::Hopf),
        ("neutral_saddles", Bifurcation::NeutralSaddle),
    ];
    let mut compared = vec![];
    for (name, kind) in lists {
        let expected = entries.get(name)?.list()?;
        let found: Vec<SpecialPoint> = all.iter().filter(|s| s.kind == kind).cloned().collect();
        checks
            .holds(name, found.len() == expected.len(), || format!("{found:?}, expected {}", expected.len()));
        compared.push(format!("{} {name}", expected.len()));
        for entry in &expected {
            let (value, state) = (entry.get("value")?.number()?, entry.get("h")?.numbers()?);
            let Some(point) = nearest(&found, &state, value) else { continue };
            checks.near(name, point.parameter(), value, NEAR);
            checks.holds(name, point.converged, || format!("{point:?}"));
            for (own, expected) in point.state.iter().zip(&state) {
                checks.near("states of special points", *own, *expected, 1e-6);
            }
            if kind == Bifurcation::Hopf {
                let frequency = entry.get("frequency")?.number()?;
                checks.near("frequency", point.frequency.unwrap_or(f64::NAN), frequency, 1e-7);
                let sign = entry.get("l1_sign")?.whole()?;
                checks.same("sign of l1", point.is_supercritical(), Some(sign < 0));
            }
        }
    }
    checks.holds("unexplained changes of stability", branch.unexplained.is_empty(), || {
        format!("{:?}", branch.unexplained)
    });
    for (end, expected) in branch.ends.iter().zip(entries.get("ends")?.list()?) {
        if expected.text()? == "range" {
            checks.same("end", end, &BranchEnd::Range);
        }
    }
    let sample = match entries.find("branch_sample")? {
        Some(sample) => sample.list()?,
        None => vec![],
    };
    for point in &sample {
        let numbers = point.numbers()?;
        let Some((parameter, state)) = numbers.split_last() else { continue };
        if (low..=high).contains(parameter) {
            let off = distance_to(&branch, *parameter, state, high - low);
            checks.error("points of the branch", off, 1e-3, || format!("{numbers:?} is not on the branch"));
        }
    }
    Ok(format!("a branch: {}, {} points in between", compared.join(", "), sample.len()))
}

/// How far a point is from the straight pieces of a branch; the parameter counts by the length of its range.
fn distance_to(
    branch: &eigengate::dynamics::EquilibriumBranch,
    parameter: f64,
    state: &[f64],
    length: f64,
) -> f64 {
    let scaled = |parameter: f64, state: &[f64]| -> Vec<f64> {
        state.iter().copied().chain([2.0 * parameter / length]).collect()
    };
    let place = scaled(parameter, state);
    let pieces = branch.points.windows(2).map(|pair| {
        let (a, b) = (scaled(pair[0].parameter, &pair[0].state), scaled(pair[1].parameter, &pair[1].state));
        let way: Vec<f64> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
        let length = way.iter().map(|w| w * w).sum::<f64>().max(f64::MIN_POSITIVE);
        let along: f64 = place.iter().zip(&a).zip(&way).map(|((p, a), w)| (p - a) * w).sum();
        let share = (along / length).clamp(0.0, 1.0);
        let off = place.iter().zip(&a).zip(&way).map(|((p, a), w)| (p - a - share * w).powi(2));
        off.sum::<f64>().sqrt()
    });
    pieces.fold(f64::INFINITY, f64::min)
}

/// The point that is nearest in state and parameter.
fn nearest<'a>(found: &'a [SpecialPoint], state: &[f64], value: f64) -> Option<&'a SpecialPoint> {
    let off = |point: &SpecialPoint| {
        let state = point.state.iter().zip(state).map(|(a, b)| (a - b).abs());
        state.fold((point.parameter() - value).abs(), f64::max)
    };
    found.iter().min_by(|a, b| off(a).total_cmp(&off(b)))
}

/// The family of a case: one weight, or the angle of the rotation family.
fn family(case: &Case) -> Result<ParameterFamily, String> {
    let entries: Entry<'_> = case.entries();
    let name = entries.get("parameter")?.text()?;
    if name == "angle" {
        let entry = |i: usize, j: usize| case.weights.get("Uh", &[i, j]).map_err(|e| e.to_string());
        let gain = (entry(0, 0)? * entry(1, 1)? - entry(0, 1)? * entry(1, 0)?).sqrt();
        return ParameterFamily::rotation(gain).map_err(|e| e.to_string());
    }
    ParameterFamily::weight(&case.weights, name, &parameter_index(&entries)?).map_err(|e| e.to_string())
}
