//! Networks: initialisation, passes, files, optimiser.

use eigengate::device::{matrix, to_array, to_device};
use eigengate::nn::ops::{GradientsOf, pairing};
use eigengate::nn::{Activation, Adam, Mlp, Network, OptimiserState, Parameter};
use eigengate::{Error, Result};
use ndarray::{Array1, Array2, arr2};

fn net() -> Mlp {
    Mlp::new(&[7, 5, 4, 3], Activation::Tanh, 11).unwrap()
}

fn images(rows: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, 7), |(i, j)| ((5 * i + 3 * j) % 11) as f32 / 11.0)
}

/// The logits in float64, written out.
fn reference(net: &Mlp, x: &Array2<f64>) -> (Vec<Array2<f64>>, Array2<f64>) {
    let (mut x, mut taps) = (x.clone(), vec![]);
    let parameters = net.parameters();
    for (layer, pair) in parameters.chunks(2).enumerate() {
        let shape = (pair[0].shape()[0], pair[0].shape()[1]);
        let double = |p: &Parameter| p.values().into_iter().map(f64::from).collect::<Vec<_>>();
        let w = Array2::from_shape_vec(shape, double(pair[0])).unwrap();
        x = x.dot(&w.t()) + Array1::from(double(pair[1]));
        if 2 * layer + 2 < parameters.len() {
            x.mapv_inplace(|v| if net.activation() == Activation::Tanh { v.tanh() } else { v.max(0.0) });
            taps.push(x.clone());
        }
    }
    (taps, x)
}

#[test]
fn parameters_are_named_shaped_and_drawn_as_in_pytorch() {
    let net = net();
    let shapes: Vec<(&str, &[usize])> = net.parameters().iter().map(|p| (p.name(), p.shape())).collect();
    let expected: [(&str, &[usize]); 6] = [
        ("hidden.0.weight", &[5, 7]),
        ("hidden.0.bias", &[5]),
        ("hidden.1.weight", &[4, 5]),
        ("hidden.1.bias", &[4]),
        ("readout.weight", &[3, 4]),
        ("readout.bias", &[3]),
    ];
    assert_eq!(shapes, expected);
    assert_eq!(net.parameter_count(), 7 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3);
    assert_eq!(net.taps(), [("hidden.0".to_owned(), 5), ("hidden.1".to_owned(), 4)]);

    // Uniform in +-1 / sqrt(fan in): variance bound^2 / 3, ends nearly reached, mean 0.
    let wide = Mlp::new(&[400, 300, 10], Activation::Relu, 3).unwrap();
    let w = wide.parameters()[0].values();
    let bound = 1.0 / 400f32.sqrt();
    assert!(w.iter().all(|v| v.abs() <= bound) && w.iter().any(|v| v.abs() > 0.999 * bound));
    let mean = w.iter().sum::<f32>() / w.len() as f32;
    let variance = w.iter().map(|v| v * v).sum::<f32>() / w.len() as f32;
    assert!(
        mean.abs() < 3.0 * bound / (3.0 * w.len() as f32).sqrt()
            && (variance / (bound * bound / 3.0) - 1.0).abs() < 0.01
    );
    // The bias has the same bound, and numbers of its own.
    let b = wide.parameters()[1].values();
    assert!(b.iter().all(|v| v.abs() <= bound) && b[..] != w[..300]);
}

#[test]
fn one_seed_one_network() {
    let values = |seed| Mlp::new(&[7, 5, 3], Activation::Tanh, seed).unwrap().parameters()[0].values();
    assert_eq!(values(1), values(1));
    assert_ne!(values(1), values(2));
}

