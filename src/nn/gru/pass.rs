//! Passes over tensors, with or without a tape.

use super::Gru;
use crate::device::{Device, Matrix, Recording, dims, with_values, zeros};
use crate::error::{Error, Result};
use crate::nn::ops::{Activation, GradientsOf, dense, gru, linear, stack_steps};
use dfdx::prelude::{NoneTape, PutTape, SplitTape, Tape};

/// A recorded pass over a batch of sequences. Rows are sequence after sequence, step after step within each.
pub struct RecordedSequences {
    /// The states of every layer, `(batch * steps, units)`, without tape.
    pub states: Vec<Matrix>,
    /// `(batch * steps, outputs)`, with the tape.
    pub outputs: Matrix<Recording>,
}

/// Where a pass begins, and what its gradients are for.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) steps: usize,
    pub(super) gradients: GradientsOf,
}

impl Gru {
    /// The initial states of all layers `(batch, units)` from starting points `(batch, start_size)`: what the
    /// [encoder](Gru::with_encoder) makes of them, or without one their parts, one for each layer.
    ///
    /// # Errors
    /// [`Error::Shape`] for points of another size; [`Error::Empty`] for none.
    pub fn initial_states(&self, start: &Matrix) -> Result<Vec<Matrix>> {
        Ok(self.encode(start, NoneTape)?.0)
    }

    /// A recorded pass of `steps` steps from starting points `start` `(batch, start_size)` with the inputs `x`
    /// `(batch * steps, inputs)`, or `None` without inputs: what training with given inputs (teacher forcing) takes.
    ///
    /// Gradients reach all parameters, and where `gradients` asks `x`; those by initial states are those of [`Gru::record_from`].
    ///
    /// # Errors
    /// [`Error::Shape`] where sizes do not agree, [`Error::Empty`] for an empty batch, [`Error::Parameter`] for no steps.
    pub fn record(
        &self,
        start: &Matrix,
        x: Option<&Matrix>,
        steps: usize,
        gradients: GradientsOf,
    ) -> Result<RecordedSequences> {
        let (initial, tape) = self.encode(start, Recording::default())?;
        let (states, outputs) = self.pass(initial, tape, x, Plan { steps, gradients })?;
        Ok(RecordedSequences { states, outputs })
    }

    /// The same from the initial states of every layer `(batch, units)`, which always get their gradients.
    ///
    /// # Errors
    /// As for [`Gru::record`].
    pub fn record_from(
        &self,
        initial: &[Matrix],
        x: Option<&Matrix>,
        steps: usize,
        gradients: GradientsOf,
    ) -> Result<RecordedSequences> {
        let (states, outputs) =
            self.pass(initial.to_vec(), Recording::default(), x, Plan { steps, gradients })?;
        Ok(RecordedSequences { states, outputs })
    }

    /// A recorded pass in which outputs are fed back: the inputs of the first steps are those of `x` `(batch * forced, inputs)`,
    /// one step at least; that of every later step is the output of the one before it. Outputs `(batch * steps, outputs)`.
    ///
    /// # Errors
    /// As for [`Gru::record`]; [`Error::Shape`] where there are not as many outputs as inputs; [`Error::Parameter`] for fewer
    /// steps than `x` has.
    pub fn record_free(
        &self,
        start: &Matrix,
        x: &Matrix,
        steps: usize,
        gradients: GradientsOf,
    ) -> Result<Matrix<Recording>> {
        let (initial, tape) = self.encode(start, Recording::default())?;
        Ok(self.feed_back(initial, tape, x, Plan { steps, gradients })?.1)
    }

    /// The same from the initial states of every layer `(batch, units)`.
    ///
    /// # Errors
    /// As for [`Gru::record_free`].
    pub fn record_free_from(
        &self,
        initial: &[Matrix],
        x: &Matrix,
        steps: usize,
        gradients: GradientsOf,
    ) -> Result<Matrix<Recording>> {
        Ok(self.feed_back(initial.to_vec(), Recording::default(), x, Plan { steps, gradients })?.1)
    }

    /// The initial states, and the tape that leads to them.
    fn encode<T: Tape<f32, Device>>(&self, start: &Matrix, tape: T) -> Result<(Vec<Matrix>, T)> {
        self.linkage.check()?;
        let (batch, width) = dims(start);
        if width != self.start_size() {
            let (need, is) = (format!("(batch, {})", self.start_size()), format!("({batch}, {width})"));
            return Err(Error::shape("starting points of a GRU", need, is));
        }
        if self.encoder.is_empty() {
            let units = self.units();
            if units.len() == 1 {
                return Ok((vec![start.clone()], tape));
            }
            let mut first = 0;
            let part = |&d: &usize| {
                let rows = with_values(start, |values| {
                    values
                        .chunks_exact(width)
                        .flat_map(|row| row[first..first + d].to_vec())
                        .collect::<Vec<_>>()
                })?;
                first += d;
                crate::device::matrix(&rows, batch, d)
            };
            return Ok((units.iter().map(part).collect::<Result<_>>()?, tape));
        }
        let (mut tape, mut states) = (tape, vec![]);
        for map in &self.encoder {
            let point = start.clone().put_tape(tape);
            let wanted = GradientsOf::Everything;
            let state = dense(point, &map.weight.value, &map.bias.value, Activation::Tanh, wanted)?;
            let (state, of_state) = state.split_tape();
            tape = of_state;
            states.push(state);
        }
        Ok((states, tape))
    }

