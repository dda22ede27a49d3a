//! Whole networks: small ones with proof, larger ones whose fixed points are known by construction.

use crate::errors::{has, text};
use crate::systems::{driven, step};
use eigengate::dynamics::{Dissection, DissectionOptions, GruWeights, PortraitOptions, Readout, Reset};
use eigengate::nn::Gru;
use ndarray::{Array1, Array2, array};

fn quick() -> DissectionOptions {
    DissectionOptions::new().with_portrait(PortraitOptions::new().with_basins(0).with_spacing(0.0))
}

#[test]
fn an_input_moves_what_is_found() {
    let weights = driven(2, 2, 21, Reset::After);
    let x = [0.7, -0.3];
    let found = Dissection::new(&weights, &quick().with_input(&x)).unwrap();
    let constant = weights.with_input(&x).unwrap();
    let expected = constant.fixed_points().unwrap();
    assert!(found.portrait.fixed_points.complete && !expected.points.is_empty());
    assert_eq!(found.fixed_points.len(), expected.points.len());
    for (near, point) in found.fixed_points.iter().zip(&expected.points) {
        assert_eq!(near.state, point.state);
        assert_eq!(near.input, array![0.7, -0.3]);
        assert!((step(&weights, &near.state, &x) - &near.state).mapv(f64::abs).sum() < 1e-13);
        assert!(near.modes.iter().zip(&point.eigenvalues).all(|(mode, value)| mode.rate == *value));
        assert_eq!(near.input_jacobian.dim(), (2, 2));
    }
    let without = weights.dissect().unwrap();
    assert_eq!(without.input, [0.0, 0.0]);
    assert_ne!(without.fixed_points[0].state, found.fixed_points[0].state);
}

/// `d` units that know nothing of each other, each with sinks at `+-s` and a source at 0, mixed by nothing: `3^d` fixed points.
fn memories(d: usize) -> GruWeights {
    let zero = || (Array2::zeros((d, d)), Array1::zeros(d));
    let ((uz, bz), (ur, _)) = (zero(), zero());
    let uh = Array2::from_diag(&Array1::from_elem(d, 1.5));
    // The reset gate is open.
    GruWeights::new(Reset::Before, uz, ur, uh, bz, Array1::from_elem(d, 30.0), Array1::zeros(d)).unwrap()
}

#[test]
fn larger_networks_are_searched_and_projected() {
    let d = 4;
    let weights = memories(d);
    let readout = Readout::new(Array2::eye(d), Array1::zeros(d)).unwrap();
    let found = Dissection::new(&weights, &quick().with_readout(readout)).unwrap();
    // h = tanh(1.5 h).
    let sink = (0..200).fold(1.0f64, |h, _| (1.5 * h).tanh());
    let sinks: Vec<_> = found
        .portrait
        .fixed_points
        .points
        .iter()
        .zip(&found.fixed_points)
        .filter(|(p, _)| p.kind.is_stable())
        .collect();
    assert_eq!((sinks.len(), found.fixed_points.len(), found.portrait.fixed_points.index_sum), (16, 81, 1));
    // Every mode of a sink falls at the rate (1.5 (1 - s^2) - 1) / 2.
    let multiplier = 1.0 + 0.5 * (1.5 * (1.0 - sink * sink) - 1.0);
    for (point, near) in &sinks {
        assert!(point.state.iter().all(|h| (h.abs() - sink).abs() < 1e-10));
        assert!(near.modes.iter().all(|mode| (mode.time_constant + 1.0 / multiplier.ln()).abs() < 1e-6));
    }
    assert!((found.longest_memory().unwrap() + 1.0 / multiplier.ln()).abs() < 1e-6);
    let frame = found.frame().unwrap();
    assert_eq!(frame.height(), found.fixed_points.len() + found.slow_points.len());
    let names: Vec<&str> = frame.get_column_names().iter().map(|name| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "point",
            "class",
            "speed",
            "unstable",
            "unstable_map",
            "time_constant",
            "period",
            "radius",
            "output1",
            "output2",
            "output3",
            "output4",
            "h1",
            "h2",
            "h3",
            "h4"
        ]
    );
    for (output, h) in [("output1", "h1"), ("output4", "h4")] {
        assert_eq!(
            frame.column(output).unwrap().f64().unwrap().get(3),
            frame.column(h).unwrap().f64().unwrap().get(3)
        );
    }
    let modes = found.modes_frame().unwrap();
    assert_eq!(modes.height(), d * frame.height());
    assert!(
        format!("{found:?}").contains("16 sinks") && format!("{found:?}").contains("heuristic"),
        "{found:?}"
    );
    // The same call gives the same numbers.
    let again = Dissection::new(&weights, &quick()).unwrap();
    assert!(again.fixed_points.iter().zip(&found.fixed_points).all(|(a, b)| a.state == b.state));
}

