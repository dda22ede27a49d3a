//! Convolution.

#[cfg(not(feature = "cuda"))]
use super::cpu::Wanted;
use super::{Convolution, GradientsOf};
#[cfg(not(feature = "cuda"))]
use crate::data::ImageShape;
use crate::device::{Device, Matrix};
use crate::error::Result;
use dfdx::prelude::Tape;

/// `y_o = b_o + sum over input channels c of w_oc * x_c`, the cross-correlation that PyTorch calls convolution.
///
/// `x` is `(batch, pixels of the image)`, `weight` `(channels, taps)` (PyTorch's `[out, in, kernel, kernel]`,
/// flattened), `bias` `(1, channels)`, the result `(batch, pixels of the output)`; sizes are those of
/// [`Convolution`]. Records the gradients by weight, bias and input, each only where `gradients` asks.
///
/// # Errors
/// Those of [`Convolution::output`]; [`Error::Shape`](crate::Error::Shape) where sizes do not agree with it,
/// [`Error::Empty`](crate::Error::Empty) for an empty batch.
pub fn conv2d<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    sizes: &Convolution,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let output = sizes.check(&x, weight, bias)?;
    #[cfg(feature = "cuda")]
    return super::composed::conv2d(x, weight, bias, sizes, output, gradients);
    #[cfg(not(feature = "cuda"))]
    run(x, weight, bias, sizes, output, gradients)
}

/// Image by image, so that a row's result does not depend on its batch, and that the patches of an image, which take
/// several times its memory, stay in a core's cache.
#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    sizes: &Convolution,
    output: ImageShape,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::cpu::{ByImage, Unrolled, add_row_sums, task_images};
    use crate::device::{Contiguous, values_mut, zeros};
    use crate::numeric::{View, product_here};
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (weight, bias) = (Contiguous::plain(weight)?, Contiguous::plain(bias)?);
    let (batch, pixels) = x.dims();
    let (channels, outputs) = (output.channels, output.pixels());
    let unrolled = Unrolled::new(sizes, output);
    let (taps, positions) = unrolled.dims();
    let scratch = move || vec![0.0f32; taps * positions];
    let images = task_images(batch, 0);

    let mut y = zeros(batch, outputs)?;
    let blocks = values_mut(&mut y).par_chunks_mut(images * outputs);
    blocks.zip(x.values().par_chunks(images * pixels)).for_each_init(scratch, |patches, (y, x)| {
        for (y, x) in y.chunks_exact_mut(outputs).zip(x.chunks_exact(pixels)) {
            y.chunks_exact_mut(positions).zip(bias.values()).for_each(|(y, bias)| y.fill(*bias));
            unrolled.unroll(x, patches);
            let kernels = View::new(weight.values(), channels, taps);
            product_here(y, true, kernels, View::new(patches, taps, positions));
        }
    });

    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        let layout = channels * taps;
        let backward = ByImage { x: &x, weight: &weight, bias: &bias, gradients, layout };
        let each = |patches: &mut Vec<f32>, image: usize, wanted: Wanted<'_>| {
            let dy = &dy[image * outputs..][..outputs];
            let d = View::new(dy, channels, positions);
            if let Some((dw, db)) = wanted.parameters {
                unrolled.unroll(&x.values()[image * pixels..][..pixels], patches);
                product_here(dw, true, d, View::new(patches, taps, positions).t());
                add_row_sums(db, dy);
            }
            if let Some(dx) = wanted.input {
                product_here(patches, false, View::new(weight.values(), channels, taps).t(), d);
                unrolled.add_back(patches, dx);
            }
        };
        let fold = |sums: &[f64], dw: &mut [f32]| {
            dw.iter_mut().zip(sums).for_each(|(dw, sum)| *dw += *sum as f32);
        };
        backward.run(g, scratch, each, fold)?;
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
