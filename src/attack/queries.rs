//! What an attack asks its victim, checked and counted.

use super::batch::Batch;
use super::classifier::{Classifier, PulledBack};
use super::warning::Warning;
use crate::error::{Error, Result, finite};
use ndarray::{Array2, ArrayView2};

/// How often the model was asked about one example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Logits of an image, with a gradient or without.
    pub forward: u32,
    /// Gradients of an image.
    pub gradient: u32,
}

impl Calls {
    /// Adds those of another run.
    pub(super) fn add(&mut self, other: Calls) {
        self.forward += other.forward;
        self.gradient += other.gradient;
    }
}

/// A model under attack. What it gives is checked before it is indexed, and calls are counted for every example of the
/// batch.
pub(super) struct Queries<'a> {
    model: &'a dyn Classifier,
    calls: Vec<Calls>,
    /// Where gradients said nothing.
    blind: Vec<Blind>,
}

/// What an attack along gradients met at an example.
#[derive(Clone, Copy, Default)]
struct Blind {
    /// A cotangent of zeros.
    flat: bool,
    /// A gradient of zeros from another cotangent.
    zero: bool,
}

impl<'a> Queries<'a> {
    /// Nothing asked yet about `rows` examples.
    pub(super) fn new(model: &'a dyn Classifier, rows: usize) -> Self {
        Self { model, calls: vec![Calls::default(); rows], blind: vec![Blind::default(); rows] }
    }

    /// Number of classes of the model.
    pub(super) fn classes(&self) -> usize {
        self.model.classes()
    }

    /// Warnings about the examples that met gradients of zeros and do not fool in the end, for the attack `name`.
    pub(super) fn warnings(&self, name: &str, batch: Batch<'_>, success: &[bool]) -> Vec<Warning> {
        let met = |kind: fn(&Blind) -> bool| -> Vec<usize> {
            let rows = self.blind.iter().zip(success).enumerate();
            let mut examples: Vec<usize> = rows
                .filter(|(_, (b, fooled))| kind(b) && !**fooled)
                .map(|(row, _)| batch.number(row))
                .collect();
            examples.sort_unstable();
            examples
        };
        let attack = || name.to_owned();
        [
            Warning::ZeroGradient { attack: attack(), examples: met(|b| b.zero) },
            Warning::SaturatedLoss { attack: attack(), examples: met(|b| b.flat) },
        ]
        .into_iter()
        .filter(|warning| warning.examples().is_some_and(|examples| !examples.is_empty()))
        .collect()
    }

    /// The calls so far, one entry per example of the batch.
    pub(super) fn into_calls(self) -> Vec<Calls> {
        self.calls
    }

    /// Logits of images that belong to `rows` of the batch; a row may come several times.
    pub(super) fn logits(&mut self, rows: &[usize], images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let logits = checked_logits(self.model, images)?;
        self.count(rows, false);
        Ok(logits)
    }

    /// Logits and gradients of images that belong to `rows` of the batch. `cotangent(i, logits, out)` gives the
    /// cotangent of image `i`, which belongs to `rows[i]`, from its logits; `out` holds zeros.
    pub(super) fn pull_back(
        &mut self,
        rows: &[usize],
        images: ArrayView2<'_, f32>,
        mut cotangent: impl FnMut(usize, &[f32], &mut [f32]) + Send,
    ) -> Result<PulledBack> {
        let mut flat = vec![false; rows.len()];
        let pulled = self.model.pull_back(images, &mut |range, logits| {
            let mut all = Array2::zeros(logits.dim());
            let logits = logits.as_standard_layout();
            for ((i, logits), mut out) in range.zip(logits.rows()).zip(all.rows_mut()) {
                if let (Some(logits), Some(out)) = (logits.to_slice(), out.as_slice_mut()) {
                    cotangent(i, logits, out);
                    if let Some(flat) = flat.get_mut(i) {
                        *flat = out.iter().all(|slope| *slope == 0.0);
                    }
                }
            }
            Ok(all)
        })?;
        same_size("logits of the model", pulled.logits.dim(), (images.nrows(), self.model.classes()))?;
        same_size("input gradient of the model", pulled.gradient.dim(), images.dim())?;
        all_finite("logits of the model", &pulled.logits)?;
        all_finite("the input gradient", &pulled.gradient)?;
        self.count(rows, true);
        for ((&row, flat), gradient) in rows.iter().zip(flat).zip(pulled.gradient.rows()) {
            if let Some(blind) = self.blind.get_mut(row) {
                blind.flat |= flat;
                blind.zero |= !flat && gradient.iter().all(|slope| *slope == 0.0);
            }
        }
        Ok(pulled)
    }

    fn count(&mut self, rows: &[usize], gradient: bool) {
        for row in rows {
            if let Some(calls) = self.calls.get_mut(*row) {
                calls.forward += 1;
                calls.gradient += u32::from(gradient);
            }
        }
    }
}

/// Models and attacks may be the user's own: what they give is checked before it is indexed.
pub(super) fn same_size(what: &str, found: (usize, usize), needed: (usize, usize)) -> Result<()> {
    if found == needed {
        Ok(())
    } else {
        Err(Error::shape(what, format!("{needed:?}"), format!("{found:?}")))
    }
}

/// Logits of images, of the size that the model promises.
pub(super) fn checked_logits(model: &dyn Classifier, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    let logits = model.logits(images)?;
    same_size("logits of the model", logits.dim(), (images.nrows(), model.classes()))?;
    all_finite("logits of the model", &logits)?;
    Ok(logits)
}

/// Refuses NaN and infinities.
fn all_finite(what: &str, values: &Array2<f32>) -> Result<()> {
    // Without an early end, which would cost more than it saves.
    match values.as_slice() {
        Some(slice) if slice.iter().fold(true, |fine, value| fine & value.is_finite()) => Ok(()),
        _ => finite(what, values.iter()),
    }
}
