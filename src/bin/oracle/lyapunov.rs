//! Lyapunov exponents, and the fixed points of the same system.

use eigengate::dynamics::Lyapunov;

use crate::case::Case;
use crate::checks::{Checks, Outcome};
use crate::fixed_points::{certified, compare, nearest};

/// Allowed in an exponent: averages over a finite time of either side, as a share and as a number.
const TOLERANCE: (f64, f64) = (0.03, 2e-3);

pub fn exponents(case: &Case, checks: &mut Checks) -> Outcome {
    let points = certified(&case.weights, checks)?;
    compare(case, &points, checks)?;

    let entries = case.entries();
    let start = entries.get("start")?.numbers()?;
    let expected = entries.get("exponents_qr")?.numbers()?;
    let spectrum = Lyapunov::new().run(&case.weights.flow(), &start).map_err(|e| e.to_string())?;
    checks.same("number of exponents", spectrum.exponents.len(), expected.len());
    checks.near("sum of the exponents", spectrum.sum_check(), 0.0, 1e-3);
    let largest = spectrum.largest();
    match entries.get("sign")?.whole()? {
        // A sink: the eigenvalues are exact, the averages of the case are not.
        -1 => {
            let Some(end) = spectrum.sink.clone() else {
                return Err(format!("{spectrum:?} came to no sink"));
            };
            let mut taken = vec![false; points.points.len()];
            let nearest = nearest(&end.to_vec(), &points, &mut taken);
            let Some((sink, _)) = nearest.filter(|(_, distance)| *distance < 1e-9) else {
                return Err(format!("{spectrum:?} came to no fixed point"));
            };
            checks.holds("sink", sink.kind.is_stable(), || format!("{spectrum:?}"));
            for (found, value) in spectrum.exponents.iter().zip(&sink.eigenvalues) {
                checks.near("exponents of a sink", *found, value.re, 1e-9);
            }
            let first = expected.first().copied().unwrap_or(f64::NAN);
            checks.near("largest exponent", largest, first, TOLERANCE.0 * first.abs() + TOLERANCE.1);
        }
        sign => {
            checks.holds("no sink", spectrum.sink.is_none(), || format!("{spectrum:?}"));
            // Positive, or the zero of a cycle.
            let known = if largest > TOLERANCE.1 { 1 } else { 0 };
            checks.same("sign of the largest exponent", known, sign);
            for (index, (found, value)) in spectrum.exponents.iter().zip(&expected).enumerate() {
                let name = if index == 0 { "largest exponent" } else { "other exponents" };
                let zero = if sign == 0 && index == 0 { 1e-3 } else { TOLERANCE.1 };
                checks.near(name, *found, *value, TOLERANCE.0 * value.abs() + zero);
            }
        }
    }
    Ok(format!("{} Lyapunov exponents, {} fixed points", expected.len(), points.points.len()))
}
