//! Runs of the experiment.

use super::drift::drift_times;
use super::row::PlanarRow;
use crate::data::{PlanarData, PlanarTask};
use crate::dynamics::{
    Dissection, DissectionOptions, GruWeights, Kind, PortraitOptions, PseudoLine, PseudoLineSearch, Reset,
};
use crate::error::{Error, Result};
use crate::nn::Gru;
use crate::train::{Feeding, GruTraining, SeedRun, prediction_error};
use ndarray::{Array1, Array2};

/// How networks are trained and measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learning {
    /// Steps of the training; 10,000 by default.
    pub steps: u64,
    /// Trajectories to train with, and to test with; 200 and 100 by default.
    pub trajectories: (usize, usize),
    /// Standard deviation of the noise on what is observed; 0.01 by default.
    pub noise: f64,
    /// Starts on the line or the ring; 64 by default.
    pub starts: usize,
    /// The distance that counts as away; 0.1 by default, a sixth of the ring's radius.
    pub distance: f64,
    /// Steps that they are followed for; 100,000 by default.
    pub follow: usize,
}

impl Default for Learning {
    fn default() -> Self {
        Self {
            steps: 10_000,
            trajectories: (200, 100),
            noise: 0.01,
            starts: 64,
            distance: 0.1,
            follow: 100_000,
        }
    }
}

/// Points that are predicted in training and in the test.
const HORIZON: usize = 50;

impl Learning {
    /// The settings in one line.
    pub fn settings(&self) -> String {
        format!(
            "{} steps, horizon {HORIZON}, {} and {} trajectories, noise {}, {} starts, away at {}, followed for {}",
            self.steps,
            self.trajectories.0,
            self.trajectories.1,
            self.noise,
            self.starts,
            self.distance,
            self.follow
        )
    }

    fn data(&self, task: PlanarTask) -> Result<PlanarData> {
        let (train, test) = self.trajectories;
        task.sampling().with_noise(self.noise).generate(train, test)
    }

    fn training(&self) -> GruTraining {
        GruTraining::new(self.steps).with_horizon(HORIZON).with_progress(false)
    }
}

/// Trains a network of two units on the task with every seed, side by side, and takes each apart. The same seed gives the same row, whatever the
/// others are.
///
/// # Errors
/// As [`GruTraining::run_seeds`]; [`Error::Parameter`] for settings out of range.
pub fn perform(task: PlanarTask, seeds: &[u64], learning: &Learning) -> Result<Vec<PlanarRow>> {
    let data = learning.data(task)?;
    let make = |seed| Gru::new(0, &[2], 2, Reset::Before, seed)?.with_encoder(2, seed);
    let runs = learning.training().run_seeds(seeds, &make, &data.train, Some(&data.test))?;
    runs.iter().map(|run| row(task, run, &data, learning)).collect()
}

fn row(task: PlanarTask, run: &SeedRun, data: &PlanarData, learning: &Learning) -> Result<PlanarRow> {
    let gru = &run.gru;
    let weights = gru.weights()?;
    let readout = gru.readout()?.ok_or_else(|| Error::empty("a readout"))?;
    let portrait = PortraitOptions::new().with_basins(0).with_spacing(0.0);
    let found = Dissection::new(&weights, &DissectionOptions::new().with_portrait(portrait))?;
    let points = &found.portrait.fixed_points;
    let (sinks, saddles, sources) = points.topology();
    let attractor = task.continuous_attractor(4096);
    let on_attractor = match &attractor {
        None => None,
        Some(attractor) => {
            let outputs =
                points.points.iter().map(|point| readout.of(&point.state)).collect::<Result<Vec<_>>>()?;
            Some(outputs.iter().filter(|output| near(attractor, output, learning.distance)).count())
        }
    };
    let cycles = found.portrait.plane.as_ref().map_or(&[][..], |plane| &plane.cycles.cycles);
    let stable = || cycles.iter().filter(|cycle| cycle.stable);
    let drift = match task.continuous_attractor(learning.starts) {
        None => None,
        Some(starts) => Some(drift_times(gru, &starts, learning.distance, learning.follow)?),
    };
    let error = prediction_error(gru, &data.test, Feeding::Start, HORIZON)?;
    Ok(PlanarRow {
        task,
        seed: run.seed,
        settings: learning.settings(),
        loss: run.history.records().last().map_or(f64::NAN, |record| record.loss),
        error: error.relative(),
        points: [sinks, saddles, sources, points.count(Kind::NonHyperbolic)],
        proved: points.complete,
        on_attractor,
        cycles: [stable().count(), cycles.len() - stable().count()],
        period: stable().map(|cycle| cycle.period).max_by(f64::total_cmp),
        memory: found.longest_memory(),
        pseudo_line: longest_line(&weights, &found)?.map(|line| [line.length, line.drift_time]),
        drift: drift.as_deref().map(first_and_median),
        kept: drift.as_deref().map(|times| [share(times, usize::MAX), share(times, HORIZON)]),
        encoder: encoder(gru)?,
        weights,
        readout,
    })
}

/// Whether a point of the attractor is this near.
fn near(attractor: &Array2<f64>, output: &Array1<f64>, distance: f64) -> bool {
    attractor.outer_iter().any(|point| {
        let away = &point - output;
        away.dot(&away).sqrt() < distance
    })
}

/// The pseudo-line with the longest drift, on either nullcline.
fn longest_line(weights: &GruWeights, found: &Dissection) -> Result<Option<PseudoLine>> {
    let Some(plane) = &found.portrait.plane else { return Ok(None) };
    let mut lines = vec![];
    for nullcline in &plane.nullclines {
        lines.extend(PseudoLineSearch::default().run(&weights.flow(), nullcline)?);
    }
    Ok(lines.into_iter().max_by(|a, b| a.drift_time.total_cmp(&b.drift_time)))
}

/// What never happens counts as infinite.
fn first_and_median(times: &[Option<usize>]) -> [f64; 2] {
    let mut times: Vec<f64> =
        times.iter().map(|time| time.map_or(f64::INFINITY, |time| time as f64)).collect();
    times.sort_by(f64::total_cmp);
    let at = |k: usize| times.get(k).copied().unwrap_or(f64::NAN);
    [at(0), 0.5 * (at((times.len().max(1) - 1) / 2) + at(times.len() / 2))]
}

/// The share that is not away within so many steps.
fn share(times: &[Option<usize>], steps: usize) -> f64 {
    times.iter().filter(|time| time.is_none_or(|time| time > steps)).count() as f64
        / times.len().max(1) as f64
}

/// `E` and `e` of the network's encoder.
fn encoder(gru: &Gru) -> Result<(Array2<f64>, Array1<f64>)> {
    gru.encoder()?.ok_or_else(|| Error::empty("an encoder"))
}
