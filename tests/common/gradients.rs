//! Recorded gradients against float64 central differences.

use dfdx::prelude::{Axes2, Backward, Gradients, PermuteTo};
use eigengate::device::{Device, Matrix, Recording, Scalar, dims, matrix};
use eigengate::seed::{Purpose, stream};

pub type Grads = Gradients<f32, Device>;

/// Uniform in [-1, 1), the same for the same index.
pub fn random(rows: usize, columns: usize, index: u64) -> Matrix {
    let mut rng = stream(3, Purpose::Parameters, index);
    let values: Vec<f32> = (0..rows * columns).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
    matrix(&values, rows, columns).unwrap()
}

/// The same values behind a transposed layout.
pub fn permuted(x: &Matrix) -> Matrix {
    let (rows, columns) = dims(x);
    let values = x.as_vec();
    let transposed =
        (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| values[i * columns + j]);
    let t = matrix(&transposed.collect::<Vec<_>>(), columns, rows).unwrap();
    t.permute::<(usize, usize), Axes2<1, 0>>()
}

pub fn doubles(x: &Matrix) -> Vec<f64> {
    x.as_vec().into_iter().map(f64::from).collect()
}

pub fn backward(loss: Scalar<Recording>) -> Grads {
    loss.backward()
}

pub fn pair(y: &[f64], u: &[f64]) -> f64 {
    y.iter().zip(u).map(|(y, u)| y * u).sum()
}

pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
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
