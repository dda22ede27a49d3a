//! Training on time series: windows, schedules, clipping, seeds, errors of predictions.

use crate::errors::{has, text};
use crate::tensors::bits;
use eigengate::data::{PlanarData, PlanarTask, TimeSeries};
use eigengate::device::matrix;
use eigengate::dynamics::{Reset, families};
use eigengate::nn::ops::{GradientsOf, squared_error};
use eigengate::nn::{Decay, Gru, OptimiserState, Schedule, Sgd};
use eigengate::seed::{Purpose, epoch_stream};
use eigengate::train::{Feeding, GruHistory, GruTraining, predict_series, prediction_error};
use eigengate::{Error, Result};
use ndarray::{Array3, Axis, concatenate, s};

pub fn data() -> PlanarData {
    PlanarTask::DampedSpiral.sampling().with_steps(20).generate(30, 10).unwrap()
}

/// The network of the recipe.
pub fn net(seed: u64) -> Gru {
    Gru::new(0, &[2], 2, Reset::Before, seed).unwrap().with_encoder(2, seed).unwrap()
}

pub fn settings(steps: u64) -> GruTraining {
    GruTraining::new(steps).with_horizon(10).with_batch_size(8).with_record_every(7).with_progress(false)
}

pub fn numbers(gru: &Gru) -> Vec<u32> {
    gru.parameters().iter().flat_map(|p| bits(&p.values())).collect()
}

pub fn histories(history: &GruHistory) -> (String, Vec<(u64, Vec<u32>)>) {
    let kept = history.snapshots().iter().map(|kept| (kept.step, numbers(&kept.gru)));
    (format!("{:?}", history.records()), kept.collect())
}

#[test]
fn a_step_sees_the_windows_of_its_seed() -> Result<()> {
    let PlanarData { train, .. } = data();
    let gru = net(1);
    for (seed, horizon) in [(5, 10), (6, 20)] {
        let mut trained = gru.clone();
        let sgd = Sgd { learning_rate: 0.5, ..Sgd::default() };
        let one =
            settings(1).with_seed(seed).with_horizon(horizon).with_optimiser(sgd).with_clip(f64::INFINITY);
        let history = one.run(&mut trained, &train, None)?;

        let (mut start, mut target) = (vec![], vec![]);
        for index in 0..8 {
            let mut random = epoch_stream(seed, Purpose::Window, 0, index);
            let (trajectory, first) = (random.below(30) as usize, random.below(21 - horizon as u64) as usize);
            let points = train.observed().index_axis(Axis(0), trajectory);
            start.extend(points.row(first).to_vec());
            target.extend(points.slice(s![first + 1..=first + horizon, ..]).iter().copied());
        }
        let (start, target) = (matrix(&start, 8, 2)?, matrix(&target, 8 * horizon, 2)?);
        let mut by_hand = gru.clone();
        let outputs = by_hand.record(&start, None, horizon, GradientsOf::Parameters)?.outputs;
        let loss = squared_error(outputs, &target)?;
        let value = loss.as_vec()[0];
        let mut gradients = crate::tensors::backward(loss);
        // The first step of the cosine has the whole rate.
        let mut state = OptimiserState::of(sgd, &by_hand.parameters())?;
        state.step_on(by_hand.parameters_mut(), &mut gradients)?;
        assert_eq!(history.records()[0].loss, f64::from(value));
        assert_eq!(numbers(&trained), numbers(&by_hand));
        assert_ne!(numbers(&trained), numbers(&gru));
    }
    Ok(())
}

#[test]
fn a_spiral_is_learned_and_the_flow_of_the_state_turns() -> Result<()> {
    let data = PlanarTask::DampedSpiral.sampling().generate(100, 50)?;
    let mut gru = net(2);
    let history = GruTraining::new(2500).run(&mut gru, &data.train, Some(&data.test))?;
    let error = prediction_error(&gru, &data.test, Feeding::Start, 50)?;
    assert!(error.relative() < 0.15, "{error:?}");
    assert_eq!(history.records().last().and_then(|r| r.test_error), Some(error.overall()));
    // A stable focus of the flow: the eigenvalues of the map are those of a step of the spiral, exp(0.2 (-0.1 + i)).
    let points = eigengate::dynamics::FixedPointSearch::new().run(&gru.weights()?.flow())?;
    assert_eq!(points.points.len(), 1);
    let eigenvalue = points.points[0].eigenvalues[0];
    // The flow's are those of the map less 1.
    let want = ((-0.02f64).exp() * 0.2f64.cos() - 1.0, (-0.02f64).exp() * 0.2f64.sin());
    assert!(
        (eigenvalue.re - want.0).abs() < 0.02 && (eigenvalue.im.abs() - want.1).abs() < 0.02,
        "{eigenvalue:?}"
    );
    Ok(())
}

