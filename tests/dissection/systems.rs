//! Systems with inputs.

use eigengate::dynamics::{GruWeights, Reset, families};
use ndarray::Array2;

/// A random system of `d` units and `m` inputs.
pub fn driven(d: usize, m: usize, seed: u64, reset: Reset) -> GruWeights {
    // Entries of a larger random matrix stand for those of the input matrices.
    let numbers = families::random(d.max(m), 1.5, seed + 1000, reset).unwrap();
    let cut = |matrix: &Array2<f64>| matrix.slice(ndarray::s![..d, ..m]).to_owned();
    families::random(d, 2.0, seed, reset)
        .unwrap()
        .with_input_matrices(cut(numbers.uz()), cut(numbers.ur()), cut(numbers.uh()))
        .unwrap()
}

/// A state, different in every unit.
pub fn state(d: usize, seed: u64) -> ndarray::Array1<f64> {
    (0..d).map(|i| (1.0 + i as f64 + 0.7 * seed as f64).sin() * 0.8).collect()
}

/// One step of the network.
pub fn step(weights: &GruWeights, h: &ndarray::Array1<f64>, x: &[f64]) -> ndarray::Array1<f64> {
    h + weights.with_input(x).unwrap().flow().velocity(h).unwrap()
}
