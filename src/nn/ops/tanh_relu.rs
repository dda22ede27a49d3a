//! The nonlinearities.

use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `y = tanh(x)` elementwise, `(batch, width) -> (batch, width)`; relative error below 2e-7 on the CPU.
///
/// Records `dx += (1 - y^2) dy`.
///
/// # Errors
/// [`Error::Empty`] for an empty batch.
pub fn tanh<T: Tape<f32, Device>>(x: Matrix<T>) -> Result<Matrix<T>> {
    refuse_empty(&x)?;
    #[cfg(feature = "cuda")]
    return super::composed::tanh(x);
    #[cfg(not(feature = "cuda"))]
    elementwise(x, super::cpu::tanh_in_place, |y| 1.0 - y * y)
}

/// `y = max(0, x)` elementwise, `(batch, width) -> (batch, width)`. The derivative at 0 is 0. On the CPU NaN
/// stays NaN (dfdx's own relu gives 0), so that a diverged run is seen.
///
/// # Errors
/// [`Error::Empty`] for an empty batch.
pub fn relu<T: Tape<f32, Device>>(x: Matrix<T>) -> Result<Matrix<T>> {
    refuse_empty(&x)?;
    #[cfg(feature = "cuda")]
    return super::composed::relu(x);
    #[cfg(not(feature = "cuda"))]
    elementwise(x, super::cpu::relu_in_place, |y| if y > 0.0 { 1.0 } else { 0.0 })
}

fn refuse_empty<T>(x: &Matrix<T>) -> Result<()> {
    let (batch, width) = dims(x);
    if batch == 0 || width == 0 { Err(Error::empty("the input of a nonlinearity")) } else { Ok(()) }
}

/// A function whose derivative can be told from its value.
#[cfg(not(feature = "cuda"))]
fn elementwise<T: Tape<f32, Device>>(
    x: Matrix<T>,
    in_place: impl Fn(&mut [f32]),
    derivative: impl Fn(f32) -> f32 + Sync + 'static,
) -> Result<Matrix<T>> {
    use super::cpu::Contiguous;
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, width) = x.dims();
    let mut y = x.values().to_vec();
    in_place(&mut y);
    let y = crate::device::matrix(y, batch, width)?;
    let x = x.tensor().ghost();
    let kept = Contiguous::plain(&y)?;
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(kept.tensor())?);
        let dx = g.get_or_alloc_mut(&x)?;
        let blocks = dx.par_chunks_mut(width).zip(dy.par_chunks(width)).zip(kept.values().par_chunks(width));
        blocks.for_each(|((dx, dy), y)| {
            for ((dx, dy), y) in dx.iter_mut().zip(dy).zip(y) {
                *dx += derivative(*y) * dy;
            }
        });
        **g.get_or_alloc_mut(kept.tensor())? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