#[test]
fn schedules_are_those_of_their_formulas() -> Result<()> {
    let at =
        |decay: Decay, warm_up: u64, step: u64| Schedule::new(decay).with_warm_up(warm_up).factor(step, 100);
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got}, wanted {want}");
    for step in [0, 50, 99, 1000] {
        near(at(Decay::Constant, 0, step), 1.0);
    }
    near(at(Decay::Exponential { last: 0.01 }, 0, 0), 1.0);
    near(at(Decay::Exponential { last: 0.01 }, 0, 50), 0.1);
    near(at(Decay::Exponential { last: 0.01 }, 0, 100), 0.01);
    near(at(Decay::Cosine { last: 0.2 }, 0, 25), 0.2 + 0.8 * 0.5 * (1.0 + 0.5f64.sqrt()));
    near(at(Decay::Cosine { last: 0.2 }, 0, 5000), 0.2);
    let halves = Decay::Steps { every: 30, factor: 0.5 };
    for (step, want) in [(0, 1.0), (29, 1.0), (30, 0.5), (59, 0.5), (60, 0.25)] {
        near(at(halves, 0, step), want);
    }
    // Warm-up in equal parts, then the form over what is left.
    for (step, want) in [(0, 0.25), (1, 0.5), (3, 1.0), (4, 1.0), (33, 1.0), (34, 0.5)] {
        near(at(halves, 4, step), want);
    }
    near(at(Decay::Exponential { last: 0.01 }, 20, 60), 0.1);

    // Records tell the rate of their last step.
    let PlanarData { train, .. } = data();
    let schedule = Schedule::new(Decay::Exponential { last: 0.01 }).with_warm_up(3);
    let history = settings(10).with_learning_rate(0.5).with_clip(1e-3).with_schedule(schedule);
    let history = history.run(&mut net(1), &train, None)?;
    for record in history.records() {
        near(record.learning_rate, 0.5 * schedule.factor(record.step - 1, 10));
    }
    has(&text(Schedule::new(Decay::Cosine { last: 0.0 }).check()), &["last = 0"]);
    has(&text(Schedule::new(Decay::Exponential { last: 1.5 }).check()), &["last = 1.5", "at most 1"]);
    has(&text(Schedule::new(Decay::Steps { every: 0, factor: 0.5 }).check()), &["every = 0"]);
    has(&text(Schedule::new(Decay::Steps { every: 1, factor: f64::NAN }).check()), &["factor = NaN"]);
    assert_eq!(schedule.to_string(), "exponential to 0.01, warm-up of 3 steps");
    Ok(())
}

#[test]
fn records_are_means_over_steps_that_see_windows_of_their_own() -> Result<()> {
    let PlanarData { train, .. } = data();
    let run = |every: u64| -> Result<Vec<(f64, f64)>> {
        let mut gru = net(1);
        let before = numbers(&gru);
        // Steps so small that nothing moves.
        let still = settings(6).with_learning_rate(1e-30).with_record_every(every);
        let history = still
            .with_optimiser(Sgd { learning_rate: 1e-30, ..Sgd::default() })
            .run(&mut gru, &train, None)?;
        assert_eq!(numbers(&gru), before);
        Ok(history.records().iter().map(|r| (r.loss, r.gradient_norm)).collect())
    };
    let (single, means) = (run(1)?, run(3)?);
    let mut losses: Vec<f64> = single.iter().map(|(loss, _)| *loss).collect();
    losses.sort_by(f64::total_cmp);
    losses.dedup();
    assert_eq!((losses.len(), means.len()), (6, 2));
    for (mean, three) in means.iter().zip(single.chunks(3)) {
        assert!((mean.0 - three.iter().map(|r| r.0).sum::<f64>() / 3.0).abs() < 1e-12);
        assert!((mean.1 - three.iter().map(|r| r.1).sum::<f64>() / 3.0).abs() < 1e-12);
    }
    Ok(())
}

