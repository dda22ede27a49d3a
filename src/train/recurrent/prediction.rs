//! How far predictions are from the truth.

use super::settings::Feeding;
use super::window::{Place, Windows};
use crate::data::TimeSeries;
use crate::device::to_array;
use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;
use crate::nn::Gru;
use ndarray::{Array3, s};
use std::fmt;

/// The `horizon` points behind the first one of every trajectory as `gru` predicts them, `(trajectories, horizon, variables)`.
/// What `feeding` lets it know is the [truth](TimeSeries::truth).
///
/// # Errors
/// [`Error::Parameter`](crate::Error::Parameter) and [`Error::Shape`](crate::Error::Shape) where network, series and horizon do not fit.
pub fn predict_series(
    gru: &Gru,
    series: &TimeSeries,
    feeding: Feeding,
    horizon: usize,
) -> Result<Array3<f32>> {
    feeding.check(gru, series, horizon)?;
    let places: Vec<Place> = (0..series.len()).map(|trajectory| (trajectory, 0)).collect();
    let windows = Windows::new(series.truth(), &places, horizon, feeding)?;
    let points = to_array(&windows.predict(gru, feeding)?)?;
    let shape = (series.len(), horizon, series.variables());
    let rows = points.iter().copied().collect();
    Array3::from_shape_vec(shape, rows)
        .map_err(|e| crate::Error::shape("predictions", format!("{shape:?}"), e))
}

/// The error of [`predict_series`] against the truth: at every step the root of the mean squared distance over all trajectories.
///
/// # Errors
/// As for [`predict_series`].
pub fn prediction_error(
    gru: &Gru,
    series: &TimeSeries,
    feeding: Feeding,
    horizon: usize,
) -> Result<PredictionError> {
    let predicted = predict_series(gru, series, feeding, horizon)?;
    let truth = series.truth().slice(s![.., 1..=horizon, ..]);
    let count = series.len() as f64;
    let mut squares = vec![0.0; horizon];
    for (((_, t, _), truth), predicted) in truth.indexed_iter().zip(predicted.iter()) {
        squares[t] += (f64::from(*predicted) - f64::from(*truth)).powi(2);
    }
    let mut spread = 0.0;
    for k in 0..series.variables() {
        let values = truth.slice(s![.., .., k]);
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        spread += values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
    }
    Ok(PredictionError {
        errors: squares.into_iter().map(|sum| (sum / count).sqrt()).collect(),
        time_step: series.time_step(),
        spread: spread.sqrt(),
    })
}

/// Errors of predictions by the steps ahead.
#[derive(Clone, PartialEq)]
pub struct PredictionError {
    errors: Vec<f64>,
    time_step: f64,
    spread: f64,
}

impl PredictionError {
    /// The root mean squared distance at 1, 2, … steps ahead.
    pub fn per_step(&self) -> &[f64] {
        &self.errors
    }

    /// The root mean squared distance over all steps.
    pub fn overall(&self) -> f64 {
        (self.errors.iter().map(|e| e * e).sum::<f64>() / self.errors.len().max(1) as f64).sqrt()
    }

    /// [`overall`](PredictionError::overall) over the root mean squared distance of the true points from their mean: 1 for who
    /// predicts the mean.
    pub fn relative(&self) -> f64 {
        self.overall() / self.spread
    }

    /// One row per step ahead: `step`, `t`, `error`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let steps = 1..=self.errors.len() as i64;
        Frame::new()
            .with("step", steps.clone())?
            .with("t", steps.map(|step| step as f64 * self.time_step))?
            .with("error", self.errors.iter().copied())
    }

    /// Shows the frame in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl fmt::Debug for PredictionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (overall, relative) = (self.overall(), self.relative());
        write!(f, "PredictionError({overall:.4} over {} steps, relative {relative:.3})", self.errors.len())
    }
}
