//! Recorded gradients against float64 central differences with a step and a bound of the test's own.

#[path = "close.rs"]
mod close;
#[path = "tensors.rs"]
mod tensors;

pub use close::{assert_close, largest};
use eigengate::device::Matrix;
pub use tensors::{Grads, backward, bits, doubles, pair, permuted, random};

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
