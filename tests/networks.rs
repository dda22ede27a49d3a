//! Whole networks with normalisations: PyTorch's numbers, both modes, files, checkpoints, what is refused.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/parity.rs"]
mod parity;
#[path = "common/tensors.rs"]
mod tensors;

use eigengate::data::{Dataset, ImageShape, Standardisation, mnist};
use eigengate::device::{Recording, matrix, to_device};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{
    GradientsOf, SpectralTarget, Whitening, WhiteningKind, cross_entropy, pairing, spectral_penalty,
};
use eigengate::nn::{Activation, Cnn, Mlp, Network, Sgd};
use eigengate::spectra::{SpectralPenalty, Taps, eigenvectors};
use eigengate::train::{AdversarialTraining, JacobianPenalty, Training};
use eigengate::{Error, Result};
use errors::{has, text};
use ndarray::{Array2, Axis, IxDyn, s};
use parity::{assert_close, images, largest, npz, numbers};
use std::time::Duration;
use tensors::backward;

/// The networks of tests/parity/networks.py, with their parameters.
fn mlp(npz: &Npz) -> Result<Mlp> {
    let standard = Standardisation { mean: vec![0.4], std: vec![0.3] };
    let net = Mlp::new(&[12, 9, 8, 7, 4], Activation::Tanh, 3)?
        .with_batch_norm("hidden.0")?
        .with_whitening("hidden.1", Whitening::default())?
        .with_standardisation(&standard)?;
    fill(npz, "mlp", net)
}

fn cnn(npz: &Npz) -> Result<Cnn> {
    let standard = Standardisation { mean: vec![0.4, 0.6], std: vec![0.3, 0.2] };
    let image = ImageShape { channels: 2, height: 16, width: 15 };
    let net = Cnn::new(image, &[3, 4], &[8, 5], Activation::Tanh, 3)?
        .with_whitening("conv.1", Whitening::default())?
        .with_batch_norm("hidden.0")?
        .with_standardisation(&standard)?;
    fill(npz, "cnn", net)
}

fn normalised_images(npz: &Npz) -> Result<Cnn> {
    let standard = Standardisation { mean: vec![0.4, 0.6], std: vec![0.3, 0.2] };
    let image = ImageShape { channels: 2, height: 16, width: 15 };
    let net = Cnn::new(image, &[3, 4], &[8, 5], Activation::Tanh, 3)?
        .with_batch_norm("conv.0")?
        .with_whitening("hidden.0", Whitening::default())?
        .with_standardisation(&standard)?;
    fill(npz, "images", net)
}

fn fill<N: Network>(npz: &Npz, case: &str, mut net: N) -> Result<N> {
    for parameter in net.parameters_mut() {
        let values = npz.get::<f32, IxDyn>(&format!("{case}_parameter_{}", parameter.name()))?;
        parameter.set_values(values.iter().copied().collect())?;
    }
    Ok(net)
}

fn dataset(images: Array2<f32>, shape: ImageShape, classes: usize) -> Dataset {
    let labels = (0..images.nrows()).map(|i| (i % classes) as u8).collect();
    Dataset::new(images, labels, shape, classes).unwrap()
}

#[track_caller]
fn check<N: Network>(npz: &Npz, case: &str, mut net: N, shape: ImageShape) -> Result<()> {
    let get = |name: &str| numbers(npz, &format!("{case}_{name}"));
    let x = images(npz, &format!("{case}_x"));
    let u = images(npz, &format!("{case}_u"));
    let recorded = net.record_batch(to_device(x.view())?, GradientsOf::Parameters)?;
    let want = get("logits");
    assert_close("logits of a batch", &recorded.logits.as_vec(), &want, 1e-5 * largest(&want));
    let mut gradients = backward(pairing(recorded.logits, &to_device(u.view())?)?);
    for parameter in net.parameters() {
        let want = get(&format!("gradient_{}", parameter.name()));
        let got = parameter.gradient(&mut gradients)?;
        // A bias in front of a normalisation has none: what is left is rounding.
        let bound = 1e-4 * largest(&want).max(1e-2);
        assert_close(parameter.name(), &got, &want, bound);
    }
    for buffer in net.buffers() {
        if let Some((_, part)) = buffer.name().split_once(".batch_norm.") {
            let want = get(part);
            assert_close(buffer.name(), &buffer.values(), &want, 1e-5 * largest(&want));
        }
    }
    net.calibrate(&dataset(x.clone(), shape, net.classes()))?;
    let (want, got) = (get("evaluated"), net.logits(x.view())?);
    assert_close("evaluated", got.as_slice().unwrap(), &want, 1e-4 * largest(&want));
    // Alone, an image has the logits that it has in company.
    let one = net.logits(x.slice(s![7..8, ..]))?;
    assert!((&one - &got.slice(s![7..8, ..])).iter().all(|d| d.abs() < 1e-5));
    Ok(())
}

