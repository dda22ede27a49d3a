//! The one loop of all attacks along gradients.

use super::adversarial::Adversarial;
use super::ball::{Ball, L1Step, Projection, step_along};
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::loss::Loss;
use super::mi_fgsm::Accumulate;
use super::norm::Norm;
use super::pgd::Keep;
use super::queries::Queries;
use super::window::{Example, Slot, Window};
use crate::error::{Error, Result};

/// What an attack does to an example, whatever the others are: from its start, `steps` times
/// `x <- project(x + step direction(gradient))`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ascent<'a> {
    /// For warnings.
    pub(super) name: &'a str,
    pub(super) ball: Ball,
    pub(super) loss: Loss,
    pub(super) steps: usize,
    /// Size of a step in units of the pixel range.
    pub(super) step: f32,
    pub(super) l1: L1Step,
    /// `mu`, and what is added up: steps go along `m <- mu m + …`.
    pub(super) momentum: Option<(f32, Accumulate)>,
    /// The step starts at the clean image, not where the gradient was taken.
    pub(super) from_clean: bool,
    pub(super) keep: Keep,
    /// The search of an example ends with the first image that fools.
    pub(super) drop_fooled: bool,
}

/// Moves `x`, the clean image of a row, to its start.
pub(super) type Place<'a> = dyn Fn(usize, &mut [f32]) + Sync + 'a;

impl<'a> Ascent<'a> {
    /// A step of eps in L-infinity from the start, whose end is returned.
    pub(super) fn one_step(name: &'a str, eps: f32) -> Self {
        Self {
            name,
            ball: Ball { norm: Norm::Linf, eps, projection: Projection::Usual },
            loss: Loss::CrossEntropy,
            steps: 1,
            step: eps,
            l1: L1Step::OnePixel,
            momentum: None,
            from_clean: false,
            keep: Keep::Last,
            drop_fooled: false,
        }
    }

    /// What every method checks before it starts.
    pub(super) fn check(&self, model: &dyn Classifier, batch: Batch<'_>) -> Result<()> {
        batch.check(model)?;
        check_eps(self.ball.eps)?;
        if self.steps == 0 || u32::try_from(self.steps).is_err() {
            return Err(Error::parameter("steps", self.steps, "at least 1, and less than 2^32"));
        }
        if !(self.step >= 0.0 && self.step.is_finite()) {
            return Err(Error::parameter("step", self.step, "a finite size of at least 0"));
        }
        if let Some(mu) = self.momentum.map(|m| m.0).filter(|mu| !(*mu >= 0.0 && mu.is_finite())) {
            return Err(Error::parameter("momentum", mu, "a finite factor of at least 0"));
        }
        match self.l1 {
            L1Step::Sparse(share) if !(0.0..=1.0).contains(&share) => {
                Err(Error::parameter("share", share, "a share of the pixels in [0, 1]"))
            }
            _ => Ok(()),
        }
    }

    /// One run.
    pub(super) fn run(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        restart: usize,
        place: &Place<'_>,
    ) -> Result<Adversarial> {
        self.check(model, batch)?;
        let rows: Vec<usize> = (0..batch.len()).collect();
        Ok(self.search(model, batch, &rows, restart, place)?.adversarial)
    }

    /// Several runs, the best of every example: the image that fools or else the one with the smallest margin, or by the
    /// largest loss where that is what is kept. Without examples that an earlier run fooled where those are dropped.
    pub(super) fn restarts(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        restarts: usize,
        place: &(dyn Fn(usize, usize, &mut [f32]) + Sync),
    ) -> Result<Adversarial> {
        self.check(model, batch)?;
        let mut rows: Vec<usize> = (0..batch.len()).collect();
        let mut found = self.search(model, batch, &rows, 0, &|row, x| place(row, 0, x))?;
        for restart in 1..restarts {
            if self.drop_fooled {
                rows.retain(|row| !found.adversarial.success[*row]);
            }
            if rows.is_empty() {
                break;
            }
            let other = self.search(model, batch, &rows, restart, &|row, x| place(row, restart, x))?;
            found.better(&other, self.keep);
        }
        found.adversarial.settle(batch);
        Ok(found.adversarial)
    }

