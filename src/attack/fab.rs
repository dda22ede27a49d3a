//! The fast adaptive boundary attack.

use super::batch::{Batch, key};
use super::boundary::{Boundary, nearest_boundaries, ranked};
use super::classifier::Classifier;
use super::hyperplane::change_onto;
use super::minimal_norm::{MinimalNorm, untargeted, without_l1};
use super::nearest::{Nearest, Tried};
use super::norm::Norm;
use super::queries::Queries;
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use ndarray::{Array2, ArrayViewMut1, Axis, Zip};
use rayon::prelude::*;

/// Added to the norm of a gradient before it divides, as in AutoAttack.
const GUARD: f64 = 1e-12;
/// The smallest length of a projection in the weights of a step, as in AutoAttack.
const SHORTEST: f64 = 1e-8;

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
        Ok(found.finish(&self.name(), batch, queries))
    }

    /// The size of a change, not below [`SHORTEST`].
    fn length(&self, change: &[f64]) -> f64 {
        let length = match self.norm {
            Norm::Linf => change.iter().fold(0.0, |most: f64, d| most.max(d.abs())),
            _ => change.iter().map(|d| d * d).sum::<f64>().sqrt(),
        };
        length.max(SHORTEST)
    }

    /// The image that a step from `x` leads to.
    fn step(&self, clean: &[f32], x: &[f32], boundary: &Boundary) -> Vec<f32> {
        let w = &boundary.gradient;
        let apart = w.iter().zip(clean.iter().zip(x));
        let apart: f64 = apart.map(|(w, (a, b))| f64::from(*w) * (f64::from(*a) - f64::from(*b))).sum();
        let d = change_onto(self.norm, x, w, boundary.value);
        let d0 = change_onto(self.norm, clean, w, boundary.value + apart);
        let (length, length0) = (self.length(&d), self.length(&d0));
        let alpha = (length / (length + length0)).min(f64::from(self.alpha_max));
        let eta = f64::from(self.eta);
        let ways = x.iter().zip(&d).zip(clean.iter().zip(&d0));
        ways.map(|((x, d), (x0, d0))| {
            let (here, there) = (f64::from(*x) + eta * d, f64::from(*x0) + eta * d0);
            ((1.0 - alpha) * here + alpha * there).clamp(0.0, 1.0) as f32
        })
        .collect()
    }
}

/// One run over a batch.
struct Run<'a, 'b> {
    fab: &'a Fab,
    batch: Batch<'b>,
    goal: Option<f32>,
    /// As [`nearest_boundaries`] takes them.
    classes: &'a [Vec<usize>],
    restart: usize,
    target: usize,
}

impl Run<'_, '_> {
    fn search(&self, rows: &[usize], queries: &mut Queries<'_>, found: &mut Nearest) -> Result<()> {
        let mut x = self.batch.images.to_owned();
        let mut rows: Vec<usize> = rows.iter().copied().filter(|&row| !self.done(found, row)).collect();
        if self.restart > 0 {
            for &row in &rows {
                self.random_start(row, found.distances[row], x.row_mut(row));
            }
        }
        for step in 1..=self.fab.steps {
            if rows.is_empty() {
                break;
            }
            let boundaries = nearest_boundaries(queries, (self.fab.norm, GUARD), &rows, &x, self.classes)?;
            let moved: Vec<Vec<f32>> = rows
                .par_iter()
                .zip(&boundaries)
                .map(|(&row, boundary)| {
                    self.fab.step(&self.batch.images.row(row).to_vec(), &x.row(row).to_vec(), boundary)
                })
                .collect();
            for (&row, moved) in rows.iter().zip(moved) {
                x.row_mut(row).assign(&ndarray::Array1::from(moved));
            }
            let logits = queries.logits(&rows, x.select(Axis(0), &rows).view())?;
            for (&row, logits) in rows.iter().zip(logits.rows()) {
                let tried =
                    Tried { image: x.row(row), logits: &logits.to_vec(), step, restart: self.restart };
                if found.offer(self.batch, row, tried, 0.0) {
                    self.back(row, &mut x);
                }
            }
            rows.retain(|&row| !self.done(found, row));
        }
        Ok(())
    }

    /// Whether nothing nearer is asked for. A NaN distance is not at most anything.
    fn done(&self, found: &Nearest, row: usize) -> bool {
        self.goal.is_some_and(|goal| found.distances[row] <= f64::from(goal))
    }

    /// `x <- x0 + beta (x - x0)`.
    fn back(&self, row: usize, x: &mut Array2<f32>) {
        let beta = f64::from(self.fab.beta);
        Zip::from(x.row_mut(row)).and(self.batch.images.row(row)).for_each(|x, &clean| {
            let clean = f64::from(clean);
            *x = (clean + beta * (f64::from(*x) - clean)) as f32;
        });
    }

    /// Moves a clean image to the random start of this run; `distance` is the smallest so far, or NaN.
    fn random_start(&self, row: usize, distance: f64, mut x: ArrayViewMut1<'_, f32>) {
        let run = self.restart + self.target * self.fab.restarts;
        let mut random = stream(self.fab.seed, Purpose::FabStart, key(self.batch, row, run));
        let usual = if self.fab.norm == Norm::Linf { 0.3 } else { 2.0 };
        let reach = f64::from(self.fab.reach.or(self.goal).unwrap_or(usual));
        let way: Vec<f64> = x
            .iter()
            .map(|_| match self.fab.norm {
                Norm::Linf => f64::from(random.uniform_in(-1.0, 1.0)),
                _ => random.normal(),
            })
            .collect();
        // f64::min passes over NaN.
        let scale = 0.5 * reach.min(distance) / self.fab.length(&way);
        for (x, way) in x.iter_mut().zip(way) {
            *x = (f64::from(*x) + scale * way).clamp(0.0, 1.0) as f32;
        }
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