#[test]
fn a_fully_connected_network_is_pytorchs() -> Result<()> {
    let npz = npz();
    check(&npz, "mlp", mlp(&npz)?, ImageShape { channels: 1, height: 3, width: 4 })
}

#[test]
fn a_convolutional_network_is_pytorchs() -> Result<()> {
    let npz = npz();
    let shape = ImageShape { channels: 2, height: 16, width: 15 };
    check(&npz, "cnn", cnn(&npz)?, shape)?;
    check(&npz, "images", normalised_images(&npz)?, shape)
}

#[test]
fn taps_stand_in_front_of_normalisations() -> Result<()> {
    let npz = npz();
    let plain = Mlp::new(&[12, 9, 4], Activation::Tanh, 3)?;
    let mut net =
        plain.clone().with_batch_norm("hidden.0")?.with_whitening("hidden.0", Whitening::default())?;
    let x = to_device(images(&npz, "mlp_x").view())?;
    let want = plain.forward(x.clone())?.taps[0].as_vec();
    assert_eq!(net.forward(x.clone())?.taps[0].as_vec(), want);
    assert_eq!(net.record_batch(x.clone(), GradientsOf::Everything)?.taps[0].as_vec(), want);
    let shape = ImageShape { channels: 1, height: 8, width: 8 };
    let plain = Cnn::new(shape, &[3], &[9, 4], Activation::Tanh, 1)?;
    let net = plain.clone().with_batch_norm("conv.0")?.with_whitening("conv.0", Whitening::default())?;
    let x = to_device(Array2::from_shape_fn((5, 64), |(i, j)| ((7 * i + 5 * j) % 13) as f32 / 13.0).view())?;
    assert_eq!(net.forward(x.clone())?.taps[0].as_vec(), plain.forward(x)?.taps[0].as_vec());
    Ok(())
}

#[test]
fn the_spectral_penalty_is_pytorchs() -> Result<()> {
    let npz = npz();
    let x = to_device(images(&npz, "penalty_x").view())?;
    let v = to_device(images(&npz, "penalty_v").view())?;
    let values = numbers(&npz, "penalty_values");
    let slopes = npz.get::<f32, IxDyn>("penalty_dx")?;
    for (case, setting) in images(&npz, "penalty_settings").rows().into_iter().enumerate() {
        let (alpha, tau, beta) = (f64::from(setting[0]), setting[1] as usize, setting[2].to_string());
        let target = SpectralTarget { beta: beta.parse().unwrap(), alpha, tau };
        let value = spectral_penalty(x.retaped::<Recording>(), &v, &target)?;
        assert_close("penalty", &value.as_vec(), &[values[case]], 1e-5 * values[case]);
        let gradients = backward(value);
        let want: Vec<f64> = slopes.index_axis(Axis(0), case).iter().map(|v| f64::from(*v)).collect();
        assert_close("gradient", &gradients.get(&x).as_vec(), &want, 1e-4 * largest(&want));
    }
    Ok(())
}

