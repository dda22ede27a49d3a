//! Optimisers: PyTorch's numbers, threads and lengths, NaN, checkpoints, what is refused.

#[path = "common/errors.rs"]
mod errors;

use dfdx::prelude::{Backward, Gradients};
use eigengate::data::{Dataset, ImageShape};
use eigengate::device::{Device, matrix};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{GradientsOf, pairing};
use eigengate::nn::{Activation, Adam, Mlp, Network, Optimiser, OptimiserState, RmsProp, Sgd};
use eigengate::train::Training;
use eigengate::{Error, Result};
use errors::{has, text};
use ndarray::{Array1, Array2};
use std::time::Duration;

/// Every optimiser with every option.
fn all() -> [Optimiser; 7] {
    let (adam, sgd, rms_prop) = (Adam::default(), Sgd::default(), RmsProp::default());
    [
        Adam { amsgrad: false, ..adam }.into(),
        adam.into(),
        sgd.into(),
        Sgd { momentum: 0.9, ..sgd }.into(),
        Sgd { momentum: 0.9, nesterov: true, ..sgd }.into(),
        rms_prop.into(),
        RmsProp { momentum: 0.9, ..rms_prop }.into(),
    ]
}

/// A network whose gradients a test can choose: `n` weights, one bias, one output.
fn line(weights: Vec<f32>, bias: f32) -> Mlp {
    let mut net = Mlp::new(&[weights.len(), 1], Activation::Tanh, 0).unwrap();
    for (parameter, values) in net.parameters_mut().into_iter().zip([weights, vec![bias]]) {
        parameter.set_values(values).unwrap();
    }
    net
}

