//! Numbers that scripts in tests/parity have stored.

// Not every test file uses all of it.
#![allow(dead_code)]

use eigengate::exchange::Npz;
use ndarray::{Array2, IxDyn};

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

pub fn parity(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(file)
}

pub fn npz() -> Npz {
    Npz::open(parity("networks.npz")).unwrap()
}

pub fn numbers(npz: &Npz, name: &str) -> Vec<f64> {
    npz.get::<f32, IxDyn>(name).unwrap().iter().map(|v| f64::from(*v)).collect()
}

pub fn images(npz: &Npz, name: &str) -> Array2<f32> {
    npz.get(name).unwrap()
}
