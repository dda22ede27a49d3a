//! Examples under attack.

use super::classifier::Classifier;
use super::loss::{margin, targeted_margin};
use crate::data::Dataset;
use crate::error::{Error, Result, finite};
use crate::nn::largest;
use ndarray::ArrayView2;

/// Images, the classes that count as right, and what random numbers are keyed by.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Clean images `(batch, inputs)` in `[0, 1]`.
    pub images: ArrayView2<'a, f32>,
    /// The class that counts as right, one per image.
    pub labels: &'a [u8],
    /// The class that the attack wants, one per image; `None` for any but the right one.
    pub targets: Option<&'a [u8]>,
    numbers: Numbers<'a>,
}

/// The position of every example in its data set.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    From(usize),
    Listed(&'a [usize]),
}

impl<'a> Batch<'a> {
    /// Untargeted, numbered from 0.
    pub fn new(images: ArrayView2<'a, f32>, labels: &'a [u8]) -> Self {
        Self { images, labels, targets: None, numbers: Numbers::From(0) }
    }

    /// All examples of a data set.
    pub fn of(data: &'a Dataset) -> Self {
        Self::new(data.images(), data.labels())
    }

    /// The same, numbered from `first`: random numbers are keyed by the number of an example, so that they do not depend
    /// on how a data set is cut.
    pub fn with_first(mut self, first: usize) -> Self {
        self.numbers = Numbers::From(first);
        self
    }

    /// The same with a number for every example.
    pub fn with_numbers(mut self, numbers: &'a [usize]) -> Self {
        self.numbers = Numbers::Listed(numbers);
        self
    }

    /// Targeted: the attack succeeds where the model says `targets[i]` of image `i`.
    pub fn with_targets(mut self, targets: &'a [u8]) -> Self {
        self.targets = Some(targets);
        self
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.images.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position of the example of a row in its data set.
    pub fn number(&self, row: usize) -> usize {
        match self.numbers {
            Numbers::From(first) => first + row,
            Numbers::Listed(numbers) => numbers.get(row).copied().unwrap_or(row),
        }
    }

    /// Whether these logits mean that the attack on `row` has succeeded: another class than the label is the largest, or
    /// the target is. Of equal logits the first counts, as in [`predictions`](crate::nn::predictions).
    pub fn fooled(&self, row: usize, logits: &[f32]) -> bool {
        let said = largest(logits);
        match self.targets {
            None => self.labels.get(row).is_some_and(|label| said != *label),
            Some(targets) => targets.get(row).is_some_and(|target| said == *target),
        }
    }

    /// How far the attack on `row` is from success, in logits: that of the label minus the largest other one, or the
    /// largest other one minus that of the target. Below 0 where it has succeeded.
    pub fn margin(&self, row: usize, logits: &[f32]) -> f64 {
        match self.targets {
            None => self.labels.get(row).map_or(f64::NAN, |label| margin(logits, *label)),
            Some(targets) => targets.get(row).map_or(f64::NAN, |target| targeted_margin(logits, *target)),
        }
    }

    /// What every attack checks before it starts.
    ///
    /// # Errors
    /// [`Error::Empty`] without examples; [`Error::Shape`] where images do not fit the model, or labels, targets or
    /// numbers are not as many; [`Error::Parameter`] for a class that the model does not have and for pixels outside of
    /// `[0, 1]`; [`Error::NotFinite`].
    pub fn check(&self, model: &dyn Classifier) -> Result<()> {
        self.check_sizes(model.inputs(), model.classes())
    }

    /// The same for a model of these sizes.
    pub(super) fn check_sizes(&self, inputs: usize, classes: usize) -> Result<()> {
        let rows = self.images.nrows();
        if rows == 0 {
            return Err(Error::empty("the batch under attack"));
        }
        if self.images.ncols() != inputs {
            let need = format!("{inputs} pixels, the inputs of the model");
            return Err(Error::shape("images under attack", need, self.images.ncols()));
        }
        if self.labels.len() != rows {
            return Err(Error::shape("labels under attack", rows, self.labels.len()));
        }
        if let Some(targets) = self.targets.filter(|targets| targets.len() != rows) {
            return Err(Error::shape("targets of the attack", rows, targets.len()));
        }
        if let Numbers::Listed(numbers) = self.numbers
            && numbers.len() != rows
        {
            return Err(Error::shape("numbers of the examples", rows, numbers.len()));
        }
        let unknown = |given: &[u8]| given.iter().copied().find(|c| usize::from(*c) >= classes);
        if let Some(label) = unknown(self.labels) {
            return Err(Error::parameter("label", label, format!("a class in 0..{classes}")));
        }
        if let Some(target) = self.targets.and_then(unknown) {
            return Err(Error::parameter("target", target, format!("a class in 0..{classes}")));
        }
        finite("images under attack", self.images.iter())?;
        match self.images.iter().find(|pixel| !(0.0..=1.0).contains(*pixel)) {
            Some(pixel) => Err(Error::parameter("pixel", pixel, "images scaled to [0, 1]")),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.targets.is_some() { "targeted" } else { "untargeted" };
        write!(f, "Batch({} images of {} pixels, {kind})", self.images.nrows(), self.images.ncols())
    }
}

/// What every attack of given size checks of its size.
pub(super) fn check_eps(eps: f32) -> Result<()> {
    if eps >= 0.0 && eps.is_finite() {
        Ok(())
    } else {
        Err(Error::parameter("eps", eps, "a finite size of at least 0 (pixels are in [0, 1])"))
    }
}

/// The index of the random numbers of an example in one of its restarts.
pub(super) fn key(batch: Batch<'_>, row: usize, restart: usize) -> u64 {
    batch.number(row) as u64 | (restart as u64) << 40
}
