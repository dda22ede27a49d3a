//! Two fast attacks that step from a random point. The third with such a name is [`RandomStep`](super::RandomStep), which
//! steps from the clean image.

use super::adversarial::Adversarial;
use super::ascent::Ascent;
use super::batch::{Batch, key};
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::start::{normal_sign, uniform};
use super::step::Step;
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};

/// R+FGSM (Tramer et al. 2018): `u = clip(x0 + alpha sign(n), 0, 1)` with standard normal `n`, then
/// `x = clip(u + (eps - alpha) sign(d cross-entropy / du), 0, 1)`.
///
/// Random numbers are keyed by (seed, example, restart).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomFgsm {
    /// `alpha` as a share of eps, in `[0, 1]`; `1/2` by default, as in the paper.
    pub alpha: f32,
    /// Seed of the random numbers; 0 by default.
    pub seed: u64,
}

impl Default for RandomFgsm {
    fn default() -> Self {
        Self::new()
    }
}

impl RandomFgsm {
    /// With `alpha = eps / 2`.
    pub fn new() -> Self {
        Self { alpha: 0.5, seed: 0 }
    }

    /// Another `alpha`, as a share of eps.
    pub fn with_alpha(mut self, alpha: f32) -> Self {
        self.alpha = alpha;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl FixedEps for RandomFgsm {
    fn name(&self) -> String {
        "R+FGSM".to_owned()
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(Error::parameter("alpha", self.alpha, "a share of eps in [0, 1]"));
        }
        let alpha = self.alpha * eps;
        let place = |row: usize, x: &mut [f32]| {
            normal_sign(alpha, x, &mut stream(self.seed, Purpose::Attack, key(batch, row, restart)));
        };
        Ascent { step: eps - alpha, ..Ascent::one_step("R+FGSM", eps) }.run(model, batch, restart, &place)
    }
}

/// The attack of fast adversarial training (Wong, Rice and Kolter 2020), called FFGSM in torchattacks: from a uniform random point
/// of the ball, clipped to `[0, 1]`, one step of `1.25 eps`, clipped to the ball and to `[0, 1]`.
///
/// Random numbers are keyed by (seed, example, restart).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FastFgsm {
    /// Size of the step as a share of eps, above 0; 1.25 by default, as in the paper.
    pub relative_step: f32,
    /// Seed of the random numbers; 0 by default.
    pub seed: u64,
}

impl Default for FastFgsm {
    fn default() -> Self {
        Self::new()
    }
}

impl FastFgsm {
    /// With a step of `1.25 eps`.
    pub fn new() -> Self {
        Self { relative_step: 1.25, seed: 0 }
    }

    /// Another size of the step, as a share of eps.
    pub fn with_relative_step(mut self, relative_step: f32) -> Self {
        self.relative_step = relative_step;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl FixedEps for FastFgsm {
    fn name(&self) -> String {
        "fast FGSM".to_owned()
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        let place = |row: usize, x: &mut [f32]| {
            uniform(eps, x, &mut stream(self.seed, Purpose::Attack, key(batch, row, restart)));
        };
        Step::OfEps(self.relative_step).check()?;
        let step = Step::OfEps(self.relative_step).size(eps);
        Ascent { step, ..Ascent::one_step("fast FGSM", eps) }.run(model, batch, restart, &place)
    }
}
