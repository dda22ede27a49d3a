//! What an attack of given size found.

use super::batch::Batch;
use super::queries::{Calls, same_size};
use super::warning::Warning;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};
use std::collections::HashSet;

/// What an attack found, one entry per example. Every image is inside its ball and in `[0, 1]`, whether it fools or not;
/// [`success`](Adversarial::success) says which do.
#[derive(Clone)]
pub struct Adversarial {
    /// `(batch, inputs)`.
    pub images: Array2<f32>,
    /// Whether the model takes the image for another class than the label, or for the target of a targeted attack.
    pub success: Vec<bool>,
    /// [`Batch::margin`] of the image: below 0 where it fools.
    pub margins: Vec<f64>,
    /// Steps of the search that led to the image; 0 where it is the start.
    pub steps: Vec<u32>,
    /// The first step after which an image fooled, 0 for the start; `None` where none did.
    pub first_success: Vec<Option<u32>>,
    /// The restart that the image was found in, counted from 0.
    pub restarts: Vec<u32>,
    /// Calls of the model.
    pub calls: Vec<Calls>,
    /// What makes the result doubtful.
    pub warnings: Vec<Warning>,
}

impl Adversarial {
    /// Nothing found yet: the clean images, without success, with infinite margins.
    pub(super) fn nothing(batch: Batch<'_>) -> Self {
        let rows = batch.len();
        Self {
            images: batch.images.to_owned(),
            success: vec![false; rows],
            margins: vec![f64::INFINITY; rows],
            steps: vec![0; rows],
            first_success: vec![None; rows],
            restarts: vec![0; rows],
            calls: vec![Calls::default(); rows],
            warnings: vec![],
        }
    }

    /// Takes over from another run on the same examples what is better there: images that fool where those of this run
    /// do not, or else smaller margins. The first of equals stays. Calls and warnings are added;
    /// [`settle`](Adversarial::settle) is for the end.
    pub(super) fn improve(&mut self, other: &Adversarial) {
        for row in 0..self.success.len().min(other.success.len()) {
            let (ours, theirs) = (self.success[row], other.success[row]);
            if (theirs && !ours) || (theirs == ours && other.margins[row] < self.margins[row]) {
                self.take(row, other, row);
            }
        }
        self.add_costs(other);
    }

    /// Adds calls and warnings of another run.
    pub(super) fn add_costs(&mut self, other: &Adversarial) {
        for (calls, other) in self.calls.iter_mut().zip(&other.calls) {
            calls.add(*other);
        }
        for warning in &other.warnings {
            Warning::add(&mut self.warnings, warning.clone());
        }
    }

    /// Leaves out warnings about examples that fool in the end.
    pub(super) fn settle(&mut self, batch: Batch<'_>) {
        let fooled = self.success.iter().enumerate().filter(|(_, fooled)| **fooled);
        let fooled: HashSet<usize> = fooled.map(|(row, _)| batch.number(row)).collect();
        self.warnings.retain_mut(|warning| warning.keep_examples(|number| !fooled.contains(&number)));
    }

    /// Replaces a row by one of another run, but for the calls.
    pub(super) fn take(&mut self, row: usize, other: &Adversarial, from: usize) {
        self.images.row_mut(row).assign(&other.images.row(from));
        self.success[row] = other.success[from];
        self.margins[row] = other.margins[from];
        self.steps[row] = other.steps[from];
        self.first_success[row] = other.first_success[from];
        self.restarts[row] = other.restarts[from];
    }

    /// Takes the rows of `x` as they are, with what their logits say of them.
    pub(super) fn judge(&mut self, batch: Batch<'_>, x: ArrayView2<'_, f32>, logits: ArrayView2<'_, f32>) {
        for (row, (x, logits)) in x.rows().into_iter().zip(logits.rows()).enumerate() {
            let logits = logits.to_vec();
            self.images.row_mut(row).assign(&x);
            self.success[row] = batch.fooled(row, &logits);
            self.margins[row] = batch.margin(row, &logits);
        }
    }

    /// An attack may be the user's own: every entry must be there before it is indexed.
    pub(super) fn check(&self, images: (usize, usize)) -> Result<()> {
        same_size("images of the attack", self.images.dim(), images)?;
        let sizes = [
            self.success.len(),
            self.margins.len(),
            self.steps.len(),
            self.first_success.len(),
            self.restarts.len(),
            self.calls.len(),
        ];
        match sizes.into_iter().find(|size| *size != images.0) {
            Some(size) => {
                Err(Error::shape("what the attack gave", format!("{} of everything", images.0), size))
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

    /// Shows the number of images in a notebook; they leave as npy.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl std::fmt::Debug for Adversarial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rows, pixels) = self.images.dim();
        let fooled = self.success.iter().filter(|s| **s).count();
        write!(f, "Adversarial({rows} images of {pixels} pixels, {fooled} of them fool)")
    }
}
