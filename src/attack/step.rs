//! The size of a step.

use crate::error::{Error, Result};

/// How far an attack goes in one step, in the norm of its ball.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A share of eps.
    OfEps(f32),
    /// The same whatever eps, in units of the pixel range.
    Fixed(f32),
}

impl Step {
    /// In units of the pixel range.
    pub(super) fn size(self, eps: f32) -> f32 {
        match self {
            Step::OfEps(share) => eps * share,
            Step::Fixed(step) => step,
        }
    }

    pub(super) fn check(self) -> Result<()> {
        let fine = |step: f32| step > 0.0 && step.is_finite();
        match self {
            Step::OfEps(share) if !fine(share) => {
                Err(Error::parameter("relative_step", share, "a finite share of eps above 0"))
            }
            Step::Fixed(step) if !fine(step) => {
                Err(Error::parameter("step", step, "a finite size above 0 (pixels are in [0, 1])"))
            }
            _ => Ok(()),
        }
    }
}
