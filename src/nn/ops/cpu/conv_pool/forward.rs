//! Forward: sixteen or thirty-two output channels of a few neighbouring windows at a time.

use super::Sizes;
use crate::numeric::{LANES, Simd, with_simd};

/// Weights and bias in the order in which [`conv_pool`] reads them.
///
/// Output channels come in blocks of 32, the last of 16 where that is enough; channels that do not exist have
/// zeros. A block has its taps `(input channel, row, column)` in turn, and of each tap one number a channel.
pub(crate) struct Forward {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Forward {
    /// From `weight` `(out channels, in channels * 9)` and `bias` `(out channels)`.
    pub(crate) fn new(sizes: &Sizes, weight: &[f32], bias: &[f32]) -> Self {
        let (taps, channels) = (sizes.taps(), bias.len());
        let padded = channels.next_multiple_of(LANES);
        let mut packed = Vec::with_capacity(padded * taps);
        for start in (0..padded).step_by(2 * LANES) {
            let block = start..(start + 2 * LANES).min(padded);
            for tap in 0..taps {
                packed.extend(block.clone().map(|channel| weight.get(channel * taps + tap).unwrap_or(&0.0)));
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Self { weight: packed, bias }
    }
}

with_simd! {
    /// The largest of the four outputs of every window, before the nonlinearity, and which of the four it was.
    ///
    /// The first of equal ones wins, and NaN wins over numbers, as in PyTorch. `x` is one image, `y` and `winners`
    /// its pooled outputs, channel after channel. An output is `bias + sum over taps`, in the order of the taps.
    pub(crate) fn conv_pool(simd; sizes: &Sizes, packed: &Forward, x: &[f32], y: &mut [f32], winners: &mut [u8]) {
        let (taps, windows) = (sizes.taps(), sizes.windows());
        let outputs = y.chunks_mut(2 * LANES * windows).zip(winners.chunks_mut(2 * LANES * windows));
        let parameters = packed.weight.chunks(2 * LANES * taps).zip(packed.bias.chunks(2 * LANES));
        for ((weight, bias), (y, winners)) in parameters.zip(outputs) {
            let weight = weight.as_chunks::<LANES>().0;
            match bias.as_chunks::<LANES>().0 {
                [one] => Block { simd, sizes, weight, bias: [simd.load(one)] }.run(x, y, winners),
                [one, two] => {
                    let bias = [simd.load(one), simd.load(two)];
                    Block { simd, sizes, weight, bias }.run(x, y, winners);
                }
                _ => {}
            }
        }
    }
}

/// `V` registers of output channels.
struct Block<'a, S: Simd, const V: usize> {
    simd: S,
    sizes: &'a Sizes,
    weight: &'a [[f32; LANES]],
    bias: [S::Lanes; V],
}

impl<S: Simd, const V: usize> Block<'_, S, V> {
    /// All windows of one image.
    #[inline(always)]
    fn run(&self, x: &[f32], y: &mut [f32], winners: &mut [u8]) {
        let width = self.sizes.pooled.width;
        for row in 0..self.sizes.pooled.height {
            let mut column = 0;
            // Sixteen sums: enough to hide the latency of an addition, and no more than there are registers for.
            if V == 1 {
                while column + 4 <= width {
                    self.windows::<4>(x, y, winners, (row, column));
                    column += 4;
                }
            } else {
                while column + 2 <= width {
                    self.windows::<2>(x, y, winners, (row, column));
                    column += 2;
                }
            }
            while column < width {
                self.windows::<1>(x, y, winners, (row, column));
                column += 1;
            }
        }
    }

    /// `Q` windows side by side.
    #[inline(always)]
    fn windows<const Q: usize>(
        &self,
        x: &[f32],
        y: &mut [f32],
        winners: &mut [u8],
        (row, column): (usize, usize),
    ) {
        let Self { simd, sizes, weight, bias } = *self;
        let width = sizes.image.width;
        let mut sums = [[bias; 4]; Q];
        let mut kernel_rows = weight.chunks_exact(3 * V);
        for plane in x.chunks_exact(sizes.plane()) {
            let mut first = 2 * row * width + 2 * column;
            for _ in 0..3 {
                let Some(taps) = kernel_rows.next() else { return };
                let lines = [&plane[first..][..2 * Q + 2], &plane[first + width..][..2 * Q + 2]];
                for kx in 0..3 {
                    let tap: [S::Lanes; V] = std::array::from_fn(|v| simd.load(&taps[kx * V + v]));
                    for (q, sums) in sums.iter_mut().enumerate() {
                        for (corner, sums) in sums.iter_mut().enumerate() {
                            let pixel = simd.splat(lines[corner / 2][2 * q + corner % 2 + kx]);
                            for (sum, tap) in sums.iter_mut().zip(tap) {
                                *sum = simd.mul_add(pixel, tap, *sum);
                            }
                        }
                    }
                }
                first += width;
            }
        }
        // First out of the registers, then to their places: a loop over sums that is too long to be unrolled would
        // keep them in memory from the start. The name of a corner is not calculated with: any bits will do.
        let (mut values, mut names) = ([[[0.0; LANES]; V]; Q], [[[0.0; LANES]; V]; Q]);
        for (q, [first, rest @ ..]) in sums.iter().enumerate() {
            for v in 0..V {
                let (mut best, mut winner) = (first[v], simd.splat(0.0));
                for (corner, sums) in (1..4).zip(rest) {
                    let name = simd.splat(f32::from_bits(corner));
                    (best, winner) = simd.select_beaten(sums[v], best, name, winner);
                }
                simd.store(best, &mut values[q][v]);
                simd.store(winner, &mut names[q][v]);
            }
        }
        let count = sizes.windows();
        for (q, (values, names)) in values.iter().zip(&names).enumerate() {
            let window = row * sizes.pooled.width + column + q;
            for (lane, (value, name)) in values.as_flattened().iter().zip(names.as_flattened()).enumerate() {
                let place = lane * count + window;
                // Channels that only fill up the register have no place.
                let (Some(y), Some(winner)) = (y.get_mut(place), winners.get_mut(place)) else { break };
                (*y, *winner) = (*value, name.to_bits() as u8);
            }
        }
    }
}
