//! Spectra of wide random networks: kernels in closed form and by mixture, finite widths beside them, and the figure of both.

#[path = "common/errors.rs"]
mod errors;

#[path = "kernel_theory/figure.rs"]
mod figure;
#[path = "kernel_theory/finite.rs"]
mod finite;
#[path = "kernel_theory/kernel.rs"]
mod kernel;

use ndarray::{Array2, array};

/// Four inputs, one of which is 0, and two of which are opposite.
fn few() -> Array2<f32> {
    array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [0.0, 0.0, 0.0], [-0.5, 1.0, -2.0]]
}