#[test]
fn a_mode_that_alternates_may_be_the_slowest_of_the_network() {
    // Two units that know nothing of each other: the rates are -(1 - z) and -1.95 (1 - z) with another z.
    let zero = || Array2::zeros((2, 2));
    let uh = array![[0.0, 0.0], [0.0, -0.95]];
    let (bz, br) = (array![0.0, -3.0], array![30.0, 30.0]);
    let weights = GruWeights::new(Reset::Before, zero(), zero(), uh, bz, br, array![0.0, 0.0]).unwrap();
    let found = Dissection::new(&weights, &quick()).unwrap();
    let multiplier = 1.0 - 1.95 / (1.0 + (-3f64).exp());
    assert!(multiplier < -0.8);
    assert!((found.longest_memory().unwrap() + 1.0 / multiplier.abs().ln()).abs() < 1e-9, "{found:?}");
    assert_eq!(found.fixed_points[0].modes[1].period, Some(2.0));
}

#[test]
fn states_at_work_lead_the_search_and_make_the_projection() {
    let weights = memories(5);
    // At work along the first unit alone.
    let states =
        Array2::from_shape_fn((40, 5), |(t, i)| if i == 0 { 0.9 * (0.3 * t as f64).sin() } else { 0.0 });
    let found = Dissection::new(&weights, &quick().with_states(states)).unwrap();
    let space = found.portrait.space.as_ref().unwrap();
    assert!(space.components[[0, 0]].abs() > 0.999_999 && space.shares[0] > 0.999_999, "{:?}", space.shares);
    // The saddles between the memories, which random starts rarely meet.
    let sink = (0..200).fold(1.0f64, |h, _| (1.5 * h).tanh());
    let along =
        |h: &Array1<f64>| (h[0].abs() - sink).abs() < 1e-9 && h.iter().skip(1).all(|h| h.abs() < 1e-9);
    assert_eq!(found.fixed_points.iter().filter(|near| along(&near.state)).count(), 2);
    let wrong = Array2::zeros((3, 4));
    has(&text(Dissection::new(&weights, &quick().with_states(wrong))), &["states", "5 columns", "found 4"]);
}

#[test]
fn layers_of_a_network_are_systems() {
    let gru = Gru::new(2, &[3, 2], 1, Reset::Before, 4).unwrap();
    let first = gru.layer_weights(0).unwrap();
    let second = gru.layer_weights(1).unwrap();
    assert_eq!((first.units(), first.inputs(), second.units(), second.inputs()), (3, 2, 2, 3));
    // A fixed point of the first layer is the input of the second: from there the whole network does not move.
    let x = [0.5, -0.25];
    let below = first.with_input(&x).unwrap().fixed_points().unwrap().points[0].state.clone();
    let above = second.with_input(&below.to_vec()).unwrap().fixed_points().unwrap().points[0].state.clone();
    let row = |h: &Array1<f64>| h.mapv(|h| h as f32).insert_axis(ndarray::Axis(0));
    let steps = ndarray::Array3::from_shape_fn((1, 20, 2), |(_, _, k)| x[k] as f32);
    let run = gru.forward(steps.view(), Some(&[row(&below), row(&above)])).unwrap();
    assert!(run.last()[0].iter().zip(&below).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
    assert!(run.last()[1].iter().zip(&above).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
    let output = gru.readout().unwrap().unwrap().of(&above).unwrap();
    assert!((f64::from(run.outputs()[[0, 19, 0]]) - output[0]).abs() < 1e-6);
    has(&text(gru.weights()), &["1 layer", "2 layers"]);
    has(&text(gru.layer_weights(2)), &["layer = 2", "0 to 1"]);
    assert_eq!(Gru::new(0, &[2], 0, Reset::Before, 1).unwrap().readout().unwrap(), None);
}

#[test]
fn a_recurrent_network_has_a_summary() {
    let gru = Gru::new(3, &[8, 4], 2, Reset::Before, 1).unwrap().with_encoder(5, 1).unwrap();
    let text = gru.summary().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 8, "{text}");
    assert_eq!(
        lines[2],
        "gru.0          8         288  weight_ih_l0 [24, 3], weight_hh_l0 [24, 8], bias_ih_l0 [24]"
    );
    assert!(
        lines[4].starts_with("readout        2          10")
            && lines[6].starts_with("encoder.1      4          24"),
        "{text}"
    );
    assert_eq!(gru.summary().parameters, gru.parameter_count());
}

#[test]
fn the_encoder_makes_the_first_state() {
    let gru = Gru::new(0, &[2], 2, Reset::Before, 1).unwrap().with_encoder(3, 5).unwrap();
    let point = array![0.3, -0.6, 0.2];
    let state = gru.encoded(&point).unwrap();
    let run = gru.from_start(point.mapv(|p| p as f32).insert_axis(ndarray::Axis(0)).view(), 1).unwrap();
    let stepped = step(&gru.weights().unwrap(), &state, &[]);
    assert!(run.last()[0].iter().zip(&stepped).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
    has(&text(gru.encoded(&array![1.0])), &["starting point", "expected 3", "found 1"]);
    let plain = Gru::new(0, &[2], 2, Reset::Before, 1).unwrap();
    assert_eq!(plain.encoded(&array![0.1, 0.2]).unwrap(), array![0.1, 0.2]);
}
