//! What a training run on time series was like.

use crate::display::{Content, show};
use crate::dynamics::GruWeights;
use crate::error::Result;
use crate::frame::Frame;
use crate::nn::Gru;
use std::fmt;

/// The steps since the record before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GruRecord {
    /// Steps done.
    pub step: u64,
    /// Mean of the mean squared errors of these steps.
    pub loss: f64,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the last of these steps.
    pub learning_rate: f64,
    /// [Error](super::prediction_error) over the horizon on the test series, where there are any.
    pub test_error: Option<f64>,
}

/// A network on its way.
#[derive(Clone)]
pub struct Snapshot {
    /// Steps done.
    pub step: u64,
    /// The network then.
    pub gru: Gru,
}

impl Snapshot {
    /// Shows step and sizes in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(step {}, {:?})", self.step, self.gru)
    }
}

/// All records of a run so far.
#[derive(Clone, Default)]
pub struct GruHistory {
    pub(super) records: Vec<GruRecord>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) steps: u64,
    pub(super) finished: bool,
}

impl GruHistory {
    /// Records in order.
    pub fn records(&self) -> &[GruRecord] {
        &self.records
    }

    /// The networks that were kept, the initial one first; none unless [asked for](super::GruTraining::with_snapshots).
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The steps of the snapshots and their weights in float64: a path of systems.
    ///
    /// # Errors
    /// As [`Gru::weights`](crate::nn::Gru::weights).
    pub fn systems(&self) -> Result<Vec<(f64, GruWeights)>> {
        let system = |snapshot: &Snapshot| Ok((snapshot.step as f64, snapshot.gru.weights()?));
        self.snapshots.iter().map(system).collect()
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether all steps are done; not so where the time budget ended the call.
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// One row per record: `step`, `loss`, `gradient_norm`, `learning_rate`, `test_error`. The same settings give the same
    /// frame.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let column = |value: fn(&GruRecord) -> f64| self.records.iter().map(value);
        Frame::new()
            .with("step", self.records.iter().map(|r| r.step as i64))?
            .with("loss", column(|r| r.loss))?
            .with("gradient_norm", column(|r| r.gradient_norm))?
            .with("learning_rate", column(|r| r.learning_rate))?
            .with("test_error", self.records.iter().map(|r| r.test_error))
    }

    /// Shows the frame in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl fmt::Debug for GruHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GruHistory({} steps", self.steps)?;
        if let Some(last) = self.records.last() {
            write!(f, ", loss {:.3e}", last.loss)?;
            if let Some(error) = last.test_error {
                write!(f, ", test error {error:.4}")?;
            }
        }
        match self.snapshots.len() {
            0 => {}
            count => write!(f, ", {count} snapshots")?,
        }
        write!(f, "{})", if self.finished { "" } else { ", unfinished" })
    }
}
