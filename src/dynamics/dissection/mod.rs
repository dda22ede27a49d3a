//! What a trained GRU does.

mod local;
mod mode;
mod tables;

pub use local::LocalDynamics;
pub use mode::Mode;

use super::gru::GruWeights;
use super::multistart::SlowPoint;
use super::portrait::{Portrait, PortraitOptions};
use super::readout::Readout;
use crate::error::{Error, Result};
use ndarray::{Array1, Array2};
use std::fmt;

/// What a dissection is made with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DissectionOptions {
    /// The constant input under which the network is looked at; 0 by default.
    pub input: Option<Vec<f64>>,
    /// What the network says of its state; nothing by default.
    pub readout: Option<Readout>,
    /// How the portrait is made. The states that the network passes at work are among these options.
    pub portrait: PortraitOptions,
}

impl DissectionOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Under another constant input.
    pub fn with_input(mut self, input: &[f64]) -> Self {
        self.input = Some(input.to_vec());
        self
    }

    /// With a readout, whose outputs stand in the table.
    pub fn with_readout(mut self, readout: Readout) -> Self {
        self.readout = Some(readout);
        self
    }

    /// With states that the network passes at work, `(states, d)`: of more than three units fixed and slow points are searched for from
    /// these too, and the projection is that of their principal components.
    pub fn with_states(mut self, states: Array2<f64>) -> Self {
        self.portrait.states = Some(states);
        self
    }

    /// Another way to make the portrait.
    pub fn with_portrait(mut self, portrait: PortraitOptions) -> Self {
        self.portrait = portrait;
        self
    }
}

/// A trained GRU taken apart under one constant input: its portrait, with proof for up to three units; and around every fixed point and slow
/// point the linear dynamics, as a flow and in steps of the network: time constants, frequencies, directions, and what the
/// inputs push.
///
/// ```
/// use eigengate::dynamics::{Dissection, DissectionOptions, families};
///
/// let weights = families::rotation(3.0, 0.9)?;
/// let found = Dissection::new(&weights, &DissectionOptions::new())?;
/// // One unstable focus; the network steps once around it in as many steps as the table says.
/// assert_eq!(found.fixed_points.len(), 1);
/// assert!(found.fixed_points[0].modes[0].period.is_some_and(|steps| steps > 2.0));
/// println!("{found:?}");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Dissection {
    /// The network, with its input matrices.
    pub weights: GruWeights,
    /// The constant input.
    pub input: Vec<f64>,
    /// What the network says of its state.
    pub readout: Option<Readout>,
    /// The portrait of the system under that input.
    pub portrait: Portrait,
    /// The dynamics near its fixed points, in their order.
    pub fixed_points: Vec<LocalDynamics>,
    /// The dynamics near its slow points, in their order.
    pub slow_points: Vec<LocalDynamics>,
}

impl Dissection {
    /// Takes a network apart.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`] for an input, states or a readout that do not fit; as [`Portrait::new`].
    pub fn new(weights: &GruWeights, options: &DissectionOptions) -> Result<Self> {
        let d = weights.units();
        let input = options.input.clone().unwrap_or_else(|| vec![0.0; weights.inputs()]);
        let constant = weights.with_input(&input)?;
        if let Some(readout) = &options.readout {
            readout.of(&Array1::zeros(d))?;
        }
        if let Some(states) = &options.portrait.states
            && states.ncols() != d
        {
            return Err(Error::shape("states", format!("{d} columns"), states.ncols()));
        }
        let portrait = Portrait::new(&constant, &options.portrait)?;
        let points = &portrait.fixed_points.points;
        let fixed_points = points.iter().map(|point| LocalDynamics::of_fixed_point(weights, point, &input));
        let fixed_points = fixed_points.collect::<Result<_>>()?;
        let slow_points = slow_points(&portrait).iter();
        let slow_points = slow_points.map(|point| LocalDynamics::new(weights, &point.state, &input));
        let slow_points = slow_points.collect::<Result<_>>()?;
        Ok(Self {
            weights: weights.clone(),
            input,
            readout: options.readout.clone(),
            portrait,
            fixed_points,
            slow_points,
        })
    }

    /// The longest memory, in steps of the network: the largest time constant of a mode that falls, at any fixed point that attracts.
    pub fn longest_memory(&self) -> Option<f64> {
        let points = self.portrait.fixed_points.points.iter().zip(&self.fixed_points);
        let sinks = points.filter(|(point, _)| point.kind.is_stable());
        // A rate near -2 is slow for the map, though it is the fastest of the flow.
        let slowest = sinks.flat_map(|(_, near)| near.modes.iter().map(|mode| mode.time_constant));
        slowest.filter(|steps| *steps > 0.0).max_by(f64::total_cmp)
    }
}

/// The slow points of a portrait; none of up to three units, where fixed points are proved.
fn slow_points(portrait: &Portrait) -> &[SlowPoint] {
    portrait.space.as_ref().map_or(&[], |space| &space.slow_points)
}

impl GruWeights {
    /// The network [taken apart](Dissection) without input.
    ///
    /// # Errors
    /// As [`Dissection::new`].
    pub fn dissect(&self) -> Result<Dissection> {
        Dissection::new(self, &DissectionOptions::default())
    }
}

impl fmt::Debug for Dissection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sinks, saddles, sources) = self.portrait.fixed_points.topology();
        write!(f, "Dissection({} units", self.weights.units())?;
        if !self.input.is_empty() {
            write!(f, ", input {:?}", self.input)?;
        }
        write!(f, ": {sinks} sinks, {saddles} saddles, {sources} sources")?;
        if let Some(plane) = &self.portrait.plane {
            write!(f, ", {} cycles", plane.cycles.cycles.len())?;
        }
        if !self.slow_points.is_empty() {
            write!(f, ", {} slow points", self.slow_points.len())?;
        }
        if let Some(steps) = self.longest_memory() {
            write!(f, ", longest memory {steps:.1} steps")?;
        }
        match (self.portrait.fixed_points.complete, self.portrait.fixed_points.index_sum) {
            (true, _) => f.write_str("; proved)"),
            (false, 1) => f.write_str("; heuristic)"),
            (false, sum) => {
                write!(f, "; heuristic, and points are missing: the indices add up to {sum}, not to 1)")
            }
        }
    }
}
