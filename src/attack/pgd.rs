//! Projected gradient descent.

use super::classifier::Classifier;
use super::fixed_eps::{Adversarial, Batch, FixedEps, checked_logits};
use super::loss::{cross_entropy, margin};
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
        batch.check(model, eps)?;
        self.check()?;
        let mut found = Found::nothing(batch, self.keep);
        for restart in 0..self.restarts {
            let mut x = match restart == 0 && !self.random_start {
                true => batch.images.to_owned(),
                false => batch.random_point(eps, |row| random(row, restart)),
            };
            for done in 0..self.steps {
                let pulled = batch.ascent(model, &x)?;
                if self.keep == Keep::Best {
                    found.offer(&x, pulled.logits.view(), batch.labels, done, restart);
                }
                batch.climb(&mut x, &pulled.gradient, step, eps);
            }
            found.offer(&x, checked_logits(model, x.view())?.view(), batch.labels, self.steps, restart);
        }
        Ok(found.adversarial)
    }
}

/// The best image of every example so far.
struct Found {
    adversarial: Adversarial,
    /// What it is the best of: small is good.
    score: fn(&[f32], u8) -> f64,
    scores: Vec<f64>,
}

impl Found {
    fn nothing(batch: Batch<'_>, keep: Keep) -> Self {
        let rows = batch.images.nrows();
        let adversarial =
            Adversarial { images: batch.images.to_owned(), steps: vec![0; rows], restarts: vec![0; rows] };
        let score: fn(&[f32], u8) -> f64 = match keep {
            Keep::Best | Keep::Last => margin,
            Keep::LastByLoss => |logits, label| -cross_entropy(logits, label),
        };
        Self { adversarial, score, scores: vec![f64::INFINITY; rows] }
    }

    /// Takes the rows of `x` that are better than what was found so far.
    fn offer(
        &mut self,
        x: &Array2<f32>,
        logits: ArrayView2<'_, f32>,
        labels: &[u8],
        step: usize,
        restart: usize,
    ) {
        let found = &mut self.adversarial;
        for (row, &label) in labels.iter().enumerate() {
            let score = (self.score)(&logits.row(row).to_vec(), label);
            if score < self.scores[row] {
                self.scores[row] = score;
                found.images.row_mut(row).assign(&x.row(row));
                found.steps[row] = step as u32;
                found.restarts[row] = restart as u32;
            }
        }
    }
}

impl FixedEps for Pgd {
    fn name(&self) -> String {
        let restarts = if self.restarts == 1 { String::new() } else { format!("x{}", self.restarts) };
        format!("PGD-{}{restarts}", self.steps)
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        let random = |row: usize, restart: usize| {
            let index = (batch.first + row) as u64 | (restart as u64) << 40;
            stream(self.seed, Purpose::Attack, index)
        };
        self.search(model, batch, (eps, eps * self.relative_step), &random)
    }
}
