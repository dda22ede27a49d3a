//! Windows of time series, and what a network makes of them.

use super::settings::Feeding;
use crate::data::TimeSeries;
use crate::device::{Matrix, Recording, from_rows, zeros};
use crate::error::Result;
use crate::nn::Gru;
use crate::nn::ops::GradientsOf;
use crate::seed::{Purpose, epoch_stream};
use ndarray::Array3;

/// Where a window begins: its trajectory, its first point.
pub(super) type Place = (usize, usize);

/// The windows of a step: they depend on seed, step and place in the batch alone.
pub(super) fn draw(series: &TimeSeries, horizon: usize, batch: usize, seed: u64, step: u64) -> Vec<Place> {
    let place = |index: u64| {
        let mut random = epoch_stream(seed, Purpose::Window, step, index);
        let trajectory = random.below(series.len() as u64) as usize;
        (trajectory, random.below((series.points() - horizon) as u64) as usize)
    };
    (0..batch as u64).map(place).collect()
}

/// Windows on the device.
pub(super) struct Windows {
    batch: usize,
    horizon: usize,
    /// Points before those that are predicted, `(batch * points, variables)`.
    known: Matrix,
    /// `(batch * horizon, variables)`.
    pub(super) target: Matrix,
}

impl Windows {
    /// Of `all` points `(trajectories, points, variables)`, which the places and the horizon are within.
    pub(super) fn new(all: &Array3<f32>, places: &[Place], horizon: usize, feeding: Feeding) -> Result<Self> {
        let (batch, variables) = (places.len(), all.dim().2);
        let rows = |points: usize, skip: usize| {
            from_rows(batch * points, variables, |row, out| {
                let (trajectory, first) = places[row / points];
                let point = first + skip + row % points;
                out.iter_mut().enumerate().for_each(|(k, out)| *out = all[[trajectory, point, k]]);
            })
        };
        let known = match feeding {
            Feeding::Start => 1,
            Feeding::Forced => horizon,
            Feeding::Free { forced } => forced,
        };
        Ok(Self { batch, horizon, known: rows(known, 0)?, target: rows(horizon, 1)? })
    }

    /// The predicted points, `(batch * horizon, variables)`.
    pub(super) fn predict(&self, gru: &Gru, feeding: Feeding) -> Result<Matrix<Recording>> {
        let wanted = GradientsOf::Parameters;
        let zero = || gru.units().into_iter().map(|d| zeros(self.batch, d)).collect::<Result<Vec<_>>>();
        match feeding {
            Feeding::Start => Ok(gru.record(&self.known, None, self.horizon, wanted)?.outputs),
            Feeding::Forced => {
                Ok(gru.record_from(&zero()?, Some(&self.known), self.horizon, wanted)?.outputs)
            }
            Feeding::Free { .. } => gru.record_free_from(&zero()?, &self.known, self.horizon, wanted),
        }
    }
}
