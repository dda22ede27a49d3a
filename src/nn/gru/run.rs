//! Passes over arrays: states and outputs of sequences.

use super::Gru;
use super::pass::{Plan, last_step};
use crate::device::{Matrix, dims, matrix, to_array, to_device, with_values, zeros};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::nn::ops::GradientsOf;
use dfdx::prelude::NoneTape;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3};
use std::fmt;

/// What a network made of a batch of sequences.
#[derive(Clone, PartialEq)]
pub struct Sequences {
    outputs: Array3<f32>,
    states: Vec<Array3<f32>>,
    last: Vec<Array2<f32>>,
}

impl Sequences {
    /// `(batch, steps, outputs)`.
    pub fn outputs(&self) -> &Array3<f32> {
        &self.outputs
    }

    /// The states of every layer, `(batch, steps, units)`; empty after a free run, of which only the last ones are kept.
    pub fn states(&self) -> &[Array3<f32>] {
        &self.states
    }

    /// The states of every layer after the last step, `(batch, units)`: what the next call starts with.
    pub fn last(&self) -> &[Array2<f32>] {
        &self.last
    }

    /// Shows the sizes in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Sequences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (batch, steps, outputs) = self.outputs.dim();
        write!(f, "Sequences({batch} of {steps} steps, {outputs} outputs)")
    }
}

impl Gru {
    /// States and outputs of a batch of sequences `x` `(batch, steps, inputs)`, from the `initial` states of every layer
    /// `(batch, units)`, or from zeros.
    ///
    /// # Errors
    /// [`Error::Shape`] where sizes do not agree; [`Error::Empty`] for an empty batch; [`Error::Parameter`] for no steps.
    pub fn forward(&self, x: ArrayView3<'_, f32>, initial: Option<&[Array2<f32>]>) -> Result<Sequences> {
        let (batch, steps, inputs) = x.dim();
        if inputs != self.inputs() {
            let need = format!("(batch, steps, {})", self.inputs());
            return Err(Error::shape("sequences for a GRU", need, format!("{:?}", x.dim())));
        }
        let initial = self.states_of(batch, initial)?;
        let x = (inputs > 0).then(|| rows_of(x)).transpose()?;
        self.sequences(initial, x.as_ref(), batch, steps)
    }

    /// `steps` states and outputs without inputs, from the starting points `start` `(batch, start_size)`: initial
    /// states, or what the [encoder](Gru::with_encoder) takes.
    ///
    /// # Errors
    /// As for [`Gru::forward`]; [`Error::Shape`] for a network with inputs.
    pub fn from_start(&self, start: ArrayView2<'_, f32>, steps: usize) -> Result<Sequences> {
        let initial = self.initial_states(&to_device(start)?)?;
        self.sequences(initial, None, start.nrows(), steps)
    }

    /// `steps` outputs, of which those behind the given inputs `x` `(batch, forced, inputs)`, of one step at least, are fed back
    /// as inputs.
    ///
    /// # Errors
    /// As for [`Gru::forward`] and [`Gru::record_free`].
    pub fn free_run(
        &self,
        x: ArrayView3<'_, f32>,
        steps: usize,
        initial: Option<&[Array2<f32>]>,
    ) -> Result<Sequences> {
        let batch = x.dim().0;
        let initial = self.states_of(batch, initial)?;
        let plan = Plan { steps, gradients: GradientsOf::Input };
        let (states, outputs) = self.feed_back(initial, NoneTape, &rows_of(x)?, plan)?;
        let last = states.iter().map(to_array).collect::<Result<_>>()?;
        Ok(Sequences { outputs: sequences_of(&outputs, batch)?, states: vec![], last })
    }

    fn sequences(
        &self,
        initial: Vec<Matrix>,
        x: Option<&Matrix>,
        batch: usize,
        steps: usize,
    ) -> Result<Sequences> {
        let plan = Plan { steps, gradients: GradientsOf::Input };
        let (states, outputs) = self.pass(initial, NoneTape, x, plan)?;
        Ok(Sequences {
            outputs: sequences_of(&outputs, batch)?,
            last: states.iter().map(|s| to_array(&last_step(s, batch)?)).collect::<Result<_>>()?,
            states: states.iter().map(|states| sequences_of(states, batch)).collect::<Result<_>>()?,
        })
    }

    /// The initial states on the device.
    fn states_of(&self, batch: usize, initial: Option<&[Array2<f32>]>) -> Result<Vec<Matrix>> {
        let units = self.units();
        let Some(initial) = initial else {
            return units.iter().map(|&d| zeros(batch, d)).collect();
        };
        if !initial.iter().map(Array2::dim).eq(units.iter().map(|&d| (batch, d))) {
            let need: Vec<_> = units.iter().map(|&d| (batch, d)).collect();
            let is: Vec<_> = initial.iter().map(Array2::dim).collect();
            return Err(Error::shape("initial states of a GRU", format!("{need:?}"), format!("{is:?}")));
        }
        initial.iter().map(|states| to_device(states.view())).collect()
    }
}

/// `(batch * steps, width)` of `(batch, steps, width)`.
pub(crate) fn rows_of(sequences: ArrayView3<'_, f32>) -> Result<Matrix> {
    let (batch, steps, width) = sequences.dim();
    match sequences.as_slice() {
        Some(values) => matrix(values, batch * steps, width),
        None => matrix(&sequences.iter().copied().collect::<Vec<_>>(), batch * steps, width),
    }
}

/// `(batch, steps, width)` of `(batch * steps, width)`.
fn sequences_of(rows: &Matrix, batch: usize) -> Result<Array3<f32>> {
    let (count, width) = dims(rows);
    let shape = (batch, count / batch.max(1), width);
    Array3::from_shape_vec(shape, with_values(rows, <[f32]>::to_vec)?)
        .map_err(|e| Error::Device(format!("a tensor of shape {shape:?} gave other values: {e}")))
}
