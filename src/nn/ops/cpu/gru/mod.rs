//! A layer of gated recurrent units over whole sequences, 32 of them side by side.
//!
//! Numbers of the sequences of a group are neighbours in memory: then every step is a product of the weights with a few rows of 32
//! numbers, however few units there are, and gates are loops over rows. Sequences never meet but in the gradients by the
//! weights, so that groups are tasks of their own.

mod backward;
mod forward;
mod rows;
mod weights;

use crate::device::Buffer;
use crate::dynamics::Reset;
use crate::numeric::{Line, column_sums};
use rayon::prelude::*;
use rows::{GROUP, LINES, Row, gather, rows_mut, scatter};

/// Sizes of a layer and of its sequences.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) steps: usize,
    pub(crate) inputs: usize,
    pub(crate) units: usize,
    pub(crate) reset: Reset,
}

impl Sizes {
    fn groups(&self) -> usize {
        self.batch.div_ceil(GROUP)
    }

    /// Numbers of the gradients by all weights.
    fn parameters(&self) -> usize {
        let d = self.units;
        3 * d * (self.inputs + d + 1) + d
    }

    /// Whether a group is worth a task: a thread that sleeps takes longer to wake up than a few steps of a few units.
    fn parallel(&self) -> bool {
        self.groups() > 1 && self.steps * self.units * (self.units + self.inputs + 16) > 1 << 16
    }
}

/// Row-major weights, gates in the order r, z, n.
pub(crate) struct Weights<'a> {
    /// `(3 units, inputs)`.
    pub(crate) input: &'a [f32],
    /// `(3 units, units)`.
    pub(crate) recurrent: &'a [f32],
    /// `3 units`, those of both sides added up where both add to the argument of a gate.
    pub(crate) bias: &'a [f32],
    /// `units`, within the product with the reset gate; empty for [`Reset::Before`].
    pub(crate) hidden_bias: &'a [f32],
}

/// What the backward pass needs of the forward pass.
pub(crate) struct Kept {
    sizes: Sizes,
    x: Buffer<Line>,
    gates: Buffer<Line>,
    beside: Buffer<Line>,
    states: Buffer<Line>,
}

/// The part of a group in it.
struct Memory<'a> {
    /// The inputs, `inputs` rows a step.
    x: &'a mut [Row],
    /// The gates r, z and n, `3 units` rows a step.
    gates: &'a mut [Row],
    /// What the product of the candidate is of, `r h`, or what it gives, `Uh h + bhh`, with the reset gate behind it:
    /// `units` rows a step.
    beside: &'a mut [Row],
    /// The states, the initial one first: `units` rows each.
    states: &'a mut [Row],
}

/// Where gradients are added to.
pub(crate) struct Slopes<'a> {
    /// `(batch, steps * inputs)`.
    pub(crate) x: Option<&'a mut [f32]>,
    /// `(batch, units)`.
    pub(crate) initial: &'a mut [f32],
    /// Whether those by the weights are asked for.
    pub(crate) weights: bool,
}

/// Runs `work` on the items, on all cores if `parallel`.
fn each<I: Send>(parallel: bool, items: Vec<I>, work: impl Fn(I) + Send + Sync) {
    match parallel {
        true => items.into_par_iter().for_each(work),
        false => items.into_iter().for_each(work),
    }
}

