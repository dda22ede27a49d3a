//! The gradients by the weights: products over all steps and sequences of a group.

use super::rows::{LINES, Row, rows_mut};
use super::{Memory, Sizes};
use crate::device::Buffer;
use crate::dynamics::Reset;
use crate::numeric::{Line, Simd, with_simd};
use std::ops::Range;

with_simd! {
    /// The gradients by the weights, after [`backward`](super::backward::backward): those by `input`, `recurrent`, `bias` and `hidden_bias` of
    /// [`Weights`](super::Weights), one behind the other.
    pub(super) fn weight_slopes(simd; sizes: Sizes, memory: &Memory<'_>, out: &mut [f32]) {
        let (d, inputs, steps) = (sizes.units, sizes.inputs, sizes.steps);
        let (input, rest) = out.split_at_mut(3 * d * inputs);
        let (recurrent, biases) = rest.split_at_mut(3 * d * d);
        let (bias, hidden_bias) = biases.split_at_mut(3 * d);
        let gates = Steps { rows: memory.gates, stride: 3 * d, first: 0, count: 3 * d };
        let states = Steps { rows: memory.states, stride: d, first: 0, count: d };
        let beside = Steps { rows: memory.beside, stride: d, first: 0, count: d };
        if inputs > 0 {
            let x = Steps { rows: memory.x, stride: inputs, first: 0, count: inputs };
            outer_sums(simd, input, steps, gates, x);
        }
        let (both, candidate) = recurrent.split_at_mut(2 * d * d);
        outer_sums(simd, both, steps, Steps { count: 2 * d, ..gates }, states);
        match sizes.reset {
            Reset::Before => {
                outer_sums(simd, candidate, steps, Steps { first: 2 * d, count: d, ..gates }, beside);
            }
            Reset::After => {
                outer_sums(simd, candidate, steps, beside, states);
                sums(simd, hidden_bias, steps, beside);
            }
        }
        sums(simd, bias, steps, gates);
    }
}

/// Rows of all steps: `count` of them from place `first` on, of the `stride` rows of each step.
#[derive(Clone, Copy)]
struct Steps<'a> {
    rows: &'a [Row],
    stride: usize,
    first: usize,
    count: usize,
}

/// `out_jk = sum over steps and sequences of a_j b_k`; `out` has a row of `b.count` numbers for each of `a`.
#[inline(always)]
fn outer_sums<S: Simd>(simd: S, out: &mut [f32], steps: usize, a: Steps<'_>, b: Steps<'_>) {
    if a.count.min(b.count) < WIDE {
        outer_tiles(simd, out, steps, a, b);
    } else {
        outer_panels(simd, out, steps, a, b);
    }
}

/// Rows from which on panels are worth the copies. The rows of a step lie a power of two apart from those of the next, as widths often
/// are, and push each other out of the cache; with few rows they all fit.
const WIDE: usize = 32;

/// Steps that are worked off together, so that a panel of [`LEFT`] rows stays in the first cache: 32 KiB.
const CHUNK: usize = 64;

/// Rows of a panel of `a`, and of `b`: their 24 sums stay in registers.
const LEFT: usize = 4;
const RIGHT: usize = 6;

/// Panels of `b` that stay in the second cache: 576 KiB.
const PANELS: usize = 12;

