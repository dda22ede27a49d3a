//! Batch normalisation as a composition.

use super::{On, WithFactor};
use crate::device::refused;
use crate::error::Result;
use crate::nn::ops::GradientsOf;
use dfdx::prelude::*;

/// As [`batch_norm`](crate::nn::ops::batch_norm), whose checks come before; returns the output, and mean and
/// unbiased variance `(1, width)`. dfdx computes all gradients, whatever was asked for.
pub fn batch_norm<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    gamma: &On<D, NoneTape>,
    beta: &On<D, NoneTape>,
    eps: f64,
    _: GradientsOf,
) -> Result<WithFactor<D, T>> {
    let ((batch, width), channels) = (*x.shape(), gamma.shape().1);
    let (row, by_place) = ((1, channels), (batch, channels, width / channels));
    let (x, tape) = x.try_reshape_like(&by_place).map_err(refused)?.split_tape();
    let mean = x.retaped::<T>().try_mean::<(usize,), Axes2<0, 2>>().map_err(refused)?;
    let kept_mean = mean.retaped::<NoneTape>().try_reshape_like(&row).map_err(refused)?;
    let mean = mean.try_broadcast_like::<_, Axes2<0, 2>>(&by_place).map_err(refused)?;
    let (centred, tape) = x.put_tape(tape).try_sub(mean).map_err(refused)?.split_tape();
    let squares = centred.retaped::<T>().try_square().map_err(refused)?;
    let variance = squares.try_mean::<(usize,), Axes2<0, 2>>().map_err(refused)?;
    let count = (batch * (width / channels)) as f64;
    let unbiased = variance.retaped::<NoneTape>().try_mul((count / (count - 1.0)) as f32).map_err(refused)?;
    let unbiased = unbiased.try_reshape_like(&row).map_err(refused)?;
    let deviation = variance.try_add(eps as f32).map_err(refused)?.try_sqrt().map_err(refused)?;
    let deviation = deviation.try_broadcast_like::<_, Axes2<0, 2>>(&by_place).map_err(refused)?;
    let z = centred.put_tape(tape).try_div(deviation).map_err(refused)?;
    let z = z.try_reshape_like(&(batch, width)).map_err(refused)?;
    Ok((affine(z, gamma, beta)?, kept_mean, unbiased))
}

/// As [`batch_norm_fixed`](crate::nn::ops::batch_norm_fixed), whose checks come before; `statistics` are mean and
/// variance, `(1, channels)`. dfdx computes all gradients, whatever was asked for.
pub fn batch_norm_fixed<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    gamma: &On<D, NoneTape>,
    beta: &On<D, NoneTape>,
    (mean, variance): (&On<D, NoneTape>, &On<D, NoneTape>),
    eps: f64,
    _: GradientsOf,
) -> Result<On<D, T>> {
    let shape = *x.shape();
    let deviation = variance.clone().try_add(eps as f32).map_err(refused)?.try_sqrt().map_err(refused)?;
    let centred = x.try_sub(to_rows::<D, NoneTape>(mean, shape)?).map_err(refused)?;
    let z = centred.try_div(to_rows::<D, NoneTape>(&deviation, shape)?).map_err(refused)?;
    affine(z, gamma, beta)
}

/// As [`standardise`](crate::nn::ops::standardise()), whose checks come before.
pub fn standardise<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    mean: &On<D, NoneTape>,
    std: &On<D, NoneTape>,
) -> Result<On<D, T>> {
    let shape = *x.shape();
    let centred = x.try_sub(to_rows::<D, NoneTape>(mean, shape)?).map_err(refused)?;
    centred.try_div(to_rows::<D, NoneTape>(std, shape)?).map_err(refused)
}

/// `gamma z + beta`.
fn affine<D: Device<f32>, T: Tape<f32, D>>(
    z: On<D, T>,
    gamma: &On<D, NoneTape>,
    beta: &On<D, NoneTape>,
) -> Result<On<D, T>> {
    let shape = *z.shape();
    let scaled = z.try_mul(to_rows::<D, T>(gamma, shape)?).map_err(refused)?;
    scaled.try_add(to_rows::<D, T>(beta, shape)?).map_err(refused)
}

/// A row `(1, channels)` under itself, every number as often as a channel has columns. Taped where it is a parameter, or
/// its gradient would be lost.
fn to_rows<D: Device<f32>, T: Tape<f32, D>>(
    row: &On<D, NoneTape>,
    (batch, width): (usize, usize),
) -> Result<On<D, T>> {
    let channels = row.shape().1;
    let by_place = (batch, channels, width / channels);
    let row = row.retaped::<T>().try_reshape_like(&(channels,)).map_err(refused)?;
    let rows = row.try_broadcast_like::<(usize, usize, usize), Axes2<0, 2>>(&by_place).map_err(refused)?;
    rows.try_reshape_like(&(batch, width)).map_err(refused)
}
