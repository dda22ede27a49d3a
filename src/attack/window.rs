//! The examples that the loop works on at a time.

use super::ascent::Place;
use super::batch::Batch;
use crate::error::{Error, Result};
use crate::nn::blocks::BLOCK;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Images of some examples, one after the other: so many that all threads have work, so few that they stay near the
/// processor. Examples come in as others are done.
pub(super) struct Window {
    inputs: usize,
    capacity: usize,
    slots: Vec<Slot>,
    clean: Vec<f32>,
    x: Vec<f32>,
    best: Vec<f32>,
    momentum: Vec<f32>,
    with_momentum: bool,
}

/// How far the search of an example is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Of the batch.
    pub(super) row: usize,
    /// Steps so far.
    pub(super) done: usize,
    /// Nothing is left to do.
    pub(super) over: bool,
    pub(super) first_success: Option<u32>,
    /// Of the best image: whether it fools, its margin, its loss, and the steps that led to it.
    pub(super) success: bool,
    pub(super) margin: f64,
    pub(super) loss: f64,
    pub(super) step: u32,
}

/// One example in a window.
pub(super) struct Example<'a> {
    pub(super) slot: &'a mut Slot,
    pub(super) clean: &'a [f32],
    pub(super) x: &'a mut [f32],
    pub(super) best: &'a mut [f32],
    /// Empty where the attack has none.
    pub(super) momentum: &'a mut [f32],
}

impl Window {
    pub(super) fn new(inputs: usize, with_momentum: bool) -> Self {
        // Two blocks for every thread: one that ends early has another to do.
        let capacity = 2 * BLOCK * rayon::current_num_threads().max(1);
        Self {
            inputs,
            capacity,
            slots: vec![],
            clean: vec![],
            x: vec![],
            best: vec![],
            momentum: vec![],
            with_momentum,
        }
    }

    /// Takes in waiting rows while there is room, each at its start.
    pub(super) fn fill(
        &mut self,
        batch: Batch<'_>,
        waiting: &mut impl Iterator<Item = usize>,
        place: &Place<'_>,
    ) {
        let (old, inputs) = (self.slots.len(), self.inputs);
        for row in waiting.take(self.capacity - old) {
            self.slots.push(Slot {
                row,
                done: 0,
                over: false,
                first_success: None,
                success: false,
                margin: f64::INFINITY,
                loss: f64::NEG_INFINITY,
                step: 0,
            });
            self.clean.extend(batch.images.row(row));
        }
        let len = self.slots.len() * inputs;
        let new = old * inputs..len;
        self.x.extend_from_slice(self.clean.get(new.clone()).unwrap_or(&[]));
        self.best.resize(len, 0.0);
        if self.with_momentum {
            self.momentum.resize(len, 0.0);
        }
        let slots = self.slots.get(old..).unwrap_or(&[]);
        if let Some(x) = self.x.get_mut(new) {
            x.par_chunks_mut(inputs.max(1)).zip(slots).for_each(|(x, slot)| place(slot.row, x));
        }
    }

    /// The rows of the batch that are here, in order.
    pub(super) fn rows(&self) -> Vec<usize> {
        self.slots.iter().map(|slot| slot.row).collect()
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The iterates, `(rows, inputs)`.
    pub(super) fn images(&self) -> Result<ArrayView2<'_, f32>> {
        let shape = (self.slots.len(), self.inputs);
        ArrayView2::from_shape(shape, &self.x).map_err(|e| Error::shape("images", format!("{shape:?}"), e))
    }

    /// Calls `work` for every example with its logits and its gradient, on all threads.
    pub(super) fn for_each(
        &mut self,
        logits: ArrayView2<'_, f32>,
        gradient: Option<ArrayView2<'_, f32>>,
        work: impl Fn(&mut Example<'_>, &[f32], Option<&[f32]>) + Sync,
    ) {
        let n = self.inputs.max(1);
        let logits = logits.as_standard_layout();
        let gradient = gradient.as_ref().map(|gradient| gradient.as_standard_layout());
        let momentum: Vec<&mut [f32]> = if self.with_momentum {
            self.momentum.chunks_mut(n).collect()
        } else {
            self.slots.iter().map(|_| <&mut [f32]>::default()).collect()
        };
        self.slots
            .par_iter_mut()
            .zip(self.clean.par_chunks(n))
            .zip(self.x.par_chunks_mut(n))
            .zip(self.best.par_chunks_mut(n))
            .zip(momentum)
            .enumerate()
            .with_min_len(16)
            .for_each(|(i, ((((slot, clean), x), best), momentum))| {
                let gradient = gradient.as_ref().and_then(|gradient| gradient.row(i).to_slice());
                if let Some(logits) = logits.row(i).to_slice() {
                    work(&mut Example { slot, clean, x, best, momentum }, logits, gradient);
                }
            });
    }

    /// Gives what was found for the examples that are done to `take`, and makes room.
    pub(super) fn retire(&mut self, mut take: impl FnMut(&Slot, &[f32])) {
        let n = self.inputs;
        for place in (0..self.slots.len()).rev() {
            if !self.slots[place].over {
                continue;
            }
            take(&self.slots[place], &self.best[place * n..(place + 1) * n]);
            let last = self.slots.len() - 1;
            self.slots.swap_remove(place);
            for values in [&mut self.clean, &mut self.x, &mut self.best, &mut self.momentum] {
                if !values.is_empty() {
                    values.copy_within(last * n..(last + 1) * n, place * n);
                    values.truncate(last * n);
                }
            }
        }
    }
}