#[test]
fn evaluation_is_by_stored_statistics_and_changes_nothing() -> Result<()> {
    let npz = npz();
    let (mut net, x) = (mlp(&npz)?, images(&npz, "mlp_x"));
    let buffers =
        |net: &Mlp| net.buffers().iter().flat_map(|b| b.values()).map(f32::to_bits).collect::<Vec<_>>();
    let before = buffers(&net);
    // Before calibration the factor is the identity.
    let fresh = net.logits(x.view())?;
    net.record(to_device(x.view())?, GradientsOf::Everything)?;
    assert!(buffers(&net) == before);
    net.calibrate(&dataset(x.clone(), ImageShape { channels: 1, height: 3, width: 4 }, 4))?;
    assert!(buffers(&net) != before && net.logits(x.view())? != fresh);
    // A batch does not touch the factor, evaluation not the running averages.
    let factor = net.buffers()[5].values();
    net.record_batch(to_device(x.view())?, GradientsOf::Parameters)?;
    assert_eq!((net.buffers()[5].name(), net.buffers()[5].values()), ("hidden.1.whitening.matrix", factor));
    Ok(())
}

#[test]
fn adversarial_copies_are_made_with_stored_statistics() -> Result<()> {
    let npz = npz();
    let (net, x) = (mlp(&npz)?, images(&npz, "mlp_x"));
    let shape = ImageShape { channels: 1, height: 3, width: 4 };
    let adversarial = AdversarialTraining::one_step(0.1);
    let copies = |rows: usize| {
        let data = dataset(x.slice(s![..rows, ..]).to_owned(), shape, 4);
        adversarial.copies(&net, &data, 1, 0)
    };
    // With those of the batch, an image's gradient would depend on the images beside it.
    assert_eq!(copies(60)?.images.slice(s![..2, ..]), copies(2)?.images);
    Ok(())
}

#[test]
fn calibrated_activations_are_white_over_the_training_set() -> Result<()> {
    // Two of them: the second must see what the first one makes. The readout shows what comes out.
    let kinds = [WhiteningKind::Cholesky, WhiteningKind::Zca];
    for (first, second) in kinds.into_iter().zip(kinds.into_iter().rev()) {
        let mut net = Mlp::new(&[12, 9, 8, 8], Activation::Tanh, 3)?
            .with_whitening("hidden.0", Whitening { kind: first, ridge: 1e-7 })?
            .with_whitening("hidden.1", Whitening { kind: second, ridge: 1e-7 })?;
        let identity: Vec<f32> = (0..64).map(|i| f32::from(u8::from(i % 9 == 0))).collect();
        let mut parameters = net.parameters_mut();
        parameters[4].set_values(identity)?;
        parameters[5].set_values(vec![0.0; 8])?;
        let rows = 5000;
        let mut rng = eigengate::seed::stream(1, eigengate::seed::Purpose::Noise, 0);
        let x = Array2::from_shape_simple_fn((rows, 12), || rng.uniform_in(0.0, 1.0));
        net.calibrate(&dataset(x.clone(), ImageShape { channels: 1, height: 3, width: 4 }, 8))?;
        let y = net.logits(x.view())?.mapv(f64::from);
        assert!(y.mean_axis(Axis(0)).unwrap().iter().all(|mean| mean.abs() < 1e-3));
        let covariance = y.t().dot(&y) / (rows - 1) as f64;
        let off = (&covariance - &Array2::<f64>::eye(8)).iter().fold(0.0f64, |a, d| a.max(d.abs()));
        assert!(off < 2e-3, "{first:?} {second:?}: {off}");
    }
    Ok(())
}

#[test]
fn standardised_inputs_are_the_images_scaled_before() -> Result<()> {
    let shape = ImageShape { channels: 3, height: 12, width: 12 };
    let standard = Standardisation::cifar10();
    let plain = Cnn::new(shape, &[4], &[9, 5], Activation::Tanh, 1)?;
    let net = plain.clone().with_standardisation(&standard)?;
    let x = Array2::from_shape_fn((6, 432), |(i, j)| ((7 * i + 5 * j) % 13) as f32 / 13.0);
    let scaled = standard.apply(x.view(), shape)?;
    let (got, want) = (net.logits(x.view())?, plain.logits(scaled.view())?);
    assert!((&got - &want).iter().all(|d| d.abs() < 1e-5));
    let u = Array2::from_shape_fn((6, 5), |(i, j)| (i as f32 - 2.0) * (j as f32 - 1.5));
    let (_, got) = net.pull_back(x.view(), &mut |_| Ok(u.clone()))?;
    let (_, want) = plain.pull_back(scaled.view(), &mut |_| Ok(u.clone()))?;
    for (place, (got, want)) in got.iter().zip(&want).enumerate() {
        let want = want / standard.std[place % 432 / 144];
        assert!((got - want).abs() < 1e-4, "{place}: {got} {want}");
    }
    Ok(())
}

