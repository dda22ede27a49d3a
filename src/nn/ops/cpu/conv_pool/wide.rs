//! Backward for many input channels: sixteen of them at a time, with the image channels-last.
//!
//! Only the winner of a window has a gradient `d`, so that its 3x3 patch of the image, nine registers, is all that a
//! window and an output channel touch: `dW += d patch` and `patch of dx += d W`.

use super::lists::Lists;
use super::{Scratch, Sizes};
use crate::numeric::{LANES, Line, Simd, with_simd};

/// Layouts and scratch of the backward pass.
pub(crate) struct Wide {
    sizes: Sizes,
    /// `[out channel][block of input channels][tap]`.
    weight: Vec<Line>,
}

impl Wide {
    /// From `weight` `(out channels, in channels * 9)`.
    pub(crate) fn new(sizes: &Sizes, weight: &[f32]) -> Self {
        let mut packed = vec![Line::ZERO; sizes.pooled.channels * blocks(sizes) * 9];
        for (row, packed) in weight.chunks_exact(sizes.taps()).zip(packed.chunks_exact_mut(blocks(sizes) * 9))
        {
            for (channel, taps) in row.as_chunks::<9>().0.iter().enumerate() {
                for (tap, value) in taps.iter().enumerate() {
                    packed[channel / LANES * 9 + tap].0[channel % LANES] = *value;
                }
            }
        }
        Self { sizes: *sizes, weight: packed }
    }

    /// Numbers that the weight gradient takes in this layout.
    pub(crate) fn layout(&self) -> usize {
        self.sizes.pooled.channels * blocks(&self.sizes) * 9 * LANES
    }

    /// Adds those numbers to `dw` `(out channels, in channels * 9)`.
    pub(crate) fn fold(&self, sums: &[f64], dw: &mut [f32]) {
        let width = blocks(&self.sizes) * 9 * LANES;
        for (row, sums) in dw.chunks_exact_mut(self.sizes.taps()).zip(sums.chunks_exact(width)) {
            for (channel, taps) in row.as_chunks_mut::<9>().0.iter_mut().enumerate() {
                for (tap, value) in taps.iter_mut().enumerate() {
                    *value += sums[(channel / LANES * 9 + tap) * LANES + channel % LANES] as f32;
                }
            }
        }
    }

    /// Scratch for one image.
    pub(crate) fn scratch(&self) -> Scratch {
        let lines = vec![Line::ZERO; blocks(&self.sizes) * self.sizes.plane()];
        Scratch { lines, lists: Lists::new(self.sizes.pooled.channels) }
    }

    /// Adds the weight gradient of one image.
    pub(crate) fn add_weights(
        &self,
        x: &[f32],
        d: &[f32],
        winners: &[u8],
        scratch: &mut Scratch,
        sums: &mut [f32],
    ) {
        let plane = self.sizes.plane();
        let blocks = scratch.lines.chunks_exact_mut(plane).zip(x.chunks(LANES * plane));
        blocks.for_each(|(pixels, planes)| to_pixels(planes, pixels));
        weights(&self.sizes, &scratch.lines, d, winners, sums.as_chunks_mut::<LANES>().0);
    }

    /// Adds the input gradient of one image.
    pub(crate) fn add_input(&self, d: &[f32], winners: &[u8], scratch: &mut Scratch, dx: &mut [f32]) {
        let Scratch { lines: pixels, lists } = scratch;
        pixels.fill(Line::ZERO);
        input(&self.sizes, &self.weight, d, winners, lists, pixels);
        let plane = self.sizes.plane();
        let blocks = pixels.chunks_exact(plane).zip(dx.chunks_mut(LANES * plane));
        blocks.for_each(|(pixels, planes)| add_planes(pixels, planes));
    }

    /// Writes the convolution, at the winners and without bias, of the image that [`Wide::add_weights`] has left in
    /// `scratch`.
    pub(crate) fn at_winners(&self, winners: &[u8], scratch: &Scratch, target: &mut [f32]) {
        target.fill(0.0);
        gather(&self.sizes, &self.weight, &scratch.lines, winners, target);
    }
}

/// Blocks of input channels.
fn blocks(sizes: &Sizes) -> usize {
    sizes.image.channels.div_ceil(LANES)
}

/// Up to sixteen channels, one after the other, as pixels.
fn to_pixels(planes: &[f32], pixels: &mut [Line]) {
    for (lane, plane) in planes.chunks_exact(pixels.len()).enumerate() {
        for (pixel, value) in pixels.iter_mut().zip(plane) {
            pixel.0[lane] = *value;
        }
    }
}

fn add_planes(pixels: &[Line], planes: &mut [f32]) {
    for (lane, plane) in planes.chunks_exact_mut(pixels.len()).enumerate() {
        for (pixel, value) in pixels.iter().zip(plane) {
            *value += pixel.0[lane];
        }
    }
}

