//! What AutoAttack found, and which attack found it.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::norm::Norm;
use super::warning::Warning;
use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;

/// The result of an [`AutoAttack`](super::AutoAttack) at one eps.
#[derive(Clone)]
pub struct AutoAttackReport {
    /// The images, and what the model says of them.
    pub adversarial: Adversarial,
    /// Which examples are misclassified without an attack.
    pub clean_errors: Vec<bool>,
    /// The position in [`attacks`](AutoAttackReport::attacks) of the attack that broke the example; `None` where it stands or was
    /// misclassified as it is.
    pub broken_by: Vec<Option<usize>>,
    /// The attacks, in order.
    pub attacks: Vec<String>,
    /// The size of the ball.
    pub eps: f32,
    /// The norm of the ball.
    pub norm: Norm,
    name: String,
    examples: Vec<usize>,
    labels: Vec<u8>,
    distances: Vec<f64>,
}

impl AutoAttackReport {
    pub(super) fn new(
        (name, attacks): (String, Vec<String>),
        (norm, eps): (Norm, f32),
        batch: Batch<'_>,
        adversarial: Adversarial,
        (clean_errors, broken_by): (Vec<bool>, Vec<Option<usize>>),
    ) -> Self {
        let rows = batch.images.rows().into_iter().zip(adversarial.images.rows());
        let distances = rows.map(|(clean, image)| norm.between(&clean.to_vec(), &image.to_vec())).collect();
        let examples = (0..batch.len()).map(|row| batch.number(row)).collect();
        let labels = batch.labels.to_vec();
        Self { adversarial, clean_errors, broken_by, attacks, eps, norm, name, examples, labels, distances }
    }

    /// The share of examples that are classified correctly without an attack.
    pub fn clean_accuracy(&self) -> f64 {
        self.share(|row| !self.clean_errors[row])
    }

    /// The share of examples that no attack broke: the robust accuracy.
    pub fn robust_accuracy(&self) -> f64 {
        self.share(|row| !self.adversarial.success[row])
    }

    /// The share of examples that stand after each attack, in order.
    pub fn accuracy_after(&self) -> Vec<f64> {
        let stands = |row: usize, turn: usize| {
            !self.clean_errors[row] && self.broken_by[row].is_none_or(|by| by > turn)
        };
        (0..self.attacks.len()).map(|turn| self.share(|row| stands(row, turn))).collect()
    }

    /// What makes the result doubtful.
    pub fn warnings(&self) -> &[Warning] {
        &self.adversarial.warnings
    }

    /// One row per example: `example` (its number), `label`, `eps`, `norm`, `broken_by` (`clean` where the image is
    /// misclassified as it is, the attack's name, or null where it stands), `success`, `margin`, `distance` (in the norm of the
    /// ball), `step` and `restart` that found the image, `forward` and `gradient` (calls of the model by all attacks).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let (found, rows) = (&self.adversarial, 0..self.labels.len());
        let by = |row: usize| match self.broken_by[row] {
            _ if self.clean_errors[row] => Some("clean"),
            Some(turn) => self.attacks.get(turn).map(String::as_str),
            None => None,
        };
        let norm = self.norm.to_string();
        Frame::new()
            .with("example", self.examples.iter().map(|number| *number as i64))?
            .with("label", self.labels.iter().map(|label| i64::from(*label)))?
            .with("eps", rows.clone().map(|_| f64::from(self.eps)))?
            .with("norm", rows.clone().map(|_| norm.as_str()))?
            .with("broken_by", rows.map(by))?
            .with("success", found.success.iter().copied())?
            .with("margin", found.margins.iter().copied())?
            .with("distance", self.distances.iter().copied())?
            .with("step", found.steps.iter().map(|step| i64::from(*step)))?
            .with("restart", found.restarts.iter().map(|restart| i64::from(*restart)))?
            .with("forward", found.calls.iter().map(|calls| i64::from(calls.forward)))?
            .with("gradient", found.calls.iter().map(|calls| i64::from(calls.gradient)))
    }

    /// Shows accuracies and warnings in a notebook.
    pub fn evcxr_display(&self) {
        let mut lines = vec![format!("{self:?}")];
        let after = self.attacks.iter().zip(self.accuracy_after());
        lines.extend(after.map(|(attack, share)| format!("after {attack}: {share:.4}")));
        lines.extend(self.warnings().iter().map(|warning| format!("warning: {warning}")));
        show(&[Content::Plain(&lines.join("\n"))]);
    }

    fn share(&self, of: impl Fn(usize) -> bool) -> f64 {
        let all = self.labels.len();
        (0..all).filter(|row| of(*row)).count() as f64 / all as f64
    }
}

impl std::fmt::Debug for AutoAttackReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (clean, robust) = (self.clean_accuracy(), self.robust_accuracy());
        let (name, norm, eps, examples) = (&self.name, self.norm, self.eps, self.labels.len());
        write!(
            f,
            "AutoAttackReport({name}, {norm} {eps}, {examples} examples: {clean:.4} correct, {robust:.4} robust, "
        )?;
        write!(f, "{} warnings)", self.warnings().len())
    }
}
