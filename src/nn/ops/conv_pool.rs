//! A convolutional block: convolution, nonlinearity and max pooling as one operation.

use super::{Activation, Convolution, GradientsOf, conv2d, max_pool2d};
use crate::device::{Device, Matrix};
use crate::error::Result;
use dfdx::prelude::Tape;

/// `max_pool2d(f(conv2d(x)))`: `x` is `(batch, pixels of the image)`, `weight` `(channels, taps)`, `bias`
/// `(1, channels)`, the result `(batch, channels * (height / 2) * (width / 2))` with the height and width of
/// [`Convolution::output`], channel after channel as PyTorch's `flatten` has them.
///
/// The same as [`conv2d`](super::conv2d()), the nonlinearity and [`max_pool2d`](super::max_pool2d()) after one
/// another. With 3x3 kernels, stride 1 and no padding nothing of the size of the convolution's output is stored: `f`
/// is monotone, so the largest of four is found first and `f` taken of it alone, a quarter of the work, and backward
/// only that one has a gradient. (Where `f` rounds two different numbers to one, as tanh does near 1, the first of
/// the two has the gradient in the one form and the larger in the other; the gradient is then below 1e-6 `dy`.)
///
/// # Errors
/// As [`conv2d`](super::conv2d()), and [`Error::Parameter`](crate::Error::Parameter) where the convolution leaves
/// less than 2x2 pixels to pool.
pub fn conv_pool<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    sizes: &Convolution,
    activation: Activation,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let output = sizes.check(&x, weight, bias)?;
    let pooled = sizes.pooled()?;
    #[cfg(not(feature = "cuda"))]
    if (sizes.kernel, sizes.stride, sizes.padding) == (3, 1, 0) {
        let sizes = super::cpu::conv_pool::Sizes { image: sizes.image, pooled };
        return run(x, weight, bias, sizes, activation, gradients);
    }
    let _ = pooled;
    max_pool2d(activation.apply(conv2d(x, weight, bias, sizes, gradients)?)?, output)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    sizes: super::cpu::conv_pool::Sizes,
    activation: Activation,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::cpu::conv_pool::{Backward, Forward, Scratch, conv_pool};
    use super::cpu::{ByImage, Wanted, activate, add_row_sums, slope};
    use crate::device::{Buffer, Contiguous, values_mut, zeros};
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (weight, bias) = (Contiguous::plain(weight)?, Contiguous::plain(bias)?);
    let (batch, pixels) = x.dims();
    let outputs = sizes.pooled.pixels();

    let mut y = zeros(batch, outputs)?;
    let mut winners = Buffer::<u8>::new(batch * outputs);
    let packed = Forward::new(&sizes, weight.values(), bias.values());
    let targets = values_mut(&mut y).par_chunks_mut(outputs).zip(winners.par_chunks_mut(outputs));
    targets.zip(x.values().par_chunks(pixels)).for_each(|((y, winners), x)| {
        conv_pool(&sizes, &packed, x, y, winners);
        activate(activation, y);
    });

    let kept = Contiguous::plain(&y)?;
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(kept.tensor())?);
        let pass = Backward::new(&sizes, weight.values());
        let backward = ByImage { x: &x, weight: &weight, bias: &bias, gradients, layout: pass.layout() };
        let scratch = || (vec![0.0; outputs], pass.scratch());
        let each = |(d, scratch): &mut (Vec<f32>, Scratch), image: usize, wanted: Wanted<'_>| {
            let of = image * outputs..(image + 1) * outputs;
            d.fill(0.0);
            slope(activation, d, &dy[of.clone()], &kept.values()[of.clone()]);
            let winners = &winners[of];
            if let Some((dw, db)) = wanted.parameters {
                pass.add_weights(&x.values()[image * pixels..][..pixels], d, winners, scratch, dw);
                add_row_sums(db, d);
            }
            if let Some(dx) = wanted.input {
                pass.add_input(d, winners, scratch, dx);
            }
        };
        backward.run(g, scratch, each, |sums, dw| pass.fold(sums, dw))?;
        // Other operations may still read it.
        **g.get_or_alloc_mut(kept.tensor())? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
