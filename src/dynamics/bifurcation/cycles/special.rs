//! Special points of a branch of cycles: folds, flips, torus bifurcations.

use super::corrector::{Corrected, Corrector, Plane};
use super::multipliers::multipliers;
use super::point::CyclePoint;
use crate::dynamics::bifurcation::special::{Bifurcation, SpecialPoint};
use crate::dynamics::complex::Complex;
use crate::dynamics::root::brent;
use crate::error::{Error, Result};

/// Part of the parameter in the unit tangent below which a branch is upright, at a multiplier of 1.
const UPRIGHT: f64 = 1e-5;

/// The test function of a kind.
fn test(kind: Bifurcation, found: &Corrected, metric: f64) -> Result<f64> {
    if kind == Bifurcation::FoldOfCycles {
        return Ok(found.tangent.parameter / metric);
    }
    let all = multipliers(&found.orbit, &found.arcs)?;
    Ok(of_multipliers(kind, &all.values, all.divergence))
}

fn of_multipliers(kind: Bifurcation, values: &[Complex], divergence: f64) -> f64 {
    let one = Complex::real(1.0);
    match kind {
        Bifurcation::Flip => values.iter().fold(one, |product, m| product * (*m + one)).re,
        Bifurcation::NeimarkSacker => {
            let mut product = one;
            for (k, a) in values.iter().enumerate() {
                for b in values.iter().skip(k + 1) {
                    product = product * (*a * *b - one);
                }
            }
            product.re
        }
        // The logarithm of the multiplier in the plane.
        _ if values.len() == 1 => divergence,
        _ => values.iter().fold(one, |product, m| product * (*m - one)).re,
    }
}

/// The special cycles between `from` and the cycle `step` farther along its tangent.
pub(super) fn between(
    corrector: &Corrector,
    from: &Corrected,
    step: f64,
    (before, found, after): (&CyclePoint, &Corrected, &CyclePoint),
) -> Result<Vec<CyclePoint>> {
    use Bifurcation::{BranchPoint, Flip, FoldOfCycles, NeimarkSacker};
    let mut kinds = vec![];
    let turns = from.tangent.parameter * found.tangent.parameter < 0.0;
    let changes = |kind| {
        let value = |p: &CyclePoint| of_multipliers(kind, &p.multipliers, p.divergence);
        value(before) * value(after) < 0.0
    };
    // In the plane the one multiplier tells: where a branch is all but upright, as that of canards, its tangent does not.
    let planar = after.multipliers.len() == 1;
    if turns && !planar {
        kinds.push(FoldOfCycles);
    } else if changes(BranchPoint) {
        kinds.push(BranchPoint);
    }
    if after.multipliers.len() > 1 {
        kinds.extend([Flip, NeimarkSacker].into_iter().filter(|kind| changes(*kind)));
    }
    let mut special = vec![];
    for kind in kinds {
        match locate(corrector, from, step, kind) {
            Ok(located) => special.extend(located),
            // Where branches cross the corrector is singular: the test function says about where.
            Err(Error::Numeric { .. }) => special.push(guess(kind, step, before, after)),
            Err(error) => return Err(error),
        }
    }
    special.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(special.into_iter().map(|(_, point)| point).collect())
}

/// A special cycle that could not be located: the one before it, with the parameter between both at which the test function, taken as
/// linear, vanishes.
fn guess(kind: Bifurcation, step: f64, before: &CyclePoint, after: &CyclePoint) -> (f64, CyclePoint) {
    let value = |p: &CyclePoint| of_multipliers(kind, &p.multipliers, p.divergence);
    let share = (value(before) / (value(before) - value(after))).clamp(0.0, 1.0);
    let parameter = before.parameter + share * (after.parameter - before.parameter);
    let bracket = (before.parameter, after.parameter);
    let special = SpecialPoint::new(kind, vec![parameter], before.state.clone(), bracket, false);
    (share * step, CyclePoint { special: Some(special), ..before.clone() })
}

/// The root of the test function along the tangent, and how far it is.
fn locate(
    corrector: &Corrector,
    from: &Corrected,
    step: f64,
    kind: Bifurcation,
) -> Result<Option<(f64, CyclePoint)>> {
    let metric = corrector.metric.parameter;
    let corrector = &corrector.refined();
    let at = |s: f64| -> Result<Corrected> {
        corrector.run(&from.orbit.moved(&from.tangent, s), &Plane::Across(&from.tangent), &from.tangent)
    };
    let mut value = |s: f64| -> Result<f64> { test(kind, &at(s)?, metric) };
    let (first, second) = (value(0.0)?, value(step)?);
    if !(first * second < 0.0) {
        return Ok(None);
    }
    let (s, _) = brent(&mut value, (0.0, first), (step, second), 1e-9 * step)?;
    let found = at(s)?;
    let mut cycle = CyclePoint::of(corrector, &found)?;
    if kind == Bifurcation::NeimarkSacker && cycle.multipliers.iter().all(|m| m.im == 0.0) {
        // Two real multipliers whose product is 1: a neutral saddle.
        return Ok(None);
    }
    // The two nearest cycles on both sides between which the sign can be told.
    let (mut width, mut bracket) = (1e-12 * step, (f64::NEG_INFINITY, f64::INFINITY));
    while width < step {
        let (low, high) = (at(s - width)?, at(s + width)?);
        if test(kind, &low, metric)? * test(kind, &high, metric)? < 0.0 {
            bracket = (low.orbit.parameter, high.orbit.parameter);
            break;
        }
        width *= 4.0;
    }
    let off = (bracket.0 - cycle.parameter).abs().max((bracket.1 - cycle.parameter).abs());
    let converged = off < 1e-10 * metric;
    // A multiplier of 1 where the branch stands upright is that of a fold.
    let upright = (found.tangent.parameter / metric).abs() < UPRIGHT;
    let kind = if kind == Bifurcation::BranchPoint && upright { Bifurcation::FoldOfCycles } else { kind };
    let angle = cycle.multipliers.iter().find(|m| m.im > 0.0).map(|m| m.im.atan2(m.re));
    cycle.special = Some(SpecialPoint {
        frequency: angle.filter(|_| kind == Bifurcation::NeimarkSacker),
        ..SpecialPoint::new(kind, vec![cycle.parameter], cycle.state.clone(), bracket, converged)
    });
    Ok(Some((s, cycle)))
}
