//! What a training run was like, epoch by epoch.

use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;

/// One epoch.
#[derive(Clone, Debug)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean over the examples of cross-entropy plus penalties, while the parameters moved.
    pub loss: f64,
    /// Its cross-entropy part, in nats.
    pub cross_entropy: f64,
    /// Its penalty part, the sum of the two that follow.
    pub penalty: f64,
    /// All spectral penalties.
    pub spectral: f64,
    /// All Jacobian penalties.
    pub jacobian: f64,
    /// Share of training examples misclassified, while the parameters moved; in `[0, 1]`. Adversarial copies do not count.
    pub train_error: f64,
    /// Share of validation examples misclassified at the end of the epoch, where there is a validation set.
    pub validation_error: Option<f64>,
    /// Share of adversarial copies misclassified, while the parameters moved, in `[0, 1]`; none without
    /// [adversarial training](super::AdversarialTraining).
    pub adversarial_error: Option<f64>,
    /// Wall time of the epoch. Not part of [`History::frame`], and ignored by `==`: it differs from run to run.
    pub seconds: f64,
}

impl PartialEq for EpochRecord {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |r: &Self| {
            let errors = [r.validation_error, r.adversarial_error].map(|error| error.map(f64::to_bits));
            let parts = [r.loss, r.cross_entropy, r.penalty, r.spectral, r.jacobian, r.train_error];
            (r.epoch, parts.map(f64::to_bits), errors)
        };
        numbers(self) == numbers(other)
    }
}

/// All epochs of a run so far.
#[derive(Clone, Default, PartialEq)]
pub struct History {
    pub(crate) records: Vec<EpochRecord>,
    pub(crate) finished: bool,
}

impl History {
    /// Epochs in order.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }

    /// Whether all epochs are done; not so where the time budget ended the call.
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// Wall time of all finished epochs, in seconds, over all calls of a resumed run.
    pub fn seconds(&self) -> f64 {
        self.records.iter().map(|r| r.seconds).sum()
    }

    /// One row per epoch: `epoch`, `loss`, `cross_entropy`, `penalty`, `spectral`, `jacobian`, `train_error`,
    /// `validation_error`, and after adversarial training `adversarial_error`. The same settings give the same frame.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let column = |value: fn(&EpochRecord) -> f64| self.records.iter().map(value);
        let frame = Frame::new()
            .with("epoch", self.records.iter().map(|r| r.epoch as i64))?
            .with("loss", column(|r| r.loss))?
            .with("cross_entropy", column(|r| r.cross_entropy))?
            .with("penalty", column(|r| r.penalty))?
            .with("spectral", column(|r| r.spectral))?
            .with("jacobian", column(|r| r.jacobian))?
            .with("train_error", column(|r| r.train_error))?
            .with("validation_error", self.records.iter().map(|r| r.validation_error))?;
        // Only where there is one, so that tables of other runs keep their columns.
        match self.records.iter().any(|r| r.adversarial_error.is_some()) {
            true => frame.with("adversarial_error", self.records.iter().map(|r| r.adversarial_error)),
            false => Ok(frame),
        }
    }

    /// Shows the frame in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "History({} epochs", self.records.len())?;
        if let Some(last) = self.records.last() {
            write!(f, ", loss {:.4}, train error {:.2} %", last.loss, 100.0 * last.train_error)?;
            if let Some(validation) = last.validation_error {
                write!(f, ", validation error {:.2} %", 100.0 * validation)?;
            }
            if let Some(adversarial) = last.adversarial_error {
                write!(f, ", adversarial error {:.2} %", 100.0 * adversarial)?;
            }
        }
        write!(f, "{})", if self.finished { "" } else { ", unfinished" })
    }
}
