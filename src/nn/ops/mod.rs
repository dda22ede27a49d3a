//! Differentiable operations that dfdx lacks or does slowly, one file each.
//!
//! An operation takes tensors with or without a tape and records its own backward pass. On the CPU it
//! calls `gemm` and vectorised loops; with the feature `cuda` the same function is a [composition](composed)
//! of dfdx operations. Both are held to float64 finite differences by the same tests.

pub mod composed;
mod cross_entropy;
mod linear;
mod pairing;
mod spectral;
mod tanh_relu;

#[cfg(not(feature = "cuda"))]
pub(crate) mod cpu;

pub use cross_entropy::cross_entropy;
pub use linear::linear;
pub use pairing::pairing;
pub use spectral::{SpectralTarget, spectral_penalty};
pub use tanh_relu::{relu, tanh};

/// Which gradients a recorded pass is for. What is not asked for is not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradientsOf {
    /// Training: the parameters.
    Parameters,
    /// Attacks and sensitivity: the input.
    Input,
    /// Both.
    Everything,
}

impl GradientsOf {
    /// Whether parameters get gradients.
    pub fn parameters(self) -> bool {
        self != GradientsOf::Input
    }

    /// Whether the input gets one.
    pub fn input(self) -> bool {
        self != GradientsOf::Parameters
    }
}
