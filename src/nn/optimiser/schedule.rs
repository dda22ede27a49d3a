//! How the step size changes on the way.

use super::check::above_zero;
use crate::error::{Error, Result};
use std::f64::consts::PI;
use std::fmt;

/// A learning rate that follows the steps: the optimiser's own times a factor.
///
/// ```
/// use eigengate::nn::{Decay, Schedule};
///
/// let schedule = Schedule::new(Decay::Cosine { last: 0.1 }).with_warm_up(10);
/// assert_eq!(schedule.factor(0, 110), 0.1);
/// assert_eq!(schedule.factor(10, 110), 1.0);
/// assert!((schedule.factor(60, 110) - 0.55).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    /// The form behind the warm-up; constant by default.
    pub decay: Decay,
    /// Steps in which the factor rises in equal parts to 1: the first step has `1 / warm_up`. 0 by default.
    pub warm_up: u64,
}

/// How the factor falls behind the warm-up. `s` is the share of the steps done, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decay {
    /// It stays 1.
    #[default]
    Constant,
    /// By equal ratios, `last^s`.
    Exponential {
        /// The factor at the end, above 0 and at most 1.
        last: f64,
    },
    /// Half a period of a cosine, `last + (1 - last) (1 + cos(pi s)) / 2` (Loshchilov and Hutter 2017, without restarts).
    Cosine {
        /// The factor at the end, above 0 and at most 1.
        last: f64,
    },
    /// Times `factor` after every `every` steps, as PyTorch's `StepLR`.
    Steps {
        /// At least 1.
        every: u64,
        /// Above 0 and at most 1.
        factor: f64,
    },
}

impl Schedule {
    /// Without warm-up.
    pub fn new(decay: Decay) -> Self {
        Self { decay, warm_up: 0 }
    }

    /// With so many steps of warm-up.
    pub fn with_warm_up(mut self, steps: u64) -> Self {
        self.warm_up = steps;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a value outside of its range.
    pub fn check(&self) -> Result<()> {
        let (name, factor) = match self.decay {
            Decay::Constant => return Ok(()),
            Decay::Exponential { last } | Decay::Cosine { last } => ("last", last),
            Decay::Steps { every: 0, .. } => return Err(Error::parameter("every", 0, "at least 1 step")),
            Decay::Steps { factor, .. } => ("factor", factor),
        };
        above_zero(name, factor)?;
        if factor > 1.0 {
            return Err(Error::parameter(name, factor, "a factor above 0 and at most 1"));
        }
        Ok(())
    }

    /// The factor of step `step`, counted from 0, of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        if step < self.warm_up {
            return (step + 1) as f64 / self.warm_up as f64;
        }
        let (done, all) = (step - self.warm_up, steps.saturating_sub(self.warm_up).max(1));
        let share = (done as f64 / all as f64).min(1.0);
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Exponential { last } => last.powf(share),
            Decay::Cosine { last } => last + (1.0 - last) * 0.5 * (1.0 + (PI * share).cos()),
            Decay::Steps { every, factor } => factor.powf((done / every.max(1)) as f64),
        }
    }
}

impl From<Decay> for Schedule {
    fn from(decay: Decay) -> Self {
        Self::new(decay)
    }
}

/// All settings; two schedules with the same text are the same.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decay {
            Decay::Constant => write!(f, "constant"),
            Decay::Exponential { last } => write!(f, "exponential to {last:?}"),
            Decay::Cosine { last } => write!(f, "cosine to {last:?}"),
            Decay::Steps { every, factor } => write!(f, "times {factor:?} every {every} steps"),
        }?;
        match self.warm_up {
            0 => Ok(()),
            steps => write!(f, ", warm-up of {steps} steps"),
        }
    }
}
