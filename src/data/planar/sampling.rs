//! Trajectories of a planar system from random starting points.

use super::{PlanarTask, TimeSeries};
use crate::display::{Content, show};
use crate::dynamics::Integrator;
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use ndarray::Array3;
use std::fmt;

/// How time series are drawn from a [`PlanarTask`].
///
/// ```
/// use eigengate::data::PlanarTask;
///
/// let data = PlanarTask::RingAttractor.sampling().with_noise(0.02).with_seed(3).generate(20, 5)?;
/// assert_eq!(data.train.observed().dim(), (20, 51, 2));
/// assert_eq!(data.test.len(), 5);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// The system.
    pub task: PlanarTask,
    /// Steps of every trajectory, at least 1; 100 for FitzHugh-Nagumo (two periods), 50 for the others.
    pub steps: usize,
    /// Time of a step, above 0; that of [`PlanarTask::time_step`] by default.
    pub time_step: f64,
    /// Standard deviation of the noise on every observation, at least 0; 0.01 by default.
    pub noise: f64,
    /// Seed of starting points and noise; 0 by default.
    pub seed: u64,
}

/// Time series to train with and to test with.
#[derive(Clone, PartialEq)]
pub struct PlanarData {
    /// To train with.
    pub train: TimeSeries,
    /// To test with.
    pub test: TimeSeries,
}

/// Observations are kept within `(-1, 1)`, whatever the noise.
const LARGEST: f64 = 0.999;

impl Sampling {
    /// The defaults of the task.
    pub fn new(task: PlanarTask) -> Self {
        let steps = if task == PlanarTask::FitzHughNagumo { 100 } else { 50 };
        Self { task, steps, time_step: task.time_step(), noise: 0.01, seed: 0 }
    }

    /// Another number of steps.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another time of a step.
    pub fn with_time_step(mut self, time_step: f64) -> Self {
        self.time_step = time_step;
        self
    }

    /// Another standard deviation of the noise.
    pub fn with_noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// Other starting points and noise.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// So many trajectories to train with and to test with, none of them in both. A trajectory depends on the seed and its place
    /// alone: more of them begin with the same ones. The start is observed with noise as every other point is.
    ///
    /// # Errors
    /// [`Error::Parameter`] for settings out of range; [`Error::Empty`] for no trajectories.
    pub fn generate(&self, train: usize, test: usize) -> Result<PlanarData> {
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Error::parameter("noise", self.noise, "a finite standard deviation of at least 0"));
        }
        if self.steps == 0 {
            return Err(Error::parameter("steps", self.steps, "at least 1"));
        }
        if !(self.time_step > 0.0 && self.time_step.is_finite()) {
            return Err(Error::parameter("time_step", self.time_step, "a finite time above 0"));
        }
        // Far behind all that there will ever be to train with.
        Ok(PlanarData { train: self.series(train, 0)?, test: self.series(test, 1 << 32)? })
    }

    fn series(&self, count: usize, first: u64) -> Result<TimeSeries> {
        let shape = (count, self.steps + 1, 2);
        let (mut truth, mut observed) = (Array3::zeros(shape), Array3::zeros(shape));
        let integrator = Integrator::new();
        for i in 0..count {
            let index = first + i as u64;
            let (mut start, mut noise) = (
                stream(self.seed, Purpose::PlanarStart, index),
                stream(self.seed, Purpose::PlanarNoise, index),
            );
            let bound = self.task.start() as f32;
            let point = [(); 2].map(|()| f64::from(start.uniform_in(-bound, bound)));
            let end = self.steps as f64 * self.time_step;
            let run = integrator.run(&self.task, &point, 0.0, end)?;
            let points = run.sampled(self.steps + 1)?;
            for (t, state) in points.rows().into_iter().enumerate() {
                for (k, value) in state.iter().enumerate() {
                    truth[[i, t, k]] = *value as f32;
                    let seen = value + self.noise * noise.normal();
                    observed[[i, t, k]] = seen.clamp(-LARGEST, LARGEST) as f32;
                }
            }
        }
        TimeSeries::new(observed, self.time_step)?.with_truth(truth)
    }
}

impl PlanarData {
    /// Shows both parts in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for PlanarData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanarData(train {:?}, test {:?})", self.train, self.test)
    }
}