#[test]
fn a_jacobian_penalty_sees_the_standardisation() -> Result<()> {
    let standard = Standardisation { mean: vec![0.3], std: vec![0.25] };
    let plain = Mlp::new(&[6, 9, 4], Activation::Tanh, 1)?;
    let net = plain.clone().with_standardisation(&standard)?;
    let x = Array2::from_shape_fn((5, 6), |(i, j)| ((7 * i + 5 * j) % 13) as f32 / 13.0);
    let value = |net: &dyn Network, x: &Array2<f32>| -> Result<f32> {
        let x = to_device(x.view())?;
        let taps = net.record(x.clone(), GradientsOf::Parameters)?.taps;
        Ok(JacobianPenalty::new(0.1).record(net, &x, &taps, 1, &[0, 1, 2, 3, 4])?.as_vec()[0])
    };
    let scaled = x.mapv(|x| (x - 0.3) / 0.25);
    let (got, want) = (value(&net, &x)?, value(&plain, &scaled)? * 16.0);
    assert!((got / want - 1.0).abs() < 1e-5, "{got} {want}");

    // Channels of different scales: other pixels win the pooling than without.
    let standard = Standardisation { mean: vec![0.3, 0.1], std: vec![0.1, 2.0] };
    let shape = ImageShape { channels: 2, height: 8, width: 8 };
    let plain = Cnn::new(shape, &[3], &[9, 4], Activation::Tanh, 1)?;
    let net = plain.clone().with_standardisation(&standard)?;
    let x = Array2::from_shape_fn((5, 128), |(i, j)| ((7 * i + 5 * j + i * j) % 13) as f32 / 13.0);
    let scaled = standard.apply(x.view(), shape)?;
    let v = Array2::from_shape_fn((5, 4), |(i, j)| (i as f32 - 2.0) * (j as f32 - 1.5) + 0.3);
    let pull = |net: &dyn Network, x: &Array2<f32>| -> Result<Vec<f32>> {
        let (x, v) = (to_device(x.view())?, to_device(v.view())?);
        let taps = net.record(x.clone(), GradientsOf::Parameters)?.taps;
        Ok(net.adjoint()?.pull(&x, &taps, v.retaped::<Recording>())?.as_vec())
    };
    let want: Vec<f64> = pull(&plain, &scaled)?
        .iter()
        .enumerate()
        .map(|(place, g)| f64::from(*g) / f64::from(standard.std[place % 128 / 64]))
        .collect();
    assert_close("v' J", &pull(&net, &x)?, &want, 1e-5 * largest(&want));
    Ok(())
}

#[test]
fn what_mixes_examples_has_no_jacobian_penalty() -> Result<()> {
    let net = Mlp::new(&[6, 9, 4], Activation::Tanh, 1)?;
    let image = ImageShape { channels: 1, height: 8, width: 8 };
    let cnn = Cnn::new(image, &[3], &[9, 4], Activation::Tanh, 1)?;
    let white = Whitening::default();
    let refused: [&dyn Network; 3] = [
        &net.clone().with_whitening("hidden.0", white)?,
        &net.clone().with_batch_norm("hidden.0")?,
        &cnn.with_whitening("conv.0", white)?,
    ];
    for net in refused {
        has(&text(JacobianPenalty::new(0.1).check(net)), &["depend on its batch"]);
    }
    JacobianPenalty::new(0.1).check(&net)
}