/// The gradient of `u (w x + b)` is `u x` by the weights and `u` by the bias. With `u` a power of two and
/// `x = weights / u` it is exactly what is asked for.
fn gradients(net: &Mlp, weights: &[f32], u: f32) -> Gradients<f32, Device> {
    let x = matrix(&weights.iter().map(|g| g / u).collect::<Vec<_>>(), 1, weights.len()).unwrap();
    let recorded = net.record(x, GradientsOf::Parameters).unwrap();
    let mut gradients = pairing(recorded.logits, &matrix(&[u], 1, 1).unwrap()).unwrap().backward();
    let given = net.parameters().into_iter().flat_map(|p| p.gradient(&mut gradients).unwrap());
    let wanted = weights.iter().copied().chain([u]);
    assert!(given.zip(wanted).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
    gradients
}

fn values(net: &Mlp) -> Vec<f32> {
    net.parameters().iter().flat_map(|p| p.values()).collect()
}

fn bits(net: &Mlp) -> Vec<u32> {
    values(net).into_iter().map(f32::to_bits).collect()
}

#[test]
fn parameters_go_where_pytorch_takes_them() -> Result<()> {
    // Written by tests/parity/optimisers.py with PyTorch 2.15.0; the settings are those of its table.
    let npz = Npz::open("tests/parity/optimisers.npz")?;
    let start: Array1<f32> = npz.get("start")?;
    let weight_gradients: Array2<f32> = npz.get("weight_gradients")?;
    let bias_gradients: Array1<f32> = npz.get("bias_gradients")?;
    let adam = Adam { learning_rate: 0.05, amsgrad: false, ..Adam::default() };
    let sgd = Sgd { learning_rate: 0.02, momentum: 0.9, ..Sgd::default() };
    let rms_prop = RmsProp { learning_rate: 0.003, ..RmsProp::default() };
    let cases: [(&str, Optimiser); 17] = [
        ("adam", adam.into()),
        ("adam_betas_eps", Adam { learning_rate: 0.02, betas: (0.6, 0.97), eps: 1e-3, ..adam }.into()),
        ("amsgrad", Adam { amsgrad: true, ..adam }.into()),
        ("amsgrad_betas", Adam { amsgrad: true, betas: (0.8, 0.9), ..adam }.into()),
        ("sgd", Sgd { learning_rate: 0.05, momentum: 0.0, ..sgd }.into()),
        ("sgd_momentum", sgd.into()),
        ("sgd_nesterov", Sgd { nesterov: true, ..sgd }.into()),
        ("rms_prop", rms_prop.into()),
        ("rms_prop_alpha_eps", RmsProp { learning_rate: 0.005, alpha: 0.9, eps: 1e-3, ..rms_prop }.into()),
        ("rms_prop_momentum", RmsProp { learning_rate: 0.001, momentum: 0.9, ..rms_prop }.into()),
        ("adam_decay", Adam { learning_rate: 0.02, weight_decay: 0.1, ..adam }.into()),
        ("amsgrad_decay", Adam { learning_rate: 0.02, amsgrad: true, weight_decay: 0.01, ..adam }.into()),
        ("sgd_decay", Sgd { learning_rate: 0.05, momentum: 0.0, weight_decay: 0.3, ..sgd }.into()),
        ("sgd_momentum_decay", Sgd { weight_decay: 0.05, ..sgd }.into()),
        ("sgd_nesterov_decay", Sgd { nesterov: true, weight_decay: 0.05, ..sgd }.into()),
        ("rms_prop_decay", RmsProp { weight_decay: 0.05, ..rms_prop }.into()),
        (
            "rms_prop_momentum_decay",
            RmsProp { learning_rate: 0.001, momentum: 0.9, weight_decay: 0.1, ..rms_prop }.into(),
        ),
    ];
    assert_eq!(npz.names().len(), 3 + cases.len(), "a case without a test");
    for (name, optimiser) in cases {
        let after: Array2<f32> = npz.get(name)?;
        let mut wanted = [1, 2, 20].into_iter().zip(after.rows());
        let mut net = line(start.slice(ndarray::s![..23]).to_vec(), start[23]);
        let mut state = OptimiserState::new(optimiser, &net)?;
        for (g, u) in weight_gradients.rows().into_iter().zip(&bias_gradients) {
            let mut gradients = gradients(&net, &g.to_vec(), *u);
            state.step(&mut net, &mut gradients)?;
            if ![1, 2, 20].contains(&state.steps()) {
                continue;
            }
            let (step, row) = wanted.next().expect("three rows");
            assert_eq!(step, state.steps());
            for (place, (&got, &want)) in values(&net).iter().zip(row).enumerate() {
                let error = (f64::from(got) / f64::from(want) - 1.0).abs();
                assert!(error < 1e-6, "{name}, step {step}, place {place}: {got}, PyTorch {want}");
            }
        }
        assert!(wanted.next().is_none() && values(&net) != start.to_vec());
    }
    Ok(())
}

/// `steps` steps on `n` weights; a number's gradients depend on its place alone.
fn walk(optimiser: Optimiser, n: usize, steps: usize) -> (Vec<u32>, u32) {
    let mut net = line((0..n).map(|i| (i as f32 * 0.37).sin()).collect(), 0.5);
    let mut state = OptimiserState::new(optimiser, &net).unwrap();
    for step in 0..steps {
        let g: Vec<f32> = (0..n).map(|i| ((i + 7 * step) as f32 * 1.7).cos() * 0.01).collect();
        let mut gradients = gradients(&net, &g, if step % 2 == 0 { 0.25 } else { -0.5 });
        state.step(&mut net, &mut gradients).unwrap();
    }
    let mut bits = bits(&net);
    let bias = bits.pop().unwrap();
    (bits, bias)
}

#[test]
fn neither_threads_nor_lengths_change_a_bit() {
    const LONG: usize = 100_003;
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for optimiser in all() {
        let (one, bias) = pool(1).install(|| walk(optimiser, LONG, 4));
        for threads in [2, 7] {
            let many = pool(threads).install(|| walk(optimiser, LONG, 4));
            assert!(many.0 == one && many.1 == bias, "{optimiser} with {threads} threads");
        }
        // Ends of vectors and of tasks: a number does not know how many others there are.
        for n in [1, 15, 16, 17, 16 * 1024, 16 * 1024 + 1, 40_000] {
            let short = walk(optimiser, n, 4);
            assert!(short.0[..] == one[..n] && short.1 == bias, "{optimiser} with {n} numbers");
        }
    }
}

#[test]
fn nan_stays_where_it_is() -> Result<()> {
    for optimiser in all() {
        let mut net = line(vec![1.0; 40], 1.0);
        let mut state = OptimiserState::new(optimiser, &net)?;
        for broken in [true, false] {
            let mut g = vec![0.5; 40];
            if broken {
                g[33] = f32::NAN;
                g[34] = f32::INFINITY;
            }
            let mut gradients = gradients(&net, &g, 1.0);
            state.step(&mut net, &mut gradients)?;
        }
        for (place, value) in values(&net).into_iter().enumerate() {
            match place {
                33 => assert!(value.is_nan(), "{optimiser}"),
                34 => assert!(!value.is_finite(), "{optimiser}: {value}"),
                _ => assert!(value < 1.0 && value > 0.5, "{optimiser}: {value} at {place}"),
            }
        }
    }
    Ok(())
}

#[test]
fn a_parameter_out_of_reach_has_gradient_zero() -> Result<()> {
    for optimiser in all() {
        let mut net = line(vec![1.0; 5], 1.0);
        let before = bits(&net);
        let mut state = OptimiserState::new(optimiser, &net)?;
        state.step(&mut net, &mut Gradients::leaky())?;
        assert!(bits(&net) == before, "{optimiser}");
        let mut gradients = gradients(&net, &[0.5; 5], 1.0);
        state.step(&mut net, &mut gradients)?;
        let moved = values(&net);
        state.step(&mut net, &mut Gradients::leaky())?;
        let glides = !matches!(
            optimiser,
            Optimiser::Sgd(Sgd { momentum: 0.0, .. }) | Optimiser::RmsProp(RmsProp { momentum: 0.0, .. })
        );
        assert_eq!(values(&net) != moved, glides, "{optimiser}");
    }
    Ok(())
}

#[test]
fn settings_out_of_range_are_refused() {
    let net = line(vec![1.0; 3], 1.0);
    let refused = |optimiser: Optimiser, parts: &[&str]| {
        has(&text(optimiser.check()), parts);
        has(&text(OptimiserState::new(optimiser, &net)), parts);
    };
    for optimiser in all() {
        optimiser.check().unwrap();
        for (rate, shown) in [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
            let expected = format!("learning_rate = {shown} is out of range: take a finite number above 0");
            refused(optimiser.with_learning_rate(rate), &[&expected]);
        }
    }
    let (adam, sgd, rms_prop) = (Adam::default(), Sgd::default(), RmsProp::default());
    refused(Adam { betas: (1.0, 0.9), ..adam }.into(), &["betas = 1 ", "[0, 1)"]);
    refused(Adam { betas: (0.9, -0.1), ..adam }.into(), &["betas = -0.1 ", "[0, 1)"]);
    refused(Adam { betas: (0.9, f64::NAN), ..adam }.into(), &["betas = NaN "]);
    refused(Adam { eps: 0.0, ..adam }.into(), &["eps = 0 ", "above 0"]);
    refused(Adam { eps: f64::NAN, ..adam }.into(), &["eps = NaN "]);
    for momentum in [1.0, 1.5, -0.1, f64::NAN] {
        let shown = format!("momentum = {momentum} is out of range: take a decay in [0, 1)");
        refused(Sgd { momentum, ..sgd }.into(), &[&shown]);
        refused(RmsProp { momentum, ..rms_prop }.into(), &[&shown]);
    }
    for weight_decay in [-0.1, f64::NAN, f64::INFINITY] {
        let shown =
            format!("weight_decay = {weight_decay} is out of range: take a finite number of at least 0");
        for optimiser in all() {
            refused(optimiser.with_weight_decay(weight_decay), &[&shown]);
        }
    }
    // PyTorch: "Nesterov momentum requires a momentum and zero dampening".
    refused(Sgd { nesterov: true, ..sgd }.into(), &["momentum = 0 ", "nesterov"]);
    refused(RmsProp { alpha: 1.0, ..rms_prop }.into(), &["alpha = 1 ", "[0, 1)"]);
    refused(RmsProp { eps: f64::NAN, ..rms_prop }.into(), &["eps = NaN "]);
    refused(RmsProp { eps: -1e-8, ..rms_prop }.into(), &["eps = -0.00000001 "]);

    let mut state = OptimiserState::new(adam, &net).unwrap();
    has(&text(state.set_learning_rate(f64::NAN)), &["learning_rate = NaN"]);
    assert_eq!(state.optimiser().learning_rate(), 1e-3);
}

#[test]
fn a_state_belongs_to_its_network() -> Result<()> {
    for optimiser in all() {
        let mut state = OptimiserState::new(optimiser, &line(vec![1.0; 3], 1.0))?;
        let mut other = line(vec![1.0; 4], 1.0);
        let before = bits(&other);
        let mut gradients = gradients(&other, &[0.5; 4], 1.0);
        has(&text(state.step(&mut other, &mut gradients)), &["[3, 1]", "[4, 1]"]);
        assert!(bits(&other) == before && state.steps() == 0);
    }
    Ok(())
}

#[test]
fn the_learning_rate_can_change_between_steps() -> Result<()> {
    let mut net = line(vec![1.0; 3], 1.0);
    let mut state = OptimiserState::new(Sgd { learning_rate: 0.5, ..Sgd::default() }, &net)?;
    for (rate, want) in [(0.5, 0.75), (0.25, 0.625)] {
        state.set_learning_rate(rate)?;
        let mut gradients = gradients(&net, &[0.5; 3], 0.5);
        state.step(&mut net, &mut gradients)?;
        assert_eq!(values(&net), [want; 4]);
    }
    assert_eq!(
        format!("{state:?}"),
        "OptimiserState(SGD(learning_rate 0.25, momentum 0, nesterov false), 2 steps)"
    );
    Ok(())
}

/// Sixty images of four pixels, two classes.
fn small() -> Dataset {
    let images = Array2::from_shape_fn((60, 4), |(i, j)| ((i * (j + 3)) % 7) as f32 / 7.0);
    let labels = (0..60).map(|i| (i * 3 % 7 < 3) as u8).collect();
    Dataset::new(images, labels, ImageShape { channels: 1, height: 2, width: 2 }, 2).unwrap()
}

fn mlp(seed: u64) -> Mlp {
    Mlp::new(&[4, 6, 2], Activation::Tanh, seed).unwrap()
}

#[test]
fn a_broken_run_of_every_optimiser_ends_with_the_same_bits() -> Result<()> {
    let (folder, data) = (tempfile::tempdir().unwrap(), small());
    let mut ends = vec![];
    for optimiser in all() {
        let settings = Training::new(2, 20).with_optimiser(optimiser).with_learning_rate(0.05);
        assert_eq!(settings.optimiser, optimiser.with_learning_rate(0.05));
        let mut whole = mlp(1);
        let history = settings.run(&mut whole, &data, None)?;

        let path = folder.path().join(settings.optimiser.to_string());
        // One step a call, each on another network.
        let broken = settings.with_checkpoint(path).with_time_budget(Duration::ZERO);
        let mut calls = 0;
        let (resumed, end) = loop {
            let mut net = mlp(if calls == 0 { 1 } else { 1000 + calls });
            let history = broken.run(&mut net, &data, None)?;
            calls += 1;
            if history.finished() {
                break (history, net);
            }
        };
        assert_eq!(calls, 2 * 3, "one call a step");
        assert!(bits(&end) == bits(&whole) && resumed == history, "{optimiser}");
        assert!(!ends.contains(&bits(&end)), "{optimiser} does what another does");
        ends.push(bits(&end));
    }
    Ok(())
}

#[test]
fn a_checkpoint_of_another_optimiser_is_refused_and_kept() -> Result<()> {
    let (folder, data) = (tempfile::tempdir().unwrap(), small());
    let path = folder.path().join("run");
    for written in all() {
        let training = |optimiser| Training::new(1, 20).with_optimiser(optimiser).with_checkpoint(&path);
        training(written).run(&mut mlp(1), &data, None)?;
        let kept = std::fs::read(&path).unwrap();
        for other in all().into_iter().filter(|&other| other != written) {
            let mut net = mlp(2);
            let error = training(other).run(&mut net, &data, None).unwrap_err();
            assert!(matches!(error, Error::Format { .. }));
            // Another kind is named; another option of the same kind stands in the texts of both runs.
            let (need, found) = match other.name() == written.name() {
                true => (other.to_string(), written.to_string()),
                false => {
                    (format!("the optimiser {},", other.name()), format!("found one of {};", written.name()))
                }
            };
            has(&error.to_string(), &[&need, &found, "use another path, or remove the file"]);
            assert!(bits(&net) == bits(&mlp(2)) && std::fs::read(&path).unwrap() == kept);
        }
        std::fs::remove_file(&path).unwrap();
    }
    Ok(())
}
