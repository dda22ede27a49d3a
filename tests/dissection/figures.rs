//! Figures of networks taken apart, and of predictions.

use crate::errors::{has, text};
use crate::systems::driven;
use eigengate::data::PlanarTask;
use eigengate::dynamics::{Dissection, DissectionOptions, PortraitOptions, Reset};
use eigengate::nn::Gru;
use eigengate::plot;
use eigengate::train::{Feeding, predict_series, prediction_error};
use ndarray::s;

#[test]
fn a_dissection_has_its_portrait_and_its_multipliers() {
    let options =
        DissectionOptions::new().with_portrait(PortraitOptions::new().with_basins(0).with_spacing(0.0));
    for (units, panels) in [(2, 2), (3, 4), (5, 2)] {
        let found = Dissection::new(&driven(units, 1, 4, Reset::After), &options).unwrap();
        let figure = plot::dissection(&found).unwrap();
        assert_eq!(figure.panels().len(), panels, "{units} units");
        let text = figure.summary().unwrap();
        has(&text, &["Re μ", "unit circle"]);
        // Every mode of every kind of point has its mark.
        let sinks = found.portrait.fixed_points.points.iter().filter(|point| point.kind.is_stable()).count();
        if sinks > 0 {
            has(&text, &[&format!("`modes of sinks`: {} points", sinks * units)]);
        }
    }
}

#[test]
fn predictions_stand_over_the_truth() {
    let data = PlanarTask::DampedSpiral.sampling().generate(4, 6).unwrap();
    let gru = Gru::new(0, &[2], 2, Reset::Before, 1).unwrap().with_encoder(2, 1).unwrap();
    let predicted = predict_series(&gru, &data.test, Feeding::Start, 30).unwrap();
    let shown = plot::predicted_trajectories(&data.test, &predicted, 3).unwrap().summary().unwrap();
    has(&shown, &["truth", "network", "3"]);
    // Not more than there are.
    plot::predicted_trajectories(&data.test, &predicted, 60).unwrap();
    has(&text(plot::predicted_trajectories(&data.test, &predicted, 0)), &["trajectories", "empty"]);
    has(
        &text(plot::predicted_trajectories(&data.train, &predicted, 3)),
        &["predictions", "(4, less than 51, 2)", "(6, 30, 2)"],
    );
    let one = predicted.slice(s![.., .., ..1]).to_owned();
    has(&text(plot::predicted_trajectories(&data.test, &one, 3)), &["predictions", "(6, 30, 1)"]);

    let error = prediction_error(&gru, &data.test, Feeding::Start, 30).unwrap();
    let figure = plot::prediction_errors(&[("one", &error), ("again", &error)]).unwrap();
    has(&figure.summary().unwrap(), &["Steps ahead", "`one`: 30 points", "`again`: 30 points"]);
    has(&text(plot::prediction_errors(&[])), &["prediction errors", "empty"]);
}
