//! A search for the nearest image as an attack of given size.

use super::adversarial::Adversarial;
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::minimal_norm::MinimalNorm;
use super::norm::Norm;
use super::queries::Queries;
use crate::error::Result;
use ndarray::{Axis, Zip};
use std::sync::Arc;

/// The view of a minimal-norm attack as one of given size, as AutoAttack uses FAB.
///
/// An image at most `eps` away is taken as it is. One that is further away is drawn back along the straight line to the
/// clean image, `x0 + (x - x0) eps / |x - x0|`, and judged there: if it still fools, it counts. So is one that has left
/// `[0, 1]`, clipped.
///
/// ```
/// use eigengate::attack::{Fab, FixedEps, WithinEps};
/// let fab = WithinEps::new(Fab::new().with_targets(9));
/// assert_eq!(fab.name(), "FAB-T");
/// ```
#[derive(Clone)]
pub struct WithinEps {
    attack: Arc<dyn MinimalNorm>,
}

impl WithinEps {
    /// The view of this attack.
    pub fn new(attack: impl MinimalNorm + 'static) -> Self {
        Self { attack: Arc::new(attack) }
    }
}

impl std::fmt::Debug for WithinEps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WithinEps({}, {})", self.attack.name(), self.attack.norm())
    }
}

impl FixedEps for WithinEps {
    fn name(&self) -> String {
        self.attack.name()
    }

    fn norm(&self) -> Norm {
        self.attack.norm()
    }

    fn seed(&self) -> u64 {
        self.attack.seed()
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, _: usize) -> Result<Adversarial> {
        check_eps(eps)?;
        let nearest = self.attack.search_within(model, batch, eps)?;
        let mut found = Adversarial::nothing(batch);
        found.images = nearest.images;
        found.success = nearest.success;
        found.margins = nearest.margins;
        found.steps = nearest.steps;
        found.restarts = nearest.restarts;
        found.calls = nearest.calls;
        found.warnings = nearest.warnings;
        let mut far = vec![];
        for row in 0..batch.len() {
            let (clean, image) = (batch.images.row(row), found.images.row(row));
            let distance = self.norm().between(&clean.to_vec(), &image.to_vec());
            let outside = image.iter().any(|x| !(0.0..=1.0).contains(x));
            if distance > f64::from(eps) || outside {
                far.push(row);
                let share = (f64::from(eps) / distance).min(1.0);
                Zip::from(found.images.row_mut(row)).and(clean).for_each(|x, &clean| {
                    let clean = f64::from(clean);
                    *x = (clean + share * (f64::from(*x) - clean)).clamp(0.0, 1.0) as f32;
                });
            }
        }
        if !far.is_empty() {
            let mut queries = Queries::new(model, batch.len());
            let logits = queries.logits(&far, found.images.select(Axis(0), &far).view())?;
            for (&row, logits) in far.iter().zip(logits.rows()) {
                let logits = logits.to_vec();
                found.success[row] = batch.fooled(row, &logits);
                found.margins[row] = batch.margin(row, &logits);
            }
            for (calls, more) in found.calls.iter_mut().zip(queries.into_calls()) {
                calls.forward += more.forward;
            }
        }
        for row in 0..batch.len() {
            // Images that fool further away are no success here.
            found.first_success[row] = found.success[row].then_some(found.steps[row]);
        }
        Ok(found)
    }
}
