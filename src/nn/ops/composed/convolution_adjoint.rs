//! The adjoints of pooling and convolution by gathering rows, images as columns meanwhile.

use super::On;
use super::convolution::{beaten, pixels_of_corner, pixels_of_patches, rows, transposed, without_padding};
use crate::data::ImageShape;
use crate::device::refused;
use crate::error::Result;
use crate::nn::ops::Convolution;
use dfdx::prelude::*;

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
