//! Training: loss and error against epochs.

use super::{Axis, Color, Dash, Figure, Line, Panel};
use crate::error::{Error, Result};
use crate::train::History;

/// Loss (on a log axis) and error rates in percent against the epoch, for one or several trainings.
///
/// Each training has a colour; in the panel of errors those of the training set are dashed, those of the
/// validation set solid. Fails with [`Error::Empty`] without trainings or for one without epochs.
pub fn training_history(trainings: &[(&str, &History)]) -> Result<Figure> {
    if trainings.is_empty() {
        return Err(Error::empty("the list of trainings"));
    }
    let epochs = || Axis::linear("Epoch").with_whole_ticks();
    let mut loss = Panel::new(epochs(), Axis::log("Training loss"));
    let mut error = Panel::new(epochs(), Axis::linear("Error rate (%)"))
        .with_title("Training (dashed), validation (solid)");
    for (index, (name, history)) in trainings.iter().enumerate() {
        let records = history.records();
        if records.is_empty() {
            return Err(Error::empty(format!("the history of `{name}`")));
        }
        let color = Color::series(index);
        let x: Vec<f64> = records.iter().map(|r| r.epoch as f64).collect();
        let y: Vec<f64> = records.iter().map(|r| r.loss).collect();
        loss = loss.with(Line::new(*name, &x, &y)?.with_color(color));

        let y: Vec<f64> = records.iter().map(|r| 100.0 * r.train_error).collect();
        let train = Line::new(format!("{name}, training"), &x, &y)?.without_legend();
        error = error.with(train.with_color(color).with_dash(Dash::Dashed));

        // Validation may be done every few epochs only: its line joins those.
        let validated = records.iter().filter_map(|r| Some((r.epoch as f64, 100.0 * r.validation_error?)));
        let (x, y): (Vec<f64>, Vec<f64>) = validated.unzip();
        if !x.is_empty() {
            let validation = Line::new(format!("{name}, validation"), &x, &y)?.without_legend();
            error = error.with(validation.with_color(color));
        }
    }
    Ok(Figure::new(vec![loss, error]))
}
