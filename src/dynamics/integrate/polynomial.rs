//! All real roots of a polynomial in the unit interval.

/// The value at `s`; coefficients of rising powers.
pub(super) fn value(coefficients: &[f64], s: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * s + c)
}

/// Every sign change in `(0, 1]`, in rising order: between the roots of the derivative a polynomial is monotone.
pub(super) fn sign_changes(coefficients: &[f64]) -> Vec<f64> {
    if coefficients.len() < 2 {
        return vec![];
    }
    let derivative: Vec<f64> = coefficients.iter().enumerate().skip(1).map(|(k, c)| k as f64 * c).collect();
    let mut cuts = sign_changes(&derivative);
    cuts.push(1.0);
    let mut roots = vec![];
    let mut left = 0.0;
    for right in cuts {
        if let Some(root) = crossing(&|s| value(coefficients, s), left, right) {
            roots.push(root);
        }
        left = right;
    }
    roots
}

/// A sign change of `f` between `a` and `b`, by regula falsi with bisection (Illinois), to rounding. A zero belongs to the
/// positive side, so that of a touch from above nothing is seen, and of a start at zero neither.
pub(super) fn crossing(f: &dyn Fn(f64) -> f64, a: f64, b: f64) -> Option<f64> {
    let (mut a, mut b) = (a, b);
    let (mut fa, mut fb) = (f(a), f(b));
    if (fa >= 0.0) == (fb >= 0.0) || fa.is_nan() || fb.is_nan() {
        return None;
    }
    let mut side = 0;
    for turn in 0..200 {
        if (b - a).abs() <= 2.0 * f64::EPSILON * a.abs().max(b.abs()).max(1e-300) {
            break;
        }
        let inside = b - fb * (b - a) / (fb - fa);
        let middle = a + (b - a) / 2.0;
        let m = if turn % 4 != 3 && inside > a.min(b) && inside < a.max(b) { inside } else { middle };
        let fm = f(m);
        if fm == 0.0 {
            return Some(m);
        }
        if (fm >= 0.0) == (fb >= 0.0) {
            (b, fb) = (m, fm);
            if side == 1 {
                fa /= 2.0;
            }
            side = 1;
        } else {
            (a, fa) = (m, fm);
            if side == -1 {
                fb /= 2.0;
            }
            side = -1;
        }
    }
    Some(b)
}
