//! What a search for the nearest image found.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::norm::Norm;
use super::queries::{Calls, Queries, same_size};
use super::warning::Warning;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2};

/// The nearest images that were found to fool, one entry per example.
#[derive(Clone)]
pub struct Nearest {
    /// The norm of the distances.
    pub norm: Norm,
    /// `(batch, inputs)`, in `[0, 1]`, but for [`DeepFool`](super::DeepFool) unclipped. Where the search failed, of the images it tried, the clean one among them, the one
    /// with the smallest margin.
    pub images: Array2<f32>,
    /// Whether the image fools; for an attack with a confidence, by that margin.
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

    /// Asks about the clean images. Those that fool by `confidence` as they are need no search, the others are left.
    pub(super) fn start(
        &mut self,
        batch: Batch<'_>,
        queries: &mut Queries<'_>,
        confidence: f64,
    ) -> Result<Clean> {
        if queries.classes() < 2 {
            return Err(Error::parameter("classes of the model", queries.classes(), "at least 2"));
        }
        let all: Vec<usize> = (0..batch.len()).collect();
        let logits = queries.logits(&all, batch.images)?;
        let logits: Vec<Vec<f32>> = logits.rows().into_iter().map(|logits| logits.to_vec()).collect();
        let mut rows = all;
        rows.retain(|&row| {
            let image = batch.images.row(row);
            let tried = Tried { image, logits: &logits[row], step: 0, restart: 0 };
            !self.offer(batch, row, tried, confidence)
        });
        Ok(Clean { logits, rows })
    }

    /// Says whether an image fools by `confidence`, and keeps it if it is nearer than the one kept; or if none fools yet, and
    /// its margin is the smallest. The first of equals stays.
    pub(super) fn offer(&mut self, batch: Batch<'_>, row: usize, tried: Tried<'_>, confidence: f64) -> bool {
        let margin = batch.margin(row, tried.logits);
        let fools = batch.fooled(row, tried.logits) && -margin >= confidence;
        let distance = match fools {
            true => self.norm.between(&batch.images.row(row).to_vec(), &tried.image.to_vec()),
            false => f64::NAN,
        };
        let better = match (fools, self.success[row]) {
            (true, true) => distance < self.distances[row],
            (true, false) => true,
            (false, true) => false,
            (false, false) => margin < self.margins[row],
        };
        if better {
            self.images.row_mut(row).assign(&tried.image);
            self.success[row] = fools;
            self.margins[row] = margin;
            self.distances[row] = distance;
            self.steps[row] = u32::try_from(tried.step).unwrap_or(u32::MAX);
            self.restarts[row] = u32::try_from(tried.restart).unwrap_or(u32::MAX);
        }
        if fools {
            self.first_success[row].get_or_insert(u32::try_from(tried.step).unwrap_or(u32::MAX));
        }
        fools
    }

    /// Takes over what was asked, at the end.
    pub(super) fn finish(mut self, name: &str, batch: Batch<'_>, queries: Queries<'_>) -> Self {
        self.warnings = queries.warnings(name, batch, &self.success);
        self.calls = queries.into_calls();
        self
    }

    /// The mean of `|x - x0| / |x0|` over the examples where the search succeeded, `images` being those that it started
    /// from; examples that were misclassified as they are count with 0. With labels that are the model's predictions this
    /// is the robustness of Moosavi-Dezfooli, Fawzi and Frossard (2016).
    ///
    /// # Errors
    /// [`Error::Shape`] for images of another size.
    pub fn relative(&self, images: ArrayView2<'_, f32>) -> Result<f64> {
        super::queries::same_size("clean images", images.dim(), self.images.dim())?;
        let found = images.rows().into_iter().zip(&self.distances).filter(|(_, distance)| !distance.is_nan());
        let shares: Vec<f64> = found
            .map(|(image, distance)| match *distance {
                0.0 => 0.0,
                distance => distance / self.norm.of(image.iter().copied()),
            })
            .collect();
        Ok(shares.iter().sum::<f64>() / shares.len() as f64)
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

    /// A search may be the user's own: every entry must be there before it is indexed.
    pub(super) fn check(&self, images: (usize, usize)) -> Result<()> {
        same_size("images of the search", self.images.dim(), images)?;
        let sizes = [
            self.success.len(),
            self.margins.len(),
            self.distances.len(),
            self.steps.len(),
            self.first_success.len(),
            self.restarts.len(),
            self.calls.len(),
        ];
        match sizes.into_iter().find(|size| *size != images.0) {
            Some(size) => {
                Err(Error::shape("what the search gave", format!("{} of everything", images.0), size))
            }
            None => Ok(()),
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

/// What is known of the clean images.
pub(super) struct Clean {
    /// The logits of every example of the batch.
    pub(super) logits: Vec<Vec<f32>>,
    /// The rows that have to be searched for.
    pub(super) rows: Vec<usize>,
}

/// An image that a search came to.
#[derive(Clone, Copy)]
pub(super) struct Tried<'a> {
    pub(super) image: ArrayView1<'a, f32>,
    pub(super) logits: &'a [f32],
    pub(super) step: usize,
    pub(super) restart: usize,
}
