//! Numbers that scripts in tests/parity have stored.

// Not every test file uses all of it.
#![allow(dead_code)]

#[path = "close.rs"]
mod close;

pub use close::{assert_close, largest};
use eigengate::exchange::Npz;
use ndarray::{Array2, IxDyn};

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
