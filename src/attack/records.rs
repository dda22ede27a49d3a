//! One record per example and eps, and what follows from them.

use super::classifier::Classifier;
use super::curve::{ErrorCurve, decimal};
use super::fixed_eps::FixedEps;
use super::loss::margin;
use super::queries::checked_logits;
use crate::data::Dataset;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::nn::largest;
use ndarray::Array2;

/// What one attack did to every example at every eps.
#[derive(Clone)]
pub struct AttackRecords {
    attack: String,
    records: Vec<Record>,
    eps: Vec<f32>,
}

#[derive(Clone)]
struct Record {
    example: usize,
    eps: f32,
    label: u8,
    clean: u8,
    adversarial: u8,
    margin: f64,
    linf: f64,
    l2: f64,
    step: u32,
    restart: u32,
}

/// Attacks every example of `data` at every value of `eps`.
///
/// # Errors
/// [`Error::Empty`] for no eps; as [`FixedEps::run`].
pub fn attack_over_eps(
    model: &dyn Classifier,
    data: &Dataset,
    attack: &dyn FixedEps,
    eps: &[f32],
) -> Result<AttackRecords> {
    if eps.is_empty() {
        return Err(Error::empty("the list of eps"));
    }
    if let Some(bad) = eps.iter().find(|eps| !(**eps >= 0.0 && eps.is_finite())) {
        return Err(Error::parameter("eps", bad, "finite sizes of at least 0 (pixels are in [0, 1])"));
    }
    let _memory = crate::device::ReleaseAtEnd;
    let clean = checked_logits(model, data.images())?;
    let mut records = Vec::with_capacity(eps.len() * data.len());
    for &eps in eps {
        let found = attack.attack(model, data, eps)?;
        found.check(data.images().dim())?;
        let logits = checked_logits(model, found.images.view())?;
        for (example, &label) in data.labels().iter().enumerate() {
            let row = |array: &Array2<f32>| array.row(example).to_vec();
            let logits = row(&logits);
            let change = &found.images.row(example) - &data.images().row(example);
            records.push(Record {
                example,
                eps,
                label,
                clean: largest(&row(&clean)),
                adversarial: largest(&logits),
                margin: margin(&logits, label),
                linf: change.iter().fold(0.0, |m, d| f64::from(d.abs()).max(m)),
                l2: change.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>().sqrt(),
                step: found.steps[example],
                restart: found.restarts[example],
            });
        }
    }
    Ok(AttackRecords { attack: attack.name(), records, eps: eps.to_vec() })
}

impl AttackRecords {
    /// The attack's name.
    pub fn attack(&self) -> &str {
        &self.attack
    }

    /// One row per (example, eps), by eps, then by example:
    ///
    /// `example` (position in the data set), `attack`, `eps`, `label`, `clean` and `adversarial` (predicted classes),
    /// `fooled` (`adversarial != label`), `margin` (logit of the label minus the largest other one, below 0 where
    /// fooled), `linf` and `l2` (size of the change), `step` and `restart` that found it.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let r = || self.records.iter();
        Frame::new()
            .with("example", r().map(|r| r.example as i64))?
            .with("attack", r().map(|_| self.attack.as_str()))?
            .with("eps", r().map(|r| decimal(r.eps)))?
            .with("label", r().map(|r| i64::from(r.label)))?
            .with("clean", r().map(|r| i64::from(r.clean)))?
            .with("adversarial", r().map(|r| i64::from(r.adversarial)))?
            .with("fooled", r().map(|r| r.adversarial != r.label))?
            .with("margin", r().map(|r| r.margin))?
            .with("linf", r().map(|r| r.linf))?
            .with("l2", r().map(|r| r.l2))?
            .with("step", r().map(|r| i64::from(r.step)))?
            .with("restart", r().map(|r| i64::from(r.restart)))
    }

    /// Error rate against eps, with the binomial standard error over the examples; `name` goes into the legend.
    pub fn curve(&self, name: &str) -> ErrorCurve {
        let mut curve =
            ErrorCurve { name: name.to_owned(), eps: vec![], error: vec![], standard_error: vec![] };
        let examples = self.records.len() / self.eps.len().max(1);
        for (&eps, block) in self.eps.iter().zip(self.records.chunks(examples.max(1))) {
            let fooled = block.iter().filter(|r| r.adversarial != r.label).count() as f64;
            let (n, rate) = (block.len() as f64, fooled / block.len() as f64);
            curve.eps.push(decimal(eps));
            curve.error.push(rate);
            curve.standard_error.push((rate * (1.0 - rate) / n).sqrt());
        }
        curve
    }

    /// Shows the frame in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl std::fmt::Debug for AttackRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let examples = self.records.len() / self.eps.len().max(1);
        write!(f, "AttackRecords({}: {examples} examples, eps {:?})", self.attack, self.eps)
    }
}
