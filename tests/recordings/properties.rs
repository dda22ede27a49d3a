//! What must hold whatever the responses.

use eigengate::Result;
use eigengate::prelude::*;
use ndarray::{Array3, Axis};

fn population(stimuli: usize, neurons: usize) -> Recording {
    PopulationSimulation::new(stimuli, neurons).with_seed(5).run().unwrap().recording
}

#[track_caller]
fn assert_close(got: &[f64], want: &[f64], bound: f64) {
    assert_eq!(got.len(), want.len());
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= bound, "{place}: {got} and {want}");
    }
}

#[test]
fn equal_repeats_give_plain_pca() -> Result<()> {
    for (stimuli, neurons) in [(30, 50), (50, 30)] {
        let one = population(stimuli, neurons).responses()?;
        let one = one.index_axis(Axis(0), 0);
        let both = Recording::new(ndarray::stack(Axis(0), &[one, one]).unwrap().view())?;
        let found = cv_pca(&both)?;
        assert_close(&found.signal, &found.pca, 1e-10);
        assert_close(&found.signal, plain_spectrum(&both)?.eigenvalues(), 1e-10);
        assert!(found.noise.iter().all(|noise| noise.abs() < 1e-12));
        assert!((found.signal_share() - 1.0).abs() < 1e-12);
    }
    Ok(())
}

/// The variance of the signal over all directions is the sum over neurons of the covariance of the halves.
#[test]
fn signals_add_up_to_the_covariance_of_the_repeats() -> Result<()> {
    // The last has more neurons than a block.
    for (stimuli, neurons) in [(30, 50), (50, 30), (20, 1100)] {
        let recording = population(stimuli, neurons);
        let x = recording.responses()?;
        let mut want = 0.0;
        for neuron in 0..neurons {
            let half = |repeat: usize| {
                let column = x.index_axis(Axis(0), repeat).index_axis(Axis(1), neuron).to_owned();
                &column - column.sum() / stimuli as f64
            };
            want += half(0).dot(&half(1)) / stimuli as f64;
        }
        for shuffles in [0, 3] {
            let found = CvPca::new().with_shuffles(shuffles).run(&recording)?;
            assert!((found.signal.iter().sum::<f64>() - want).abs() < 1e-10 * want, "{shuffles}");
        }
    }
    Ok(())
}

#[test]
fn baselines_drift_and_the_order_of_neurons_do_not_matter() -> Result<()> {
    let recording = population(30, 50);
    let x = recording.responses()?;
    let moved = Array3::from_shape_fn(x.dim(), |(r, s, n)| x[[r, s, 49 - n]] + (r * 3) as f64 + n as f64);
    let (a, b) = (cv_pca(&recording)?, cv_pca(&Recording::new(moved.view())?)?);
    assert_close(&a.signal, &b.signal, 1e-9);
    assert_close(&a.noise, &b.noise, 1e-9);
    // Twice the responses have four times the variance, and the same shape.
    let twice = cv_pca(&Recording::new(x.mapv(|x| 2.0 * x).view())?)?;
    assert_close(&twice.signal, &a.signal.iter().map(|s| 4.0 * s).collect::<Vec<_>>(), 1e-9);
    assert_close(&twice.normalised()?.signal, &a.normalised()?.signal, 1e-12);
    assert!((a.normalised()?.signal.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    Ok(())
}

/// Neurons that never respond add nothing, but move the work to the other side.
#[test]
fn both_sides_give_the_same() -> Result<()> {
    let (stimuli, neurons) = (40, 30);
    let x = population(stimuli, neurons).responses()?;
    let wide =
        Array3::from_shape_fn((2, stimuli, 70), |(r, s, n)| if n < neurons { x[[r, s, n]] } else { 2.5 });
    let (narrow, wide) = (cv_pca(&Recording::new(x.view())?)?, cv_pca(&Recording::new(wide.view())?)?);
    assert_eq!((narrow.signal.len(), wide.signal.len()), (30, 40));
    for (a, b) in [(&narrow.signal, &wide.signal), (&narrow.pca, &wide.pca), (&narrow.noise, &wide.noise)] {
        assert_close(a, &b[..neurons], 1e-10);
        assert!(b[neurons..].iter().all(|x| x.abs() < 1e-10));
    }
    let (low, high) = (narrow.interval(2, 20, 0.9)?, wide.interval(2, 20, 0.9)?);
    assert!((low.low - high.low).abs() < 1e-9 && (low.high - high.high).abs() < 1e-9);
    Ok(())
}

#[test]
fn seeds_and_threads() -> Result<()> {
    for (stimuli, neurons) in [(150, 220), (220, 150)] {
        let recording = population(stimuli, neurons);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let settings =
                    PopulationSimulation::new(stimuli, neurons).with_shared_noise(0.5, 1.0).with_seed(2);
                let simulated = settings.run().unwrap().recording.responses().unwrap();
                (simulated, cv_pca(&recording).unwrap())
            })
        };
        let one = run(1);
        assert!(run(2) == one && run(5) == one);
        let other = CvPca::new().with_seed(1).run(&recording)?;
        assert!(other.signal != one.1.signal && other.bootstrap != one.1.bootstrap);
        // Further shuffles are other ones.
        assert!(one.1.shuffle_deviation.iter().take(20).all(|deviation| *deviation > 0.0));
    }
    assert!(
        population(20, 30).responses()? != PopulationSimulation::new(20, 30).run()?.recording.responses()?
    );
    Ok(())
}

