//! Differentiable operations that dfdx lacks or does slowly, one file each.
//!
//! An operation takes tensors with or without a tape and records its own backward pass. On the CPU it
//! calls `gemm` and vectorised loops; with the feature `cuda` the same function is a [composition](composed)
//! of dfdx operations. Both are held to float64 finite differences by the same tests.

mod activation;
mod batch_norm;
pub mod composed;
mod conv2d;
mod conv_pool;
mod conv_pool_adjoint;
mod convolution;
mod cross_entropy;
mod dense;
mod dense_adjoint;
mod gru;
mod linear;
mod linear_adjoint;
mod max_pool2d;
mod pairing;
mod spectral;
mod square_sum;
mod squared_error;
mod stack_steps;
mod standardise;
mod whitening;

#[cfg(not(feature = "cuda"))]
pub(crate) mod cpu;

pub use activation::{Activation, relu, tanh};
pub use batch_norm::{BatchStatistics, batch_norm, batch_norm_fixed};
pub use conv_pool::conv_pool;
pub use conv_pool_adjoint::conv_pool_adjoint;
pub use conv2d::conv2d;
pub use convolution::Convolution;
pub use cross_entropy::cross_entropy;
pub use dense::dense;
pub use dense_adjoint::dense_adjoint;
pub use gru::{GruTensors, gru};
pub use linear::linear;
pub use linear_adjoint::linear_adjoint;
pub use max_pool2d::max_pool2d;
pub use pairing::pairing;
pub use spectral::{SpectralTarget, spectral_penalty};
pub use square_sum::square_sum;
pub use squared_error::squared_error;
pub use stack_steps::stack_steps;
pub use standardise::standardise;
pub use whitening::{Whitening, WhiteningFactor, WhiteningKind, whiten, whiten_fixed};

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

/// Adds the sum of every column of `d` to the gradient of a bias.
#[cfg(not(feature = "cuda"))]
fn add_column_sums(db: &mut [f32], d: &[f32]) {
    let sums = crate::numeric::column_sums(d, db.len());
    db.iter_mut().zip(sums).for_each(|(db, sum)| *db += sum as f32);
}
