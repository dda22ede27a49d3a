//! One example on its way uphill in APGD.

use super::ball::{Ball, L1Step, step_along};
use super::norm::Norm;
use crate::seed::Stream;

/// Keeps divisions finite, as in the authors' program.
const SMALL: f32 = 1e-12;

/// Where an example stands, where it was, and the best point so far with its gradient.
pub(super) struct Climber {
    /// Of the batch.
    pub(super) row: usize,
    /// The class to go to; `None` for any but the label.
    pub(super) target: Option<u8>,
    pub(super) x: Vec<f32>,
    clean: Vec<f32>,
    previous: Vec<f32>,
    gradient: Vec<f32>,
    best: Vec<f32>,
    best_gradient: Vec<f32>,
    best_loss: f64,
    step: f32,
    /// The loss before the next one.
    last_loss: f64,
    /// How often the loss rose since the last checkpoint.
    rises: usize,
    checked_loss: f64,
    halved: bool,
}

impl Climber {
    /// At a random point of the ball's surface, clipped to `[0, 1]`: in Linf `x0 + eps t / max |t|` with `t` uniform in
    /// `[-1, 1)`, in L2 `x0 + eps t / |t|` with `t` normal.
    pub(super) fn new(
        (row, target): (usize, Option<u8>),
        clean: Vec<f32>,
        ball: Ball,
        mut random: Stream,
    ) -> Self {
        let mut x: Vec<f32> = clean.iter().map(|_| direction(ball.norm, &mut random)).collect();
        let scale = ball.eps / (ball.norm.of(x.iter().copied()) as f32 + SMALL);
        for (x, clean) in x.iter_mut().zip(&clean) {
            *x = clean + scale * *x;
        }
        ball.project(&mut x, &clean);
        Self {
            row,
            target,
            previous: x.clone(),
            gradient: vec![0.0; x.len()],
            best: x.clone(),
            best_gradient: vec![0.0; x.len()],
            best_loss: f64::NEG_INFINITY,
            x,
            clean,
            step: 2.0 * ball.eps,
            last_loss: 0.0,
            rises: 0,
            checked_loss: f64::NEG_INFINITY,
            halved: true,
        }
    }

    /// The loss and its gradient at the start. `before_first` is what the loss after the first step is compared with.
    pub(super) fn begin(&mut self, loss: f64, gradient: Vec<f32>, before_first: Option<f64>) {
        self.best_gradient.copy_from_slice(&gradient);
        self.gradient = gradient;
        self.best_loss = loss;
        self.checked_loss = loss;
        self.last_loss = before_first.unwrap_or(loss);
    }

    /// The loss and its gradient after a step.
    pub(super) fn arrive(&mut self, loss: f64, gradient: Vec<f32>) {
        self.rises += usize::from(loss > self.last_loss);
        self.last_loss = loss;
        if loss > self.best_loss {
            self.best_loss = loss;
            self.best.copy_from_slice(&self.x);
            self.best_gradient.copy_from_slice(&gradient);
        }
        self.gradient = gradient;
    }

    /// At a checkpoint, `since` steps after the last: halves the step and goes back to the best point if the loss rose in
    /// at most `rho` of the steps, or if the step was not halved last time and the best loss is as it was then.
    ///
    /// The point before the next one stays as it is: momentum pulls away from where the example was last.
    pub(super) fn check(&mut self, since: usize, rho: f64) {
        let swings = self.rises as f64 <= rho * since as f64;
        let stuck = !self.halved && self.checked_loss >= self.best_loss;
        self.halved = swings || stuck;
        self.checked_loss = self.best_loss;
        self.rises = 0;
        if self.halved {
            self.step /= 2.0;
            self.x.copy_from_slice(&self.best);
            self.gradient.copy_from_slice(&self.best_gradient);
        }
    }

    /// A step, with `P` the projection on the ball and `[0, 1]`:
    ///
    /// `z = P(x + step direction)`, `x <- P(x + momentum (z - x) + (1 - momentum) (x - previous))`.
    pub(super) fn advance(&mut self, ball: Ball, momentum: f32) {
        let mut z = self.x.clone();
        step_along(ball.norm, L1Step::OnePixel, &mut z, &self.gradient, self.step);
        ball.project(&mut z, &self.clean);
        for ((z, x), previous) in z.iter_mut().zip(&self.x).zip(&self.previous) {
            *z = x + (*z - x) * momentum + (x - previous) * (1.0 - momentum);
        }
        ball.project(&mut z, &self.clean);
        self.previous = std::mem::replace(&mut self.x, z);
    }
}

fn direction(norm: Norm, random: &mut Stream) -> f32 {
    match norm {
        Norm::L2 => random.normal() as f32,
        _ => random.uniform_in(-1.0, 1.0),
    }
}
