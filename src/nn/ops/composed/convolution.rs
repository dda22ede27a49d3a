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
fn beaten<D: Device<f32>, T: Tape<f32, D>>(challenger: &On<D, T>, champion: &On<D, T>) -> Result<Mask<D>> {
    let larger = challenger.try_gt(&champion.retaped()).map_err(refused)?;
    Ok(larger | challenger.try_ne(&challenger.retaped()).map_err(refused)?)
}

/// The pixel in that corner, of four, of every window.
fn pixels_of_corner(image: ImageShape, output: ImageShape, corner: usize) -> Vec<usize> {
    let pixel = |window| {
        let (line, column) = (window / output.width, window % output.width);
        let (channel, line) = (line / output.height, line % output.height);
        (channel * image.height + 2 * line + corner / 2) * image.width + 2 * column + corner % 2
    };
    (0..output.pixels()).map(pixel).collect()
}

/// Puts `d` `(batch, windows)` where the winners of the pooling of `before` `(batch, pixels of the image)` are, zeros
/// elsewhere.
pub(super) fn max_pool2d_adjoint<D: Device<f32>, T: Tape<f32, D>>(
    d: On<D, T>,
    before: &On<D, NoneTape>,
    image: ImageShape,
) -> Result<On<D, T>> {
    let (batch, device) = (d.shape().0, d.device().clone());
    let output = ImageShape { height: image.height / 2, width: image.width / 2, ..image };
    let before = transposed(before.clone())?;
    let mut best = rows(before.clone(), pixels_of_corner(image, output, 0))?;
    let mut winners: On<D, NoneTape> = device.try_zeros_like(&(output.pixels(), batch)).map_err(refused)?;
    for corner in 1..4 {
        let challenger = rows(before.clone(), pixels_of_corner(image, output, corner))?;
        let beaten = beaten(&challenger, &best)?;
        let name = vec![corner as f32; output.pixels() * batch];
        let name = device.try_tensor_from_vec(name, *winners.shape()).map_err(refused)?;
        winners = beaten.clone().try_choose(name, winners).map_err(refused)?;
        best = beaten.try_choose(challenger, best).map_err(refused)?;
    }
    // The window of every pixel, and its corner there. Pixels of an odd last line or column have no window: their
    // corner is one that never wins.
    let mut places = vec![(0, -1.0f32); image.pixels()];
    for corner in 0..4 {
        for (window, pixel) in pixels_of_corner(image, output, corner).into_iter().enumerate() {
            if let Some(place) = places.get_mut(pixel) {
                *place = (window, corner as f32);
            }
        }
    }
    let windows: Vec<usize> = places.iter().map(|place| place.0).collect();
    let corners = places.iter().flat_map(|place| (0..batch).map(move |_| place.1)).collect();
    let corners: On<D, NoneTape> =
        device.try_tensor_from_vec(corners, (image.pixels(), batch)).map_err(refused)?;
    let won = rows(winners, windows.clone())?.try_eq(&corners).map_err(refused)?;
    let nothing: On<D, NoneTape> = device.try_zeros_like(&(image.pixels(), batch)).map_err(refused)?;
    let spread = rows(transposed(d)?, windows)?;
    transposed(won.try_choose(spread, nothing.retaped::<T>()).map_err(refused)?)
}

/// The transposed convolution: `d` `(batch, pixels of the output)` to `(batch, pixels of the image)`.
pub(super) fn conv2d_adjoint<D: Device<f32>, T: Tape<f32, D>>(
    d: On<D, T>,
    weight: &On<D, NoneTape>,
    sizes: &Convolution,
    output: ImageShape,
) -> Result<On<D, T>> {
    let batch = d.shape().0;
    let (taps, positions) = (sizes.taps(), output.height * output.width);
    let d = transposed(d)?.try_reshape_like(&(output.channels, positions * batch)).map_err(refused)?;
    // With a tape, or the transposition would not be recorded.
    let weight = weight.retaped::<T>().try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)?;
    let patches = weight.try_matmul(d).map_err(refused)?;
    let patches = patches.try_reshape_like(&(taps * positions, batch)).map_err(refused)?;

    // A pixel is at most once under each of the kernel's places: one list of rows for every place.
    let kernel = sizes.kernel * sizes.kernel;
    let mut lists = vec![vec![None; sizes.image.pixels()]; kernel];
    for (row, pixel) in pixels_of_patches(sizes, output).into_iter().enumerate() {
        let place = row / positions % kernel;
        let entry = pixel.and_then(|pixel| lists.get_mut(place)?.get_mut(pixel));
        if let Some(entry) = entry {
            *entry = Some(row);
        }
    }
    let (patches, mut tape) = patches.split_tape();
    let mut sum: Option<On<D, T>> = None;
    for list in lists {
        let patches = patches.clone().put_tape(std::mem::take(&mut tape));
        let part = rows(patches, list.iter().map(|row| row.unwrap_or(0)).collect())?;
        let part = without_padding(part, &list)?;
        sum = Some(match sum {
            Some(sum) => sum.try_add(part).map_err(refused)?,
            None => part,
        });
    }
    match sum {
        Some(sum) => transposed(sum),
        None => transposed(patches.put_tape(tape)),
    }
}

/// The pixel under every tap and position, `(taps, positions)`; `None` in the padding.
fn pixels_of_patches(sizes: &Convolution, output: ImageShape) -> Vec<Option<usize>> {
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
fn without_padding<D: Device<f32>, T: Tape<f32, D>>(
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
fn rows<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>, indices: Vec<usize>) -> Result<On<D, T>> {
    let count = indices.len();
    let indices = x.device().try_tensor_from_vec(indices, (count,)).map_err(refused)?;
    x.try_gather(indices).map_err(refused)
}

/// The transpose, row after row in memory.
fn transposed<D: Device<f32>, T: Tape<f32, D>>(x: On<D, T>) -> Result<On<D, T>> {
    let x = x.try_permute::<(usize, usize), Axes2<1, 0>>().map_err(refused)?;
    x.try_contiguous().map_err(refused)
}
