//! Input that is refused.

use crate::errors::{has, text};
use eigengate::prelude::*;
use eigengate::{Error, Result};
use ndarray::Array3;

fn population(stimuli: usize, neurons: usize, repeats: usize) -> Recording {
    PopulationSimulation::new(stimuli, neurons).with_repeats(repeats).run().unwrap().recording
}

#[test]
fn too_few_repeats_or_stimuli() -> Result<()> {
    let one = population(20, 10, 1);
    has(&text(cv_pca(&one)), &["repeats = 1", "two repeats"]);
    has(&text(noise_spectrum(&one)), &["repeats = 1"]);
    assert_eq!(plain_spectrum(&one)?.eigenvalues().len(), 10);
    let two =
        Recording::new(Array3::from_shape_fn((2, 2, 5), |(r, s, n)| (r * 7 + s * 3 + n) as f64).view())?;
    has(&text(cv_pca(&two)), &["stimuli = 2"]);
    let single = Recording::new(Array3::zeros((2, 1, 5)).view())?;
    has(&text(plain_spectrum(&single)), &["stimuli = 1"]);
    has(&text(Recording::new(Array3::zeros((2, 3, 0)).view())), &["without neurons"]);
    for neurons in [3, 30] {
        let silent = Recording::new(Array3::from_elem((2, 9, neurons), 0.1).view())?;
        has(&text(cv_pca(&silent)), &["constant responses", "differ between stimuli"]);
        has(&text(silent.z_scored()), &["responses that change"]);
    }
    Ok(())
}

#[test]
fn ranges_and_levels() -> Result<()> {
    let found = cv_pca(&population(40, 60, 2))?;
    for (first, last) in [(0, 20), (5, 5), (9, 3), (5, 41)] {
        has(&text(found.power_law(first, last)), &[&format!("{first}..={last}"), "<= 40"]);
        has(&text(found.interval(first, last, 0.9)), &[&format!("{first}..={last}")]);
    }
    // Centred responses have no fortieth direction.
    let direct = CvPca::new().with_shuffles(0).run(&population(40, 60, 2))?;
    has(&text(direct.power_law(5, 40)), &["5..=40", "number 40 is not"]);
    has(&text(direct.interval(5, 40, 0.9)), &["number 40 is not"]);
    for level in [0.0, 1.0, f64::NAN, 95.0] {
        has(&text(found.interval(2, 20, level)), &["level"]);
        has(&text(found.band(level)), &["level"]);
    }
    let none = CvPca::new().with_replicates(0).run(&population(40, 60, 2))?;
    assert_eq!((none.bootstrap.nrows(), none.frame()?.width()), (0, 5));
    has(&text(none.interval(2, 20, 0.9)), &["replicates = 0"]);
    assert_eq!(none.signal, found.signal);
    let noise = CvPca::new().run(&PopulationSimulation::new(40, 60).with_noise(1e6).run()?.recording)?;
    if noise.signal.iter().sum::<f64>() <= 0.0 {
        has(&text(noise.normalised()), &["no more than noise"]);
    }
    Ok(())
}

#[test]
fn parts_that_are_not_there() -> Result<()> {
    let recording = population(20, 10, 2);
    has(&text(recording.select_neurons(&[1, 10])), &["neurons = 10", "below 10"]);
    has(&text(recording.select_stimuli(&[3, 3])), &["3 twice"]);
    has(&text(recording.select_stimuli(&[])), &["empty"]);
    has(&text(Recording::stack(&[])), &["empty"]);
    has(&text(Recording::stack(&[recording.clone(), population(20, 11, 2)])), &["20 stimuli x 11 neurons"]);
    has(&text(recording.by_stimulus(&[1; 20])), &["repeats = 2"]);
    let trials = population(20, 10, 1);
    has(&text(trials.by_stimulus(&[1; 19])), &["20 numbers"]);
    let different: Vec<i64> = (0..20).collect();
    has(&text(trials.by_stimulus(&different)), &["two trials"]);
    let single = Array2::<f32>::zeros((3, 4));
    has(&text(Recording::from_repeats(&[single.view(), Array2::zeros((3, 5)).view()])), &["(3, 5)"]);
    assert!(matches!(Recording::from_repeats(&[]), Err(Error::Empty { .. })));
    Ok(())
}

#[test]
fn spontaneous_activity_that_does_not_fit() -> Result<()> {
    let recording = population(20, 10, 2);
    let activity = population(8, 10, 1);
    has(&text(Spontaneous::of(&activity, 8)), &["components = 8", "at most 7"]);
    has(&text(Spontaneous::of(&Recording::new(Array3::zeros((1, 8, 10)).view())?, 1)), &["changes"]);
    has(&text(Spontaneous::of(&Recording::new(Array3::zeros((1, 1, 10)).view())?, 0)), &["two points"]);
    let other = Spontaneous::of(&population(30, 11, 1), 2)?;
    has(&text(recording.z_scored_by(&other)), &["10 neurons", "11"]);
    // Two neurons that always do the same have one component.
    let same = Array3::from_shape_fn((1, 30, 2), |(_, t, _)| (t as f64).sin());
    has(&text(Spontaneous::of(&Recording::new(same.view())?, 2)), &["components = 2", "at most 1"]);
    Ok(())
}

#[test]
fn simulations_out_of_range() {
    let base = || PopulationSimulation::new(20, 10);
    has(&text(PopulationSimulation::new(2, 10).run()), &["stimuli = 2"]);
    has(&text(PopulationSimulation::new(20, 1).run()), &["neurons = 1"]);
    has(&text(base().with_repeats(0).run()), &["repeats = 0"]);
    has(&text(base().with_dimensions(11).run()), &["dimensions = 11", "1 to 10"]);
    has(&text(base().with_alpha(-1.0).run()), &["alpha = -1"]);
    has(&text(base().with_noise(f64::NAN).run()), &["noise = NaN"]);
    has(&text(base().with_shared_noise(-1.0, 1.0).run()), &["shared noise = -1"]);
}

#[test]
fn passes_out_of_range() -> Result<()> {
    let digits = mnist::shipped()?.test.take(5)?;
    let net = Mlp::new(&[784, 8, 10], Activation::Tanh, 3)?;
    has(&text(TapRecording::new(0).run(&net, &digits, 0)), &["repeats = 0"]);
    has(&text(TapRecording::new(2).with_noise(-0.1).run(&net, &digits, 0)), &["noise = -0.1"]);
    has(&text(TapRecording::new(2).run(&net, &digits, "hidden.1")), &["hidden.0"]);
    has(&text(TapRecording::new(2).run(&Mlp::new(&[9, 8, 10], Activation::Tanh, 3)?, &digits, 0)), &["784"]);
    Ok(())
}
