//! Projected gradient descent.

use super::adversarial::Adversarial;
use super::batch::{Batch, check_eps, key};
use super::classifier::Classifier;
use super::climb::{ascent, climb, random_point};
use super::fixed_eps::FixedEps;
use super::loss::cross_entropy;
use super::queries::Queries;
use crate::error::{Error, Result};
use crate::seed::{Purpose, Stream, stream};
use ndarray::{Array2, ArrayView2};

/// Which iterate of a run is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The one with the smallest margin, the start included: more steps never weaken the attack.
    #[default]
    Best,
    /// The last one, as foolbox, torchattacks and ART do. Among restarts, the one with the smallest margin.
    Last,
    /// The last one; among restarts, the one with the largest cross-entropy, and the first of equal ones. Adversarial
    /// training keeps this one.
    LastByLoss,
}

/// PGD in the largest change of a pixel (Madry et al. 2018): from a uniform random point of the ball,
/// `x <- clip(x + step sign(d cross-entropy / dx))` to the ball and to `[0, 1]`.
///
/// Every example has restarts of its own and random numbers keyed by (seed, example, restart): results do not
/// depend on batches, order or threads.
///
/// ```
/// use eigengate::attack::{FixedEps, Pgd};
/// assert_eq!(Pgd::new().with_steps(20).name(), "PGD-20");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pgd {
    /// Gradient steps, at least 1; 40 by default.
    pub steps: usize,
    /// Size of a step as a share of eps, above 0; by default `0.01 / 0.3`, Madry's step at Madry's eps.
    pub relative_step: f32,
    /// Independent runs, at least 1; 1 by default.
    pub restarts: usize,
    /// Whether runs start at a random point of the ball; on by default. Off, the first run starts at the clean image
    /// and only further restarts are random.
    pub random_start: bool,
    /// Which iterate is returned; the best by default.
    pub keep: Keep,
    /// Seed of the starts; 0 by default.
    pub seed: u64,
}

impl Default for Pgd {
    fn default() -> Self {
        Self::new()
    }
}

impl Pgd {
    /// 40 steps of `eps / 30` from one random start.
    pub fn new() -> Self {
        Self {
            steps: 40,
            relative_step: 0.01 / 0.3,
            restarts: 1,
            random_start: true,
            keep: Keep::Best,
            seed: 0,
        }
    }

    /// Another number of steps, with the same size of each.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another size of a step, as a share of eps.
    pub fn with_relative_step(mut self, relative_step: f32) -> Self {
        self.relative_step = relative_step;
        self
    }

    /// Another number of runs.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// Whether the first run starts at a random point.
    pub fn with_random_start(mut self, random_start: bool) -> Self {
        self.random_start = random_start;
        self
    }

    /// Which iterate is returned.
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn check(&self) -> Result<()> {
        if self.steps == 0 {
            return Err(Error::parameter("steps", 0, "at least 1"));
        }
        if self.restarts == 0 {
            return Err(Error::parameter("restarts", 0, "at least 1"));
        }
        if !(self.relative_step > 0.0 && self.relative_step.is_finite()) {
            return Err(Error::parameter(
                "relative_step",
                self.relative_step,
                "a finite share of eps above 0",
            ));
        }
        Ok(())
    }

    /// Attacks every example with steps of `step`, and with the numbers of `random(row, restart)` for a random start.
    ///
    /// # Errors
    /// As [`FixedEps::perturb`].
    pub(crate) fn search(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        (eps, step): (f32, f32),
        random: &dyn Fn(usize, usize) -> Stream,
    ) -> Result<Adversarial> {
        batch.check(model)?;
        check_eps(eps)?;
        self.check()?;
        let mut found = self.run_from(model, batch, (eps, step), 0, &|row| random(row, 0))?;
        for restart in 1..self.restarts {
            let other = self.run_from(model, batch, (eps, step), restart, &|row| random(row, restart))?;
            self.better(&mut found, &other);
        }
        found.adversarial.settle(batch);
        Ok(found.adversarial)
    }

