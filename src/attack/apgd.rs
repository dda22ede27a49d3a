//! Auto-PGD.

use super::adversarial::Adversarial;
use super::apgd_run::Run;
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::dlr::{descending, dlr, targeted_dlr};
use super::fixed_eps::FixedEps;
use super::loss::{cross_entropy, cross_entropy_cotangent};
use super::norm::Norm;
use super::queries::Queries;
use crate::error::{Error, Result};
use ndarray::ArrayView2;
use std::ops::Range;

/// What APGD climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApgdLoss {
    /// The cross-entropy (APGD-CE).
    CrossEntropy,
    /// The difference of logits ratio, `-(z_y - max of the others) / (z_(1) - z_(3) + 1e-12)` with the logits
    /// `z_(1) >= z_(2) >= …` (APGD-DLR). It does not change with the scale of the logits and needs 3 classes.
    Dlr,
    /// The same towards a class, `-(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2 + 1e-12)`, in a run for each of the most likely
    /// wrong classes `t` of the clean image (APGD-T). It needs 4 classes.
    TargetedDlr,
}

/// What the first loss is compared with when the first checkpoint counts how often the loss rose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FirstComparison {
    /// With 0, as the authors' program does: its list of losses leaves out the start, and index -1 is the row of zeros
    /// at its end. So the first step always counts as a rise of the cross-entropy, and never of a DLR loss below 0.
    #[default]
    Zero,
    /// With the loss at the start, as in algorithm 1 of the paper.
    Start,
}

/// Auto-PGD (Croce and Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
/// ICML): gradient ascent with momentum in a ball of Linf or L2, whose step halves where progress ends.
///
/// From a random point of the ball's surface, with `P` the projection on the ball and then on `[0, 1]`, and
/// `step = 2 eps` at first:
///
/// `z = P(x + step direction)`, `x <- P(x + 0.75 (z - x) + 0.25 (x - previous x))`, the first step without momentum,
///
/// where the direction is the sign of the gradient (Linf; `sign(0) = 0`) or the gradient over its length (L2). At
/// checkpoints, the first after 22 % of all steps and each later one after 3 % less than the one before but at least 6 %, an
/// example halves its step and goes back to its best point if its loss rose in at most 75 % of the steps since the last
/// checkpoint, or if it was not halved there and its best loss has not changed since.
///
/// All this is as in the authors' program, by default down to [`FirstComparison::Zero`], so that numbers can be compared.
/// What differs: random numbers are keyed by (seed, example, restart, target), so results do not depend on batches, order
/// or threads; returned is the image with the smallest margin of all that were visited, where theirs returns the latest one that
/// fools, or the clean image. What fools and what does not is the same. An image that is misclassified as it is stays.
///
/// ```
/// use eigengate::attack::{Apgd, FixedEps, Norm};
/// assert_eq!(Apgd::cross_entropy(Norm::Linf).name(), "APGD-CE");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apgd {
    /// The norm of the ball, Linf or L2.
    pub norm: Norm,
    /// What it climbs.
    pub loss: ApgdLoss,
    /// Gradient steps, at least 1; 100 by default.
    pub steps: usize,
    /// Independent runs, at least 1; 1 by default. Later runs leave out what is fooled.
    pub restarts: usize,
    /// Of [`ApgdLoss::TargetedDlr`]: how many of the most likely wrong classes are targets, at least 1; 9 by default. A model
    /// with fewer wrong classes has all of them as targets, and a [`Warning`](super::Warning).
    pub targets: usize,
    /// Gradients that are averaged for every step, at least 1; 1 by default. More are for models with random output, whose
    /// image counts as fooling by the last of these answers.
    pub draws: usize,
    /// Whether an example leaves as soon as an image of it fools; off by default. It changes no success, only the margin
    /// that is reached, and saves the rest of its steps.
    pub drop_fooled: bool,
    /// A quirk of the authors' program, kept by default.
    pub first_comparison: FirstComparison,
    /// Seed of the starts; 0 by default.
    pub seed: u64,
}

impl Apgd {
    /// APGD on the cross-entropy.
    pub fn cross_entropy(norm: Norm) -> Self {
        Self::new(norm, ApgdLoss::CrossEntropy)
    }

    /// APGD on the difference of logits ratio.
    pub fn dlr(norm: Norm) -> Self {
        Self::new(norm, ApgdLoss::Dlr)
    }

    /// APGD-T: on the targeted difference of logits ratio, towards 9 classes in turn.
    pub fn targeted(norm: Norm) -> Self {
        Self::new(norm, ApgdLoss::TargetedDlr)
    }

    fn new(norm: Norm, loss: ApgdLoss) -> Self {
        Self {
            norm,
            loss,
            steps: 100,
            restarts: 1,
            targets: 9,
            draws: 1,
            drop_fooled: false,
            first_comparison: FirstComparison::default(),
            seed: 0,
        }
    }

    /// Another number of steps; checkpoints move along.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another number of runs.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// Another number of target classes.
    pub fn with_targets(mut self, targets: usize) -> Self {
        self.targets = targets;
        self
    }

