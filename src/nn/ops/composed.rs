//! The operations as compositions of what dfdx has, for any of its devices.
//!
//! This is what runs with the feature `cuda`. The tests run it on the CPU too, against the fast version and
//! float64 finite differences.

mod adjoint;
mod batch_norm;
mod convolution;
mod convolution_adjoint;
mod gru;
mod whitening;

pub use adjoint::{conv_pool_adjoint, dense_adjoint, linear_adjoint, square_sum};
pub use batch_norm::{batch_norm, batch_norm_fixed, standardise};
pub use convolution::{conv2d, max_pool2d};
pub use gru::{gru, squared_error, stack_steps};
pub use whitening::{whiten, whiten_fixed};

use super::{Activation, GradientsOf, SpectralTarget};
use crate::device::refused;
use crate::error::Result;
use dfdx::prelude::*;

type On<D, T> = Tensor<(usize, usize), f32, D, T>;
/// An output, and two tensors beside it that are constants.
type WithFactor<D, T> = (On<D, T>, On<D, NoneTape>, On<D, NoneTape>);

/// As [`linear`](super::linear()); dfdx computes all gradients, whatever was asked for.
pub fn linear<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    weight: &On<D, NoneTape>,
    bias: &On<D, NoneTape>,
    _: GradientsOf,
) -> Result<On<D, T>> {
    let outputs = weight.shape().0;
    // Parameters carry a tape too, or the transposition and the broadcast would not be recorded.
    let transposed = weight.retaped::<T>().try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)?;
    let product = x.try_matmul(transposed).map_err(refused)?;
    let shape = *product.shape();
    let bias = bias.retaped::<T>().try_reshape_like(&(outputs,)).map_err(refused)?;
    let bias = bias.try_broadcast_like::<_, Axis<0>>(&shape).map_err(refused)?;
    product.try_add(bias).map_err(refused)
}

/// As [`tanh`](super::tanh).
pub fn tanh<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>) -> Result<On<D, T>> {
    x.try_tanh().map_err(refused)
}

/// As [`relu`](super::relu), but dfdx gives 0 for NaN.
pub fn relu<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>) -> Result<On<D, T>> {
    x.try_relu().map_err(refused)
}

/// As [`dense`](super::dense()); dfdx computes all gradients, whatever was asked for.
pub fn dense<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    weight: &On<D, NoneTape>,
    bias: &On<D, NoneTape>,
    activation: Activation,
    gradients: GradientsOf,
) -> Result<On<D, T>> {
    let y = linear(x, weight, bias, gradients)?;
    match activation {
        Activation::Tanh => tanh(y),
        Activation::Relu => relu(y),
    }
}

/// As [`cross_entropy`](super::cross_entropy()), whose checks come before.
pub fn cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    logits: On<D, T>,
    labels: &[u8],
) -> Result<Tensor<Rank0, f32, D, T>> {
    let (batch, classes) = *logits.shape();
    let mut one_hot = vec![0.0f32; batch * classes];
    for (row, &label) in one_hot.chunks_mut(classes).zip(labels) {
        if let Some(target) = row.get_mut(usize::from(label)) {
            *target = -1.0 / batch as f32;
        }
    }
    let one_hot = logits.device().try_tensor_from_vec(one_hot, (batch, classes)).map_err(refused)?;
    // dfdx 0.13 reuses the input's id for a row-major copy inside log_softmax: the gradient of a permuted input
    // would come out in the wrong order.
    let logits = logits.try_contiguous().map_err(refused)?;
    let log_probability = logits.try_log_softmax::<Axis<1>>().map_err(refused)?;
    log_probability.try_mul(one_hot).map_err(refused)?.try_sum().map_err(refused)
}

/// As [`spectral_penalty`](super::spectral_penalty()), whose checks come before.
pub fn spectral_penalty<D: Device<f32>, T: Tape<f32, D>>(
    tap: On<D, T>,
    vectors: &On<D, NoneTape>,
    target: &SpectralTarget,
) -> Result<Tensor<Rank0, f32, D, T>> {
    let (batch, width) = *tap.shape();
    let device = tap.device().clone();
    let constant = |values: Vec<f64>| {
        let values = values.into_iter().map(|v| v as f32).collect::<Vec<_>>();
        device.try_tensor_from_vec(values, (width,)).map_err(refused)
    };
    let (tap, tape) = tap.split_tape();
    let mean = tap.retaped::<T>().try_mean::<_, Axis<0>>().map_err(refused)?;
    let mean = mean.try_broadcast_like::<_, Axis<0>>(&(batch, width)).map_err(refused)?;
    let centred = tap.put_tape(tape).try_sub(mean).map_err(refused)?;
    let z = centred.try_matmul(vectors.clone()).map_err(refused)?;
    let sums = z.try_square().map_err(refused)?.try_sum::<_, Axis<0>>().map_err(refused)?;
    let lambda = sums.try_div((batch - 1) as f32).map_err(refused)?;

    // The sorted places, the anchor and so every gamma are constants of the gradient.
    let values: Vec<f64> = lambda.as_vec().into_iter().map(f64::from).collect();
    let terms = target.terms(&values)?;
    let (per_gamma, share) = terms.iter().map(|term| (term.per_gamma, term.share)).unzip();
    let ratio = lambda.try_mul(constant(per_gamma)?).map_err(refused)?;
    let excess = ratio.try_sub(1.0f32).map_err(refused)?;
    let (excess, tape) = excess.split_tape();
    let above = excess.retaped::<T>().try_relu().map_err(refused)?;
    let squared = excess.put_tape(tape).try_square().map_err(refused)?;
    let terms = squared.try_add(above).map_err(refused)?;
    terms.try_mul(constant(share)?).map_err(refused)?.try_sum().map_err(refused)
}