#[test]
fn passes_agree_with_float64() -> Result<()> {
    for activation in [Activation::Tanh, Activation::Relu] {
        let net = Mlp::new(&[7, 5, 4, 3], activation, 11)?;
        let x = images(6);
        let (taps, logits) = reference(&net, &x.mapv(f64::from));
        let pass = net.forward(eigengate::device::to_device(x.view())?)?;
        let close = |a: Array2<f32>, b: &Array2<f64>| (a.mapv(f64::from) - b).iter().all(|d| d.abs() < 1e-6);
        assert!(close(to_array(&pass.logits)?, &logits));
        assert_eq!(pass.taps.len(), 2);
        assert!(pass.taps.iter().zip(&taps).all(|(a, b)| close(to_array(a).unwrap(), b)));
        assert!(close(net.logits(x.view())?, &logits));
        let recorded = net.record(eigengate::device::to_device(x.view())?, GradientsOf::Parameters)?;
        assert_eq!(recorded.logits.as_vec(), pass.logits.as_vec());
    }
    // Softmax regression has no taps.
    let flat = Mlp::new(&[7, 3], Activation::Tanh, 0)?;
    assert!(flat.forward(matrix(&[0.1; 7], 1, 7)?)?.taps.is_empty());
    Ok(())
}

#[test]
fn the_input_gradient_agrees_with_differences() -> Result<()> {
    let net = net();
    let x = images(4);
    let u = arr2(&[[1.0, -0.5, 2.0], [0.3, 0.0, -1.0], [0.0, 1.0, 0.0], [2.0, 2.0, -3.0]]);
    let (_, gradient) = net.pull_back(x.view(), &mut |_| Ok(u.mapv(|v| v as f32)))?;
    let value = |x: &Array2<f64>| (reference(&net, x).1 * &u).sum();
    let mut at = x.mapv(f64::from);
    for i in 0..4 {
        for j in 0..7 {
            let centre = at[[i, j]];
            at[[i, j]] = centre + 1e-5;
            let up = value(&at);
            at[[i, j]] = centre - 1e-5;
            let down = value(&at);
            at[[i, j]] = centre;
            let want = (up - down) / 2e-5;
            assert!((f64::from(gradient[[i, j]]) - want).abs() < 2e-6, "{} {want}", gradient[[i, j]]);
        }
    }
    Ok(())
}

#[test]
fn bad_sizes_are_refused() {
    for widths in [&[] as &[usize], &[5], &[5, 0, 2], &[0, 3], &[5, 300]] {
        assert!(matches!(Mlp::new(widths, Activation::Tanh, 0), Err(Error::Parameter { .. })), "{widths:?}");
    }
    let text = net().logits(Array2::zeros((2, 8)).view()).unwrap_err().to_string();
    assert!(text.contains("(batch, 7)") && text.contains("(2, 8)"), "{text}");
    assert!(matches!(net().logits(Array2::zeros((0, 7)).view()), Err(Error::Empty { .. })));
}

#[test]
fn widths_beyond_any_memory_are_refused() {
    let huge = [usize::MAX / 2, 3, 2];
    assert!(matches!(Mlp::new(&huge, Activation::Tanh, 0), Err(Error::Parameter { .. })));
}

fn bytes(net: &Mlp) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect()
}

#[test]
fn a_saved_network_comes_back_whole() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (folder.path().join("net.safetensors"), folder.path().join("again.safetensors"));
    let net = Mlp::new(&[7, 5, 4, 3], Activation::Relu, 11)?;
    net.save(&path)?;
    net.save(&again)?;
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap(), "equal networks, equal files");
    let back = Mlp::load(&path)?;
    assert_eq!((back.widths(), back.activation()), (net.widths(), Activation::Relu));
    assert_eq!(bytes(&back), bytes(&net));
    let mut other = Mlp::new(&[7, 5, 4, 3], Activation::Relu, 12)?;
    assert_ne!(bytes(&other), bytes(&net));
    other.load_parameters(&path)?;
    assert_eq!(bytes(&other), bytes(&net));
    Ok(())
}