impl Kept {
    /// All states behind the initial one, `(batch, steps * units)`, into `y`, of `x` `(batch, steps * inputs)` and `initial`
    /// `(batch, units)`.
    pub(crate) fn forward(
        sizes: Sizes,
        weights: &Weights<'_>,
        x: &[f32],
        initial: &[f32],
        y: &mut [f32],
    ) -> Self {
        let Sizes { steps, inputs, units: d, .. } = sizes;
        let buffer = |rows: usize| Buffer::new(sizes.groups() * rows * LINES);
        let mut kept = Self {
            sizes,
            x: buffer(steps * inputs),
            gates: buffer(steps * 3 * d),
            beside: buffer(steps * d),
            states: buffer((steps + 1) * d),
        };
        let mut x = x.chunks((GROUP * steps * inputs).max(1));
        let ends = initial.chunks(GROUP * d).zip(y.chunks_mut(GROUP * steps * d));
        let groups = kept.groups().into_iter().zip(ends);
        let groups = groups.map(|(memory, ends)| (memory, x.next().unwrap_or_default(), ends)).collect();
        each(sizes.parallel(), groups, |(mut memory, x, (initial, y))| {
            gather(memory.x, x);
            gather(&mut memory.states[..d], initial);
            forward::forward(sizes, weights, &mut memory);
            scatter(&memory.states[d..], y, |y, state| *y = state);
        });
        kept
    }

    /// The memory of every group.
    fn groups(&mut self) -> Vec<Memory<'_>> {
        let Sizes { steps, inputs, units: d, .. } = self.sizes;
        let mut x = self.x.chunks_mut((steps * inputs * LINES).max(1));
        let gates = self.gates.chunks_mut(steps * 3 * d * LINES);
        let beside = self.beside.chunks_mut(steps * d * LINES);
        let states = self.states.chunks_mut((steps + 1) * d * LINES);
        gates
            .zip(beside.zip(states))
            .map(|(gates, (beside, states))| Memory {
                x: rows_mut(x.next().unwrap_or_default()),
                gates: rows_mut(gates),
                beside: rows_mut(beside),
                states: rows_mut(states),
            })
            .collect()
    }

    /// Adds the gradients by inputs and initial state, given those by all states `dy` `(batch, steps * units)`. Those by the
    /// weights, where they are asked for, are the result: by `input`, `recurrent`, `bias` and `hidden_bias` of [`Weights`],
    /// one behind the other.
    pub(crate) fn backward(mut self, weights: &Weights<'_>, dy: &[f32], slopes: Slopes<'_>) -> Vec<f64> {
        let sizes = self.sizes;
        let Sizes { steps, inputs, units: d, .. } = sizes;
        let recurrent = transposed(weights.recurrent, d);
        let input = transposed(weights.input, inputs);
        let count = if slopes.weights { sizes.groups() * sizes.parameters() } else { 0 };
        let mut sums = Buffer::<f32>::new(count);
        let mut sums_of = sums.chunks_mut(sizes.parameters());
        let mut dx = slopes.x.filter(|dx| !dx.is_empty()).map(|dx| dx.chunks_mut(GROUP * steps * inputs));
        let ends = slopes.initial.chunks_mut(GROUP * d).zip(dy.chunks(GROUP * steps * d));
        let groups = self.groups().into_iter().zip(ends);
        let groups = groups
            .map(|(memory, ends)| (memory, ends, dx.as_mut().and_then(Iterator::next), sums_of.next()))
            .collect();
        each(sizes.parallel(), groups, |(mut memory, (initial, dy), dx, sums)| {
            // The gradients by the states; those by the inputs take their place.
            let mut buffer = Buffer::<Line>::new(steps * d.max(inputs) * LINES);
            let slopes = rows_mut(&mut buffer);
            let mut few = Buffer::<Line>::new(2 * d * LINES);
            let (dh, scratch) = rows_mut(&mut few).split_at_mut(d);
            gather(&mut slopes[..steps * d], dy);
            backward::backward(sizes, &recurrent, &slopes[..steps * d], &mut memory, dh, scratch);
            scatter(dh, initial, |sum, slope| *sum += slope);
            if let Some(dx) = dx {
                let slopes = &mut slopes[..steps * inputs];
                backward::input_slopes(sizes, &input, memory.gates, slopes);
                scatter(slopes, dx, |sum, slope| *sum += slope);
            }
            if let Some(sums) = sums {
                weights::weight_slopes(sizes, &memory, sums);
            }
        });
        column_sums(&sums, sizes.parameters())
    }
}

/// The transpose of a matrix of so many columns.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns.max(1);
    (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| values[i * columns + j]).collect()
}