with_simd! {
    /// `dW[out channel] += d patch`, the nine sums of an output channel in registers.
    fn weights(simd; sizes: &Sizes, pixels: &[Line], d: &[f32], winners: &[u8], sums: &mut [[f32; LANES]]) {
        let (width, count, blocks) = (sizes.image.width, sizes.windows(), blocks(sizes));
        let corners = sizes.corners();
        let channels = d.chunks_exact(count).zip(winners.chunks_exact(count));
        for ((d, winners), sums) in channels.zip(sums.chunks_exact_mut(9 * blocks)) {
            let blocks = pixels.chunks_exact(sizes.plane()).zip(sums.as_chunks_mut::<9>().0);
            for (pixels, sums) in blocks {
                let mut nine = sums.map(|sum| simd.load(&sum));
                let rows = d.chunks_exact(sizes.pooled.width).zip(winners.chunks_exact(sizes.pooled.width));
                for (row, (d, winners)) in rows.enumerate() {
                    let mut first = 2 * row * width;
                    for (d, winner) in d.iter().zip(winners) {
                        let corner = first + corners[usize::from(*winner & 3)];
                        let d = simd.splat(*d);
                        for ky in 0..3 {
                            let line = &pixels[corner + ky * width..][..3];
                            for kx in 0..3 {
                                let sum = &mut nine[3 * ky + kx];
                                *sum = simd.mul_add(d, simd.load(&line[kx].0), *sum);
                            }
                        }
                        first += 2;
                    }
                }
                sums.iter_mut().zip(nine).for_each(|(sum, lanes)| simd.store(lanes, sum));
            }
        }
    }
}

with_simd! {
    /// `target += patch W[out channel]`, the nine kernels of an output channel in registers.
    fn gather(simd; sizes: &Sizes, weight: &[Line], pixels: &[Line], winners: &[u8], target: &mut [f32]) {
        let (width, count, blocks) = (sizes.image.width, sizes.windows(), blocks(sizes));
        let corners = sizes.corners();
        let channels = target.chunks_exact_mut(count).zip(winners.chunks_exact(count));
        for ((target, winners), weight) in channels.zip(weight.chunks_exact(9 * blocks)) {
            let blocks = pixels.chunks_exact(sizes.plane()).zip(weight.as_chunks::<9>().0);
            for (pixels, weight) in blocks {
                let nine: [S::Lanes; 9] = std::array::from_fn(|tap| simd.load(&weight[tap].0));
                let windows = target.chunks_exact_mut(sizes.pooled.width);
                let rows = windows.zip(winners.chunks_exact(sizes.pooled.width));
                for (row, (target, winners)) in rows.enumerate() {
                    let mut first = 2 * row * width;
                    for (target, winner) in target.iter_mut().zip(winners) {
                        let corner = first + corners[usize::from(*winner & 3)];
                        let mut sum = simd.splat(0.0);
                        for ky in 0..3 {
                            let line = &pixels[corner + ky * width..][..3];
                            for kx in 0..3 {
                                sum = simd.mul_add(simd.load(&line[kx].0), nine[3 * ky + kx], sum);
                            }
                        }
                        *target += simd.sum(sum);
                        first += 2;
                    }
                }
            }
        }
    }
}

with_simd! {
    /// `patch of dx += d W[out channel]`.
    ///
    /// The four outputs of a window see 4x4 pixels, whose sixteen sums are in registers while all output channels with
    /// the same winner add their 3x3 patch to them.
    fn input(simd; sizes: &Sizes, weight: &[Line], d: &[f32], winners: &[u8], lists: &mut Lists, pixels: &mut [Line]) {
        let (count, blocks) = (sizes.windows(), blocks(sizes));
        for row in 0..sizes.pooled.height {
            for column in 0..sizes.pooled.width {
                lists.sort(winners, row * sizes.pooled.width + column, count);
                for (block, pixels) in pixels.chunks_exact_mut(sizes.plane()).enumerate() {
                    let mut sums = [simd.splat(0.0); 16];
                    let weight = weight.as_chunks::<9>().0;
                    let all = (simd, weight, blocks, block, d);
                    add_kernels::<_, 0>(all, lists.of(0), &mut sums);
                    add_kernels::<_, 1>(all, lists.of(1), &mut sums);
                    add_kernels::<_, 2>(all, lists.of(2), &mut sums);
                    add_kernels::<_, 3>(all, lists.of(3), &mut sums);
                    let first = 2 * (row * sizes.image.width + column);
                    for (y, sums) in sums.as_chunks::<4>().0.iter().enumerate() {
                        let line = &mut pixels[first + y * sizes.image.width..][..4];
                        for (pixel, sum) in line.iter_mut().zip(sums) {
                            let total = simd.mul_add(simd.splat(1.0), *sum, simd.load(&pixel.0));
                            simd.store(total, &mut pixel.0);
                        }
                    }
                }
            }
        }
    }
}

/// Adds the kernels of the output channels that the winner `CORNER` has, times their gradients.
#[inline(always)]
fn add_kernels<S: Simd, const CORNER: usize>(
    (simd, weight, blocks, block, d): (S, &[[Line; 9]], usize, usize, &[f32]),
    list: &[(usize, usize)],
    sums: &mut [S::Lanes; 16],
) {
    for &(channel, place) in list {
        let (Some(nine), Some(d)) = (weight.get(channel * blocks + block), d.get(place)) else { return };
        let d = simd.splat(*d);
        for (tap, kernel) in nine.iter().enumerate() {
            let sum = &mut sums[4 * (tap / 3 + CORNER / 2) + tap % 3 + CORNER % 2];
            *sum = simd.mul_add(d, simd.load(&kernel.0), *sum);
        }
    }
}