#[inline(always)]
fn outer_panels<S: Simd>(simd: S, out: &mut [f32], steps: usize, a: Steps<'_>, b: Steps<'_>) {
    out.fill(0.0);
    let panels = b.count.div_ceil(RIGHT);
    let block = RIGHT * panels.div_ceil(panels.div_ceil(PANELS));
    let mut left = Buffer::<Line>::new(CHUNK * LEFT * LINES);
    let mut right = Buffer::<Line>::new(CHUNK * block * LINES);
    let left = rows_mut(&mut left).as_chunks_mut().0;
    for first in (0..steps).step_by(CHUNK) {
        let chunk = first..steps.min(first + CHUNK);
        let left = &mut left[..chunk.len()];
        for from in (0..b.count).step_by(block) {
            let right = rows_mut(&mut right).as_chunks_mut().0;
            let right = &mut right[..chunk.len() * block.min(b.count - from).div_ceil(RIGHT)];
            for (panel, right) in right.chunks_exact_mut(chunk.len()).enumerate() {
                b.pack(chunk.clone(), from + panel * RIGHT, right);
            }
            for (j, rows) in out.chunks_mut(LEFT * b.count).enumerate() {
                a.pack(chunk.clone(), j * LEFT, left);
                for (panel, right) in right.chunks_exact(chunk.len()).enumerate() {
                    let sums = panel_sums(simd, left, right);
                    for (row, sums) in rows.chunks_exact_mut(b.count).zip(sums) {
                        let row = row[from + panel * RIGHT..].iter_mut();
                        row.zip(sums).for_each(|(out, sum)| *out += simd.sum(sum));
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn panel_sums<S: Simd>(simd: S, left: &[[Row; LEFT]], right: &[[Row; RIGHT]]) -> [[S::Lanes; RIGHT]; LEFT] {
    let mut sums = [[simd.splat(0.0); RIGHT]; LEFT];
    for (left, right) in left.iter().zip(right) {
        for l in 0..LINES {
            let mut lanes = [simd.splat(0.0); RIGHT];
            for c in 0..RIGHT {
                lanes[c] = simd.load(&right[c][l].0);
            }
            for r in 0..LEFT {
                let left = simd.load(&left[r][l].0);
                for c in 0..RIGHT {
                    sums[r][c] = simd.mul_add(left, lanes[c], sums[r][c]);
                }
            }
        }
    }
    sums
}

impl Steps<'_> {
    /// Copies `R` rows of every step, from row `row` on; there may be fewer, the others become 0.
    #[inline(always)]
    fn pack<const R: usize>(&self, steps: Range<usize>, row: usize, panel: &mut [[Row; R]]) {
        let count = R.min(self.count - row);
        for (t, panel) in steps.zip(panel) {
            let rows = &self.rows[t * self.stride + self.first + row..][..count];
            let (whole, rest) = panel.split_at_mut(count);
            whole.copy_from_slice(rows);
            rest.fill([Line::ZERO; LINES]);
        }
    }
}

#[inline(always)]
fn outer_tiles<S: Simd>(simd: S, out: &mut [f32], steps: usize, a: Steps<'_>, b: Steps<'_>) {
    const TILE: usize = 4;
    let (rows, columns) = (a.count - a.count % TILE, b.count - b.count % TILE);
    for j in (0..rows).step_by(TILE) {
        for k in (0..columns).step_by(TILE) {
            outer_tile::<S, TILE, TILE>(simd, out, steps, (a, j), (b, k));
        }
        for k in columns..b.count {
            outer_tile::<S, TILE, 1>(simd, out, steps, (a, j), (b, k));
        }
    }
    for j in rows..a.count {
        for k in (0..columns).step_by(TILE) {
            outer_tile::<S, 1, TILE>(simd, out, steps, (a, j), (b, k));
        }
        for k in columns..b.count {
            outer_tile::<S, 1, 1>(simd, out, steps, (a, j), (b, k));
        }
    }
}

#[inline(always)]
fn outer_tile<S: Simd, const R: usize, const C: usize>(
    simd: S,
    out: &mut [f32],
    steps: usize,
    (a, j): (Steps<'_>, usize),
    (b, k): (Steps<'_>, usize),
) {
    let mut sums = [[simd.splat(0.0); C]; R];
    for t in 0..steps {
        let left = &a.rows[t * a.stride + a.first + j..][..R];
        let right = &b.rows[t * b.stride + b.first + k..][..C];
        for l in 0..LINES {
            let mut lanes = [simd.splat(0.0); C];
            for c in 0..C {
                lanes[c] = simd.load(&right[c][l].0);
            }
            for r in 0..R {
                let left = simd.load(&left[r][l].0);
                for c in 0..C {
                    sums[r][c] = simd.mul_add(left, lanes[c], sums[r][c]);
                }
            }
        }
    }
    for r in 0..R {
        for c in 0..C {
            out[(j + r) * b.count + k + c] = simd.sum(sums[r][c]);
        }
    }
}

/// `out_j = sum over steps and sequences of a_j`.
#[inline(always)]
fn sums<S: Simd>(simd: S, out: &mut [f32], steps: usize, a: Steps<'_>) {
    let (eights, rest) = out.as_chunks_mut();
    for (j, out) in eights.iter_mut().enumerate() {
        sums_tile::<S, 8>(simd, out, steps, (a, 8 * j));
    }
    for (j, out) in rest.as_chunks_mut().0.iter_mut().enumerate() {
        sums_tile::<S, 1>(simd, out, steps, (a, 8 * eights.len() + j));
    }
}

#[inline(always)]
fn sums_tile<S: Simd, const R: usize>(simd: S, out: &mut [f32; R], steps: usize, (a, j): (Steps<'_>, usize)) {
    let one = simd.splat(1.0);
    let mut sums = [simd.splat(0.0); R];
    for t in 0..steps {
        let rows = &a.rows[t * a.stride + a.first + j..][..R];
        for r in 0..R {
            for l in 0..LINES {
                sums[r] = simd.mul_add(one, simd.load(&rows[r][l].0), sums[r]);
            }
        }
    }
    for r in 0..R {
        out[r] = simd.sum(sums[r]);
    }
}
