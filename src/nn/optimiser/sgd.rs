//! Stochastic gradient descent.

use super::Optimiser;
use super::check::{above_zero, decay, zero_or_above};
use super::kernel::{ARRAYS, Rule};
use crate::error::{Error, Result};

/// Gradient descent with momentum, as PyTorch's `torch.optim.SGD` with `dampening=0` defines it. With gradient `g`
/// and a velocity `b` that starts at 0:
///
/// `b <- momentum b + g`, `p <- p - learning_rate b`, or with Nesterov's momentum
/// `p <- p - learning_rate (g + momentum b)`; without momentum `p <- p - learning_rate g`.
///
/// The learning rate stands outside of the velocity: a step grows to `learning_rate / (1 - momentum)` times a constant
/// gradient.
///
/// ```
/// use eigengate::nn::Sgd;
/// use eigengate::train::Training;
///
/// let training = Training::new(10, 50).with_optimiser(Sgd { learning_rate: 0.1, momentum: 0.9, ..Sgd::default() });
/// assert_eq!(training.optimiser.name(), "SGD");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Step size, above 0; 1e-3 by default, as in PyTorch.
    pub learning_rate: f64,
    /// Decay of the velocity, in `[0, 1)`; 0, no velocity, by default.
    pub momentum: f64,
    /// Whether the step looks ahead along the velocity (Sutskever et al. 2013); takes a momentum above 0. Off by
    /// default.
    pub nesterov: bool,
    /// Added to the gradient of every parameter, times the parameter (L2, as PyTorch's `weight_decay`); at least 0, and
    /// 0 by default.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: 1e-3, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl From<Sgd> for Optimiser {
    fn from(settings: Sgd) -> Self {
        Optimiser::Sgd(settings)
    }
}

impl Sgd {
    /// # Errors
    /// [`Error::Parameter`] for a value outside of its range, and for Nesterov's momentum without momentum.
    pub fn check(&self) -> Result<()> {
        above_zero("learning_rate", self.learning_rate)?;
        decay("momentum", self.momentum)?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(Error::parameter("momentum", 0, "a number above 0 and below 1 with nesterov: true"));
        }
        zero_or_above("weight_decay", self.weight_decay)
    }

    pub(super) fn arrays(&self) -> &'static [&'static str] {
        if self.momentum > 0.0 { &["velocity"] } else { &[] }
    }
}

/// A step without velocity.
#[derive(Clone, Copy)]
pub(super) struct PlainRule {
    rate: f32,
}

impl PlainRule {
    pub(super) fn new(sgd: &Sgd) -> Self {
        Self { rate: sgd.learning_rate as f32 }
    }
}

impl Rule for PlainRule {
    const ARRAYS: usize = 0;

    #[inline(always)]
    fn apply(self, p: f32, g: f32, _: &mut [f32; ARRAYS]) -> f32 {
        p - self.rate * g
    }
}

/// A step with velocity.
#[derive(Clone, Copy)]
pub(super) struct MomentumRule<const NESTEROV: bool> {
    rate: f32,
    momentum: f32,
}

impl<const NESTEROV: bool> MomentumRule<NESTEROV> {
    pub(super) fn new(sgd: &Sgd) -> Self {
        Self { rate: sgd.learning_rate as f32, momentum: sgd.momentum as f32 }
    }
}

impl<const NESTEROV: bool> Rule for MomentumRule<NESTEROV> {
    const ARRAYS: usize = 1;

    #[inline(always)]
    fn apply(self, p: f32, g: f32, state: &mut [f32; ARRAYS]) -> f32 {
        let [velocity, ..] = state;
        *velocity = self.momentum * *velocity + g;
        let direction = if NESTEROV { g + self.momentum * *velocity } else { *velocity };
        p - self.rate * direction
    }
}
