//! Backward for few input channels, such as those of an image: a register holds a patch and not channels.
//!
//! The four outputs of a window see 4x4 pixels, which are one register. The kernel of each winner stands in it at one
//! of four places: a table of the four placed kernels makes the gradient by the patch one multiplication an output
//! channel, and a table of four sums makes that of the weights one as well.

use super::lists::Lists;
use super::{Backward, Scratch, Sizes};
use crate::numeric::{LANES, Line, with_simd};

/// Layouts of the backward pass.
pub(crate) struct Narrow {
    sizes: Sizes,
    /// `[in channel][out channel][winner]`: the kernel where that winner has it.
    placed: Vec<Line>,
}

impl Narrow {
    /// From `weight` `(out channels, in channels * 9)`.
    pub(crate) fn new(sizes: &Sizes, weight: &[f32]) -> Self {
        let mut placed = vec![Line::ZERO; sizes.image.channels * sizes.pooled.channels * 4];
        for_each_place(sizes, |weight_index, patch, place| {
            if let (Some(patch), Some(value)) = (placed.get_mut(patch), weight.get(weight_index)) {
                patch.0[place] = *value;
            }
        });
        Self { sizes: *sizes, placed }
    }

    /// Numbers that the weight gradient takes in this layout.
    pub(crate) fn layout(&self) -> usize {
        self.sizes.image.channels * self.sizes.pooled.channels * 4 * LANES
    }

    /// Adds those numbers to `dw` `(out channels, in channels * 9)`.
    pub(crate) fn fold(&self, sums: &[f64], dw: &mut [f32]) {
        let mut totals = vec![0.0f64; dw.len()];
        for_each_place(&self.sizes, |weight_index, patch, place| {
            totals[weight_index] += sums[patch * LANES + place];
        });
        dw.iter_mut().zip(totals).for_each(|(dw, total)| *dw += total as f32);
    }

    /// Scratch for the sums of one image.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch { lines: vec![Line::ZERO; self.placed.len()], lists: Lists::new(0) }
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
        scratch.lines.fill(Line::ZERO);
        weights(&self.sizes, x, d, winners, &mut scratch.lines);
        for (sums, line) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(&scratch.lines) {
            sums.iter_mut().zip(line.0).for_each(|(sum, value)| *sum += value);
        }
    }

    /// Adds the input gradient of one image.
    pub(crate) fn add_input(&self, d: &[f32], winners: &[u8], dx: &mut [f32]) {
        input(&self.sizes, &self.placed, d, winners, dx);
    }

    /// Writes the convolution of `u` at the winners, without bias.
    pub(crate) fn at_winners(&self, u: &[f32], winners: &[u8], target: &mut [f32]) {
        gather(&self.sizes, &self.placed, u, winners, target);
    }
}

/// Calls `f(weight, patch, place)` for every weight and every winner: where in which patch the weight stands.
fn for_each_place(sizes: &Sizes, mut f: impl FnMut(usize, usize, usize)) {
    let (inputs, outputs) = (sizes.image.channels, sizes.pooled.channels);
    for output in 0..outputs {
        for input in 0..inputs {
            for tap in 0..9 {
                for winner in 0..4 {
                    let (row, column) = (tap / 3 + winner / 2, tap % 3 + winner % 2);
                    let patch = (input * outputs + output) * 4 + winner;
                    f((output * inputs + input) * 9 + tap, patch, 4 * row + column);
                }
            }
        }
    }
}

/// The 4x4 pixels under a window.
#[inline(always)]
fn patch(plane: &[f32], width: usize, (row, column): (usize, usize)) -> [f32; LANES] {
    let first = 2 * (row * width + column);
    let mut patch = [0.0; LANES];
    for (y, line) in patch.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        line.copy_from_slice(&plane[first + y * width..][..4]);
    }
    patch
}

with_simd! {
    fn weights(simd; sizes: &Sizes, x: &[f32], d: &[f32], winners: &[u8], sums: &mut [Line]) {
        let (width, count) = (sizes.image.width, sizes.windows());
        let planes = x.chunks_exact(sizes.plane()).zip(sums.chunks_exact_mut(4 * sizes.pooled.channels));
        for (plane, sums) in planes {
            for row in 0..sizes.pooled.height {
                for column in 0..sizes.pooled.width {
                    let patch = simd.load(&patch(plane, width, (row, column)));
                    let mut at = row * sizes.pooled.width + column;
                    for sums in sums.as_chunks_mut::<4>().0 {
                        let (Some(d), Some(winner)) = (d.get(at), winners.get(at)) else { return };
                        at += count;
                        let sums = &mut sums[usize::from(*winner & 3)].0;
                        simd.store(simd.mul_add(simd.splat(*d), patch, simd.load(sums)), sums);
                    }
                }
            }
        }
    }
}

with_simd! {
    fn input(simd; sizes: &Sizes, placed: &[Line], d: &[f32], winners: &[u8], dx: &mut [f32]) {
        let (width, count) = (sizes.image.width, sizes.windows());
        let planes = dx.chunks_exact_mut(sizes.plane()).zip(placed.chunks_exact(4 * sizes.pooled.channels));
        for (plane, placed) in planes {
            for row in 0..sizes.pooled.height {
                for column in 0..sizes.pooled.width {
                    let mut at = row * sizes.pooled.width + column;
                    let mut sum = simd.splat(0.0);
                    for placed in placed.as_chunks::<4>().0 {
                        let (Some(d), Some(winner)) = (d.get(at), winners.get(at)) else { return };
                        at += count;
                        let kernel = &placed[usize::from(*winner & 3)].0;
                        sum = simd.mul_add(simd.splat(*d), simd.load(kernel), sum);
                    }
                    let mut patch = [0.0; LANES];
                    simd.store(sum, &mut patch);
                    let first = 2 * (row * width + column);
                    for (y, line) in patch.as_chunks::<4>().0.iter().enumerate() {
                        let target = &mut plane[first + y * width..][..4];
                        target.iter_mut().zip(line).for_each(|(target, value)| *target += value);
                    }
                }
            }
        }
    }
}

with_simd! {
    /// The sum over input channels of patch times kernel, the kernel where the winner has it.
    fn gather(simd; sizes: &Sizes, placed: &[Line], u: &[f32], winners: &[u8], target: &mut [f32]) {
        let (width, count, channels) = (sizes.image.width, sizes.windows(), sizes.pooled.channels);
        for row in 0..sizes.pooled.height {
            for column in 0..sizes.pooled.width {
                let mut patches = [simd.splat(0.0); Backward::NARROW];
                for (lanes, plane) in patches.iter_mut().zip(u.chunks_exact(sizes.plane())) {
                    *lanes = simd.load(&patch(plane, width, (row, column)));
                }
                let mut at = row * sizes.pooled.width + column;
                for channel in 0..channels {
                    let (Some(target), Some(winner)) = (target.get_mut(at), winners.get(at)) else { return };
                    at += count;
                    let kernels = placed.chunks_exact(4 * channels).zip(&patches);
                    let mut sum = simd.splat(0.0);
                    for (placed, patch) in kernels {
                        let kernel = &placed[4 * channel + usize::from(*winner & 3)].0;
                        sum = simd.mul_add(*patch, simd.load(kernel), sum);
                    }
                    *target = simd.sum(sum);
                }
            }
        }
    }
}
