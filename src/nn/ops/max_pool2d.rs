//! Max pooling.

use super::convolution::{check_images, pooled};
use crate::data::ImageShape;
use crate::device::{Device, Matrix};
use crate::error::Result;
use dfdx::prelude::Tape;

/// The largest of every 2x2 window, stride 2: `x` is `(batch, channels * height * width)`, the result
/// `(batch, channels * (height / 2) * (width / 2))`, rounded down: an odd last row or column is left out.
///
/// The gradient goes to the largest; of equal ones the first has it all, and NaN counts as larger than every number,
/// both as in PyTorch.
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) for images of less than 2x2 pixels,
/// [`Error::Shape`](crate::Error::Shape) where the rows of `x` are no such images,
/// [`Error::Empty`](crate::Error::Empty) for an empty batch.
pub fn max_pool2d<T: Tape<f32, Device>>(x: Matrix<T>, image: ImageShape) -> Result<Matrix<T>> {
    let output = pooled(image)?;
    check_images(&x, image, "input of a pooling")?;
    #[cfg(feature = "cuda")]
    return super::composed::max_pool2d(x, image, output);
    #[cfg(not(feature = "cuda"))]
    run(x, image, output)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(x: Matrix<T>, image: ImageShape, output: ImageShape) -> Result<Matrix<T>> {
    use super::cpu::{add_to_winners, max_pool};
    use crate::device::{Buffer, Contiguous, values_mut, zeros};
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, pixels) = x.dims();
    let outputs = output.pixels();
    let mut y = zeros(batch, outputs)?;
    let mut winners = Buffer::<u8>::new(batch * outputs);
    let targets = values_mut(&mut y).par_chunks_mut(outputs).zip(winners.par_chunks_mut(outputs));
    targets.zip(x.values().par_chunks(pixels)).for_each(|((y, winners), x)| max_pool(&image, x, y, winners));

    let ghost = y.ghost();
    let x = x.tensor().ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        let sources = dy.par_chunks(outputs).zip(winners.par_chunks(outputs));
        g.get_or_alloc_mut(&x)?
            .par_chunks_mut(pixels)
            .zip(sources)
            .for_each(|(dx, (dy, winners))| add_to_winners(&image, dy, winners, dx));
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
