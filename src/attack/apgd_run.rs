//! A run of APGD on the examples that still stand.

use super::adversarial::Adversarial;
use super::apgd::{Apgd, FirstComparison};
use super::ball::{Ball, Projection};
use super::batch::{Batch, key};
use super::classifier::PulledBack;
use super::climber::Climber;
use super::queries::Queries;
use crate::error::Result;
use crate::seed::{Purpose, stream};
use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// The weight of the new step against that of the last one.
const MOMENTUM: f32 = 0.75;
/// The share of rising steps above which the step is kept.
const RHO: f64 = 0.75;

/// One run on the examples that are not fooled yet.
pub(super) struct Run<'a, 'b> {
    pub(super) attack: &'a Apgd,
    pub(super) batch: Batch<'b>,
    pub(super) eps: f32,
    pub(super) restart: usize,
    /// Counts the runs over restarts and targets: random numbers are keyed by it.
    pub(super) turn: usize,
}

impl Run<'_, '_> {
    pub(super) fn go(
        &self,
        aim: &[Option<u8>],
        queries: &mut Queries<'_>,
        found: &mut Adversarial,
    ) -> Result<()> {
        let steps = self.attack.steps;
        let start = |row: usize| {
            let random = stream(self.attack.seed, Purpose::ApgdStart, key(self.batch, row, self.turn));
            Climber::new((row, aim[row]), self.batch.images.row(row).to_vec(), self.ball(), random)
        };
        let rows: Vec<usize> = (0..self.batch.len()).filter(|row| !found.success[*row]).collect();
        let mut climbers: Vec<Climber> = rows.into_par_iter().map(start).collect();
        let checkpoints = checkpoints(steps);
        for step in 0..=steps {
            if climbers.is_empty() {
                break;
            }
            let fooled = self.look(step, &mut climbers, queries, found)?;
            if self.attack.drop_fooled {
                let mut fooled = fooled.into_iter();
                climbers.retain(|_| !fooled.next().unwrap_or(false));
            }
            let checkpoint = checkpoints.iter().find(|(at, _)| *at == step);
            let momentum = if step == 0 { 1.0 } else { MOMENTUM };
            climbers.par_iter_mut().for_each(|climber| {
                if let Some((_, since)) = checkpoint {
                    climber.check(*since, RHO);
                }
                if step < steps {
                    climber.advance(self.ball(), momentum);
                }
            });
        }
        Ok(())
    }

    fn ball(&self) -> Ball {
        Ball { norm: self.attack.norm, eps: self.eps, projection: Projection::Usual }
    }

    /// Asks the model about all images after `step` steps; gives which fool.
    fn look(
        &self,
        step: usize,
        climbers: &mut [Climber],
        queries: &mut Queries<'_>,
        found: &mut Adversarial,
    ) -> Result<Vec<bool>> {
        let rows: Vec<usize> = climbers.iter().map(|climber| climber.row).collect();
        let mut x = Array2::zeros((rows.len(), self.batch.images.ncols()));
        for (mut x, climber) in x.rows_mut().into_iter().zip(climbers.iter()) {
            x.iter_mut().zip(&climber.x).for_each(|(x, value)| *x = *value);
        }
        // The last images need no gradient.
        let last = step == self.attack.steps;
        let (losses, PulledBack { logits, gradient }) = match last {
            true => (
                vec![],
                PulledBack { logits: queries.logits(&rows, x.view())?, gradient: Array2::zeros((0, 0)) },
            ),
            false => self.slopes(climbers, &rows, x.view(), queries)?,
        };
        let mut offer = |(i, logits): (usize, ArrayView1<'_, f32>)| {
            let image = (x.row(i), logits.to_vec());
            found.offer(self.batch, rows[i], (image.0, &image.1), (step, self.restart))
        };
        let fooled = logits.rows().into_iter().enumerate().map(&mut offer).collect();
        let before_first = match self.attack.first_comparison {
            FirstComparison::Zero => Some(0.0),
            FirstComparison::Start => None,
        };
        climbers.par_iter_mut().zip(losses).enumerate().for_each(|(i, (climber, loss))| {
            let gradient = gradient.row(i).to_vec();
            match step {
                0 => climber.begin(loss, gradient, before_first),
                _ => climber.arrive(loss, gradient),
            }
        });
        Ok(fooled)
    }

    /// The losses of all images, their logits, and the gradient, a mean over all draws. Losses and logits are those of the
    /// last draw.
    fn slopes(
        &self,
        climbers: &[Climber],
        rows: &[usize],
        x: ArrayView2<'_, f32>,
        queries: &mut Queries<'_>,
    ) -> Result<(Vec<f64>, PulledBack)> {
        let mut losses = vec![0.0; rows.len()];
        let mut draw = || {
            queries.pull_back(rows, x, |i, logits, out| {
                let Some((climber, loss)) = climbers.get(i).zip(losses.get_mut(i)) else { return };
                *loss = self.attack.value(logits, self.batch.labels[climber.row], climber.target, out);
            })
        };
        let mut pulled = draw()?;
        let draws = self.attack.draws;
        for _ in 1..draws {
            let next = draw()?;
            pulled = PulledBack { logits: next.logits, gradient: pulled.gradient + next.gradient };
        }
        if draws > 1 {
            pulled.gradient.mapv_inplace(|slope| slope / draws as f32);
        }
        Ok((losses, pulled))
    }
}

/// Steps after which step sizes are checked, each with the number of steps since the one before: of 100 steps 22, 41, 57, 70,
/// 80, 87, 93, 99.
fn checkpoints(steps: usize) -> Vec<(usize, usize)> {
    let share = |percent: usize| (percent * steps / 100).max(1);
    let (mut since, shorter, least) = (share(22), share(3), share(6));
    let (mut at, mut found) = (0, vec![]);
    while at + since <= steps {
        at += since;
        found.push((at, since));
        since = since.saturating_sub(shorter).max(least);
    }
    found
}
