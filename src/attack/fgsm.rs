//! The fast gradient sign method.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::classifier::Classifier;
use super::fgm::Fgm;
use super::fixed_eps::FixedEps;
use crate::error::Result;

/// FGSM (Goodfellow, Shlens and Szegedy 2015): `x = clip(x0 + eps sign(d cross-entropy / dx0), 0, 1)`. [`Fgm`] has the other norms
/// and losses.
///
/// `sign(0) = 0`: a pixel without gradient stays. The returned image is the step's end, whether it fools or not. Towards a target
/// it descends the cross-entropy of the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fgsm;

impl FixedEps for Fgsm {
    fn name(&self) -> String {
        "FGSM".to_owned()
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        Fgm::new().run(model, batch, eps, restart)
    }
}
