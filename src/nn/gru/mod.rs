//! Gated recurrent networks.

mod files;
mod layer;
mod pass;
mod run;
mod summary;
mod weights;

pub use pass::RecordedSequences;
pub use run::Sequences;

use super::parameter::Parameter;
use crate::device::LinkageGuard;
use crate::dynamics::Reset;
use crate::error::{Error, Result};
use layer::{Affine, GruLayer};
use std::fmt;

/// One or several layers of gated recurrent units, each of which reads the states of the one before, and a linear readout.
///
/// The equations are those of [`gru`](super::ops::gru()), with the reset gate before or after the product. Parameters have
/// PyTorch's names, shapes and order of gates (r, z, n): `gru.weight_ih_l0`, `gru.weight_hh_l0`, `gru.bias_ih_l0`, and with
/// [`Reset::After`] `gru.bias_hh_l0`; then `readout.weight`, `readout.bias`. A module with `self.gru = nn.GRU(…, batch_first=True)` and
/// `self.readout = nn.Linear(…)` has the same ones.
///
/// ```
/// use eigengate::dynamics::Reset;
/// use eigengate::nn::Gru;
/// use ndarray::Array3;
///
/// // 2 inputs, layers of 8 and 3 units, 1 output.
/// let gru = Gru::new(2, &[8, 3], 1, Reset::After, 7)?;
/// let run = gru.forward(Array3::zeros((5, 20, 2)).view(), None)?;
/// assert_eq!(run.outputs().dim(), (5, 20, 1));
/// assert_eq!(run.last()[1].dim(), (5, 3));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Gru {
    inputs: usize,
    reset: Reset,
    layers: Vec<GruLayer>,
    readout: Option<Affine>,
    /// What makes the initial state of each layer from a starting point.
    encoder: Vec<Affine>,
    linkage: LinkageGuard,
}

impl Gru {
    /// A network of `inputs` inputs (0 for none), a layer of each of the `units`, and `outputs` outputs. With 0 outputs there is no
    /// readout: the output is the state of the last layer.
    ///
    /// Every number is uniform in `+-1 / sqrt(d)` for the `d` units of its layer, those of the readout for the last layer's, as
    /// PyTorch draws those of `nn.GRU` and `nn.Linear`, from streams of its own of `seed`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no layer, a layer without units, and sizes beyond any memory.
    pub fn new(inputs: usize, units: &[usize], outputs: usize, reset: Reset, seed: u64) -> Result<Self> {
        let Some(&last) = units.last() else {
            return Err(Error::parameter("units", "[]", "at least one layer"));
        };
        let (mut layers, mut index, mut below) = (vec![], 0, inputs);
        for (position, &d) in units.iter().enumerate() {
            layers.push(GruLayer::new(position, below, d, reset, seed, &mut index)?);
            below = d;
        }
        let readout = match outputs {
            0 => None,
            outputs => Some(Affine::new("readout", last, outputs, seed, &mut index)?),
        };
        let linkage = LinkageGuard::here();
        Ok(Self { inputs, reset, layers, readout, encoder: vec![], linkage })
    }

    /// With an encoder: the initial states of every layer are `tanh(E p + e)` of a starting point `p` of `points` numbers,
    /// parameters `encoder.0.weight`, `encoder.0.bias`, … Without it the starting point is the initial state itself.
    ///
    /// # Errors
    /// [`Error::Parameter`] for points of no numbers.
    pub fn with_encoder(mut self, points: usize, seed: u64) -> Result<Self> {
        // Behind all that a network can have.
        let mut index = 1 << 32;
        let units = self.units();
        let affine = |(layer, &d): (usize, &usize)| {
            Affine::new(&format!("encoder.{layer}"), points, d, seed, &mut index)
        };
        self.encoder = units.iter().enumerate().map(affine).collect::<Result<_>>()?;
        Ok(self)
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of units of every layer.
    pub fn units(&self) -> Vec<usize> {
        self.layers.iter().map(GruLayer::units).collect()
    }

    /// The number of outputs; without a readout that of the last layer's units.
    pub fn outputs(&self) -> usize {
        match &self.readout {
            Some(readout) => readout.outputs(),
            None => self.layers.last().map_or(0, GruLayer::units),
        }
    }

    /// Where the reset gate acts.
    pub fn reset(&self) -> Reset {
        self.reset
    }

    /// Whether the output is a readout, and not the state of the last layer.
    pub fn has_readout(&self) -> bool {
        self.readout.is_some()
    }

    /// The numbers of a starting point: those that the encoder takes, without one those of all initial states together.
    pub fn start_size(&self) -> usize {
        match self.encoder.first() {
            Some(affine) => affine.inputs(),
            None => self.units().iter().sum(),
        }
    }

    /// All parameters in a fixed order: layers, readout, encoder.
    pub fn parameters(&self) -> Vec<&Parameter> {
        let layers = self.layers.iter().flat_map(GruLayer::parameters);
        layers.chain(self.readout.iter().chain(&self.encoder).flat_map(Affine::parameters)).collect()
    }

    /// All parameters, to change.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let layers = self.layers.iter_mut().flat_map(GruLayer::parameters_mut);
        let affine = self.readout.iter_mut().chain(&mut self.encoder);
        layers.chain(affine.flat_map(Affine::parameters_mut)).collect()
    }

    /// Number of trainable numbers.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|p| p.len()).sum()
    }

    /// Shows the [summary](Gru::summary) in a notebook.
    pub fn evcxr_display(&self) {
        self.summary().show(&format!("{self:?}"));
    }
}

impl fmt::Debug for Gru {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: Vec<String> = self.units().iter().map(ToString::to_string).collect();
        let place = match self.reset {
            Reset::Before => "before",
            Reset::After => "after",
        };
        write!(f, "Gru({} inputs, {} units, ", self.inputs, units.join(" and "))?;
        match &self.readout {
            Some(readout) => write!(f, "{} outputs, ", readout.outputs())?,
            None => write!(f, "no readout, ")?,
        }
        if let Some(encoder) = self.encoder.first() {
            write!(f, "encoder of {} numbers, ", encoder.inputs())?;
        }
        write!(f, "reset {place} the product, {} parameters)", self.parameter_count())
    }
}