/// Means over halves: with these responses the second and third repeat are the second half.
#[test]
fn three_repeats_are_halves_of_one_and_two() -> Result<()> {
    let x = PopulationSimulation::new(30, 50).with_repeats(3).run()?.recording;
    let all = x.responses()?;
    let second = (&all.index_axis(Axis(0), 1) + &all.index_axis(Axis(0), 2)) / 2.0;
    let halves = ndarray::stack(Axis(0), &[all.index_axis(Axis(0), 0), second.view()]).unwrap();
    let (three, two) = (cv_pca(&x)?, cv_pca(&Recording::new(halves.view())?)?);
    assert_close(&three.signal, &two.signal, 1e-10);
    assert_close(&three.pca, &two.pca, 1e-10);
    // The difference of the halves has 1 + 1/2 times the noise of a repeat, where two repeats have 2.
    assert_close(&three.noise, &two.noise.iter().map(|noise| noise / 0.75).collect::<Vec<_>>(), 1e-10);
    Ok(())
}

#[test]
fn parts_and_stacks() -> Result<()> {
    let recording = population(20, 6);
    let x = recording.responses()?;
    let part = recording.select_neurons(&[5, 0, 2])?;
    assert_eq!(part.responses()?, x.select(Axis(2), &[5, 0, 2]));
    assert_eq!(part.select_neurons(&[1])?.neuron_numbers(), [0]);
    assert_eq!(recording.select_stimuli(&[3, 19])?.responses()?, x.select(Axis(1), &[3, 19]));
    let repeats: Vec<Recording> =
        (0..2).map(|r| Recording::new(x.slice(s![r..=r, .., ..])).unwrap()).collect();
    assert_eq!(Recording::stack(&repeats)?.responses()?, x);
    let single = x.mapv(|x| x as f32);
    let views: Vec<_> = (0..2).map(|r| single.index_axis(Axis(0), r)).collect();
    assert_eq!(Recording::from_repeats(&views)?.responses()?, single.mapv(f64::from));
    Ok(())
}

#[test]
fn z_scores_by_the_responses_themselves() -> Result<()> {
    let mut x = population(25, 8).responses()?;
    x.index_axis_mut(Axis(2), 4).fill(0.3);
    let scored = Recording::new(x.view())?.z_scored()?;
    assert_eq!(scored.neuron_numbers(), [0, 1, 2, 3, 5, 6, 7]);
    let y = scored.responses()?;
    for neuron in 0..7 {
        let column = y.index_axis(Axis(2), neuron);
        let mean = column.sum() / 50.0;
        let square = column.iter().map(|y| y * y).sum::<f64>() / 50.0;
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-5);
    }
    Ok(())
}

/// More neurons than a block has.
#[test]
fn nothing_is_left_along_the_components() -> Result<()> {
    let settings = PopulationSimulation::new(15, 1100).with_shared_noise(2.0, 1.0).with_spontaneous(40);
    let population = settings.run()?;
    let Some(activity) = &population.spontaneous else { panic!("no activity") };
    let spontaneous = Spontaneous::of(activity, 6)?;
    let clean = population.recording.z_scored_by(&spontaneous)?.responses()?;
    let scored = population.recording.z_scored_by(&Spontaneous::of(activity, 0)?)?.responses()?;
    for (clean, scored) in clean.outer_iter().zip(scored.outer_iter()) {
        let along = |x: ndarray::ArrayView2<'_, f64>| x.dot(&spontaneous.components().t());
        assert!(along(clean).iter().all(|x| x.abs() < 1e-10));
        assert!(along(scored).iter().any(|x| x.abs() > 1.0));
        // The rest is as it was.
        let removed = along(scored).dot(spontaneous.components());
        assert!((&scored - &clean - &removed).iter().all(|x| x.abs() < 1e-10));
    }
    let x = population.recording.responses()?[[1, 7, 1050]];
    let want = (x - spontaneous.mean()[1050]) / (spontaneous.deviation()[1050] + 1e-6);
    assert!((scored[[1, 7, 1050]] - want).abs() < 1e-12);
    Ok(())
}

#[test]
fn passes_of_a_network_are_repeats() -> Result<()> {
    let digits = mnist::shipped()?.test.take(150)?;
    let net = Mlp::new(&[784, 40, 20, 10], Activation::Tanh, 3)?;
    let plain = TapRecording::new(2).run(&net, &digits, "hidden.1")?;
    let taps = net.forward(eigengate::device::to_device(digits.images())?)?.taps;
    let want = eigengate::device::to_array(&taps[1])?.mapv(f64::from);
    assert_eq!(plain.responses()?.index_axis(Axis(0), 1), want);
    // Without noise the spectrum is that of the covariance, over the number of images instead of one less.
    let found = cv_pca(&plain)?;
    let direct = &spectra(&net, &digits)?[1];
    let scaled: Vec<f64> = direct.eigenvalues().iter().map(|x| x * 149.0 / 150.0).collect();
    assert_close(&found.signal, &scaled, 1e-6 * scaled[0]);
    assert_eq!(plain.name(), direct.tap());
    let noisy = |seed| TapRecording::new(3).with_noise(0.3).with_seed(seed).run(&net, &digits, 0);
    let a = noisy(1)?;
    let x = a.responses()?;
    assert!(x == noisy(1)?.responses()? && x != noisy(2)?.responses()?);
    assert!(x.index_axis(Axis(0), 0) != x.index_axis(Axis(0), 1));
    let share = cv_pca(&a)?.signal_share();
    assert!(share > 0.2 && share < 0.98, "{share}");
    Ok(())
}