#[test]
fn files_give_everything_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let npz = npz();
    let shape = ImageShape { channels: 1, height: 3, width: 4 };
    let x = images(&npz, "mlp_x");
    let mut net = mlp(&npz)?;
    net.record_batch(to_device(x.view())?, GradientsOf::Parameters)?;
    net.calibrate(&dataset(x.clone(), shape, 4))?;
    net.save(&path)?;
    let again = Mlp::load(&path)?;
    assert_eq!(format!("{again:?}"), format!("{net:?}"));
    assert!(
        format!("{net:?}")
            .contains("standardised inputs, batch norm behind hidden.0, whitening behind hidden.1")
    );
    assert_eq!(again.logits(x.view())?, net.logits(x.view())?);
    let mut other = mlp(&npz)?;
    other.load_parameters(&path)?;
    assert_eq!(other.logits(x.view())?, net.logits(x.view())?);
    // One without the layers has other arrays, one with them needs theirs.
    let mut plain = Mlp::new(&[12, 9, 8, 7, 4], Activation::Tanh, 0)?;
    plain.save(folder.path().join("plain"))?;
    let before = other.logits(x.view())?;
    assert!(matches!(other.load_parameters(folder.path().join("plain")), Err(Error::Format { .. })));
    assert_eq!(other.logits(x.view())?, before);
    plain.load_parameters(&path)?;

    let x = images(&npz, "cnn_x");
    let mut net = cnn(&npz)?;
    net.calibrate(&dataset(x.clone(), net.image(), 5))?;
    net.save(&path)?;
    let again = Cnn::load(&path)?;
    assert_eq!(format!("{again:?}"), format!("{net:?}"));
    assert_eq!(again.logits(x.view())?, net.logits(x.view())?);
    let text = format!("{net:?}");
    assert!(
        text.contains("standardised inputs, whitening behind conv.1, batch norm behind hidden.0"),
        "{text}"
    );
    Ok(())
}

#[test]
fn training_with_normalisations_goes_on_where_it_was() -> Result<()> {
    let mnist = mnist::shipped()?;
    let (train, test) = (mnist.train.take(900)?, mnist.test.take(300)?);
    let net = || -> Result<Mlp> {
        Mlp::new(&[784, 30, 20, 20, 10], Activation::Tanh, 5)?
            .with_batch_norm("hidden.0")?
            .with_whitening("hidden.1", Whitening::default())
    };
    let all = |net: &Mlp| -> Vec<u32> {
        let arrays = net.parameters().into_iter().chain(net.buffers());
        arrays.flat_map(|p| p.values()).map(f32::to_bits).collect()
    };
    let penalty = SpectralPenalty::new(0.5).with_tau(5).with_taps(Taps::All);
    let settings = Training::new(3, 300).with_seed(9).with_penalty(penalty);
    let mut whole = net()?;
    let history = settings.run(&mut whole, &train, Some(&test))?;
    // Evaluation works by what training has stored: far from the 90 % of guessing.
    let errors: Vec<f64> = history.records().iter().filter_map(|r| r.validation_error).collect();
    assert!(errors.len() == 3 && errors[2] < 0.6 && errors[2] < errors[0], "{errors:?}");
    // After the last epoch the factor is that of the parameters at its end.
    let mut calibrated = whole.clone();
    calibrated.calibrate(&train)?;
    assert!(all(&calibrated) == all(&whole));

    let folder = tempfile::tempdir().unwrap();
    let broken = settings.with_checkpoint(folder.path().join("run")).with_time_budget(Duration::ZERO);
    let mut calls = 0;
    let resumed = loop {
        let mut part = net()?;
        calls += 1;
        if broken.run(&mut part, &train, Some(&test))?.finished() {
            break part;
        }
    };
    assert_eq!(calls, 9, "one call a step");
    assert!(all(&resumed) == all(&whole));
    Ok(())
}

