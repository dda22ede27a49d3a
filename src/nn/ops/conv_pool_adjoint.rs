//! The adjoint of a convolutional block: slope of the nonlinearity, winners of the pooling and transposed convolution
//! as one operation.

use super::{Activation, Convolution};
use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `z = K' P' (g * f'(y))`: a cotangent `g` `(batch, outputs)` at the output `y` of a
/// [`conv_pool`](super::conv_pool()) block pulled back to its input. `K` is the convolution with `weight` `(channels,
/// taps)` and without its bias, `P` picks the winner of every window; `*` is elementwise. `x` is the block's input
/// `(batch, inputs)`, `bias` `(1, channels)`, `y` is `(batch, outputs)`, the result `(batch, inputs)`.
///
/// Winners are found anew from `x`, `weight` and `bias` as [`conv_pool`](super::conv_pool()) finds them, so that ties
/// agree. They are constants: the result does not depend on `x` and `bias` in any other way, and neither has a gradient.
///
/// The slope is a function of the output alone, as for [`dense_adjoint`](super::dense_adjoint()). With `d = g * f'(y)`
/// and `dd = P K dz` records `dW += ` the weight gradient of the convolution for an input `dz` and a gradient `P' d` at
/// its output, `dg += f'(y) * dd` and, for tanh, `dy += -2 y * g * dd`. `y` carries no tape: it is the tap of a recorded
/// pass, and what arrives here as its gradient goes on into the block where the tape of that pass is part of the same
/// loss. With 3x3 kernels, stride 1 and no padding only winners are touched, and nothing of the size of the convolution's
/// output is stored; other sizes run as the [composition](super::composed::conv_pool_adjoint()).
///
/// ```
/// use eigengate::data::ImageShape;
/// use eigengate::device::matrix;
/// use eigengate::nn::Activation;
/// use eigengate::nn::ops::{Convolution, conv_pool_adjoint};
///
/// let sizes = Convolution::new(ImageShape { channels: 1, height: 4, width: 4 }, 1, 3);
/// let weight = matrix(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1, 9)?;
/// // The brightest patch of the image is the one at its lower right corner.
/// let pixels: Vec<f32> = (0..16).map(|pixel| pixel as f32 / 1000.0).collect();
/// let (x, bias) = (matrix(&pixels, 1, 16)?, matrix(&[0.0], 1, 1)?);
/// let (g, y) = (matrix(&[10.0], 1, 1)?, matrix(&[0.5], 1, 1)?);
/// let z = conv_pool_adjoint(g, &x, &y, &weight, &bias, &sizes, Activation::Tanh)?.as_vec();
/// assert_eq!(z[..4], [0.0; 4]);
/// assert_eq!(z[4..8], [0.0, 7.5 * 1.0, 7.5 * 2.0, 7.5 * 3.0]);
/// assert_eq!(z[12..], [0.0, 7.5 * 7.0, 7.5 * 8.0, 7.5 * 9.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// As [`conv_pool`](super::conv_pool()), and [`Error::Shape`] where `y` is not the output for these sizes or `g` not of
/// the shape of `y`.
pub fn conv_pool_adjoint<T: Tape<f32, Device>>(
    g: Matrix<T>,
    x: &Matrix,
    y: &Matrix,
    weight: &Matrix,
    bias: &Matrix,
    sizes: &Convolution,
    activation: Activation,
) -> Result<Matrix<T>> {
    let output = sizes.check(x, weight, bias)?;
    let pooled = sizes.pooled()?;
    let (need, is) = ((dims(x).0, pooled.pixels()), dims(y));
    if is != need {
        return Err(Error::shape("tap of a convolutional block", format!("{need:?}"), format!("{is:?}")));
    }
    if dims(&g) != need {
        return Err(Error::shape("cotangent of a tap", format!("{need:?}"), format!("{:?}", dims(&g))));
    }
    #[cfg(not(feature = "cuda"))]
    if (sizes.kernel, sizes.stride, sizes.padding) == (3, 1, 0) {
        let sizes = super::cpu::conv_pool::Sizes { image: sizes.image, pooled };
        return run(g, x, y, weight, bias, sizes, activation);
    }
    // The same operations as those of `conv_pool` in this case, for the same winners.
    let before = super::conv2d(x.clone(), weight, bias, sizes, super::GradientsOf::Everything)?;
    let before = activation.apply(before)?;
    super::composed::conv_pool_adjoint(g, &before, y, weight, sizes, output, activation)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    g: Matrix<T>,
    x: &Matrix,
    y: &Matrix,
    weight: &Matrix,
    bias: &Matrix,
    sizes: super::cpu::conv_pool::Sizes,
    activation: Activation,
) -> Result<Matrix<T>> {
    use super::cpu::conv_pool::{Backward, Forward, conv_pool};
    use super::cpu::{add_adjoint_slopes, slope, task_images};
    use crate::device::{Buffer, Contiguous, values_mut, zeros};
    use crate::numeric::column_sums;
    use dfdx::prelude::{PutTape, ZerosTensor};
    use rayon::prelude::*;

    let (g, tape) = Contiguous::new(g)?;
    // With a tape, because for a permuted tap this records a copy.
    let (y, branch) = Contiguous::new::<T>(y.retaped())?;
    let mut tape = tape.merge(branch);
    let (x, weight, bias) = (Contiguous::plain(x)?, Contiguous::plain(weight)?, Contiguous::plain(bias)?);
    let ((batch, pixels), outputs) = (x.dims(), sizes.pooled.pixels());

    let mut z = zeros(batch, pixels)?;
    let (mut d, mut winners) = (Buffer::new(batch * outputs), Buffer::<u8>::new(batch * outputs));
    let packed = Forward::new(&sizes, weight.values(), bias.values());
    let pass = Backward::new(&sizes, weight.values());
    let kept = d.par_chunks_mut(outputs).zip(winners.par_chunks_mut(outputs));
    let given = x.values().par_chunks(pixels).zip(g.values().par_chunks(outputs));
    let given = given.zip(y.values().par_chunks(outputs));
    let images = values_mut(&mut z).par_chunks_mut(pixels).zip(kept).zip(given);
    images.for_each_init(
        || pass.scratch(),
        |scratch, ((z, (d, winners)), ((x, g), y))| {
            // The outputs before the nonlinearity are of no use; their winners are.
            conv_pool(&sizes, &packed, x, d, winners);
            d.fill(0.0);
            slope(activation, d, g, y);
            pass.add_input(d, winners, scratch, z);
        },
    );

    let ghost = z.ghost();
    tape.add_backward_op(move |gradients| {
        let dz = std::mem::take(&mut **gradients.get_or_alloc_mut(&ghost)?);
        let pass = Backward::new(&sizes, weight.values());
        // Weight gradients are added as those of `conv_pool` are, task by task in their order.
        let layout = pass.layout();
        let images = task_images(batch, layout);
        let mut sums = weight.tensor().device().try_zeros_like(&(batch.div_ceil(images), layout))?;
        let tasks = values_mut(&mut sums).par_chunks_exact_mut(layout);
        let tasks = tasks.zip(d.par_chunks_mut(images * outputs)).zip(winners.par_chunks(images * outputs));
        tasks.zip(dz.par_chunks(images * pixels)).for_each_init(
            || pass.scratch(),
            |scratch, (((sums, d), winners), dz)| {
                let of_images = d.chunks_exact_mut(outputs).zip(winners.chunks_exact(outputs));
                for ((d, winners), dz) in of_images.zip(dz.chunks_exact(pixels)) {
                    // The last use of `d`: its memory takes the gradient by it.
                    pass.turn(dz, d, winners, scratch, sums);
                }
            },
        );
        let totals = column_sums(values_mut(&mut sums), layout);
        pass.fold(&totals, gradients.get_or_alloc_mut(weight.tensor())?);
        // Other operations may still read it.
        **gradients.get_or_alloc_mut(&ghost)? = dz;
        add_adjoint_slopes(gradients, activation, &g, &y, &d)
    });
    Ok(z.put_tape(tape))
}