    /// States of all layers, and outputs.
    pub(super) fn pass<T: Tape<f32, Device>>(
        &self,
        initial: Vec<Matrix>,
        tape: T,
        x: Option<&Matrix>,
        plan: Plan,
    ) -> Result<(Vec<Matrix>, Matrix<T>)> {
        self.linkage.check()?;
        if initial.len() != self.layers.len() {
            let need = format!("{}, one for each layer", self.layers.len());
            return Err(Error::shape("initial states of a GRU", need, initial.len()));
        }
        let (mut tape, mut states) = (tape, Vec::<Matrix>::new());
        for (layer, initial) in self.layers.iter().zip(initial) {
            // Inputs of the first layer only where asked for; those of the others are states.
            let wanted = match plan.gradients {
                GradientsOf::Parameters if !states.is_empty() => GradientsOf::Everything,
                other => other,
            };
            let x = states.last().or(x);
            let all = gru(initial.put_tape(tape), x, plan.steps, &layer.tensors(), wanted)?;
            let (all, of_all) = all.split_tape();
            tape = of_all;
            states.push(all);
        }
        let last = states.last().cloned().ok_or_else(|| Error::empty("a GRU"))?.put_tape(tape);
        let outputs = match &self.readout {
            None => last,
            Some(readout) => {
                let wanted = match plan.gradients {
                    GradientsOf::Input => GradientsOf::Input,
                    _ => GradientsOf::Everything,
                };
                linear(last, &readout.weight.value, &readout.bias.value, wanted)?
            }
        };
        Ok((states, outputs))
    }

    /// States of all layers at the last step, and all outputs, the last ones fed back.
    pub(super) fn feed_back<T: Tape<f32, Device>>(
        &self,
        initial: Vec<Matrix>,
        tape: T,
        x: &Matrix,
        plan: Plan,
    ) -> Result<(Vec<Matrix>, Matrix<T>)> {
        let (rows, inputs) = dims(x);
        let batch = initial.first().map_or(0, |initial| dims(initial).0);
        if inputs != self.outputs() {
            let what = "outputs of a GRU that are fed back";
            return Err(Error::shape(what, format!("{inputs}, its inputs"), self.outputs()));
        }
        if batch == 0 || rows == 0 || rows % batch != 0 {
            let need = format!("rows in multiples of {batch}, the sequences");
            return Err(Error::shape("input of a GRU", need, format!("{rows} rows")));
        }
        let forced = rows / batch;
        if plan.steps < forced {
            return Err(Error::parameter(
                "steps",
                plan.steps,
                format!("at least {forced}, those with inputs"),
            ));
        }
        let step = |rows: &Matrix, step: usize, of: usize| -> Result<Matrix> { pick(rows, batch, step, of) };
        let (mut states, mut tape, mut outputs) = (initial, tape, vec![]);
        let mut next = None;
        for t in 0..plan.steps {
            // A given input is not recorded: gradients by it are those of `record`.
            let x = match next.take() {
                Some(next) if t >= forced => next,
                _ => step(x, t, forced)?,
            };
            let gradients = if t >= forced && plan.gradients == GradientsOf::Parameters {
                GradientsOf::Everything
            } else {
                plan.gradients
            };
            let (reached, output) = self.pass(states, tape, Some(&x), Plan { steps: 1, gradients })?;
            let (output, of_output) = output.split_tape();
            (states, tape, next) = (reached, of_output, Some(output.clone()));
            outputs.push(output);
        }
        Ok((states, stack_steps(&outputs, tape)?))
    }
}

/// Step `step` of `steps` of all sequences.
fn pick(rows: &Matrix, batch: usize, step: usize, steps: usize) -> Result<Matrix> {
    let width = dims(rows).1;
    let mut picked = zeros(batch, width)?;
    let values = with_values(rows, |values| {
        let rows = values.chunks_exact(width).skip(step).step_by(steps);
        rows.flatten().copied().collect::<Vec<f32>>()
    })?;
    picked.copy_from(&values);
    Ok(picked)
}

/// The last step of all sequences.
pub(super) fn last_step(states: &Matrix, batch: usize) -> Result<Matrix> {
    let steps = dims(states).0 / batch.max(1);
    pick(states, batch, steps.saturating_sub(1), steps.max(1))
}
