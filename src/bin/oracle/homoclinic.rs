//! Homoclinic orbits, found in a range of the parameter.

use eigengate::dynamics::{Connection, Connections, Kind};

use crate::case::Case;
use crate::checks::{Checks, Outcome};
use crate::folds::parameter_index;

/// The search goes from this far below to this far above; neither end tells where in between.
const RANGE: (f64, f64) = (0.023, 0.014);

pub fn homoclinic(case: &Case, checks: &mut Checks) -> Outcome {
    let entries = case.entries();
    let (name, index) = (entries.get("parameter")?.text()?, parameter_index(&entries)?);
    let value = entries.get("value")?.number()?;
    let (low, high) = (value - RANGE.0, value + RANGE.1);
    let middle = case.weights.with(name, &index, 0.5 * (low + high)).map_err(|e| e.to_string())?;
    let family = case.weights.family(name, &index);

    // The saddles of the family, as they are proved in the middle of the range: each is tried.
    let points = middle.fixed_points().map_err(|e| e.to_string())?;
    let mut found: Vec<Connection> = Vec::new();
    for saddle in points.points.iter().filter(|p| p.kind == Kind::Saddle) {
        let &[x, y] = saddle.state.to_vec().as_slice() else { continue };
        let search = Connections::homoclinic([x, y]);
        found.extend(search.run(&*family, low, high).map_err(|e| e.to_string())?);
    }
    let saddle = entries.get("saddle")?.numbers()?;
    let at = |c: &Connection| (c.from.state[0] - saddle[0]).hypot(c.from.state[1] - saddle[1]);
    let own = found.iter().filter(|c| at(c) < 1e-3);
    let best = own.min_by(|a, b| (a.parameter - value).abs().total_cmp(&(b.parameter - value).abs()));
    let Some(connection) = best else {
        return Err(format!("no homoclinic orbit of the saddle {saddle:?} among {found:?}"));
    };

    checks.holds("homoclinic", connection.homoclinic, || format!("{connection:?}"));
    checks.near("parameter", connection.parameter, value, 1e-8);
    for other in &connection.alternatives {
        checks.near("parameter on other sections", *other, value, 1e-8);
    }
    checks.holds("another section", !connection.alternatives.is_empty(), || "there is none".to_owned());
    checks.near("split", connection.split, 0.0, 1e-8);
    for axis in 0..2 {
        let expected = saddle.get(axis).copied().unwrap_or(f64::NAN);
        checks.near("saddle", connection.from.state[axis], expected, 1e-6);
    }
    let number = |name: &str| entries.get(name)?.number();
    checks.near("eigenvalues", connection.from.unstable, number("lambda_u")?, 1e-6);
    checks.near("eigenvalues", connection.to.stable, number("lambda_s")?, 1e-6);
    checks.near("saddle quantity", connection.saddle_quantity(), number("saddle_quantity")?, 1e-6);
    let stable = entries.get("cycle_stable")?.truth()?;
    checks.same("cycle stable", connection.cycle_is_stable(), stable);
    let side = entries.get("cycle_side")?.whole()?;
    checks.same("side of the cycle", connection.cycle_side.map(|s| s as i64), Some(side));

    // Cycles at the distances of the case.
    let mut data = Vec::new();
    for entry in entries.get("period_data")?.list()? {
        data.push((entry.get("dmu")?.number()?.abs(), entry.get("period")?.number()?));
    }
    let distances: Vec<f64> = data.iter().map(|(distance, _)| *distance).collect();
    let law = connection.period_law(&*family, &distances).map_err(|e| e.to_string())?;
    for (distance, period) in data.iter().filter(|(distance, _)| *distance >= 0.99e-4) {
        let found =
            law.distances.iter().zip(&law.periods).find(|(d, _)| (**d - distance).abs() < 1e-3 * distance);
        let found = found.map_or(f64::NAN, |(_, period)| *period);
        // A parameter off by 1e-11 moves the period by about 1e-11 / distance.
        checks.error("periods near it", ((found - period) / period).abs(), 1e-6, || {
            format!("{found} at distance {distance:e}, expected {period}")
        });
    }
    let theory = number("slope_theory")?;
    checks.error("law of the period", ((law.slope - theory) / theory).abs(), 0.03, || {
        format!("slope {}, expected {theory}", law.slope)
    });
    // The fit of the case is over the smaller half of the distances too.
    let fit = number("slope_fit")?;
    checks.error("fit of the period", ((law.slope - fit) / fit).abs(), 1e-3, || {
        format!("slope {}, expected {fit}", law.slope)
    });
    checks.same("stability of the cycles", law.stable, stable);
    Ok("a homoclinic orbit: parameter, saddle, saddle quantity, cycle, periods and their law".to_owned())
}
