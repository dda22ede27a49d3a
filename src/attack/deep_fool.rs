//! DeepFool.

use super::batch::Batch;
use super::boundary::{Boundary, nearest_boundaries, ranked};
use super::classifier::Classifier;
use super::minimal_norm::{MinimalNorm, untargeted, without_l1};
use super::nearest::{Nearest, Tried};
use super::norm::Norm;
use super::queries::Queries;
use crate::error::{Error, Result};
use ndarray::{Array2, Axis, Zip};

/// Added to a distance before it is divided: a zero gradient gives no step.
const GUARD: f64 = 1e-8;
/// Added to every step, so that it ends behind the boundary and not on it.
const BEYOND: f64 = 1e-4;

/// DeepFool (Moosavi-Dezfooli, Fawzi and Frossard 2016): steps to the nearest boundary of the linearised model, until the
/// class changes.
///
/// With `f_k = z_k - z_0`, `w_k` its gradient at `x`, 0 the class predicted for the clean image, and `l` the class with the
/// smallest `|f_k| / |w_k|_q`, `q` the dual norm (2 in L2, 1 in L-inf):
///
/// `r <- r + (|f_l| / |w_l|_q + 1e-4) v_l`, `x = clip(x0 + (1 + overshoot) r, 0, 1)`,
///
/// where `v_l` is `w_l / |w_l|_2` in L2 and `sign(w_l)` in L-inf. The overshoot multiplies the sum of all steps, as in the
/// authors' code. The sum itself is not clipped, the image is after every step, as in foolbox; the authors' code does not
/// clip ([`with_clip`](DeepFool::with_clip)), torchattacks clips the sum with the image. The search ends where the label is lost, which is the predicted class:
/// examples that the model gets wrong need no search.
///
/// Untargeted only. It draws no random numbers.
///
/// ```
/// use eigengate::attack::{DeepFool, MinimalNorm};
/// use eigengate::data::mnist;
/// use eigengate::nn::{Activation, Mlp};
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 0)?;
/// let nearest = DeepFool::new().attack(&net, &digits)?;
/// assert!(nearest.success.iter().all(|found| *found) && nearest.median() < 1.0);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeepFool {
    /// The norm of the change, L2 (the default) or L-inf.
    pub norm: Norm,
    /// Steps at most, at least 1; 50 by default, as in the authors' code.
    pub steps: usize,
    /// How far the image lies behind the sum of all steps, as a share of it, at least 0; 0.02 by default, as in the
    /// authors' code.
    pub overshoot: f32,
    /// How many classes take part, those with the largest logits of the clean image, the predicted one among them: at
    /// least 2, and `None` for all. 10 by default, as in the authors' code.
    pub candidates: Option<usize>,
    /// Whether images are clipped to `[0, 1]` after every step; on by default, as in foolbox. Off, as in the authors' code,
    /// images may leave `[0, 1]`: for comparisons with figures that were found so.
    pub clip: bool,
}

impl Default for DeepFool {
    fn default() -> Self {
        Self::new()
    }
}

impl DeepFool {
    /// In L2, with at most 50 steps, overshoot 0.02 and the 10 first classes.
    pub fn new() -> Self {
        Self { norm: Norm::L2, steps: 50, overshoot: 0.02, candidates: Some(10), clip: true }
    }

    /// In another norm.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// At most this many steps.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another overshoot.
    pub fn with_overshoot(mut self, overshoot: f32) -> Self {
        self.overshoot = overshoot;
        self
    }

    /// Another number of classes.
    pub fn with_candidates(mut self, candidates: Option<usize>) -> Self {
        self.candidates = candidates;
        self
    }

    /// Whether images are clipped to `[0, 1]`.
    pub fn with_clip(mut self, clip: bool) -> Self {
        self.clip = clip;
        self
    }

    fn check(&self) -> Result<()> {
        without_l1(self.norm)?;
        if self.steps == 0 {
            return Err(Error::parameter("steps", 0, "at least 1"));
        }
        if !(self.overshoot >= 0.0 && self.overshoot.is_finite()) {
            return Err(Error::parameter("overshoot", self.overshoot, "a finite share of at least 0"));
        }
        match self.candidates {
            Some(few @ (0 | 1)) => {
                Err(Error::parameter("candidates", few, "at least 2, the predicted class among them"))
            }
            _ => Ok(()),
        }
    }

    /// Adds the step to a boundary to the sum of all steps.
    fn step(&self, boundary: &Boundary, mut sum: ndarray::ArrayViewMut1<'_, f64>) {
        let length = boundary.distance + BEYOND;
        let scale = match self.norm {
            Norm::Linf => length,
            _ => length / (Norm::L2.of(boundary.gradient.iter().copied()) + GUARD),
        };
        for (sum, &w) in sum.iter_mut().zip(&boundary.gradient) {
            let direction = match self.norm {
                Norm::Linf if w == 0.0 => 0.0,
                Norm::Linf => f64::from(w.signum()),
                _ => f64::from(w),
            };
            *sum += scale * direction;
        }
    }
}

impl MinimalNorm for DeepFool {
    fn name(&self) -> String {
        "DeepFool".to_owned()
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn search(&self, model: &dyn Classifier, batch: Batch<'_>) -> Result<Nearest> {
        self.check()?;
        batch.check(model)?;
        untargeted("DeepFool", batch)?;
        let mut queries = Queries::new(model, batch.len());
        let mut found = Nearest::nothing(batch, self.norm);
        let clean = found.start(batch, &mut queries, 0.0)?;
        let candidates = self.candidates.unwrap_or(usize::MAX);
        let classes: Vec<Vec<usize>> =
            clean.logits.iter().map(|z| ranked(z).into_iter().take(candidates).collect()).collect();
        let (mut x, mut sum) = (batch.images.to_owned(), Array2::zeros(batch.images.dim()));
        let mut rows = clean.rows;
        for step in 1..=self.steps {
            if rows.is_empty() {
                break;
            }
            let boundaries = nearest_boundaries(&mut queries, (self.norm, GUARD), &rows, &x, &classes)?;
            for (&row, boundary) in rows.iter().zip(&boundaries) {
                self.step(boundary, sum.row_mut(row));
                let behind = 1.0 + f64::from(self.overshoot);
                let (low, high) = if self.clip { (0.0, 1.0) } else { (f64::MIN, f64::MAX) };
                Zip::from(x.row_mut(row)).and(batch.images.row(row)).and(sum.row(row)).for_each(
                    |x, &clean, &sum| *x = (f64::from(clean) + behind * sum).clamp(low, high) as f32,
                );
            }
            let logits = queries.logits(&rows, x.select(Axis(0), &rows).view())?;
            let mut left = Vec::with_capacity(rows.len());
            for (&row, logits) in rows.iter().zip(logits.rows()) {
                let tried = Tried { image: x.row(row), logits: &logits.to_vec(), step, restart: 0 };
                if !found.offer(batch, row, tried, 0.0) {
                    left.push(row);
                }
            }
            rows = left;
        }
        Ok(found.finish(&self.name(), batch, queries))
    }
}
