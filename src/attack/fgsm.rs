//! The fast gradient sign method.

use super::classifier::Classifier;
use super::fixed_eps::{Adversarial, Batch, FixedEps};
use crate::error::Result;

/// FGSM (Goodfellow, Shlens and Szegedy 2015): `x = clip(x0 + eps sign(d cross-entropy / dx0), 0, 1)`.
///
/// `sign(0) = 0`: a pixel without gradient stays. The returned image is the step's end, whether it fools or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fgsm;

impl FixedEps for Fgsm {
    fn name(&self) -> String {
        "FGSM".to_owned()
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        batch.check(model, eps)?;
        let mut images = batch.images.to_owned();
        let gradient = batch.ascent(model, &images)?.gradient;
        batch.climb(&mut images, &gradient, eps, eps);
        let rows = images.nrows();
        Ok(Adversarial { images, steps: vec![1; rows], restarts: vec![0; rows] })
    }
}
