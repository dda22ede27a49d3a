//! 2x2 max pooling of one image.

use crate::data::ImageShape;
use crate::numeric::multiversion;

multiversion! {
    /// The largest of every window, and which of the four it was: the first of equal ones; NaN wins over numbers.
    pub(crate) fn max_pool(image: &ImageShape, x: &[f32], y: &mut [f32], winners: &mut [u8]) {
        let (width, half) = (image.width, image.width / 2);
        let outputs = y.chunks_exact_mut(half).zip(winners.chunks_exact_mut(half));
        for ((top, bottom), (y, winners)) in line_pairs(image, x).zip(outputs) {
            for (column, (y, winner)) in y.iter_mut().zip(winners).enumerate() {
                let (a, b) = (2 * column, 2 * column + 1);
                debug_assert!(b < width);
                (*y, *winner) = (top[a], 0);
                for (name, value) in [(1, top[b]), (2, bottom[a]), (3, bottom[b])] {
                    if value > *y || value.is_nan() {
                        (*y, *winner) = (value, name);
                    }
                }
            }
        }
    }
}

/// Pairs of neighbouring lines of all channels, without the last line of odd heights.
#[inline(always)]
fn line_pairs<'a>(image: &ImageShape, x: &'a [f32]) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
    let width = image.width;
    x.chunks_exact(image.height * width)
        .flat_map(move |plane| plane.chunks_exact(2 * width))
        .map(move |pair| pair.split_at(width))
}

/// Adds the gradients of the windows to their winners.
pub(crate) fn add_to_winners(image: &ImageShape, dy: &[f32], winners: &[u8], dx: &mut [f32]) {
    let (width, half) = (image.width, image.width / 2);
    let corners = [0, 1, width, width + 1];
    let outputs = dy.chunks_exact(half).zip(winners.chunks_exact(half));
    let planes = dx.chunks_exact_mut(image.height * width);
    let pairs = planes.flat_map(|plane| plane.chunks_exact_mut(2 * width));
    for (pair, (dy, winners)) in pairs.zip(outputs) {
        for (column, (dy, winner)) in dy.iter().zip(winners).enumerate() {
            pair[2 * column + corners[usize::from(*winner & 3)]] += dy;
        }
    }
}
