//! Whitening as a composition.

use super::{On, WithFactor};
use crate::device::refused;
use crate::error::Result;
use crate::nn::ops::Whitening;
use crate::nn::ops::whitening::Root;
use crate::numeric::gram_in_double;
use dfdx::prelude::*;
use ndarray::Array2;

/// As [`whiten`](crate::nn::ops::whiten), whose checks come before; returns the output, the mean `(1, width)` and W.
///
/// The covariance is formed and decomposed on the host in float64. W is then a constant, and how it answers to a
/// change of the covariance is a factor `I + Omega` beside it, whose value is exactly I and whose gradient is
/// right: with `Y = X_c W'` and `D = Y' Y / B`, `Omega = -Q (E * (Q' (D - value of D) Q)) Q'`. So all of it is dfdx
/// operations.
pub fn whiten<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    whitening: &Whitening,
) -> Result<WithFactor<D, T>> {
    let (batch, width) = *x.shape();
    let device = x.device().clone();
    let square = |values: Vec<f32>| device.try_tensor_from_vec(values, (width, width)).map_err(refused);
    let (x, tape) = x.split_tape();
    let mean = x.retaped::<T>().try_mean::<_, Axis<0>>().map_err(refused)?;
    let kept_mean = mean.retaped::<NoneTape>().try_reshape_like(&(1, width)).map_err(refused)?;
    let mean = mean.try_broadcast_like::<_, Axis<0>>(&(batch, width)).map_err(refused)?;
    let centred = x.put_tape(tape).try_sub(mean).map_err(refused)?;

    let sums = gram_in_double(&centred.as_vec(), width);
    let covariance = Array2::from_shape_fn((width, width), |(i, j)| sums[i * width + j] / batch as f64);
    let root = Root::new(covariance, whitening)?;
    let w = square(root.singles())?;
    let y = centred.try_matmul(transposed(w.clone())?).map_err(refused)?;

    let (y, tape) = y.split_tape();
    // Divided first, and so a tensor of its own: dfdx cannot multiply a tensor by its own transpose.
    let divided = y.retaped::<T>().try_div(batch as f32).map_err(refused)?;
    let gram = transposed(divided)?.try_matmul(y.retaped::<T>()).map_err(refused)?;
    // A copy with an id of its own: with the same one its gradient would be added to that of the original.
    let value = gram.retaped::<NoneTape>().try_add(0.0f32).map_err(refused)?;
    let mut change = gram.try_sub(value).map_err(refused)?;
    let basis = match &root.basis {
        Some(basis) => Some(square(basis.vectors.iter().map(|u| *u as f32).collect())?),
        None => None,
    };
    if let Some(u) = &basis {
        let u = u.retaped::<T>();
        change = transposed(u.retaped::<T>())?
            .try_matmul(change)
            .map_err(refused)?
            .try_matmul(u)
            .map_err(refused)?;
    }
    let shares = (0..width * width).map(|place| -root.share(place / width, place % width) as f32).collect();
    let mut omega = change.try_mul(square(shares)?).map_err(refused)?;
    if let Some(u) = &basis {
        let left = u.retaped::<T>().try_matmul(omega).map_err(refused)?;
        omega = left.try_matmul(transposed(u.clone())?).map_err(refused)?;
    }
    let correction = y.retaped::<T>().try_matmul(transposed(omega)?).map_err(refused)?;
    let y = y.put_tape(tape).try_add(correction).map_err(refused)?;
    Ok((y, kept_mean, w))
}

/// As [`whiten_fixed`](crate::nn::ops::whiten_fixed), whose checks come before; `mean` is `(1, width)`, `matrix`
/// `(width, width)`.
pub fn whiten_fixed<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    mean: &On<D, NoneTape>,
    matrix: &On<D, NoneTape>,
) -> Result<On<D, T>> {
    let shape = *x.shape();
    let mean = mean.clone().try_reshape_like(&(shape.1,)).map_err(refused)?;
    let mean = mean.try_broadcast_like::<_, Axis<0>>(&shape).map_err(refused)?;
    x.try_sub(mean).map_err(refused)?.try_matmul(transposed(matrix.clone())?).map_err(refused)
}

fn transposed<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>) -> Result<On<D, T>> {
    x.try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)
}
