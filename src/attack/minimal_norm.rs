//! The family of attacks that look for the smallest change that fools.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::classifier::Classifier;
use super::norm::Norm;
use super::queries::Calls;
use super::warning::Warning;
use crate::data::Dataset;
use crate::display::{Content, show};
use crate::error::Result;
use ndarray::Array2;

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

    /// Searches for every example of a data set.
    ///
    /// # Errors
    /// As [`MinimalNorm::search`].
    fn attack(&self, model: &dyn Classifier, data: &Dataset) -> Result<Nearest> {
        self.search(model, Batch::of(data))
    }
}

/// The nearest images that were found to fool, one entry per example.
#[derive(Clone)]
pub struct Nearest {
    /// The norm of the distances.
    pub norm: Norm,
    /// `(batch, inputs)`, in `[0, 1]`. Where the search failed it is the last image tried, which does not fool.
    pub images: Array2<f32>,
    /// Whether the image fools.
    pub success: Vec<bool>,
    /// [`Batch::margin`] of the image.
    pub margins: Vec<f64>,
    /// Distance from the clean image, 0 where that is misclassified; NaN where the search failed.
    pub distances: Vec<f64>,
    /// Steps of the search that led to the image.
    pub steps: Vec<u32>,
    /// The first step after which an image fooled; `None` where none did.
    pub first_success: Vec<Option<u32>>,
    /// The restart that the image was found in, counted from 0.
    pub restarts: Vec<u32>,
    /// Calls of the model.
    pub calls: Vec<Calls>,
    /// What makes the result doubtful.
    pub warnings: Vec<Warning>,
}

impl Nearest {
    /// Nothing found yet: the clean images, without success.
    pub(super) fn nothing(batch: Batch<'_>, norm: Norm) -> Self {
        let Adversarial { images, success, margins, steps, first_success, restarts, calls, warnings } =
            Adversarial::nothing(batch);
        let distances = vec![f64::NAN; success.len()];
        Self { norm, images, success, margins, distances, steps, first_success, restarts, calls, warnings }
    }

    /// The median distance; infinite where the search failed for half of the examples or more, since nothing is known
    /// of those but that they are far.
    pub fn median(&self) -> f64 {
        let mut distances: Vec<f64> =
            self.distances.iter().map(|d| if d.is_nan() { f64::INFINITY } else { *d }).collect();
        distances.sort_by(f64::total_cmp);
        let middle = distances.len() / 2;
        match (distances.get(middle), distances.len() % 2) {
            (None, _) => f64::NAN,
            (Some(upper), 1) => *upper,
            (Some(upper), _) => 0.5 * (distances[middle - 1] + upper),
        }
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.success.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.success.is_empty()
    }

    /// Shows a summary in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl std::fmt::Debug for Nearest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = self.success.iter().filter(|s| **s).count();
        let all = self.len();
        write!(f, "Nearest({found} of {all} found, median {} distance {:.4})", self.norm, self.median())
    }
}
