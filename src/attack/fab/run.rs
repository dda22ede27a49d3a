//! A run of FAB.

use super::Fab;
use crate::attack::batch::{Batch, key};
use crate::attack::boundary::{Boundary, nearest_boundaries};
use crate::attack::hyperplane::change_onto;
use crate::attack::nearest::{Nearest, Tried};
use crate::attack::norm::Norm;
use crate::attack::queries::Queries;
use crate::error::Result;
use crate::seed::{Purpose, stream};
use ndarray::{Array2, ArrayViewMut1, Axis, Zip};
use rayon::prelude::*;

/// Added to the norm of a gradient before it divides, as in AutoAttack.
const GUARD: f64 = 1e-12;
/// The smallest length of a projection in the weights of a step, as in AutoAttack.
const SHORTEST: f64 = 1e-8;

/// One run over a batch.
pub(super) struct Run<'a, 'b> {
    pub(super) fab: &'a Fab,
    pub(super) batch: Batch<'b>,
    pub(super) goal: Option<f32>,
    /// As [`nearest_boundaries`] takes them.
    pub(super) classes: &'a [Vec<usize>],
    pub(super) restart: usize,
    pub(super) target: usize,
}

impl Run<'_, '_> {
    pub(super) fn search(
        &self,
        rows: &[usize],
        queries: &mut Queries<'_>,
        found: &mut Nearest,
    ) -> Result<()> {
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
                    self.step(&self.batch.images.row(row).to_vec(), &x.row(row).to_vec(), boundary)
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
        let scale = 0.5 * reach.min(distance) / self.length(&way);
        for (x, way) in x.iter_mut().zip(way) {
            *x = (f64::from(*x) + scale * way).clamp(0.0, 1.0) as f32;
        }
    }

    /// The size of a change, not below [`SHORTEST`].
    fn length(&self, change: &[f64]) -> f64 {
        let length = match self.fab.norm {
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
        let d = change_onto(self.fab.norm, x, w, boundary.value);
        let d0 = change_onto(self.fab.norm, clean, w, boundary.value + apart);
        let (length, length0) = (self.length(&d), self.length(&d0));
        let alpha = (length / (length + length0)).min(f64::from(self.fab.alpha_max));
        let eta = f64::from(self.fab.eta);
        let ways = x.iter().zip(&d).zip(clean.iter().zip(&d0));
        ways.map(|((x, d), (x0, d0))| {
            let (here, there) = (f64::from(*x) + eta * d, f64::from(*x0) + eta * d0);
            ((1.0 - alpha) * here + alpha * there).clamp(0.0, 1.0) as f32
        })
        .collect()
    }
}
