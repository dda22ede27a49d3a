//! Training with the Jacobian penalty, weight decay and penalties of chosen taps.

use crate::errors::{has, text};
use crate::reference::{Convolutional, Dense, Reference};
use eigengate::data::{Dataset, ImageShape};
use eigengate::device::Matrix;
use eigengate::nn::{Activation, Cnn, Forward, GradientsOf, Mlp, Network, Parameter, Recorded, Sgd};
use eigengate::spectra::{SpectralPenalty, Tap, Taps};
use eigengate::train::{JacobianPenalty, Projections, Training};
use eigengate::{Error, Result};
use ndarray::Array2;
use std::time::Duration;

/// Images of 12 pixels in three classes, which a network can learn.
fn data(examples: usize) -> Dataset {
    let labels: Vec<u8> = (0..examples).map(|i| (i % 3) as u8).collect();
    let images = Array2::from_shape_fn((examples, 12), |(i, j)| {
        let noise = ((i * 31 + j * 17) % 101) as f32 / 101.0;
        0.5 * noise + if j % 3 == i % 3 { 0.5 } else { 0.0 }
    });
    Dataset::new(images, labels, ImageShape { channels: 1, height: 3, width: 4 }, 3).unwrap()
}

fn net() -> Mlp {
    Mlp::new(&[12, 20, 16, 3], Activation::Tanh, 2).unwrap()
}

fn bits(net: &dyn Network) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect()
}

/// Half the mean squared Frobenius norm of the Jacobian.
fn norm(net: &Mlp, data: &Dataset) -> f64 {
    Dense::of(net).exact(&data.images().mapv(f64::from), 1.0)
}

#[test]
fn the_penalty_lowers_the_jacobian_and_the_classes_are_learned() -> Result<()> {
    let data = data(240);
    let base = Training::new(60, 40).with_learning_rate(5e-3).with_seed(3);
    let mut vanilla = net();
    let history = base.run(&mut vanilla, &data, None)?;
    assert!(history.records().iter().all(|r| r.jacobian == 0.0 && r.penalty == 0.0));
    let free = norm(&vanilla, &data);
    for projections in [Projections::Random(1), Projections::Random(2), Projections::Exact] {
        let mut net = net();
        let penalty = JacobianPenalty::new(0.01).with_projections(projections);
        let history = base.clone().with_penalty(penalty).run(&mut net, &data, None)?;
        let after = norm(&net, &data);
        let last = history.records().last().unwrap();
        assert!(after < 0.05 * free, "{projections:?}: {after}, without {free}");
        assert_eq!(last.train_error, 0.0);
        // While the parameters moved, and estimated.
        assert!((last.jacobian / (0.01 * after) - 1.0).abs() < 0.1, "{last:?}, {after}");
        assert_eq!(last.spectral, 0.0);
        assert!((last.loss - last.cross_entropy - last.jacobian).abs() < 1e-12);
    }
    Ok(())
}

#[test]
fn a_convolutional_network_is_trained_with_it() -> Result<()> {
    let shape = ImageShape { channels: 1, height: 10, width: 11 };
    // A bright bar, lying or standing.
    let image = |i: usize, j: usize| {
        let (y, x) = (j / 11, j % 11);
        let on = if i.is_multiple_of(2) { y == 2 + i / 2 % 6 } else { x == 2 + i / 2 % 6 };
        if on { 1.0 } else { 0.0 }
    };
    let images = Array2::from_shape_fn((120, 110), |(i, j)| image(i, j));
    let data = Dataset::new(images, (0..120).map(|i| (i % 2) as u8).collect(), shape, 2)?;
    let new = || Cnn::new(shape, &[4, 3], &[12, 2], Activation::Tanh, 2);
    let norm = |net: &Cnn| Convolutional::of(net).exact(&data.images().mapv(f64::from), 1.0);
    let base = Training::new(30, 40).with_learning_rate(5e-3);
    let mut vanilla = new()?;
    base.run(&mut vanilla, &data, None)?;
    let free = norm(&vanilla);
    for projections in [Projections::Random(1), Projections::Exact] {
        let training = base.clone().with_penalty(JacobianPenalty::new(0.1).with_projections(projections));
        let mut net = new()?;
        let history = training.run(&mut net, &data, None)?;
        let after = norm(&net);
        assert!(after < 0.5 * free, "{projections:?}: {after}, without {free}");
        let last = history.records().last().unwrap();
        assert!((last.jacobian / (0.1 * after) - 1.0).abs() < 0.3, "{last:?}, {after}");
        assert_eq!(last.train_error, 0.0);

        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let mut alone = new()?;
        pool.install(|| training.run(&mut alone, &data, None))?;
        assert!(bits(&alone) == bits(&net), "the number of threads changes the result");

        // Nothing but the penalty, from a trained network.
        let steps = Training::new(5, 120).with_learning_rate(1e-3);
        let strong = JacobianPenalty::new(1e3).with_projections(projections);
        let history = steps.with_penalty(strong).run(&mut vanilla.clone(), &data, None)?;
        let parts: Vec<f64> = history.records().iter().map(|r| r.jacobian).collect();
        assert!((parts[0] / (1e3 * free) - 1.0).abs() < 0.3, "{parts:?} {free}");
        assert!(parts[4] < 0.9 * parts[0], "{parts:?}");
    }
    Ok(())
}

