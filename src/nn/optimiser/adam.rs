//! Adam and AMSGrad.

use super::Optimiser;
use super::check::{above_zero, decay, zero_or_above};
use super::kernel::{ARRAYS, Rule};
use crate::error::Result;

/// Adam (Kingma and Ba 2015), with the AMSGrad option (Reddi, Kale and Kumar 2018), as PyTorch's `torch.optim.Adam`
/// defines both. At step `t`, counted from 1, with gradient `g`:
///
/// `m <- b1 m + (1 - b1) g`, `v <- b2 v + (1 - b2) g^2`, with AMSGrad `w <- max(w, v)` (else `w = v`),
/// `p <- p - learning_rate / (1 - b1^t) * m / (sqrt(w) / sqrt(1 - b2^t) + eps)`.
///
/// PyTorch's default is `amsgrad=False`; all other defaults are the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size, above 0; 1e-3 by default.
    pub learning_rate: f64,
    /// Decay `b1`, `b2` of the first and second moment, in `[0, 1)`; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// Added to the root of the second moment, above 0; 1e-8 by default.
    pub eps: f64,
    /// Whether the second moment never falls. Nassar2020 uses it; on by default.
    pub amsgrad: bool,
    /// Added to the gradient of every parameter, times the parameter (L2, as PyTorch's `weight_decay`); at least 0, and
    /// 0 by default.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3, betas: (0.9, 0.999), eps: 1e-8, amsgrad: true, weight_decay: 0.0 }
    }
}

impl From<Adam> for Optimiser {
    fn from(settings: Adam) -> Self {
        Optimiser::Adam(settings)
    }
}

impl Adam {
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a value outside of its range.
    pub fn check(&self) -> Result<()> {
        above_zero("learning_rate", self.learning_rate)?;
        decay("betas", self.betas.0)?;
        decay("betas", self.betas.1)?;
        above_zero("eps", self.eps)?;
        zero_or_above("weight_decay", self.weight_decay)
    }

    pub(super) fn arrays(&self) -> &'static [&'static str] {
        if self.amsgrad { &["first", "second", "largest"] } else { &["first", "second"] }
    }
}

/// A step of Adam; what all numbers share, computed in float64.
#[derive(Clone, Copy)]
pub(super) struct AdamRule<const AMSGRAD: bool> {
    gain1: f32,
    b2: f32,
    gain2: f32,
    rate: f32,
    root: f32,
    eps: f32,
}

impl<const AMSGRAD: bool> AdamRule<AMSGRAD> {
    /// For step `step`, counted from 1.
    pub(super) fn new(adam: &Adam, step: u64) -> Self {
        let (b1, b2) = adam.betas;
        // Powers from there on are 0 for every decay up to 1 - 1e-7.
        let t = step.min(i32::MAX as u64) as i32;
        Self {
            // In float32, 1 - 0.999 would be wrong in the fifth digit.
            gain1: (1.0 - b1) as f32,
            b2: b2 as f32,
            gain2: (1.0 - b2) as f32,
            rate: (adam.learning_rate / (1.0 - b1.powi(t))) as f32,
            root: (1.0 - b2.powi(t)).sqrt() as f32,
            eps: adam.eps as f32,
        }
    }
}

impl<const AMSGRAD: bool> Rule for AdamRule<AMSGRAD> {
    const ARRAYS: usize = if AMSGRAD { 3 } else { 2 };

    #[inline(always)]
    fn apply(self, p: f32, g: f32, state: &mut [f32; ARRAYS]) -> f32 {
        let [m, v, w] = state;
        // `b1 m + (1 - b1) g` as PyTorch arranges it: a constant gradient gives exactly itself.
        *m += self.gain1 * (g - *m);
        *v = self.b2 * *v + self.gain2 * g * g;
        // NaN wins, as in PyTorch: once `v` is NaN it stays so.
        *w = if AMSGRAD && *w > *v { *w } else { *v };
        p - self.rate * *m / (w.sqrt() / self.root + self.eps)
    }
}