#[test]
fn files_that_do_not_fit_leave_the_network_as_it_was() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    net().save(&path)?;

    let mut wider = Mlp::new(&[7, 6, 4, 3], Activation::Tanh, 1)?;
    let before = bytes(&wider);
    let text = wider.load_parameters(&path).unwrap_err().to_string();
    assert!(text.contains("hidden.0.weight") && text.contains("[6, 7]") && text.contains("[5, 7]"), "{text}");
    // The second layer alone differs: the first must not have been taken.
    let mut narrower = Mlp::new(&[7, 5, 3], Activation::Tanh, 1)?;
    let first = bytes(&narrower);
    assert!(narrower.load_parameters(&path).is_err());
    assert_eq!((bytes(&wider), bytes(&narrower)), (before, first));

    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 4, 60, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = Mlp::load(&path).unwrap_err();
        assert!(
            matches!(error, Error::Format { .. }) && error.to_string().contains("net.safetensors"),
            "{error}"
        );
    }
    let mut broken = whole.clone();
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, broken).unwrap();
    assert!(matches!(Mlp::load(&path), Err(Error::NotFinite { .. })));
    assert!(matches!(Mlp::load(folder.path().join("none")), Err(Error::Read { .. })));
    Ok(())
}

#[test]
fn a_failed_write_leaves_the_old_file() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere").join("net.safetensors");
    assert!(matches!(net().save(&missing), Err(Error::Write { .. })));
    // A folder of that name cannot be replaced by a file.
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("inside"), "kept").unwrap();
    assert!(matches!(net().save(&taken), Err(Error::Write { .. })));
    assert_eq!(std::fs::read_to_string(taken.join("inside")).unwrap(), "kept");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    Ok(())
}

#[test]
fn adam_follows_its_definition() -> Result<()> {
    // Gradients that shrink, so that AMSGrad's maximum differs from Adam's moment.
    for amsgrad in [false, true] {
        let adam = Adam { learning_rate: 0.01, amsgrad, ..Adam::default() };
        let mut net = net();
        let mut state = OptimiserState::new(adam, &net)?;
        let start: Vec<f64> = net.parameters()[0].values().into_iter().map(f64::from).collect();
        let mut want = start.clone();
        let (mut m, mut v, mut w) = (vec![0.0; 35], vec![0.0; 35], vec![0.0f64; 35]);
        for t in 1..=30 {
            let x = to_device(images(3).mapv(|v| v / t as f32).view())?;
            let recorded = net.record(x, GradientsOf::Parameters)?;
            let u = matrix(&[1.0 / t as f32, -0.5, 0.25, 1.0, 0.0, -1.0, 0.5, 0.5, 2.0 / t as f32], 3, 3)?;
            let mut g = dfdx::prelude::Backward::backward(pairing(recorded.logits, &u)?);
            let taken: Vec<f64> = {
                let (shape, id) = (net.parameters()[0].shape().to_vec(), net.parameters()[0].clone());
                assert_eq!(shape, [5, 7]);
                gradient_of(&id, &mut g)
            };
            state.step(&mut net, &mut g)?;
            for i in 0..35 {
                m[i] = 0.9 * m[i] + 0.1 * taken[i];
                v[i] = 0.999 * v[i] + 0.001 * taken[i] * taken[i];
                w[i] = if amsgrad { w[i].max(v[i]) } else { v[i] };
                let root = (w[i] / (1.0 - 0.999f64.powi(t))).sqrt();
                want[i] -= 0.01 * (m[i] / (1.0 - 0.9f64.powi(t))) / (root + 1e-8);
            }
        }
        assert_eq!(state.steps(), 30);
        let got = net.parameters()[0].values();
        let moved = want.iter().zip(&start).any(|(a, b)| (a - b).abs() > 0.05);
        assert!(
            moved && got.iter().zip(&want).all(|(g, w)| (f64::from(*g) - w).abs() < 2e-5),
            "{got:?} {want:?}"
        );
    }
    Ok(())
}

/// The gradient of a parameter, through the public surface: the tensor that a gradient belongs to is the
/// parameter's own.
fn gradient_of(
    parameter: &Parameter,
    g: &mut dfdx::prelude::Gradients<f32, eigengate::device::Device>,
) -> Vec<f64> {
    parameter.gradient(g).unwrap().into_iter().map(f64::from).collect()
}

#[test]
fn a_name_tells_what_it_is() {
    assert_eq!(format!("{:?}", net()), "Mlp(7-5-4-3, tanh, 79 parameters)");
}
