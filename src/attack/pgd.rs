//! Projected gradient descent.

use super::adversarial::Adversarial;
use super::ascent::Ascent;
use super::ball::{Ball, L1Step, Projection};
use super::batch::{Batch, key};
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::loss::Loss;
use super::norm::Norm;
use super::queries::same_size;
use super::start::Start;
use super::step::Step;
use crate::error::{Error, Result};
use crate::seed::{Purpose, Stream, stream};
use ndarray::ArrayView2;

/// Which iterate of a run is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The one with the smallest margin, the start included: more steps never weaken the attack.
    #[default]
    Best,
    /// The last one, as foolbox, torchattacks and ART do. Among restarts, one that fools, or else the one with the smallest
    /// margin.
    Last,
    /// The last one; among restarts, the one with the largest loss, and the first of equal ones. Adversarial training keeps
    /// this one.
    LastByLoss,
}

/// PGD (Madry et al. 2018): from a uniform random point of the ball around the clean image, `steps` times
/// `x <- project(x + step d)` to the ball and to `[0, 1]`.
///
/// | norm | `d`, where `g` is the gradient of the loss | projection |
/// |---|---|---|
/// | L-infinity | `sign(g)`, with `sign(0) = 0` | clips |
/// | L2 | `g / max(abs(g)_2, 1e-12)` | scales the change, then clips |
/// | L1 | equal changes of the 1 % of pixels with the largest `abs(g)` among those with room | the nearest point of ball and `[0, 1]` together |
///
/// [`L1Step`] and [`Projection`] have others, and [`Pgd::preset`] those of other programs. Towards a target it descends the loss of the
/// target. The gradient is that of the model at `x` itself, which is inside `[0, 1]`: no clip stands between, which would hide
/// the gradient of black pixels.
///
/// Every example has restarts of its own and random numbers keyed by (seed, example, restart): results do not
/// depend on batches, order or threads.
///
/// ```
/// use eigengate::attack::{FixedEps, Norm, Pgd};
/// assert_eq!(Pgd::new().with_steps(20).name(), "PGD-20");
/// assert_eq!(Pgd::new().with_norm(Norm::L2).with_restarts(5).name(), "PGD-40x5 L2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pgd {
    /// The norm of the ball; L-infinity by default.
    pub norm: Norm,
    /// What is climbed; cross-entropy by default.
    pub loss: Loss,
    /// Gradient steps, at least 1; 40 by default.
    pub steps: usize,
    /// Size of a step; by default `0.01 / 0.3` of eps, Madry's step at Madry's eps.
    pub step: Step,
    /// Independent runs, at least 1; 1 by default.
    pub restarts: usize,
    /// Where runs start; uniform in the ball by default.
    pub start: Start,
    /// Which iterate is returned; the best by default.
    pub keep: Keep,
    /// Whether the search of an example ends with the first image that fools; off by default. The same examples are fooled, in
    /// less time, by images that are less far beyond the boundary. With [`Keep::Last`] some more are fooled: those that came
    /// back.
    pub drop_fooled: bool,
    /// The step in L1; the best 1 % of the pixels by default.
    pub l1: L1Step,
    /// The way back into the ball; the usual one of the norm by default.
    pub projection: Projection,
    /// Seed of the starts; 0 by default.
    pub seed: u64,
}

impl Default for Pgd {
    fn default() -> Self {
        Self::new()
    }
}