#[test]
fn clipping_bounds_a_step_and_divergence_is_told() -> Result<()> {
    let PlanarData { train, .. } = data();
    let moved = |clip: f64| -> Result<(f64, f64)> {
        let mut gru = net(1);
        let before: Vec<f32> = gru.parameters().iter().flat_map(|p| p.values()).collect();
        let sgd = Sgd { learning_rate: 1.0, ..Sgd::default() };
        let history = settings(1).with_optimiser(sgd).with_clip(clip).run(&mut gru, &train, None)?;
        let after = gru
            .parameters()
            .iter()
            .flat_map(|p| p.values())
            .zip(before)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum::<f64>();
        Ok((after.sqrt(), history.records()[0].gradient_norm))
    };
    let (free, norm) = moved(f64::INFINITY)?;
    assert!((free / norm - 1.0).abs() < 1e-5, "{free} {norm}");
    let (clipped, same) = moved(norm / 10.0)?;
    assert!((clipped / norm - 0.1).abs() < 1e-4 && same == norm);
    assert_eq!(moved(norm * 2.0)?.0, free);

    let mut gru = net(1);
    let sgd = Sgd { learning_rate: 1e30, ..Sgd::default() };
    let wild = settings(50).with_optimiser(sgd).with_clip(f64::INFINITY).run(&mut gru, &train, None);
    // The first step is taken at sound weights, so that it is the second that cannot be.
    assert!(matches!(wild, Err(Error::DivergedAtStep { step: 2.., .. })), "{wild:?}");
    has(&text(wild.map(|_| ())), &["became", "in step 2", "learning rate"]);
    Ok(())
}

#[test]
fn seeds_side_by_side_are_runs_one_after_the_other() -> Result<()> {
    let PlanarData { train, test } = data();
    let folder = tempfile::tempdir().unwrap();
    let make = |seed: u64| Gru::new(0, &[2], 0, Reset::Before, seed);
    let seeds = [4, 1, 9, 2, 7];
    let several = settings(15).with_checkpoint(folder.path().join("run.safetensors"));
    let runs = several.run_seeds(&seeds, &make, &train, Some(&test))?;
    for (run, seed) in runs.iter().zip(seeds) {
        let mut gru = make(seed)?;
        let history = settings(15).with_seed(seed).run(&mut gru, &train, Some(&test))?;
        assert_eq!(run.seed, seed);
        assert_eq!(numbers(&run.gru), numbers(&gru));
        assert_eq!(histories(&run.history), histories(&history));
        assert!(folder.path().join(format!("run-seed{seed}.safetensors")).exists());
    }
    assert_ne!(numbers(&runs[0].gru), numbers(&runs[1].gru));
    let run = |seeds: &[u64], make: &(dyn Fn(u64) -> Result<Gru> + Sync)| {
        text(settings(2).run_seeds(seeds, make, &train, None))
    };
    has(&run(&[], &make), &["seeds", "empty"]);
    has(&run(&[3, 1, 3], &make), &["3 twice", "each seed once"]);
    let wrong = |seed: u64| Gru::new(0, &[if seed == 8 { 0 } else { 2 }], 0, Reset::Before, seed);
    has(&run(&[1, 8], &wrong), &["units = 0"]);
    Ok(())
}

/// With what time it takes: `cargo test --test gru twenty_seeds -- --ignored --nocapture`.
#[test]
#[ignore = "half a minute"]
fn twenty_seeds_of_a_task_are_done_within_five_minutes() -> Result<()> {
    let data = PlanarTask::RingAttractor.sampling().generate(200, 100)?;
    let make = |seed| Gru::new(0, &[2], 2, Reset::Before, seed)?.with_encoder(2, seed);
    let start = std::time::Instant::now();
    let seeds: Vec<u64> = (0..20).collect();
    let runs = GruTraining::default().run_seeds(&seeds, &make, &data.train, Some(&data.test))?;
    let seconds = start.elapsed().as_secs_f64();
    println!("20 seeds of the recipe in {seconds:.0} s");
    for run in &runs {
        let points = eigengate::dynamics::FixedPointSearch::new().run(&run.gru.weights()?.flow())?;
        let error = prediction_error(&run.gru, &data.test, Feeding::Start, 50)?;
        println!("{}: {error:?}, {points:?}", run.seed);
    }
    assert!(seconds < 300.0, "{seconds}");
    Ok(())
}

/// Trajectories of a network's own map.
fn own_series(gru: &Gru, shift: f32) -> Result<TimeSeries> {
    let start = data().train.truth().index_axis(Axis(1), 0).to_owned();
    let steps = gru.from_start(start.view(), 12)?;
    let mut points =
        concatenate(Axis(1), &[start.view().insert_axis(Axis(1)), steps.outputs().view()]).unwrap();
    points.slice_mut(s![.., 3, 1]).mapv_inplace(|x| x + shift);
    TimeSeries::new(points, 0.5)
}

