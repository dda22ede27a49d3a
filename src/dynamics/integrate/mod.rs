//! Initial value problems: adaptive steps, dense output, located events, the variational equation.
//!
//! ```
//! use eigengate::dynamics::{Event, GruWeights, Integrator, families};
//!
//! let flow = families::rotation(3.0, 0.7)?.flow();
//! let upwards = Event::section(&[0.0, 0.0], &[0.0, 1.0])?.rising();
//! let run = Integrator::new().run_with_events(&flow, &[0.5, 0.0], 0.0, 60.0, &[upwards])?;
//! assert!(run.events().len() >= 3);
//! let last = run.events().last().ok_or("no crossing")?;
//! assert!(last.state[1].abs() < 1e-12 && last.state[0] > 0.3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dense;
mod dopri5;
mod events;
mod polynomial;
mod rodas;
mod stepper;
mod variational;

pub use dense::DenseStep;
pub use events::{Direction, Event, EventHit};
pub use stepper::Stepper;
pub use variational::{Fundamental, Variational};

use super::VectorField;
use super::trajectory::Trajectory;
use crate::error::{Error, Result, finite};
pub(crate) use events::Watch;

/// A method with its tolerances. A step is accepted where the root mean square over the components of `error / (atol + rtol |h|)`
/// is at most 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Integrator {
    rosenbrock: bool,
    pub(crate) rtol: f64,
    pub(crate) atol: f64,
    pub(crate) max_steps: usize,
    pub(crate) max_step: f64,
    pub(crate) first_step: Option<f64>,
}

impl Default for Integrator {
    fn default() -> Self {
        Self::new()
    }
}

impl Integrator {
    /// Dormand-Prince of order 5(4): right wherever the flow is not stiff. Tolerances 1e-9 (relative) and 1e-12 (absolute),
    /// at most 100 000 steps.
    pub fn new() -> Self {
        Self {
            rosenbrock: false,
            rtol: 1e-9,
            atol: 1e-12,
            max_steps: 100_000,
            max_step: f64::INFINITY,
            first_step: None,
        }
    }

    /// RODAS of order 4(3), linearly implicit: for stiff flows, such as those of nearly closed update gates. Tolerances 1e-7
    /// (relative) and 1e-10 (absolute), at most 100 000 steps.
    pub fn rosenbrock() -> Self {
        Self { rosenbrock: true, rtol: 1e-7, atol: 1e-10, ..Self::new() }
    }

    /// The relative tolerance, above 1e-15, and the absolute one, above 0.
    pub fn with_tolerances(mut self, rtol: f64, atol: f64) -> Self {
        (self.rtol, self.atol) = (rtol, atol);
        self
    }

    /// The most steps that a run may take.
    pub fn with_max_steps(mut self, steps: usize) -> Self {
        self.max_steps = steps;
        self
    }

    /// The longest step; infinite by default.
    pub fn with_max_step(mut self, step: f64) -> Self {
        self.max_step = step;
        self
    }

    /// The size of the first step; by default it follows from the field.
    pub fn with_first_step(mut self, step: f64) -> Self {
        self.first_step = Some(step);
        self
    }

    pub(crate) fn is_rosenbrock(&self) -> bool {
        self.rosenbrock
    }

    fn name(&self) -> &'static str {
        if self.rosenbrock { "the Rosenbrock method" } else { "Dormand-Prince" }
    }

    fn check(&self) -> Result<()> {
        if !(self.rtol > 1e-15 && self.rtol < 1.0) {
            return Err(Error::parameter("rtol", self.rtol, "a relative tolerance above 1e-15 and below 1"));
        }
        if !(self.atol > 0.0 && self.atol.is_finite()) {
            return Err(Error::parameter("atol", self.atol, "an absolute tolerance above 0"));
        }
        if self.max_step.is_nan() || self.max_step <= 0.0 {
            return Err(Error::parameter("max_step", self.max_step, "a step above 0"));
        }
        match self.first_step {
            Some(step) if !(step > 0.0 && step.is_finite()) => {
                Err(Error::parameter("first_step", step, "a step above 0"))
            }
            _ => Ok(()),
        }
    }

    /// The trajectory through `start` at time `from`, to time `to`; backward in time where `to` is the earlier one.
    ///
    /// # Errors
    /// As [`Stepper::new`] and [`Stepper::advance`].
    pub fn run(&self, field: &dyn VectorField, start: &[f64], from: f64, to: f64) -> Result<Trajectory> {
        self.run_with_events(field, start, from, to, &[])
    }

    /// As [`run`](Integrator::run), with the events that come about on the way; it ends early at a terminal one.
    ///
    /// # Errors
    /// As [`run`](Integrator::run); [`Error::Shape`] for a section of another dimension, [`Error::NotFinite`] where an
    /// event's function is not finite at the start.
    pub fn run_with_events(
        &self,
        field: &dyn VectorField,
        start: &[f64],
        from: f64,
        to: f64,
        events: &[Event],
    ) -> Result<Trajectory> {
        finite("times of a trajectory", &[from, to])?;
        let mut stepper = Stepper::new(self, field, start, from, if to < from { -1.0 } else { 1.0 })?;
        let mut trajectory = Trajectory::at(from, start);
        if from == to {
            return Ok(trajectory);
        }
        let mut watch = Watch::new(events, &stepper)?;
        while stepper.time() != to {
            stepper.advance(field, to)?;
            let ends = watch.step(field, &mut stepper, trajectory.hits_mut());
            trajectory.push(&stepper);
            if ends {
                break;
            }
        }
        Ok(trajectory)
    }

    /// The state at time `to` of the trajectory that is at `start` at time `from`; nothing between is kept.
    ///
    /// # Errors
    /// As [`run`](Integrator::run).
    pub fn state_at(&self, field: &dyn VectorField, start: &[f64], from: f64, to: f64) -> Result<Vec<f64>> {
        finite("times of a trajectory", &[from, to])?;
        let mut stepper = Stepper::new(self, field, start, from, if to < from { -1.0 } else { 1.0 })?;
        while stepper.time() != to {
            stepper.advance(field, to)?;
        }
        Ok(stepper.state().to_vec())
    }
}
