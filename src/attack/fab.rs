//! The fast adaptive boundary attack.

mod run;

use super::batch::Batch;
use super::boundary::ranked;
use super::classifier::Classifier;
use super::minimal_norm::{MinimalNorm, untargeted, without_l1};
use super::nearest::Nearest;
use super::norm::Norm;
use super::queries::Queries;
use super::warning::Warning;
use crate::error::{Error, Result};
use run::Run;

/// FAB (Croce and Hein 2020), the fast adaptive boundary attack, and FAB-T, as in AutoAttack (Croce and Hein 2020b).
///
/// A step from `x` linearises the boundaries of the label and takes the nearest (see
/// [`DeepFool`](super::DeepFool)). With `d`, `d0` the smallest changes that bring `x` and the clean image `x0` onto that
/// hyperplane without leaving `[0, 1]`, and `a = min(|d| / (|d| + |d0|), alpha_max)`:
///
/// `x <- clip((1 - a) (x + eta d) + a (x0 + eta d0), 0, 1)`.
///
/// If the image fools, it is kept where no nearer one is known, and the search goes on from `x0 + beta (x - x0)`.
///
/// FAB-T ([`with_targets`](Fab::with_targets)) has a run for each of the classes that follow the label in the clean
/// logits, and knows the boundary to this class alone: one gradient a step instead of one per class. Any wrong class
/// counts.
///
/// Restarts but the first start at random, at half of `reach` or of the distance found so far, whichever is
/// smaller: in L-inf uniform in the box of this size and scaled to its surface, in L2 on the sphere. The final search of
/// the paper is left out, as in AutoAttack.
///
/// Random numbers are keyed by (seed, example, restart, target): results do not depend on batches, order or threads.
/// Batches with targets of their own are refused: the algorithm has no success but a wrong class.
///
/// ```
/// use eigengate::attack::{Fab, MinimalNorm};
/// use eigengate::data::mnist;
/// use eigengate::nn::{Activation, Mlp};
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 0)?;
/// let fab = Fab::new().with_steps(10);
/// let nearest = fab.attack(&net, &digits)?;
/// assert!(nearest.success.iter().all(|found| *found) && nearest.median() < 0.1);
/// assert_eq!(fab.with_targets(9).name(), "FAB-T");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fab {
    /// The norm of the change, L-inf (the default) or L2.
    pub norm: Norm,
    /// Steps of a run, at least 1; 100 by default, as in AutoAttack.
    pub steps: usize,
    /// Runs, at least 1; 1 by default, as in AutoAttack `standard`. With targets, runs for each of them.
    pub restarts: usize,
    /// Classes with a run of their own, those with the largest logits of the clean image but for the label; there are as
    /// many runs as there are such classes. 0, the default, for FAB, which looks at all boundaries in one run; 9 in
    /// AutoAttack `standard`.
    pub targets: usize,
    /// The largest weight of the way from the clean image, in `[0, 1]`; 0.1 by default, as in the paper.
    pub alpha_max: f32,
    /// How far a step goes, as a multiple of the way to the hyperplane, at least 1; 1.05 by default, as in the paper.
    pub eta: f32,
    /// How much is left of the change of an image that fools before the search goes on, in `(0, 1)`; 0.9 by default, as
    /// in the paper.
    pub beta: f32,
    /// Twice the distance of random starts while nothing is found, above 0 and finite. `None`, the default, for the size
    /// that matters: that of [`WithinEps`](super::WithinEps), or else 0.3 in L-inf and 2 in L2, usual sizes on MNIST.
    pub reach: Option<f32>,
    /// Seed of the random starts; 0 by default.
    pub seed: u64,
}

impl Default for Fab {
    fn default() -> Self {
        Self::new()
    }
}

impl Fab {
    /// In L-inf, untargeted, one run of 100 steps.
    pub fn new() -> Self {
        Self {
            norm: Norm::Linf,
            steps: 100,
            restarts: 1,
            targets: 0,
            alpha_max: 0.1,
            eta: 1.05,
            beta: 0.9,
            reach: None,
            seed: 0,
        }
    }

    /// In another norm.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// Another number of steps.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another number of runs.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// FAB-T with this many targets; 0 for FAB.
    pub fn with_targets(mut self, targets: usize) -> Self {
        self.targets = targets;
        self
    }

    /// Another largest weight of the way from the clean image.
    pub fn with_alpha_max(mut self, alpha_max: f32) -> Self {
        self.alpha_max = alpha_max;
        self
    }

    /// Another length of a step.
    pub fn with_eta(mut self, eta: f32) -> Self {
        self.eta = eta;
        self
    }

    /// Another way back after a success.
    pub fn with_beta(mut self, beta: f32) -> Self {
        self.beta = beta;
        self
    }

    /// Another distance of random starts.
    pub fn with_reach(mut self, reach: Option<f32>) -> Self {
        self.reach = reach;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn check(&self) -> Result<()> {
        without_l1(self.norm)?;
        let refused = |name, value, expected: &str| Err(Error::parameter(name, value, expected));
        if self.steps == 0 {
            return refused("steps", 0.0, "at least 1");
        }
        if self.restarts == 0 {
            return refused("restarts", 0.0, "at least 1");
        }
        if !(0.0..=1.0).contains(&self.alpha_max) {
            return refused("alpha_max", self.alpha_max, "a weight in [0, 1]");
        }
        if !(self.eta >= 1.0 && self.eta.is_finite()) {
            return refused("eta", self.eta, "a finite number of at least 1");
        }
        if !(self.beta > 0.0 && self.beta < 1.0) {
            return refused("beta", self.beta, "a share in (0, 1)");
        }
        match self.reach {
            Some(reach) if !(reach > 0.0 && reach.is_finite()) => {
                refused("reach", reach, "a finite distance above 0")
            }
            _ => Ok(()),
        }
    }

    /// All runs; an example whose distance is at most `goal` needs no more steps.
    fn runs(&self, model: &dyn Classifier, batch: Batch<'_>, goal: Option<f32>) -> Result<Nearest> {
        self.check()?;
        batch.check(model)?;
        untargeted("FAB", batch)?;
        let mut queries = Queries::new(model, batch.len());
        let mut found = Nearest::nothing(batch, self.norm);
        let clean = found.start(batch, &mut queries, 0.0)?;
        let ranked: Vec<Vec<usize>> = clean.logits.iter().map(|z| ranked(z)).collect();
        let targets = self.targets.min(queries.classes() - 1);
        for target in 0..targets.max(1) {
            let classes: Vec<Vec<usize>> = ranked
                .iter()
                .map(|ranked| match (targets, ranked.first(), ranked.get(1 + target)) {
                    (1.., Some(&label), Some(&target)) => vec![label, target],
                    _ => ranked.clone(),
                })
                .collect();
            for restart in 0..self.restarts {
                let run = Run { fab: self, batch, goal, classes: &classes, restart, target };
                run.search(&clean.rows, &mut queries, &mut found)?;
            }
        }
        let classes = queries.classes();
        let mut found = found.finish(&self.name(), batch, queries);
        if self.targets > targets {
            let (attack, targets) = (self.name(), self.targets);
            found.warnings.push(Warning::FewClasses { attack, targets, classes });
        }
        Ok(found)
    }
}

impl MinimalNorm for Fab {
    fn name(&self) -> String {
        if self.targets == 0 { "FAB".to_owned() } else { "FAB-T".to_owned() }
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn search(&self, model: &dyn Classifier, batch: Batch<'_>) -> Result<Nearest> {
        self.runs(model, batch, None)
    }

    fn search_within(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Nearest> {
        self.runs(model, batch, Some(eps))
    }
}
