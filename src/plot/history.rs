//! Training: loss and error against epochs.

use super::{Axis, Color, Dash, Figure, Line, Panel};
use crate::error::{Error, Result};
use crate::train::History;

/// Loss (on a log axis) and error rates in percent against the epoch, for one or several trainings.
///
/// Each training has a colour; in the panel of errors those of the training set are dashed, those of the
/// validation set solid. Without any validation all are solid.
///
/// # Errors
/// [`Error::Empty`] without trainings or for one without epochs.
pub fn training_history(trainings: &[(&str, &History)]) -> Result<Figure> {
    if trainings.is_empty() {
        return Err(Error::empty("the list of trainings"));
    }
    let epochs = || Axis::linear("Epoch").with_whole_ticks();
    let mut loss = Panel::new(epochs(), Axis::log("Training loss"));
    let mut records = trainings.iter().flat_map(|(_, history)| history.records());
    let validated = records.any(|record| record.validation_error.is_some());
    let (dash, mut error) = if validated {
        let panel = Panel::new(epochs(), Axis::linear("Error rate (%)"));
        (Dash::Dashed, panel.with_title("Training (dashed), validation (solid)"))
    } else {
        (Dash::Solid, Panel::new(epochs(), Axis::linear("Training error rate (%)")))
    };
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
        error = error.with(train.with_color(color).with_dash(dash));

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::EpochRecord;

    fn history(epochs: usize, rate: f64, validated: bool) -> History {
        let record = |epoch: usize| {
            let progress = (-rate * epoch as f64).exp();
            EpochRecord {
                epoch,
                loss: 2.3 * progress + 0.01,
                cross_entropy: 2.3 * progress,
                penalty: 0.01,
                spectral: 0.01,
                jacobian: 0.0,
                train_error: 0.9 * progress,
                validation_error: (validated && epoch.is_multiple_of(2)).then_some(0.9 * progress + 0.02),
                adversarial_error: None,
                seconds: 1.0,
            }
        };
        History { records: (1..=epochs).map(record).collect(), ..History::default() }
    }

    #[test]
    fn panels_hold_what_the_history_says() {
        let (a, b) = (history(20, 0.3, true), history(12, 0.2, false));
        let figure = training_history(&[("vanilla", &a), ("1/n", &b)]).unwrap();
        let summary = figure.summary().unwrap();
        assert!(summary.contains("`vanilla, training`: 20 points"), "{summary}");
        assert!(summary.contains("`vanilla, validation`: 10 points"), "{summary}");
        assert!(!summary.contains("`1/n, validation`"), "{summary}");
        // 0.9 * exp(-0.3 * 2) + 0.02 in percent.
        assert!(summary.contains("to 51.393"), "{summary}");
        let training = training_history(&[("1/n", &b)]).unwrap().summary().unwrap();
        assert!(training.contains("Training error rate") && !training.contains("dashed"), "{training}");
        if let Some(folder) = std::env::var_os("EIGENGATE_GALLERY") {
            let folder = std::path::PathBuf::from(folder);
            figure.save(folder.join("history.png")).unwrap();
            figure.save(folder.join("history.svg")).unwrap();
            training_history(&[("vanilla", &a)]).unwrap().save(folder.join("history-one.png")).unwrap();
            training_history(&[("one epoch", &history(1, 0.3, true))])
                .unwrap()
                .save(folder.join("history-short.png"))
                .unwrap();
        }
    }

    #[test]
    fn a_history_without_epochs_is_an_error() {
        let error = training_history(&[("vanilla", &History::default())]).unwrap_err();
        assert!(error.to_string().contains("vanilla"), "{error}");
        assert!(training_history(&[]).is_err());
    }
}