impl Pgd {
    /// 40 steps of `eps / 30` in L-infinity from one random start.
    pub fn new() -> Self {
        Self {
            norm: Norm::Linf,
            loss: Loss::CrossEntropy,
            steps: 40,
            step: Step::OfEps(0.01 / 0.3),
            restarts: 1,
            start: Start::Uniform,
            keep: Keep::Best,
            drop_fooled: false,
            l1: L1Step::Sparse(0.01),
            projection: Projection::Usual,
            seed: 0,
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

    /// Another size of a step, as a share of eps.
    pub fn with_relative_step(self, relative_step: f32) -> Self {
        self.with_step(Step::OfEps(relative_step))
    }

    /// Another size of a step.
    pub fn with_step(mut self, step: Step) -> Self {
        self.step = step;
        self
    }

    /// Another number of runs.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// Whether the first run starts at a random point; if not it starts at the clean image.
    pub fn with_random_start(self, random_start: bool) -> Self {
        self.with_start(if random_start { Start::Uniform } else { Start::Clean })
    }

    /// Another start.
    pub fn with_start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Which iterate is returned.
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Whether an example is dropped once it is fooled.
    pub fn with_drop_fooled(mut self, drop_fooled: bool) -> Self {
        self.drop_fooled = drop_fooled;
        self
    }

    /// Another step in L1.
    pub fn with_l1_step(mut self, l1: L1Step) -> Self {
        self.l1 = l1;
        self
    }

    /// Another way back into the ball.
    pub fn with_projection(mut self, projection: Projection) -> Self {
        self.projection = projection;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// One run from points that are given, `(batch, inputs)`, instead of the random ones: those of another program, or the
    /// images of an attack with smaller eps. They are first moved into the ball and `[0, 1]`.
    ///
    /// # Errors
    /// As [`FixedEps::run`], and [`Error::Shape`] for starts of another shape than the images.
    pub fn run_from(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        starts: ArrayView2<'_, f32>,
    ) -> Result<Adversarial> {
        self.check()?;
        same_size("starts of the attack", starts.dim(), batch.images.dim())?;
        crate::error::finite("starts of the attack", starts.iter())?;
        let (name, ball) = (self.name(), self.ball(eps));
        let place = |row: usize, x: &mut [f32]| {
            let clean = x.to_vec();
            x.iter_mut().zip(starts.row(row)).for_each(|(x, start)| *x = *start);
            ball.project(x, &clean);
        };
        self.ascent(&name, eps).run(model, batch, 0, &place)
    }

    /// Attacks every example, all restarts, with the numbers of `random(row, restart)` for a random start.
    ///
    /// # Errors
    /// As [`FixedEps::run`].
    pub(crate) fn search(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        random: &(dyn Fn(usize, usize) -> Stream + Sync),
    ) -> Result<Adversarial> {
        self.check()?;
        let name = self.name();
        self.ascent(&name, eps).restarts(model, batch, self.restarts, &|row, restart, x| {
            self.start.place(self.norm, eps, restart, x, random(row, restart));
        })
    }

    /// One run, with warnings under another name.
    pub(super) fn run_named(
        &self,
        name: &str,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        restart: usize,
    ) -> Result<Adversarial> {
        self.check()?;
        let place = |row: usize, x: &mut [f32]| {
            self.start.place(self.norm, eps, restart, x, self.random(batch, row, restart));
        };
        self.ascent(name, eps).run(model, batch, restart, &place)
    }

    fn check(&self) -> Result<()> {
        if self.restarts == 0 {
            return Err(Error::parameter("restarts", 0, "at least 1"));
        }
        self.step.check()
    }

    fn ball(&self, eps: f32) -> Ball {
        Ball { norm: self.norm, eps, projection: self.projection }
    }

    fn ascent<'a>(&self, name: &'a str, eps: f32) -> Ascent<'a> {
        Ascent {
            name,
            ball: self.ball(eps),
            loss: self.loss,
            steps: self.steps,
            step: self.step.size(eps),
            l1: self.l1,
            momentum: None,
            from_clean: false,
            keep: self.keep,
            drop_fooled: self.drop_fooled,
        }
    }

    fn random(&self, batch: Batch<'_>, row: usize, restart: usize) -> Stream {
        stream(self.seed, Purpose::Attack, key(batch, row, restart))
    }
}

impl FixedEps for Pgd {
    fn name(&self) -> String {
        let restarts = if self.restarts == 1 { String::new() } else { format!("x{}", self.restarts) };
        let norm = if self.norm == Norm::Linf { String::new() } else { format!(" {}", self.norm) };
        format!("PGD-{}{restarts}{norm}", self.steps)
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
        self.run_named(&self.name(), model, batch, eps, restart)
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        self.search(model, batch, eps, &|row, restart| self.random(batch, row, restart))
    }
}
