//! Inputs of mean 0 and variance 1, by constants.

use super::GradientsOf;
use crate::device::{Device, Matrix, dims, with_values};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `y = (x - mean) / std`, column by column; `x` and the result are `(batch, width)`, `mean` and `std` constants
/// `(1, width)`.
///
/// Records `dx += dy / std` where `gradients` asks for the input's.
///
/// ```
/// use eigengate::device::matrix;
/// use eigengate::nn::ops::{GradientsOf, standardise};
///
/// let (mean, std) = (matrix(&[1.0, 0.0], 1, 2)?, matrix(&[2.0, 0.5], 1, 2)?);
/// let y = standardise(matrix(&[5.0, 1.0], 1, 2)?, &mean, &std, GradientsOf::Input)?;
/// assert_eq!(y.as_vec(), [2.0, 2.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for an empty batch, [`Error::Shape`] where widths do not agree, [`Error::Parameter`] for a standard
/// deviation that is not a finite number above 0.
pub fn standardise<T: Tape<f32, Device>>(
    x: Matrix<T>,
    mean: &Matrix,
    std: &Matrix,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let (batch, width) = dims(&x);
    if batch == 0 || width == 0 {
        return Err(Error::empty("the batch to standardise"));
    }
    for (what, found) in [("mean", dims(mean)), ("std", dims(std))] {
        if found != (1, width) {
            return Err(Error::shape(what, format!("(1, {width})"), format!("{found:?}")));
        }
    }
    let bad = with_values(std, |std| std.iter().copied().find(|std| !(*std > 0.0 && std.is_finite())))?;
    if let Some(std) = bad {
        return Err(Error::parameter("std", std, "finite standard deviations above 0"));
    }
    #[cfg(feature = "cuda")]
    {
        let _ = gradients;
        super::composed::standardise(x, mean, std)
    }
    #[cfg(not(feature = "cuda"))]
    run(x, mean, std, gradients)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    x: Matrix<T>,
    mean: &Matrix,
    std: &Matrix,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::cpu::normalise_rows;
    use crate::device::{Contiguous, values_mut, zeros};
    use crate::numeric::GROUP;
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, width) = x.dims();
    let mean = Contiguous::plain(mean)?;
    let slope: Vec<f32> = Contiguous::plain(std)?.values().iter().map(|std| 1.0 / std).collect();
    let offset = vec![0.0; width];
    let mut y = zeros(batch, width)?;
    let task = GROUP * width;
    let rows = values_mut(&mut y).par_chunks_mut(task).zip(x.values().par_chunks(task));
    rows.for_each(|(y, x)| normalise_rows(y, x, mean.values(), &slope, &offset));
    if gradients.input() {
        let (x, ghost) = (x.tensor().ghost(), y.ghost());
        tape.add_backward_op(move |g| {
            let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
            let dx = g.get_or_alloc_mut(&x)?;
            dx.par_chunks_mut(task).zip(dy.par_chunks(task)).for_each(|(dx, dy)| {
                for (dx, dy) in dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)) {
                    dx.iter_mut().zip(dy).zip(&slope).for_each(|((dx, dy), slope)| *dx += dy * slope);
                }
            });
            // Other operations may still read it.
            **g.get_or_alloc_mut(&ghost)? = dy;
            Ok(())
        });
    }
    Ok(y.put_tape(tape))
}
