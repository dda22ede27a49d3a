//! RMSprop.

use super::Optimiser;
use super::check::{above_zero, decay, zero_or_above};
use super::kernel::{ARRAYS, Rule};
use crate::error::Result;

/// RMSprop (Hinton 2012, lecture 6e of *Neural Networks for Machine Learning*), as PyTorch's `torch.optim.RMSprop` with
/// `centered=False` defines it. With gradient `g`, and `v` and a velocity `b` that start at 0:
///
/// `v <- alpha v + (1 - alpha) g^2`, `b <- momentum b + g / (sqrt(v) + eps)`, `p <- p - learning_rate b`.
///
/// `v` is not corrected for its start at 0, so that the first step has the size `learning_rate / sqrt(1 - alpha)`: ten
/// times the learning rate by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Step size, above 0; 1e-2 by default, as in PyTorch.
    pub learning_rate: f64,
    /// Decay of the mean square, in `[0, 1)`; 0.99 by default.
    pub alpha: f64,
    /// Added to the root of the mean square, above 0; 1e-8 by default.
    pub eps: f64,
    /// Decay of the velocity, in `[0, 1)`; 0, no velocity, by default.
    pub momentum: f64,
    /// Added to the gradient of every parameter, times the parameter (L2, as PyTorch's `weight_decay`); at least 0, and
    /// 0 by default.
    pub weight_decay: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self { learning_rate: 1e-2, alpha: 0.99, eps: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }
}

impl From<RmsProp> for Optimiser {
    fn from(settings: RmsProp) -> Self {
        Optimiser::RmsProp(settings)
    }
}

impl RmsProp {
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a value outside of its range.
    pub fn check(&self) -> Result<()> {
        above_zero("learning_rate", self.learning_rate)?;
        decay("alpha", self.alpha)?;
        above_zero("eps", self.eps)?;
        decay("momentum", self.momentum)?;
        zero_or_above("weight_decay", self.weight_decay)
    }

    pub(super) fn arrays(&self) -> &'static [&'static str] {
        if self.momentum > 0.0 { &["square", "velocity"] } else { &["square"] }
    }
}

/// A step of RMSprop; what all numbers share, computed in float64.
#[derive(Clone, Copy)]
pub(super) struct RmsPropRule<const MOMENTUM: bool> {
    rate: f32,
    alpha: f32,
    gain: f32,
    eps: f32,
    momentum: f32,
}

impl<const MOMENTUM: bool> RmsPropRule<MOMENTUM> {
    pub(super) fn new(settings: &RmsProp) -> Self {
        Self {
            rate: settings.learning_rate as f32,
            alpha: settings.alpha as f32,
            gain: (1.0 - settings.alpha) as f32,
            eps: settings.eps as f32,
            momentum: settings.momentum as f32,
        }
    }
}

impl<const MOMENTUM: bool> Rule for RmsPropRule<MOMENTUM> {
    const ARRAYS: usize = if MOMENTUM { 2 } else { 1 };

    #[inline(always)]
    fn apply(self, p: f32, g: f32, state: &mut [f32; ARRAYS]) -> f32 {
        let [square, velocity, _] = state;
        *square = self.alpha * *square + self.gain * g * g;
        let root = square.sqrt() + self.eps;
        if MOMENTUM {
            *velocity = self.momentum * *velocity + g / root;
            p - self.rate * *velocity
        } else {
            p - self.rate * g / root
        }
    }
}