#[test]
fn the_error_of_predictions_is_the_distance_to_the_truth() -> Result<()> {
    let gru = Gru::from_weights(&families::rotation(3.0, 0.7)?)?;
    let error = prediction_error(&gru, &own_series(&gru, 0.0)?, Feeding::Start, 12)?;
    assert_eq!(error.per_step(), [0.0; 12]);
    let shifted = own_series(&gru, 0.25)?;
    let error = prediction_error(&gru, &shifted, Feeding::Start, 12)?;
    for (step, error) in error.per_step().iter().enumerate() {
        let want = if step == 2 { 0.25 } else { 0.0 };
        assert!((error - want).abs() < 1e-6);
    }
    assert!((error.overall() - 0.25 / 12f64.sqrt()).abs() < 1e-6);
    let points = shifted.truth().slice(s![.., 1.., ..]).mapv(f64::from);
    let spread: f64 = points.axis_iter(Axis(2)).map(|v| v.var(0.0)).sum();
    assert!((error.relative() - error.overall() / spread.sqrt()).abs() < 1e-9);
    assert_eq!(error.frame()?.shape(), (12, 3));

    // The truth decides, and is what a network starts from.
    let truth = own_series(&gru, 0.0)?.truth().clone();
    let noisy = TimeSeries::new(truth.mapv(|x| x + 0.1), 0.5)?.with_truth(truth)?;
    assert_eq!(prediction_error(&gru, &noisy, Feeding::Start, 12)?.overall(), 0.0);

    // With inputs: given ones, and its own outputs.
    let gru = Gru::new(2, &[3], 2, Reset::After, 1)?;
    let series = data().test;
    let x = series.truth().slice(s![.., ..5, ..]).to_owned();
    assert_eq!(&predict_series(&gru, &series, Feeding::Forced, 5)?, gru.forward(x.view(), None)?.outputs());
    let first = series.truth().slice(s![.., ..2, ..]).to_owned();
    let free = predict_series(&gru, &series, Feeding::Free { forced: 2 }, 5)?;
    assert_eq!(&free, gru.free_run(first.view(), 5, None)?.outputs());
    Ok(())
}

#[test]
fn networks_with_inputs_learn_too() -> Result<()> {
    let PlanarData { train, test } = data();
    for feeding in [Feeding::Forced, Feeding::Free { forced: 4 }] {
        let mut gru = Gru::new(2, &[12], 2, Reset::After, 1)?;
        let history = settings(400).with_feeding(feeding).run(&mut gru, &train, Some(&test))?;
        let [first, .., last] = history.records() else { panic!("records") };
        assert!(last.loss < 0.1 * first.loss, "{feeding:?}: {first:?}, {last:?}");
        assert!(prediction_error(&gru, &test, feeding, 10)?.relative() < 0.35, "{feeding:?}");
    }
    Ok(())
}

#[test]
fn settings_that_do_not_fit_are_refused() -> Result<()> {
    let PlanarData { train, test } = data();
    let gru = net(1);
    let run = |settings: GruTraining, gru: &Gru| {
        let mut trained = gru.clone();
        let said = text(settings.run(&mut trained, &train, Some(&test)));
        assert_eq!(numbers(&trained), numbers(gru));
        said
    };
    has(&run(settings(0), &gru), &["steps = 0"]);
    has(&run(settings(1).with_batch_size(0), &gru), &["batch_size = 0"]);
    has(&run(settings(1).with_record_every(0), &gru), &["record_every = 0"]);
    has(&run(settings(1).with_snapshots(0), &gru), &["snapshot_every = 0"]);
    has(&run(settings(1).with_horizon(0), &gru), &["horizon = 0", "1 to 20"]);
    has(&run(settings(1).with_horizon(21), &gru), &["horizon = 21", "21 points"]);
    has(&run(settings(1).with_clip(0.0), &gru), &["clip = 0"]);
    has(&run(settings(1).with_clip(f64::NAN), &gru), &["clip = NaN"]);
    has(&run(settings(1).with_learning_rate(-1.0), &gru), &["learning_rate = -1"]);
    has(&run(settings(1).with_schedule(Decay::Cosine { last: 2.0 }), &gru), &["last = 2"]);
    has(
        &run(settings(1).with_feeding(Feeding::Forced), &gru),
        &["inputs of the network", "2, for all points as inputs", "0"],
    );
    let inputs = Gru::new(2, &[3], 2, Reset::Before, 1)?;
    has(&run(settings(1), &inputs), &["inputs of the network", "0, for the first point alone", "2"]);
    has(&run(settings(1).with_feeding(Feeding::Free { forced: 0 }), &inputs), &["forced = 0", "1 to 10"]);
    has(&run(settings(1).with_feeding(Feeding::Free { forced: 11 }), &inputs), &["forced = 11"]);
    has(&run(settings(1), &Gru::new(0, &[3], 0, Reset::Before, 1)?), &["outputs of the network", "2, ", "3"]);
    has(
        &run(settings(1), &Gru::new(0, &[3], 2, Reset::Before, 1)?),
        &["starting point of the network", "2, ", "3"],
    );
    let three = TimeSeries::new(Array3::zeros((2, 12, 3)), 1.0)?;
    let wrong = settings(1).run(&mut gru.clone(), &train, Some(&three));
    has(&text(wrong), &["outputs of the network", "3, "]);
    Ok(())
}
