//! Recorded gradients against float64 central differences with a step and a bound of the test's own.

#[path = "tensors.rs"]
mod tensors;

use eigengate::device::Matrix;
pub use tensors::{Grads, backward, bits, doubles, pair, permuted, random};

pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Asserts that all differences are at most `bound`; NaN fails.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], want: &[f64], bound: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs();
        assert!(error <= bound, "{what} at {place}: {got}, wanted {want}, error {error:e} above {bound:e}");
    }
}

/// Asserts that the gradient by `x` is, up to `bound`, the difference quotient with step `h` of `f`, a float64 function
/// written independently. At 50 places or more.
#[track_caller]
pub fn assert_slopes(
    what: &str,
    x: &Matrix,
    gradient: &Grads,
    (h, bound): (f64, f64),
    f: impl Fn(&[f64]) -> f64,
) {
    let mut at = doubles(x);
    let gradient = gradient.get(x).as_vec();
    assert_eq!(gradient.len(), at.len(), "{what}");
    for i in (0..at.len()).step_by(1 + at.len() / 100) {
        let centre = at[i];
        let mut along = |step: f64| {
            at[i] = centre + step * h;
            f(&at)
        };
        let differences = [along(1.0) - along(-1.0), along(2.0) - along(-2.0)];
        at[i] = centre;
        // Of fourth order: steps long enough that rounding is small beside what they change.
        let want = (8.0 * differences[0] - differences[1]) / (12.0 * h);
        assert_close(&format!("{what}, place {i}"), &gradient[i..=i], &[want], bound);
    }
}
