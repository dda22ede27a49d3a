//! Convolution of one image as a product: its patches as the columns of a matrix.

use crate::data::ImageShape;
use crate::nn::ops::Convolution;
use std::ops::Range;

/// Patches `(taps, positions)` of an image: row `(channel, ky, kx)`, column `(y, x)` of the output.
pub(crate) struct Unrolled {
    sizes: Convolution,
    output: ImageShape,
}

impl Unrolled {
    /// `output` is the checked output of the convolution.
    pub(crate) fn new(sizes: &Convolution, output: ImageShape) -> Self {
        Self { sizes: *sizes, output }
    }

    /// Rows and columns.
    pub(crate) fn dims(&self) -> (usize, usize) {
        (self.sizes.taps(), self.output.height * self.output.width)
    }

    /// Writes the patches of `x`.
    pub(crate) fn unroll(&self, x: &[f32], patches: &mut [f32]) {
        let (width, stride) = (self.sizes.image.width, self.sizes.stride);
        for (tap, row) in patches.chunks_exact_mut(self.dims().1).enumerate() {
            let (plane, ky, columns, first) = self.tap(tap);
            for (y, line) in row.chunks_exact_mut(self.output.width).enumerate() {
                let Some(source) = self.line(ky, y).and_then(|y| x[plane..].get(y * width..(y + 1) * width))
                else {
                    line.fill(0.0);
                    continue;
                };
                line[..columns.start].fill(0.0);
                line[columns.end..].fill(0.0);
                let inside = &mut line[columns.clone()];
                if inside.is_empty() {
                } else if stride == 1 {
                    inside.copy_from_slice(&source[first..][..columns.len()]);
                } else {
                    let pixels = source[first..].iter().step_by(stride);
                    inside.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = *pixel);
                }
            }
        }
    }

    /// Adds patches to the pixels that they are made of.
    pub(crate) fn add_back(&self, patches: &[f32], dx: &mut [f32]) {
        let (width, stride) = (self.sizes.image.width, self.sizes.stride);
        for (tap, row) in patches.chunks_exact(self.dims().1).enumerate() {
            let (plane, ky, columns, first) = self.tap(tap);
            for (y, line) in row.chunks_exact(self.output.width).enumerate() {
                let target = self.line(ky, y).and_then(|y| dx[plane..].get_mut(y * width..(y + 1) * width));
                let Some(target) = target.filter(|_| !columns.is_empty()) else { continue };
                let pixels = target[first..].iter_mut().step_by(stride);
                pixels.zip(&line[columns.clone()]).for_each(|(pixel, value)| *pixel += value);
            }
        }
    }

    /// Where a tap's channel begins; its row in the kernel; the outputs of a line whose pixel is inside of the image;
    /// the pixel of the first of them.
    fn tap(&self, tap: usize) -> (usize, usize, Range<usize>, usize) {
        let Convolution { image, kernel, stride, padding, .. } = self.sizes;
        let (channel, ky, kx) = (tap / (kernel * kernel), tap / kernel % kernel, tap % kernel);
        // 0 <= x stride + kx - padding < width
        let start = padding.saturating_sub(kx).div_ceil(stride).min(self.output.width);
        let end =
            (image.width + padding).saturating_sub(kx).div_ceil(stride).min(self.output.width).max(start);
        (channel * image.height * image.width, ky, start..end, (start * stride + kx).saturating_sub(padding))
    }

    /// The line of the image under row `ky` of the kernel for outputs of line `y`, if it is inside.
    fn line(&self, ky: usize, y: usize) -> Option<usize> {
        let line = (y * self.sizes.stride + ky).checked_sub(self.sizes.padding)?;
        (line < self.sizes.image.height).then_some(line)
    }
}