#[test]
fn directions_depend_on_epoch_and_example_alone() -> Result<()> {
    // Steps too small to move a parameter.
    let data = data(60);
    let parts = |batch, seed, projections| -> Result<Vec<f64>> {
        let penalty = JacobianPenalty::new(0.1).with_projections(projections);
        let still = Training::new(3, batch).with_learning_rate(1e-30).with_seed(seed).with_penalty(penalty);
        Ok(still.run(&mut net(), &data, None)?.records().iter().map(|r| r.jacobian).collect())
    };
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-5;
    let one = parts(60, 1, Projections::Random(1))?;
    let batches = parts(7, 1, Projections::Random(1))?;
    assert!(one.iter().zip(&batches).all(|(a, b)| close(*a, *b)), "{one:?} {batches:?}");
    assert!(!close(one[0], one[1]) && !close(one[1], one[2]) && !close(one[0], one[2]));
    assert!(!close(one[0], parts(60, 2, Projections::Random(1))?[0]));
    let exact = parts(7, 1, Projections::Exact)?;
    assert!(exact.iter().all(|value| close(*value, 0.1 * norm(&net(), &data))));
    Ok(())
}

fn settings() -> Training {
    Training::new(3, 25)
        .with_penalty(SpectralPenalty::new(0.5).with_tau(3).with_taps(Taps::only(["hidden.1"])))
        .with_penalty(SpectralPenalty::new(0.2).with_tau(2).with_alpha(1.3).with_taps(Taps::only([0])))
        .with_penalty(JacobianPenalty::new(0.02).with_projections(Projections::Random(2)))
        .with_weight_decay(1e-3)
}

#[test]
fn a_broken_run_with_all_penalties_ends_with_the_same_bits() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let mut whole = net();
    let history = settings().run(&mut whole, &data, None)?;
    let last = history.records().last().unwrap();
    assert!(last.spectral > 0.0 && last.jacobian > 0.0);
    assert_eq!(last.penalty, last.spectral + last.jacobian);

    let broken = settings().with_checkpoint(folder.path().join("run")).with_time_budget(Duration::ZERO);
    let mut calls = 0;
    let (end, resumed) = loop {
        let mut net =
            if calls == 0 { net() } else { Mlp::new(&[12, 20, 16, 3], Activation::Tanh, 100 + calls)? };
        calls += 1;
        let history = broken.run(&mut net, &data, None)?;
        if history.finished() {
            break (net, history);
        }
    };
    assert_eq!(calls, 3 * 3, "one call a step");
    assert!(bits(&end) == bits(&whole) && resumed == history);

    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut alone = net();
    pool.install(|| settings().run(&mut alone, &data, None))?;
    assert!(bits(&alone) == bits(&whole), "the number of threads changes the result");
    Ok(())
}

#[test]
fn a_checkpoint_of_other_settings_is_refused() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let jacobian = JacobianPenalty::new(0.02);
    let base = Training::new(1, 30).with_checkpoint(&path);
    base.clone().with_penalty(jacobian).run(&mut net(), &data, None)?;
    let exact = jacobian.with_projections(Projections::Exact);
    for (other, part) in [
        (base.clone(), "penalties []"),
        (base.clone().with_penalty(JacobianPenalty::new(0.03)), "Jacobian strength 0.03"),
        (base.clone().with_penalty(exact), "Exact"),
        (
            base.clone().with_penalty(jacobian).with_penalty(SpectralPenalty::new(1.0).with_tau(2)),
            "spectral beta 1 alpha 1 tau 2 taps Last",
        ),
        (base.clone().with_penalty(jacobian).with_weight_decay(1e-4), "weight_decay 0.0001"),
    ] {
        let mut net = net();
        let before = bits(&net);
        has(&text(other.run(&mut net, &data, None)), &[part, "Jacobian strength 0.02 projections Random(1)"]);
        assert!(bits(&net) == before);
    }
    base.with_penalty(jacobian).run(&mut net(), &data, None)?;
    Ok(())
}

