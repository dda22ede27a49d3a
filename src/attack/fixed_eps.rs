//! The family of attacks that search a ball of given size.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::classifier::Classifier;
use super::norm::Norm;
use crate::data::Dataset;
use crate::error::Result;

/// An attack that looks for the worst image within `eps` of the clean one.
///
/// It never changes the model, holds no state, and finds for an example the same image whatever the batch, its order and
/// the number of threads.
pub trait FixedEps: Send + Sync {
    /// Its name in tables and legends, e.g. `PGD-40`.
    fn name(&self) -> String;

    /// The norm of its ball.
    fn norm(&self) -> Norm {
        Norm::Linf
    }

    /// Independent runs; 1 by default.
    fn restarts(&self) -> usize {
        1
    }

    /// The seed of its random numbers; 0 for an attack without.
    fn seed(&self) -> u64 {
        0
    }

    /// One run, the `restart`-th counted from 0.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for `eps` below 0 or not finite and for settings out of range, and
    /// [`Batch::check`]; [`Error::NotFinite`](crate::Error::NotFinite) for NaN in gradients.
    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial>;

    /// Attacks every example of the batch: of all restarts the image that fools, or else the one with the smallest margin.
    ///
    /// # Errors
    /// As [`FixedEps::run`].
    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        let mut found = self.run(model, batch, eps, 0)?;
        for restart in 1..self.restarts() {
            found.improve(&self.run(model, batch, eps, restart)?);
        }
        found.settle(batch);
        Ok(found)
    }

    /// Attacks every example of a data set.
    ///
    /// # Errors
    /// As [`FixedEps::run`].
    fn attack(&self, model: &dyn Classifier, data: &Dataset, eps: f32) -> Result<Adversarial> {
        self.perturb(model, Batch::of(data), eps)
    }
}
