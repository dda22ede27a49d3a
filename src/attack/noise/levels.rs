//! Errors under noise, in the records of attacks.

use super::{Noise, Pattern};
use crate::attack::adversarial::Adversarial;
use crate::attack::batch::Batch;
use crate::attack::classifier::Classifier;
use crate::attack::fixed_eps::FixedEps;
use crate::attack::queries::Queries;
use crate::attack::records::{AttackRecords, attack_over_eps};
use crate::data::{Dataset, ImageShape};
use crate::error::Result;

/// Puts noise of every level on every example of a data set and records what the model makes of it, as
/// [`attack_over_eps`] does for attacks: the column `eps` has the levels, whose unit is that of the [kind](super::NoiseKind).
///
/// Noise does not look for anything: an error rate may fall with the level.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(100)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 1)?;
/// let noise = Noise::new(NoiseKind::SaltAndPepper);
/// let curve = noise_over_levels(&net, &digits, noise, &[0.0, 0.1, 0.3])?.curve("untrained");
/// assert_eq!(curve.eps, [0.0, 0.1, 0.3]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty) for no levels, those of [`Noise::apply`], and what the model refuses.
pub fn noise_over_levels(
    model: &dyn Classifier,
    data: &Dataset,
    noise: Noise,
    levels: &[f32],
) -> Result<AttackRecords> {
    levels.iter().try_for_each(|level| noise.check(data.images(), data.shape(), *level))?;
    attack_over_eps(model, data, &AtLevel { noise, shape: data.shape() }, levels)
}

/// Noise in the place of an attack whose eps is the level.
struct AtLevel {
    noise: Noise,
    shape: ImageShape,
}

impl FixedEps for AtLevel {
    fn name(&self) -> String {
        self.noise.name()
    }

    fn seed(&self) -> u64 {
        self.noise.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, level: f32, _: usize) -> Result<Adversarial> {
        batch.check(model)?;
        let pattern = Pattern::of(&self.noise, batch.images.dim(), |row| batch.number(row));
        let noisy = pattern.on(&self.noise, batch.images, self.shape, level);
        let mut queries = Queries::new(model, batch.len());
        let rows: Vec<usize> = (0..batch.len()).collect();
        let logits = queries.logits(&rows, noisy.view())?;
        let mut found = Adversarial::nothing(batch);
        found.judge(batch, noisy.view(), logits.view());
        found.calls = queries.into_calls();
        Ok(found)
    }
}
