//! Random tensors, and gradients held to differences.

// Not every test file uses all of it.
#![allow(dead_code)]

use dfdx::prelude::{Axes2, Gradients, PermuteTo};
use eigengate::device::{Device, Matrix, Recording, Scalar, dims, matrix};
use eigengate::seed::{Purpose, stream};

pub type Grads = Gradients<f32, Device>;

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
    use dfdx::prelude::Backward;
    loss.backward()
}

pub fn pair(y: &[f64], u: &[f64]) -> f64 {
    assert_eq!(y.len(), u.len());
    y.iter().zip(u).map(|(y, u)| y * u).sum()
}

/// Compares a gradient with central differences of `f`, a float64 function written independently, at some places
/// of large arrays and all of small ones.
#[track_caller]
pub fn assert_slopes(what: &str, x: &Matrix, gradient: &Grads, f: impl Fn(&[f64]) -> f64) {
    let mut at = doubles(x);
    let gradient = gradient.get(x).as_vec();
    assert_eq!(gradient.len(), at.len(), "{what}");
    let scale = gradient.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    // A stride without small factors meets every row, column, channel and tap sooner or later.
    let stride = if at.len() > 80 { at.len() / 80 * 2 + 1 } else { 1 };
    for i in (0..at.len()).step_by(stride).chain([at.len() - 1]) {
        let (h, centre) = (1e-6, at[i]);
        at[i] = centre + h;
        let up = f(&at);
        at[i] = centre - h;
        let down = f(&at);
        at[i] = centre;
        let want = (up - down) / (2.0 * h);
        let error = (f64::from(gradient[i]) - want).abs();
        assert!(
            error <= 2e-5 * f64::from(scale) + 1e-7,
            "{what} at {i}: recorded {}, differences {want}, error {error:e}",
            gradient[i]
        );
    }
}

#[track_caller]
pub fn assert_close(what: &str, a: &[f32], b: &[f32], tolerance: f32) {
    let scale = b.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what} at {i}: {a} and {b}");
    }
}

/// Which of these gradients a backward pass has computed.
pub fn reached(g: &mut Grads, parameters: [&Matrix; 3]) -> [bool; 3] {
    parameters.map(|p| g.get_or_alloc_mut(p).unwrap().iter().any(|v| *v != 0.0))
}

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}
