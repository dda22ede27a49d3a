//! The mean squared error.

use crate::device::{Device, Matrix, Scalar, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The mean over all numbers of `(y - target)^2`, both `(rows, width)`; summed in groups of 4096 in float32, over groups in
/// float64.
///
/// Records `dy += 2 (y - target) / (rows width)`.
///
/// ```
/// use eigengate::device::matrix;
/// use eigengate::nn::ops::squared_error;
///
/// let (y, target) = (matrix(&[1.0, 2.0], 1, 2)?, matrix(&[0.0, 4.0], 1, 2)?);
/// assert_eq!(squared_error(y, &target)?.as_vec(), [2.5]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without numbers; [`Error::Shape`] where the sizes differ.
pub fn squared_error<T: Tape<f32, Device>>(y: Matrix<T>, target: &Matrix) -> Result<Scalar<T>> {
    let (rows, width) = dims(&y);
    if rows == 0 || width == 0 {
        return Err(Error::empty("the matrix of a squared error"));
    }
    if dims(target) != (rows, width) {
        let (need, is) = (format!("{:?}", (rows, width)), format!("{:?}", dims(target)));
        return Err(Error::shape("target of a squared error", need, is));
    }
    #[cfg(feature = "cuda")]
    return super::composed::squared_error(y, target);
    #[cfg(not(feature = "cuda"))]
    run(y, target)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(y: Matrix<T>, target: &Matrix) -> Result<Scalar<T>> {
    use crate::device::{Contiguous, device, refused};
    use dfdx::prelude::{PutTape, ZerosTensor};

    let (y, mut tape) = Contiguous::new(y)?;
    let target = Contiguous::plain(target)?;
    let mut sum = 0.0f64;
    for (y, target) in y.values().chunks(GROUP).zip(target.values().chunks(GROUP)) {
        let mut lanes = [0.0; LANES];
        add_squares(&mut lanes, y, target);
        sum += f64::from(lanes.iter().sum::<f32>());
    }
    let count = y.values().len() as f64;
    let mut value: Scalar = device()?.try_zeros_like(&()).map_err(refused)?;
    value[[]] = (sum / count) as f32;
    let ghost = value.ghost();
    tape.add_backward_op(move |gradients| {
        let above = f64::from(gradients.get_or_alloc_mut(&ghost)?.iter().sum::<f32>());
        let dy = gradients.get_or_alloc_mut(y.tensor())?;
        add_differences(dy, (2.0 * above / count) as f32, y.values(), target.values());
        Ok(())
    });
    Ok(value.put_tape(tape))
}

/// Numbers whose squares are added in float32.
#[cfg(not(feature = "cuda"))]
const GROUP: usize = 4096;

#[cfg(not(feature = "cuda"))]
const LANES: usize = 16;

#[cfg(not(feature = "cuda"))]
crate::numeric::multiversion! {
    /// Sixteen sums at a time; one after the other, every addition would wait for the last.
    fn add_squares(lanes: &mut [f32; LANES], y: &[f32], target: &[f32]) {
        let ((blocks, rest), (targets, rest_of_target)) = (y.as_chunks::<LANES>(), target.as_chunks::<LANES>());
        for (y, target) in blocks.iter().zip(targets) {
            for i in 0..LANES {
                let difference = y[i] - target[i];
                lanes[i] = difference.mul_add(difference, lanes[i]);
            }
        }
        for ((lane, y), target) in lanes.iter_mut().zip(rest).zip(rest_of_target) {
            *lane = (y - target).mul_add(y - target, *lane);
        }
    }
}

#[cfg(not(feature = "cuda"))]
crate::numeric::multiversion! {
    /// `dy += slope (y - target)`.
    fn add_differences(dy: &mut [f32], slope: f32, y: &[f32], target: &[f32]) {
        for ((dy, y), target) in dy.iter_mut().zip(y).zip(target) {
            *dy = slope.mul_add(y - target, *dy);
        }
    }
}
