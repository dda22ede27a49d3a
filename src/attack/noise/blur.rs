//! Gaussian blur.

use crate::data::ImageShape;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Where the kernel is cut, in standard deviations, as in scipy.
const TRUNCATE: f64 = 4.0;

/// Every channel of every image `(batch, pixels)`, blurred along columns and rows with weights `exp(-d^2 / (2 deviation^2))`.
pub(super) fn blur(images: ArrayView2<'_, f32>, shape: ImageShape, deviation: f32) -> Array2<f32> {
    let mut blurred = images.as_standard_layout().into_owned();
    let kernel = kernel(f64::from(deviation));
    if kernel.len() == 1 {
        return blurred;
    }
    let (height, width) = (shape.height, shape.width);
    if let Some(values) = blurred.as_slice_mut() {
        values.par_chunks_exact_mut(height * width).for_each(|channel| {
            let pixels: Vec<f64> = channel.iter().map(|x| f64::from(*x)).collect();
            let down = along(&pixels, &kernel, (height, width), (width, 1));
            let both = along(&down, &kernel, (width, height), (1, width));
            channel.iter_mut().zip(both).for_each(|(x, value)| *x = value as f32);
        });
    }
    blurred
}

/// One half of the kernel, from its middle on; all of it adds up to 1.
fn kernel(deviation: f64) -> Vec<f64> {
    // Wider than this no image here is; and scipy's own radius for the rest.
    let radius = (TRUNCATE * deviation + 0.5).min(1e4) as usize;
    let half: Vec<f64> = (0..=radius).map(|d| (-0.5 * (d as f64 / deviation).powi(2)).exp()).collect();
    if radius == 0 {
        return vec![1.0];
    }
    let total = 2.0 * half.iter().sum::<f64>() - 1.0;
    half.into_iter().map(|weight| weight / total).collect()
}

/// The weighted sum over the neighbours of every pixel along one direction, which has `length` places `step` apart, for each of
/// the `lines` that are `apart` apart.
fn along(
    pixels: &[f64],
    kernel: &[f64],
    (length, lines): (usize, usize),
    (step, apart): (usize, usize),
) -> Vec<f64> {
    let mut out = vec![0.0; pixels.len()];
    for line in 0..lines {
        let at = |place: usize| line * apart + place * step;
        for place in 0..length {
            let neighbours = kernel.iter().enumerate().skip(1).map(|(d, weight)| {
                let (before, after) = (mirrored(place, d, length, false), mirrored(place, d, length, true));
                weight * (pixels[at(before)] + pixels[at(after)])
            });
            out[at(place)] = kernel[0] * pixels[at(place)] + neighbours.sum::<f64>();
        }
    }
    out
}

/// The place `d` before or after another one, in an image that goes on mirrored at its borders: `... b a | a b ...`.
fn mirrored(place: usize, d: usize, length: usize, after: bool) -> usize {
    let period = 2 * length;
    let unfolded = if after { place + d } else { place + period - d % period };
    let folded = unfolded % period;
    if folded < length { folded } else { period - 1 - folded }
}
