//! What recurrent networks predict, beside the truth.

use super::{Axis, Color, Curves, Dash, Figure, Line, Panel};
use crate::data::TimeSeries;
use crate::error::{Error, Result};
use crate::train::PredictionError;
use ndarray::{Array3, ArrayView2, Axis as Dimension, s};

/// Trajectories of two variables in their plane: the first `count` true ones, and over them what a network predicts of each from its first point
/// on, as [`predict_series`](crate::train::predict_series) gives it, `(trajectories, steps, 2)`.
///
/// # Errors
/// [`Error::Shape`] for series of another number of variables, and for predictions that are not those of the series;
/// [`Error::Empty`] for no trajectories.
///
/// ```
/// use eigengate::prelude::*;
///
/// let data = PlanarTask::DampedSpiral.sampling().generate(4, 4)?;
/// let gru = Gru::new(0, &[2], 2, Reset::Before, 1)?.with_encoder(2, 1)?;
/// let predicted = predict_series(&gru, &data.test, Feeding::Start, 50)?;
/// let figure = plot::predicted_trajectories(&data.test, &predicted, 3)?;
/// assert!(figure.summary()?.contains("network"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn predicted_trajectories(series: &TimeSeries, predicted: &Array3<f32>, count: usize) -> Result<Figure> {
    let (trajectories, steps, variables) = predicted.dim();
    let fits =
        trajectories == series.len() && steps < series.points() && (variables, series.variables()) == (2, 2);
    if !fits {
        let expected = format!("({}, less than {}, 2), of two variables", series.len(), series.points());
        return Err(Error::shape("predictions", expected, format!("{:?}", predicted.dim())));
    }
    if count.min(trajectories) == 0 {
        return Err(Error::empty("the list of trajectories"));
    }
    let count = count.min(trajectories);
    let line = |points: ArrayView2<'_, f32>| -> Vec<[f64; 2]> {
        points.outer_iter().map(|point| [f64::from(point[0]), f64::from(point[1])]).collect()
    };
    let truth = series.truth().slice(s![..count, ..=steps, ..]);
    let truth: Vec<_> = truth.outer_iter().map(line).collect();
    let own = predicted.axis_iter(Dimension(0)).take(count).zip(&truth);
    let own = own.map(|(points, truth)| truth.iter().take(1).copied().chain(line(points)).collect());
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y"))
        .with_equal_axes()
        .with(Curves::new("truth", truth.clone())?.with_color(Color::GREY).with_width(1.6))
        .with(
            Curves::new("network", own.collect())?
                .with_color(Color::VERMILLION)
                .with_dash(Dash::Dashed)
                .with_arrows(),
        );
    Ok(Figure::from(panel))
}

/// Root mean squared distances of predictions from the truth against the steps ahead, a line for each network.
///
/// # Errors
/// [`Error::Empty`] for no networks.
pub fn prediction_errors(errors: &[(&str, &PredictionError)]) -> Result<Figure> {
    if errors.is_empty() {
        return Err(Error::empty("the list of prediction errors"));
    }
    let mut panel = Panel::new(Axis::linear("Steps ahead"), Axis::log("Error (rms distance)"));
    for (name, error) in errors {
        let steps: Vec<f64> = (1..=error.per_step().len()).map(|step| step as f64).collect();
        panel = panel.with(Line::new(*name, &steps, error.per_step())?);
    }
    Ok(Figure::from(panel))
}