#[test]
fn a_step_of_training_is_that_of_the_batch() -> Result<()> {
    let train = mnist::shipped()?.train.take(400)?;
    let start = Mlp::new(&[784, 30, 20, 20, 10], Activation::Tanh, 5)?
        .with_batch_norm("hidden.0")?
        .with_whitening("hidden.1", Whitening::default())?;
    let penalty = SpectralPenalty::new(0.5).with_tau(5);
    let rate = 0.1;
    let training = Training::new(1, 400)
        .with_penalty(penalty.clone())
        .with_optimiser(Sgd { learning_rate: rate, ..Sgd::default() });
    let mut trained = start.clone();
    let history = training.run(&mut trained, &train, None)?;

    // The same by hand; eigenvectors are those of a network whose factor is that of the training set.
    let mut net = start.clone();
    net.calibrate(&train)?;
    let vectors = eigenvectors(&net, &train, &[2])?;
    let recorded = net.record_batch(to_device(train.images())?, GradientsOf::Parameters)?;
    let spectral = spectral_penalty(recorded.taps[2].retaped::<Recording>(), &vectors[0], &penalty.target)?;
    let value = f64::from(spectral.as_vec()[0]);
    let stored = history.records()[0].spectral;
    assert!((stored / value - 1.0).abs() < 1e-4, "{stored} {value}");
    let mut gradients = backward(cross_entropy(recorded.logits, train.labels())? + spectral);
    for (parameter, trained) in start.parameters().iter().zip(trained.parameters()) {
        let index = start.parameters().iter().position(|p| p.name() == parameter.name()).unwrap();
        let slope = net.parameters()[index].gradient(&mut gradients)?;
        let want: Vec<f64> = parameter
            .values()
            .iter()
            .zip(&slope)
            .map(|(p, g)| f64::from(*p) - rate * f64::from(*g))
            .collect();
        let scale = slope.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        // The order of the batch differs: rounding, and what is left of the gradient of a bias that has none.
        assert_close(parameter.name(), &trained.values(), &want, 1e-5 + 1e-3 * rate * f64::from(scale));
    }
    for (buffer, trained) in net.buffers().iter().zip(trained.buffers()).take(2) {
        let want: Vec<f64> = buffer.values().iter().map(|v| f64::from(*v)).collect();
        assert_close(buffer.name(), &trained.values(), &want, 1e-5);
        assert!(want.iter().any(|v| *v != 0.0 && *v != 1.0), "{} has not moved", buffer.name());
    }
    Ok(())
}

#[test]
fn bad_layers_are_refused() -> Result<()> {
    let net = Mlp::new(&[12, 9, 4], Activation::Tanh, 1)?;
    let white = Whitening::default();
    for error in [
        text(net.clone().with_whitening("readout", white)),
        text(net.clone().with_batch_norm("hidden.1")),
        text(Mlp::new(&[12, 4], Activation::Tanh, 1)?.with_batch_norm("hidden.0")),
    ] {
        has(&error, &["layer = ", "a hidden layer of ["]);
    }
    let ridge = Whitening { ridge: 0.0, ..white };
    assert!(matches!(net.clone().with_whitening("hidden.0", ridge), Err(Error::Parameter { .. })));
    let wrong = Standardisation { mean: vec![0.0; 5], std: vec![1.0; 5] };
    assert!(matches!(net.clone().with_standardisation(&wrong), Err(Error::Shape { .. })));
    // One example has no statistics in training, and has them in evaluation.
    let mut net = net.with_batch_norm("hidden.0")?;
    let one = matrix(&[0.5; 12], 1, 12)?;
    assert!(matches!(net.record_batch(one.clone(), GradientsOf::Parameters), Err(Error::Numeric { .. })));
    net.forward(one)?;
    Ok(())
}

#[test]
fn the_summary_counts_units_and_parameters() -> Result<()> {
    let net = cnn(&npz())?;
    let summary = net.summary();
    let rows: Vec<(&str, usize, usize)> =
        summary.layers.iter().map(|l| (l.name.as_str(), l.units, l.parameters)).collect();
    let expected = [
        ("input", 480, 0),
        ("conv.0", 3 * 7 * 6, 3 * 2 * 9 + 3),
        ("conv.1", 16, 4 * 3 * 9 + 4),
        ("conv.1.whitening", 16, 0),
        ("hidden.0", 8, 16 * 8 + 8),
        ("hidden.0.batch_norm", 8, 16),
        ("readout", 5, 45),
    ];
    assert_eq!(rows, expected);
    assert_eq!((summary.units, net.unit_count()), (3 * 7 * 6 + 16 + 8, 3 * 7 * 6 + 16 + 8));
    assert_eq!(
        (summary.parameters, net.parameter_count()),
        (57 + 112 + 136 + 16 + 45, 57 + 112 + 136 + 16 + 45)
    );
    let text = summary.to_string();
    has(&text, &["weight [3, 2, 3, 3], bias [3]", "(mean [16]), (matrix [16, 16])", "hidden.0.batch_norm"]);
    Ok(())
}