    /// Another number of gradients that are averaged for every step.
    pub fn with_draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// Whether an example leaves as soon as an image of it fools.
    pub fn with_drop_fooled(mut self, drop_fooled: bool) -> Self {
        self.drop_fooled = drop_fooled;
        self
    }

    /// What the loss after the first step is compared with.
    pub fn with_first_comparison(mut self, first_comparison: FirstComparison) -> Self {
        self.first_comparison = first_comparison;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the settings, and that the loss is defined for the model's classes.
    pub(super) fn check(&self, model: &dyn Classifier, targeted: bool) -> Result<()> {
        if self.norm == Norm::L1 {
            return Err(Error::parameter("norm", self.norm, "Linf or L2 for APGD"));
        }
        let counts = [
            ("steps", self.steps),
            ("restarts", self.restarts),
            ("targets", self.targets),
            ("draws", self.draws),
        ];
        if let Some((name, count)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(Error::parameter(name, count, "at least 1"));
        }
        let (needed, instead) = match (self.loss, targeted) {
            (ApgdLoss::CrossEntropy, _) => (2, "a model of several classes"),
            (ApgdLoss::Dlr, false) => (3, "`Apgd::cross_entropy`"),
            (ApgdLoss::Dlr, true) => (4, "`Apgd::cross_entropy`, which takes targets too"),
            (ApgdLoss::TargetedDlr, _) => (4, "`Apgd::cross_entropy`, or `Apgd::dlr` for 3 classes"),
        };
        if model.classes() < needed {
            let expected = format!("at least {needed} for the loss of {}, or else {instead}", self.name());
            return Err(Error::parameter("classes", model.classes(), expected));
        }
        Ok(())
    }

    /// The runs of `restarts`, each on what the ones before have not fooled.
    fn search(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        restarts: Range<usize>,
    ) -> Result<Adversarial> {
        batch.check(model)?;
        check_eps(eps)?;
        self.check(model, batch.targets.is_some())?;
        let mut queries = Queries::new(model, batch.len());
        let (mut found, clean) = Adversarial::from_clean(batch, &mut queries)?;
        let aims = self.aims(batch, clean.view());
        for restart in restarts {
            for (turn, aim) in aims.iter().enumerate() {
                let run = Run { attack: self, batch, eps, restart, turn: restart * aims.len() + turn };
                run.go(aim, &mut queries, &mut found)?;
            }
        }
        found.warnings = queries.warnings(&self.name(), batch, &found.success);
        if self.loss == ApgdLoss::TargetedDlr && batch.targets.is_none() && aims.len() < self.targets {
            let (attack, targets, classes) = (self.name(), self.targets, model.classes());
            found.warnings.push(super::Warning::FewClasses { attack, targets, classes });
        }
        found.calls = queries.into_calls();
        Ok(found)
    }

    /// For every run of a restart the target of every example.
    fn aims(&self, batch: Batch<'_>, clean: ArrayView2<'_, f32>) -> Vec<Vec<Option<u8>>> {
        match (batch.targets, self.loss) {
            (Some(targets), _) => vec![targets.iter().copied().map(Some).collect()],
            (None, ApgdLoss::TargetedDlr) => {
                // Of examples that are classified correctly the first class is the label; others are not attacked.
                let orders: Vec<Vec<usize>> =
                    clean.rows().into_iter().map(|z| descending(&z.to_vec())).collect();
                let ranks = 1..=self.targets.min(clean.ncols().saturating_sub(1));
                let of_rank =
                    |rank: usize| orders.iter().map(move |order| order.get(rank).map(|class| *class as u8));
                ranks.map(|rank| of_rank(rank).collect()).collect()
            }
            (None, _) => vec![vec![None; batch.len()]],
        }
    }

    /// The loss of an example, and its derivative by the logits.
    pub(super) fn value(&self, logits: &[f32], label: u8, target: Option<u8>, out: &mut [f32]) -> f64 {
        match (self.loss, target) {
            (ApgdLoss::CrossEntropy, None) => {
                cross_entropy_cotangent(logits, label, out);
                cross_entropy(logits, label)
            }
            (ApgdLoss::CrossEntropy, Some(target)) => {
                cross_entropy_cotangent(logits, target, out);
                out.iter_mut().for_each(|slope| *slope = -*slope);
                -cross_entropy(logits, target)
            }
            (_, None) => dlr(logits, label, out),
            (_, Some(target)) => targeted_dlr(logits, label, target, out),
        }
    }
}

impl FixedEps for Apgd {
    fn name(&self) -> String {
        let loss = match self.loss {
            ApgdLoss::CrossEntropy => "CE",
            ApgdLoss::Dlr => "DLR",
            ApgdLoss::TargetedDlr => "T",
        };
        let steps = if self.steps == 100 { String::new() } else { format!("-{}", self.steps) };
        let restarts = if self.restarts == 1 { String::new() } else { format!("x{}", self.restarts) };
        format!("APGD-{loss}{steps}{restarts}")
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn restarts(&self) -> usize {
        self.restarts
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        self.search(model, batch, eps, restart..restart + 1)
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        self.search(model, batch, eps, 0..self.restarts)
    }
}
