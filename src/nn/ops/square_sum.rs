//! The squared norm of a matrix.

use crate::device::{Device, Matrix, Scalar, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `factor * sum over i, j of x_ij^2` of `x` `(batch, width)`, as one number; summed over the rows in groups of 32 in
/// float32, over groups and columns in float64.
///
/// Records `dx += 2 factor x`.
///
/// ```
/// use eigengate::device::matrix;
/// use eigengate::nn::ops::square_sum;
///
/// assert_eq!(square_sum(matrix(&[1.0, 2.0, 3.0], 1, 3)?, 0.5)?.as_vec(), [7.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for an empty batch.
pub fn square_sum<T: Tape<f32, Device>>(x: Matrix<T>, factor: f64) -> Result<Scalar<T>> {
    let (batch, width) = dims(&x);
    if batch == 0 || width == 0 {
        return Err(Error::empty("the matrix of a squared norm"));
    }
    #[cfg(feature = "cuda")]
    return super::composed::square_sum(x, factor);
    #[cfg(not(feature = "cuda"))]
    run(x, factor)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(x: Matrix<T>, factor: f64) -> Result<Scalar<T>> {
    use super::cpu::BLOCK;
    use crate::device::{Contiguous, device, refused};
    use crate::numeric::column_squares;
    use dfdx::prelude::{PutTape, ZerosTensor};
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let sum: f64 = column_squares(x.values(), x.dims().1).into_iter().sum();
    let mut value: Scalar = device()?.try_zeros_like(&()).map_err(refused)?;
    value[[]] = (factor * sum) as f32;
    let ghost = value.ghost();
    tape.add_backward_op(move |gradients| {
        let above = f64::from(gradients.get_or_alloc_mut(&ghost)?.iter().sum::<f32>());
        let slope = (2.0 * factor * above) as f32;
        let dx = gradients.get_or_alloc_mut(x.tensor())?.par_chunks_mut(BLOCK);
        dx.zip(x.values().par_chunks(BLOCK)).for_each(|(dx, x)| {
            dx.iter_mut().zip(x).for_each(|(dx, x)| *dx += slope * x);
        });
        Ok(())
    });
    Ok(value.put_tape(tape))
}
