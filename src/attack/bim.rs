//! The basic iterative method.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::loss::Loss;
use super::norm::Norm;
use super::pgd::{Keep, Pgd};
use super::start::Start;
use super::step::Step;
use crate::error::Result;

/// BIM (Kurakin, Goodfellow and Bengio 2017): [`Pgd`] from the clean image, whose last iterate is returned.
///
/// ```
/// use eigengate::attack::{Bim, FixedEps};
/// assert_eq!(Bim::new().name(), "BIM-10");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bim {
    /// The norm of the ball; L-infinity by default.
    pub norm: Norm,
    /// What is climbed; cross-entropy by default.
    pub loss: Loss,
    /// Gradient steps, at least 1; 10 by default, as in foolbox and torchattacks.
    pub steps: usize,
    /// Size of a step; `0.2 eps` by default, as in foolbox.
    pub step: Step,
}

impl Default for Bim {
    fn default() -> Self {
        Self::new()
    }
}

impl Bim {
    /// 10 steps of `0.2 eps` in L-infinity.
    pub fn new() -> Self {
        Self { norm: Norm::Linf, loss: Loss::CrossEntropy, steps: 10, step: Step::OfEps(0.2) }
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

    /// Another number of steps, with the same size of each.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another size of a step.
    pub fn with_step(mut self, step: Step) -> Self {
        self.step = step;
        self
    }

    /// The same as PGD, which has more to choose.
    pub fn pgd(&self) -> Pgd {
        Pgd { norm: self.norm, loss: self.loss, steps: self.steps, step: self.step, ..Pgd::new() }
            .with_start(Start::Clean)
            .with_keep(Keep::Last)
    }
}

impl FixedEps for Bim {
    fn name(&self) -> String {
        self.pgd().name().replacen("PGD", "BIM", 1)
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        self.pgd().run_named(&self.name(), model, batch, eps, restart)
    }
}