    fn run_from(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        (eps, step): (f32, f32),
        restart: usize,
        random: &dyn Fn(usize) -> Stream,
    ) -> Result<Run> {
        let mut queries = Queries::new(model, batch.len());
        let mut x = match restart == 0 && !self.random_start {
            true => batch.images.to_owned(),
            false => random_point(batch, eps, random),
        };
        let mut run = Run::nothing(batch, restart);
        for done in 0..self.steps {
            let pulled = ascent(batch, &mut queries, &x)?;
            run.see(batch, &x, pulled.logits.view(), done, self.keep == Keep::Best);
            climb(batch, &mut x, &pulled.gradient, step, eps);
        }
        let rows: Vec<usize> = (0..batch.len()).collect();
        let logits = queries.logits(&rows, x.view())?;
        run.see(batch, &x, logits.view(), self.steps, true);
        run.adversarial.warnings = queries.warnings(&self.name(), batch, &run.adversarial.success);
        run.adversarial.calls = queries.into_calls();
        Ok(run)
    }

    /// Takes over what another restart did better.
    fn better(&self, found: &mut Run, other: &Run) {
        if self.keep != Keep::LastByLoss {
            found.adversarial.improve(&other.adversarial);
            return;
        }
        for row in 0..found.losses.len() {
            if other.losses[row] > found.losses[row] {
                found.losses[row] = other.losses[row];
                found.adversarial.take(row, &other.adversarial, row);
            }
            found.adversarial.calls[row].add(other.adversarial.calls[row]);
        }
    }
}

/// One run, and the cross-entropy of the images that it keeps; the negative one towards a target.
struct Run {
    adversarial: Adversarial,
    losses: Vec<f64>,
}

impl Run {
    fn nothing(batch: Batch<'_>, restart: usize) -> Self {
        let mut adversarial = Adversarial::nothing(batch);
        adversarial.restarts.fill(restart as u32);
        Self { adversarial, losses: vec![f64::NEG_INFINITY; batch.len()] }
    }

    /// Takes note of which rows of `x` fool. If `keep`, takes those that are better than what was kept so far.
    fn see(
        &mut self,
        batch: Batch<'_>,
        x: &Array2<f32>,
        logits: ArrayView2<'_, f32>,
        step: usize,
        keep: bool,
    ) {
        let found = &mut self.adversarial;
        for (row, logits) in logits.rows().into_iter().enumerate() {
            let logits = logits.to_vec();
            let (fooled, margin) = (batch.fooled(row, &logits), batch.margin(row, &logits));
            if fooled && found.first_success[row].is_none() {
                found.first_success[row] = Some(step as u32);
            }
            if keep && margin < found.margins[row] {
                found.images.row_mut(row).assign(&x.row(row));
                (found.success[row], found.margins[row], found.steps[row]) = (fooled, margin, step as u32);
                self.losses[row] = match batch.targets {
                    None => cross_entropy(&logits, batch.labels[row]),
                    Some(targets) => -cross_entropy(&logits, targets[row]),
                };
            }
        }
    }
}

impl FixedEps for Pgd {
    fn name(&self) -> String {
        let restarts = if self.restarts == 1 { String::new() } else { format!("x{}", self.restarts) };
        format!("PGD-{}{restarts}", self.steps)
    }

    fn restarts(&self) -> usize {
        self.restarts
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        batch.check(model)?;
        check_eps(eps)?;
        self.check()?;
        let random = |row: usize| stream(self.seed, Purpose::Attack, key(batch, row, restart));
        Ok(self.run_from(model, batch, (eps, eps * self.relative_step), restart, &random)?.adversarial)
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        let random =
            |row: usize, restart: usize| stream(self.seed, Purpose::Attack, key(batch, row, restart));
        self.search(model, batch, (eps, eps * self.relative_step), &random)
    }
}