    /// One run over some rows of the batch. The others are as if nothing was found.
    fn search(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        rows: &[usize],
        restart: usize,
        place: &Place<'_>,
    ) -> Result<Run> {
        let mut queries = Queries::new(model, batch.len());
        let mut run = Run::nothing(batch, restart);
        let mut waiting = rows.iter().copied();
        let mut window = Window::new(model.inputs(), self.momentum.is_some());
        loop {
            window.fill(batch, &mut waiting, place);
            let here = window.rows();
            if here.is_empty() {
                break;
            }
            let x = window.images()?;
            // The end needs no gradient. Where examples leave, some are at their end before others.
            let (logits, gradient) = if window.slots().iter().all(|slot| slot.done == self.steps) {
                (queries.logits(&here, x)?, None)
            } else {
                let pulled = queries.pull_back(&here, x, |i, logits, out| {
                    self.loss.cotangent(batch, here.get(i).copied().unwrap_or(usize::MAX), logits, out);
                })?;
                (pulled.logits, Some(pulled.gradient))
            };
            window.for_each(logits.view(), gradient.as_ref().map(|g| g.view()), |slot, logits, gradient| {
                self.see(batch, slot, logits);
                match gradient {
                    Some(gradient) if !slot.slot.over => self.advance(slot, gradient),
                    _ => {}
                }
            });
            window.retire(|slot, image| run.take(slot, image));
        }
        run.adversarial.warnings = queries.warnings(self.name, batch, &run.adversarial.success);
        run.adversarial.calls = queries.into_calls();
        Ok(run)
    }

    /// Takes note of what the model says of an iterate.
    fn see(&self, batch: Batch<'_>, example: &mut Example<'_>, logits: &[f32]) {
        let slot = &mut *example.slot;
        let (fooled, margin) = (batch.fooled(slot.row, logits), batch.margin(slot.row, logits));
        if fooled && slot.first_success.is_none() {
            slot.first_success = Some(slot.done as u32);
        }
        slot.over = slot.done == self.steps || (self.drop_fooled && fooled);
        let better = (fooled && !slot.success) || (fooled == slot.success && margin < slot.margin);
        if slot.over && self.keep != Keep::Best || self.keep == Keep::Best && better {
            example.best.copy_from_slice(example.x);
            (slot.success, slot.margin, slot.step) = (fooled, margin, slot.done as u32);
            slot.loss = self.loss.value(batch, slot.row, logits);
        }
    }

    /// One step.
    fn advance(&self, example: &mut Example<'_>, gradient: &[f32]) {
        let Example { slot, clean, x, momentum, .. } = example;
        if self.from_clean {
            x.copy_from_slice(clean);
        }
        let direction = match self.momentum {
            None => gradient,
            Some((mu, accumulate)) => {
                momentum.iter_mut().for_each(|m| *m *= mu);
                match accumulate {
                    // Of size 1 in L1.
                    Accumulate::Gradient => {
                        step_along(Norm::L1, L1Step::Proportional, momentum, gradient, 1.0)
                    }
                    Accumulate::Direction => step_along(self.ball.norm, self.l1, momentum, gradient, 1.0),
                }
                momentum
            }
        };
        step_along(self.ball.norm, self.l1, x, direction, self.step);
        self.ball.project(x, clean);
        slot.done += 1;
    }
}

/// One run, and the losses of the images that it keeps.
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

    /// What was found for one example.
    fn take(&mut self, slot: &Slot, image: &[f32]) {
        let (found, row) = (&mut self.adversarial, slot.row);
        found.images.row_mut(row).iter_mut().zip(image).for_each(|(to, from)| *to = *from);
        (found.success[row], found.margins[row]) = (slot.success, slot.margin);
        (found.steps[row], found.first_success[row]) = (slot.step, slot.first_success);
        self.losses[row] = slot.loss;
    }

    /// Takes over what another restart did better.
    fn better(&mut self, other: &Run, keep: Keep) {
        if keep != Keep::LastByLoss {
            self.adversarial.improve(&other.adversarial);
            return;
        }
        for row in 0..self.losses.len() {
            if other.losses[row] > self.losses[row] {
                self.losses[row] = other.losses[row];
                self.adversarial.take(row, &other.adversarial, row);
            }
        }
        self.adversarial.add_costs(&other.adversarial);
    }
}