/// A network without an adjoint pass.
struct Opaque(Mlp);

impl Network for Opaque {
    fn inputs(&self) -> usize {
        self.0.inputs()
    }
    fn classes(&self) -> usize {
        self.0.classes()
    }
    fn taps(&self) -> Vec<(String, usize)> {
        self.0.taps()
    }
    fn parameters(&self) -> Vec<&Parameter> {
        self.0.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.0.parameters_mut()
    }
    fn forward(&self, x: Matrix) -> Result<Forward> {
        self.0.forward(x)
    }
    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        self.0.record(x, gradients)
    }
}

#[test]
fn what_cannot_be_is_refused_before_training_starts() -> Result<()> {
    let (data, folder) = (data(60), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let base = Training::new(1, 30).with_checkpoint(&path);
    let mut opaque = Opaque(net());
    let error =
        base.clone().with_penalty(JacobianPenalty::new(0.01)).run(&mut opaque, &data, None).unwrap_err();
    assert!(matches!(error, Error::NoAdjoint { .. }));
    has(&error.to_string(), &["Opaque has no adjoint pass", "Jacobian penalty"]);
    assert!(bits(&opaque.0) == bits(&net()) && !path.exists());
    base.clone().run(&mut opaque, &data, None)?;

    let fails = |training: Training| text(training.run(&mut net(), &data, None));
    let none = JacobianPenalty::new(0.01).with_projections(Projections::Random(0));
    has(&fails(base.clone().with_penalty(none)), &["projections = 0"]);
    has(&fails(base.clone().with_penalty(JacobianPenalty::new(-1.0))), &["strength = -1"]);
    has(&fails(base.clone().with_weight_decay(-1.0)), &["weight_decay = -1"]);
    let only = |taps| base.clone().with_penalty(SpectralPenalty::new(1.0).with_tau(2).with_taps(taps));
    has(&fails(only(Taps::only(["hidden.2"]))), &["tap = hidden.2", "hidden.0", "hidden.1"]);
    has(&fails(only(Taps::only([2]))), &["tap = 2"]);
    has(&fails(only(Taps::Only(vec![]))), &["penalised taps is empty"]);
    Ok(())
}

#[test]
fn a_penalty_beyond_float32_is_divergence() {
    let wild = Training::new(1, 30).with_penalty(JacobianPenalty::new(1e42));
    let error = wild.run(&mut net(), &data(60), None).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 1, batch: 1, .. }), "{error}");
}

#[test]
fn taps_have_positions_and_names() -> Result<()> {
    let net = net();
    let penalty = |taps| SpectralPenalty::new(1.0).with_tau(3).with_taps(taps);
    let mixed = Taps::Only(vec!["hidden.1".into(), Tap::Position(0), 1.into()]);
    assert_eq!(penalty(mixed).positions(&net)?, [0, 1]);
    assert_eq!(penalty(Taps::only(["hidden.0"])).positions(&net)?, [0]);

    // All taps at once, or each by its own penalty.
    let data = data(60);
    let run = |penalties: Vec<SpectralPenalty>| -> Result<Vec<u32>> {
        let base = Training::new(2, 30);
        let training = penalties.into_iter().fold(base, Training::with_penalty);
        let mut net = self::net();
        training.run(&mut net, &data, None)?;
        Ok(bits(&net))
    };
    let all = run(vec![penalty(Taps::All)])?;
    assert!(run(vec![penalty(Taps::only(["hidden.1"])), penalty(Taps::only(["hidden.0"]))])? != run(vec![])?);
    assert!(run(vec![penalty(Taps::only([0])), penalty(Taps::only([1]))])? == all);
    assert!(run(vec![penalty(Taps::only(["hidden.1"]))])? == run(vec![penalty(Taps::Last)])?);
    Ok(())
}

#[test]
fn weight_decay_draws_parameters_to_zero() -> Result<()> {
    // PyTorch's rule, its numbers are in tests/optimisers.rs; here, that `Training` hands it on.
    let data = data(60);
    let size = |net: &Mlp| net.parameters().iter().flat_map(|p| p.values()).map(|v| v * v).sum::<f32>();
    let base = Training::new(20, 30).with_optimiser(Sgd { learning_rate: 0.1, ..Sgd::default() });
    let (mut free, mut decayed) = (net(), net());
    base.run(&mut free, &data, None)?;
    base.clone().with_weight_decay(0.1).run(&mut decayed, &data, None)?;
    assert!(size(&decayed) < 0.6 * size(&free), "{} {}", size(&decayed), size(&free));
    Ok(())
}
