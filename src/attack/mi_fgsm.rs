//! The momentum iterative method.

use super::adversarial::Adversarial;
use super::ascent::Ascent;
use super::ball::{Ball, L1Step, Projection};
use super::batch::Batch;
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::loss::Loss;
use super::norm::Norm;
use super::step::Step;
use crate::error::Result;

/// What the momentum adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accumulate {
    /// `g / |g|_1`, as Dong et al. define it.
    #[default]
    Gradient,
    /// The direction of size 1 of a step, in L-infinity `sign(g)`: foolbox.
    Direction,
}

/// MI-FGSM (Dong et al. 2018): from the clean image `steps` times `m <- mu m + g / |g|_1`, then a step along `m`:
/// `x <- project(x + step sign(m))` in L-infinity, `x <- project(x + step m / |m|_2)` in L2, to the ball and to `[0, 1]`. A
/// gradient of zeros adds nothing. The last iterate is returned.
///
/// ```
/// use eigengate::attack::{FixedEps, MiFgsm};
/// assert_eq!(MiFgsm::new().name(), "MI-FGSM-10");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MiFgsm {
    /// The norm of the ball; L-infinity by default.
    pub norm: Norm,
    /// What is climbed; cross-entropy by default.
    pub loss: Loss,
    /// Gradient steps, at least 1; 10 by default, as in the paper.
    pub steps: usize,
    /// Size of a step; `eps / 10` by default, as in the paper.
    pub step: Step,
    /// `mu`, finite, at least 0; 1 by default, as in the paper. With 0 it is [`Bim`](super::Bim).
    pub momentum: f32,
    /// What is added up; the gradient by default.
    pub accumulate: Accumulate,
}

impl Default for MiFgsm {
    fn default() -> Self {
        Self::new()
    }
}

impl MiFgsm {
    /// 10 steps of `eps / 10` in L-infinity, with `mu = 1`.
    pub fn new() -> Self {
        Self {
            norm: Norm::Linf,
            loss: Loss::CrossEntropy,
            steps: 10,
            step: Step::OfEps(0.1),
            momentum: 1.0,
            accumulate: Accumulate::Gradient,
        }
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

    /// Another `mu`.
    pub fn with_momentum(mut self, momentum: f32) -> Self {
        self.momentum = momentum;
        self
    }

    /// Another sum.
    pub fn with_accumulate(mut self, accumulate: Accumulate) -> Self {
        self.accumulate = accumulate;
        self
    }
}

impl FixedEps for MiFgsm {
    fn name(&self) -> String {
        match self.norm {
            Norm::Linf => format!("MI-FGSM-{}", self.steps),
            norm => format!("MI-FGSM-{} {norm}", self.steps),
        }
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        self.step.check()?;
        // Foolbox's momentum comes with foolbox's step and projection in L1.
        let (l1, projection) = match self.accumulate {
            Accumulate::Gradient => (L1Step::Sparse(0.01), Projection::Usual),
            Accumulate::Direction => (L1Step::Proportional, Projection::BallThenBox),
        };
        let ascent = Ascent {
            ball: Ball { norm: self.norm, eps, projection },
            loss: self.loss,
            steps: self.steps,
            step: self.step.size(eps),
            l1,
            momentum: Some((self.momentum, self.accumulate)),
            ..Ascent::one_step("", eps)
        };
        Ascent { name: &self.name(), ..ascent }.run(model, batch, restart, &|_, _| {})
    }
}
