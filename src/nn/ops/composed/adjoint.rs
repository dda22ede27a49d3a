//! The adjoint operations and the squared norm.

use super::On;
use super::convolution_adjoint::{conv2d_adjoint, max_pool2d_adjoint};
use crate::data::ImageShape;
use crate::device::refused;
use crate::error::Result;
use crate::nn::ops::{Activation, Convolution};
use dfdx::prelude::*;

/// As [`linear_adjoint`](crate::nn::ops::linear_adjoint()), whose checks come before.
pub fn linear_adjoint<D: Device<f32>, T: Tape<f32, D>>(
    g: On<D, T>,
    weight: &On<D, NoneTape>,
) -> Result<On<D, T>> {
    g.try_matmul(weight.retaped::<T>()).map_err(refused)
}

/// As [`dense_adjoint`](crate::nn::ops::dense_adjoint()), whose checks come before.
pub fn dense_adjoint<D: Device<f32>, T: Tape<f32, D>>(
    g: On<D, T>,
    y: &On<D, NoneTape>,
    weight: &On<D, NoneTape>,
    activation: Activation,
) -> Result<On<D, T>> {
    linear_adjoint(sloped(g, y, activation)?, weight)
}

/// `g * f'(y)`.
fn sloped<D: Device<f32>, T: Tape<f32, D>>(
    g: On<D, T>,
    y: &On<D, NoneTape>,
    activation: Activation,
) -> Result<On<D, T>> {
    match activation {
        Activation::Tanh => {
            let square = y.retaped::<T>().try_square().map_err(refused)?;
            let slope = square.try_negate().and_then(|s| s.try_add(1.0f32)).map_err(refused)?;
            g.try_mul(slope).map_err(refused)
        }
        Activation::Relu => {
            let nothing = y.device().try_zeros_like(y.shape()).map_err(refused)?;
            y.try_gt(0.0f32).and_then(|above| above.try_choose(g, nothing)).map_err(refused)
        }
    }
}

/// As [`conv_pool_adjoint`](crate::nn::ops::conv_pool_adjoint()), whose checks come before and give `output`, the image
/// before pooling; its values `before` `(batch, output pixels)` decide the winners.
pub fn conv_pool_adjoint<D: Device<f32>, T: Tape<f32, D>>(
    g: On<D, T>,
    before: &On<D, NoneTape>,
    y: &On<D, NoneTape>,
    weight: &On<D, NoneTape>,
    sizes: &Convolution,
    output: ImageShape,
    activation: Activation,
) -> Result<On<D, T>> {
    let d = max_pool2d_adjoint(sloped(g, y, activation)?, before, output)?;
    conv2d_adjoint(d, weight, sizes, output)
}

/// As [`square_sum`](crate::nn::ops::square_sum()), whose checks come before.
pub fn square_sum<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    factor: f64,
) -> Result<Tensor<Rank0, f32, D, T>> {
    let sum = x.try_square().map_err(refused)?.try_sum().map_err(refused)?;
    sum.try_mul(factor as f32).map_err(refused)
}
