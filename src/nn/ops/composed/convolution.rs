//! Convolution and pooling by gathering rows, since dfdx's own need a nightly compiler.
//!
//! Images stand as columns meanwhile, `(pixels, batch)`, so that a list of pixels is a list of rows.

use super::On;
use crate::data::ImageShape;
use crate::device::refused;
use crate::error::Result;
use crate::nn::ops::{Convolution, GradientsOf};
use dfdx::prelude::*;

type Mask<D> = Tensor<(usize, usize), bool, D, NoneTape>;

/// As [`conv2d`](crate::nn::ops::conv2d()), whose checks come before and give `output`; dfdx computes all gradients,
/// whatever was asked for.
pub fn conv2d<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    weight: &On<D, NoneTape>,
    bias: &On<D, NoneTape>,
    sizes: &Convolution,
    output: ImageShape,
    _: GradientsOf,
) -> Result<On<D, T>> {
    let batch = x.shape().0;
    let (taps, positions) = (sizes.taps(), output.height * output.width);
    let pixels = pixels_of_patches(sizes, output);
    let patches = rows(transposed(x)?, pixels.iter().map(|pixel| pixel.unwrap_or(0)).collect())?;
    let patches = if pixels.contains(&None) { without_padding(patches, &pixels)? } else { patches };
    let patches = patches.try_reshape_like(&(taps, positions * batch)).map_err(refused)?;
    // Parameters carry a tape too, or the broadcast would not be recorded.
    let product = weight.retaped::<T>().try_matmul(patches).map_err(refused)?;
    let shape = *product.shape();
    let bias = bias.retaped::<T>().try_reshape_like(&(output.channels,)).map_err(refused)?;
    let bias = bias.try_broadcast_like::<_, Axis<1>>(&shape).map_err(refused)?;
    let y = product.try_add(bias).map_err(refused)?;
    transposed(y.try_reshape_like(&(output.channels * positions, batch)).map_err(refused)?)
}

/// As [`max_pool2d`](crate::nn::ops::max_pool2d()), whose checks come before and give `output`.
pub fn max_pool2d<D: Device<f32>, T: Tape<f32, D>>(
    x: On<D, T>,
    image: ImageShape,
    output: ImageShape,
) -> Result<On<D, T>> {
    let (x, mut tape) = transposed(x)?.split_tape();
    let mut best: Option<On<D, T>> = None;
    for corner in 0..4 {
        let pixels = pixels_of_corner(image, output, corner);
        let challenger = rows(x.clone().put_tape(std::mem::take(&mut tape)), pixels)?;
        best = Some(match best {
            None => challenger,
            Some(champion) => {
                let beaten = beaten(&challenger, &champion)?;
                beaten.try_choose(challenger, champion).map_err(refused)?
            }
        });
    }
    match best {
        Some(best) => transposed(best),
        None => transposed(x.put_tape(tape)),
    }
}

/// Where the first of equal ones does not stay; NaN wins over numbers and stays.
pub(super) fn beaten<D: Device<f32>, T: Tape<f32, D>>(
    challenger: &On<D, T>,
    champion: &On<D, T>,
) -> Result<Mask<D>> {
    let larger = challenger.try_gt(&champion.retaped()).map_err(refused)?;
    Ok(larger | challenger.try_ne(&challenger.retaped()).map_err(refused)?)
}

/// The pixel in that corner, of four, of every window.
pub(super) fn pixels_of_corner(image: ImageShape, output: ImageShape, corner: usize) -> Vec<usize> {
    let pixel = |window| {
        let (line, column) = (window / output.width, window % output.width);
        let (channel, line) = (line / output.height, line % output.height);
        (channel * image.height + 2 * line + corner / 2) * image.width + 2 * column + corner % 2
    };
    (0..output.pixels()).map(pixel).collect()
}

/// The pixel under every tap and position, `(taps, positions)`; `None` in the padding.
pub(super) fn pixels_of_patches(sizes: &Convolution, output: ImageShape) -> Vec<Option<usize>> {
    let Convolution { image, kernel, stride, padding, .. } = *sizes;
    let mut pixels = Vec::with_capacity(sizes.taps() * output.height * output.width);
    for tap in 0..sizes.taps() {
        let (channel, ky, kx) = (tap / (kernel * kernel), tap / kernel % kernel, tap % kernel);
        for y in 0..output.height {
            let line = (y * stride + ky).checked_sub(padding).filter(|line| *line < image.height);
            for x in 0..output.width {
                let column = (x * stride + kx).checked_sub(padding).filter(|column| *column < image.width);
                let place = |(line, column)| (channel * image.height + line) * image.width + column;
                pixels.push(line.zip(column).map(place));
            }
        }
    }
    pixels
}

/// Zeros where a row has no pixel. (A product with 0 would let NaN through.)
pub(super) fn without_padding<D: Device<f32>, T: Tape<f32, D>>(
    patches: On<D, T>,
    pixels: &[Option<usize>],
) -> Result<On<D, T>> {
    let (rows, batch) = *patches.shape();
    let inside =
        pixels.iter().flat_map(|pixel| (0..batch).map(move |_| if pixel.is_some() { 1.0 } else { 0.0 }));
    let inside = patches.device().try_tensor_from_vec(inside.collect(), (rows, batch)).map_err(refused)?;
    let zeros: On<D, NoneTape> = patches.device().try_zeros_like(&(rows, batch)).map_err(refused)?;
    inside.try_gt(0.5f32).map_err(refused)?.try_choose(patches, zeros.retaped::<T>()).map_err(refused)
}

/// Those rows of `x`.
pub(super) fn rows<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>, indices: Vec<usize>) -> Result<On<D, T>> {
    let count = indices.len();
    let indices = x.device().try_tensor_from_vec(indices, (count,)).map_err(refused)?;
    x.try_gather(indices).map_err(refused)
}

/// The transpose, row after row in memory.
pub(super) fn transposed<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>) -> Result<On<D, T>> {
    let x = x.try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)?;
    x.try_contiguous().map_err(refused)
}
