//! One step on the clean image, along the gradient of a random point near it.

use super::adversarial::Adversarial;
use super::ascent::Ascent;
use super::batch::{Batch, key};
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::start::uniform;
use crate::error::Result;
use crate::seed::{Purpose, Stream, stream};

/// One step whose gradient is taken at a random point, as in the adversarial training of Nassar2020:
///
/// `u = clip(x0 + uniform in [-eps, eps), 0, 1)`, `x = clip(x0 + eps sign(d cross-entropy / du), 0, 1)`.
///
/// The step starts at the clean image. So this is neither R+FGSM ([`RandomFgsm`](super::RandomFgsm)) nor the attack of fast adversarial
/// training ([`FastFgsm`](super::FastFgsm)), which step from the random point. `sign(0) = 0`: a pixel without
/// gradient stays.
///
/// Random numbers are keyed by (seed, example): results do not depend on batches, order or threads.
///
/// ```
/// use eigengate::attack::{FixedEps, RandomStep};
/// use eigengate::data::mnist;
/// use eigengate::nn::{Activation, Mlp};
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 0)?;
/// let found = RandomStep::new().with_seed(1).attack(&net, &digits, 0.1)?.images;
/// assert!((&found - &digits.images()).iter().all(|change: &f32| change.abs() < 0.1 + 1e-6));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RandomStep {
    /// Seed of the random points; 0 by default.
    pub seed: u64,
}

impl RandomStep {
    /// With seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Attacks every example along the gradient of the point that the numbers of `random(row)` give.
    ///
    /// # Errors
    /// As [`FixedEps::run`].
    pub(crate) fn step(
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        restart: usize,
        random: impl Fn(usize) -> Stream + Sync,
    ) -> Result<Adversarial> {
        let place = |row: usize, x: &mut [f32]| uniform(eps, x, &mut random(row));
        Ascent { from_clean: true, ..Ascent::one_step("random step", eps) }.run(model, batch, restart, &place)
    }
}

impl FixedEps for RandomStep {
    fn name(&self) -> String {
        "random step".to_owned()
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        let random = |row: usize| stream(self.seed, Purpose::Attack, key(batch, row, restart));
        Self::step(model, batch, eps, restart, random)
    }
}
