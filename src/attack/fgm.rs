//! The fast gradient method in all norms.

use super::adversarial::Adversarial;
use super::ascent::Ascent;
use super::ball::{Ball, L1Step, Projection};
use super::batch::Batch;
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::loss::Loss;
use super::norm::Norm;
use crate::error::Result;

/// FGM: one step of size eps, `x = clip(x0 + eps d, 0, 1)`, along the `d` of size 1 in which the loss grows most (Goodfellow,
/// Shlens and Szegedy 2015; Miyato et al. 2017).
///
/// | norm | `d`, where `g` is the gradient |
/// |---|---|
/// | L-infinity | `sign(g)`, with `sign(0) = 0`: this is [`Fgsm`](super::Fgsm) |
/// | L2 | `g / max(abs(g)_2, 1e-12)` |
/// | L1 | one pixel, that of the largest `abs(g)`, as in ART; foolbox has `g / abs(g)_1`: [`L1Step::Proportional`] |
///
/// The returned image is the step's end, whether it fools or not. Towards a target it descends the loss of the target.
///
/// ```
/// use eigengate::attack::{Fgm, FixedEps, Norm};
/// assert_eq!(Fgm::new().with_norm(Norm::L2).name(), "FGM L2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fgm {
    /// The norm of the ball; L-infinity by default.
    pub norm: Norm,
    /// What the step climbs; cross-entropy by default.
    pub loss: Loss,
    /// The step in L1; one pixel by default.
    pub l1: L1Step,
}

impl Default for Fgm {
    fn default() -> Self {
        Self::new()
    }
}

impl Fgm {
    /// In L-infinity, on the cross-entropy.
    pub fn new() -> Self {
        Self { norm: Norm::Linf, loss: Loss::CrossEntropy, l1: L1Step::OnePixel }
    }

    /// In another norm.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// On another loss.
    pub fn with_loss(mut self, loss: Loss) -> Self {
        self.loss = loss;
        self
    }

    /// With another step in L1.
    pub fn with_l1_step(mut self, l1: L1Step) -> Self {
        self.l1 = l1;
        self
    }

    fn ascent(&self, eps: f32) -> Ascent<'static> {
        Ascent {
            // A step of size eps from the centre does not leave the ball: only pixels are clipped.
            ball: Ball { norm: self.norm, eps, projection: Projection::BallThenBox },
            l1: self.l1,
            loss: self.loss,
            ..Ascent::one_step("FGM", eps)
        }
    }
}

impl FixedEps for Fgm {
    fn name(&self) -> String {
        match self.norm {
            Norm::Linf => "FGM".to_owned(),
            norm => format!("FGM {norm}"),
        }
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        let name = self.name();
        Ascent { name: &name, ..self.ascent(eps) }.run(model, batch, restart, &|_, _| {})
    }
}
