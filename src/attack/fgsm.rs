//! The fast gradient sign method.

use super::adversarial::Adversarial;
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::climb::one_step;
use super::fixed_eps::FixedEps;
use super::queries::Queries;
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

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, _: usize) -> Result<Adversarial> {
        batch.check(model)?;
        check_eps(eps)?;
        one_step("FGSM", batch, Queries::new(model, batch.len()), eps, &batch.images.to_owned())
    }
}
