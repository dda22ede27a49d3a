//! The family of attacks that look for the smallest change that fools.

use super::batch::Batch;
use super::classifier::Classifier;
use super::nearest::Nearest;
use super::norm::Norm;
use crate::data::Dataset;
use crate::error::{Error, Result};

/// An attack that looks for the nearest image that fools.
pub trait MinimalNorm: Send + Sync {
    /// Its name in tables and legends, e.g. `DeepFool`.
    fn name(&self) -> String;

    /// The norm in which the change is small.
    fn norm(&self) -> Norm;

    /// The seed of its random numbers; 0 for an attack without.
    fn seed(&self) -> u64 {
        0
    }

    /// Searches for every example of the batch.
    ///
    /// An example that the model gets wrong as it is has distance 0.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for settings out of range, and [`Batch::check`];
    /// [`Error::NotFinite`](crate::Error::NotFinite) for NaN in gradients.
    fn search(&self, model: &dyn Classifier, batch: Batch<'_>) -> Result<Nearest>;

    /// The same search where only images within `eps` matter: it may end for an example as soon as it has one. Not by
    /// default.
    ///
    /// # Errors
    /// As [`MinimalNorm::search`].
    fn search_within(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Nearest> {
        let _ = eps;
        self.search(model, batch)
    }

    /// Searches for every example of a data set.
    ///
    /// # Errors
    /// As [`MinimalNorm::search`].
    fn attack(&self, model: &dyn Classifier, data: &Dataset) -> Result<Nearest> {
        self.search(model, Batch::of(data))
    }
}

/// Refuses a norm that an attack is not defined in.
pub(super) fn without_l1(norm: Norm) -> Result<()> {
    match norm {
        Norm::Linf | Norm::L2 => Ok(()),
        Norm::L1 => Err(Error::parameter("norm", norm, "Linf or L2")),
    }
}

/// Refuses a batch with targets, for an attack whose only success is a wrong class.
pub(super) fn untargeted(attack: &str, batch: Batch<'_>) -> Result<()> {
    match batch.targets {
        None => Ok(()),
        Some(targets) => {
            let expected = format!("none: {attack} is untargeted; CarliniWagner takes targets");
            Err(Error::parameter("targets", format!("{} classes", targets.len()), expected))
        }
    }
}
