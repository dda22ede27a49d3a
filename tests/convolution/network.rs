//! The convolutional network: sizes, names, passes, gradients, files.

use super::tensors::{backward, bits};
use eigengate::data::{Dataset, ImageShape};
use eigengate::device::{to_array, to_device};
use eigengate::nn::ops::{self, Convolution, GradientsOf};
use eigengate::nn::{Activation, Cnn, Mlp, Network};
use eigengate::spectra::{SpectralPenalty, Taps};
use eigengate::train::Training;
use eigengate::{Error, Result};
use ndarray::Array2;

const DIGITS: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };
const SMALL: ImageShape = ImageShape { channels: 2, height: 11, width: 10 };

fn net() -> Cnn {
    Cnn::new(SMALL, &[3, 5], &[7, 4], Activation::Tanh, 3).unwrap()
}

fn images(rows: usize, shape: ImageShape) -> Array2<f32> {
    Array2::from_shape_fn((rows, shape.pixels()), |(i, j)| {
        ((37 * i + 11 * j * j + 5 * j) % 101) as f32 / 101.0
    })
}

fn all_bits(net: &dyn Network) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| bits(&p.values())).collect()
}

#[test]
fn the_papers_networks_have_the_papers_sizes() -> Result<()> {
    let net = Cnn::new(DIGITS, &[16, 32], &[1000, 10], Activation::Tanh, 1)?;
    let shapes: Vec<(&str, &[usize])> = net.parameters().iter().map(|p| (p.name(), p.shape())).collect();
    let expected: [(&str, &[usize]); 8] = [
        ("conv.0.weight", &[16, 1, 3, 3]),
        ("conv.0.bias", &[16]),
        ("conv.1.weight", &[32, 16, 3, 3]),
        ("conv.1.bias", &[32]),
        ("hidden.0.weight", &[1000, 800]),
        ("hidden.0.bias", &[1000]),
        ("readout.weight", &[10, 1000]),
        ("readout.bias", &[10]),
    ];
    assert_eq!(shapes, expected);
    let taps =
        [("conv.0".to_owned(), 16 * 13 * 13), ("conv.1".to_owned(), 800), ("hidden.0".to_owned(), 1000)];
    assert_eq!(net.taps(), taps);
    assert_eq!((net.inputs(), net.classes(), net.image()), (784, 10, DIGITS));
    assert_eq!((net.channels(), net.widths()), (vec![16, 32], &[1000, 10][..]));
    assert_eq!(format!("{net:?}"), "Cnn(1x28x28, channels 16-32, dense 1000-10, tanh, 815810 parameters)");
    let cifar = ImageShape { channels: 3, height: 32, width: 32 };
    let net = Cnn::new(cifar, &[16, 32], &[1000, 10], Activation::Tanh, 1)?;
    assert_eq!(net.parameters()[4].shape(), [1000, 1152]);
    Ok(())
}

#[test]
fn parameters_are_drawn_as_in_pytorch() -> Result<()> {
    let net = Cnn::new(DIGITS, &[40, 80], &[10], Activation::Relu, 5)?;
    // nn.Conv2d: uniform in +-1 / sqrt(in channels * 9), weights and bias.
    for (parameter, fan_in) in net.parameters().into_iter().zip([9, 9, 360, 360, 2000, 2000]) {
        let bound = 1.0 / (fan_in as f32).sqrt();
        let values = parameter.values();
        assert!(values.iter().all(|v| v.abs() <= bound), "{parameter:?}");
        assert!(values.iter().any(|v| v.abs() > 0.8 * bound), "{parameter:?}");
    }
    let values: Vec<Vec<f32>> = net.parameters().iter().map(|p| p.values()).collect();
    for (i, a) in values.iter().enumerate() {
        // Numbers of their own: not those of another parameter times a factor.
        assert!(values[..i].iter().all(|b| (a[0] / b[0] - a[1] / b[1]).abs() > 1e-3));
    }
    let again = Cnn::new(DIGITS, &[40, 80], &[10], Activation::Relu, 5)?;
    assert_eq!(all_bits(&net), all_bits(&again));
    assert_ne!(all_bits(&net), all_bits(&Cnn::new(DIGITS, &[40, 80], &[10], Activation::Relu, 6)?));
    Ok(())
}

#[test]
fn a_pass_is_its_operations_in_turn() -> Result<()> {
    for activation in [Activation::Tanh, Activation::Relu] {
        let net = Cnn::new(SMALL, &[3, 5], &[7, 4], activation, 3)?;
        let x = to_device(images(6, SMALL).view())?;
        let p: Vec<_> = net
            .parameters()
            .iter()
            .map(|p| {
                let rows = if p.shape().len() == 1 { 1 } else { p.shape()[0] };
                eigengate::device::matrix(&p.values(), rows, p.len() / rows).unwrap()
            })
            .collect();
        let (mut y, mut image, mut taps) = (x.clone(), SMALL, vec![]);
        for (block, channels) in [3, 5].into_iter().enumerate() {
            let sizes = Convolution::new(image, channels, 3);
            y = ops::conv2d(y, &p[2 * block], &p[2 * block + 1], &sizes, GradientsOf::Everything)?;
            y = ops::max_pool2d(activation.apply(y)?, sizes.output()?)?;
            image = sizes.pooled()?;
            taps.push(y.clone());
        }
        y = activation.apply(ops::linear(y, &p[4], &p[5], GradientsOf::Everything)?)?;
        taps.push(y.clone());
        y = ops::linear(y, &p[6], &p[7], GradientsOf::Everything)?;

        let pass = net.forward(x.clone())?;
        let close = |a, b| -> Result<()> {
            let difference = to_array(a)? - to_array(b)?;
            assert!(difference.iter().all(|d| d.abs() < 1e-6));
            Ok(())
        };
        close(&pass.logits, &y)?;
        assert_eq!(pass.taps.len(), taps.len());
        pass.taps.iter().zip(&taps).try_for_each(|(a, b)| close(a, b))?;
        let recorded = net.record(x, GradientsOf::Parameters)?;
        assert_eq!(recorded.logits.as_vec(), pass.logits.as_vec());
    }
    Ok(())
}

#[test]
fn all_parameters_get_gradients_and_the_input_where_asked() -> Result<()> {
    let net = net();
    let x = to_device(images(6, SMALL).view())?;
    for (asked, input, parameters) in [
        (GradientsOf::Parameters, false, true),
        (GradientsOf::Input, true, false),
        (GradientsOf::Everything, true, true),
    ] {
        let loss = ops::cross_entropy(net.record(x.clone(), asked)?.logits, &[0, 1, 2, 3, 0, 1])?;
        let mut g = backward(loss);
        for parameter in net.parameters() {
            let reached = parameter.gradient(&mut g)?.iter().any(|v| *v != 0.0);
            assert_eq!(reached, parameters, "{asked:?} {}", parameter.name());
        }
        assert_eq!(g.get_or_alloc_mut(&x).unwrap().iter().any(|v| *v != 0.0), input, "{asked:?}");
    }
    Ok(())
}

#[test]
fn it_is_trained_with_a_penalty_of_its_last_hidden_layer() -> Result<()> {
    let shape = ImageShape { channels: 1, height: 10, width: 10 };
    // A bright bar, lying or standing.
    let image = |i: usize, j: usize| {
        let (y, x) = (j / 10, j % 10);
        let on = if i.is_multiple_of(2) { y == 2 + i / 2 % 6 } else { x == 2 + i / 2 % 6 };
        if on { 1.0 } else { 0.0 }
    };
    let images = Array2::from_shape_fn((120, 100), |(i, j)| image(i, j));
    let data = Dataset::new(images, (0..120).map(|i| (i % 2) as u8).collect(), shape, 2)?;
    let mut net = Cnn::new(shape, &[4], &[12, 2], Activation::Tanh, 2)?;
    let penalty = SpectralPenalty::new(0.01).with_tau(2).with_taps(Taps::Last);
    assert_eq!(penalty.positions(&net)?, [1], "the last tap is the dense layer");
    let before = all_bits(&net);
    let training = Training::new(12, 40).with_learning_rate(5e-3).with_penalty(penalty);
    let history = training.run(&mut net, &data, Some(&data))?;
    let last = history.records().last().unwrap();
    assert!(last.validation_error.is_some_and(|error| error < 0.05), "{last:?}");
    assert!(last.penalty > 0.0);
    assert_ne!(all_bits(&net), before);
    Ok(())
}

#[test]
fn bad_sizes_are_refused() {
    let new = |image, channels: &[usize], widths: &[usize]| {
        let error = Cnn::new(image, channels, widths, Activation::Tanh, 0).unwrap_err();
        assert!(matches!(error, Error::Parameter { .. }), "{error}");
        error.to_string()
    };
    assert!(new(DIGITS, &[], &[10]).contains("channels"));
    assert!(new(DIGITS, &[16], &[]).contains("widths"));
    assert!(new(DIGITS, &[0], &[10]).contains("channels"));
    new(DIGITS, &[16], &[0, 10]);
    assert!(new(DIGITS, &[16], &[257]).contains("256"));
    new(ImageShape { channels: 0, ..DIGITS }, &[16], &[10]);
    new(ImageShape { height: usize::MAX, ..DIGITS }, &[16], &[10]);
    new(DIGITS, &[usize::MAX], &[10]);
    new(DIGITS, &[16], &[usize::MAX, 10]);
    // 28, 13, 5, 1: the fourth block has nothing to pool.
    let text = new(DIGITS, &[2, 2, 2, 2], &[10]);
    assert!(text.contains("1x28x28") && text.contains("2x1x1"), "{text}");
    let text = net().logits(Array2::zeros((2, 219)).view()).unwrap_err().to_string();
    assert!(text.contains("(batch, 220)") && text.contains("2x11x10") && text.contains("(2, 219)"), "{text}");
    assert!(matches!(net().logits(Array2::zeros((0, 220)).view()), Err(Error::Empty { .. })));
}

#[test]
fn a_saved_network_comes_back_whole() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let (path, mlp) = (folder.path().join("cnn.safetensors"), folder.path().join("mlp.safetensors"));
    let net = Cnn::new(SMALL, &[3, 5], &[7, 4], Activation::Relu, 3)?;
    net.save(&path)?;
    let back = Cnn::load(&path)?;
    assert_eq!(format!("{back:?}"), format!("{net:?}"));
    assert_eq!(all_bits(&back), all_bits(&net));
    let mut other = Cnn::new(SMALL, &[3, 5], &[7, 4], Activation::Relu, 4)?;
    other.load_parameters(&path)?;
    assert_eq!(all_bits(&other), all_bits(&net));
    // Softmax regression behind one block.
    let flat = Cnn::new(SMALL, &[3], &[4], Activation::Tanh, 3)?;
    flat.save(&path)?;
    assert_eq!(all_bits(&Cnn::load(&path)?), all_bits(&flat));

    // Other sizes and other architectures are refused, and change nothing.
    let before = all_bits(&other);
    assert!(matches!(other.load_parameters(&path), Err(Error::Shape { .. } | Error::Format { .. })));
    let mut dense = Mlp::new(&[60, 4], Activation::Tanh, 1)?;
    let text = dense.load_parameters(&path).unwrap_err().to_string();
    assert!(text.contains("architecture mlp") && text.contains("cnn"), "{text}");
    assert!(matches!(Mlp::load(&path), Err(Error::Format { .. })));
    dense.save(&mlp)?;
    let text = Cnn::load(&mlp).unwrap_err().to_string();
    assert!(text.contains("architecture cnn") && text.contains("mlp"), "{text}");
    assert!(matches!(other.load_parameters(&mlp), Err(Error::Format { .. })));
    assert_eq!(all_bits(&other), before);
    Ok(())
}

/// A saved network whose image is said to be another one.
fn with_image(path: &std::path::Path, from: &str, to: &str) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    let mut changed = bytes.clone();
    changed[at..at + to.len()].copy_from_slice(to.as_bytes());
    std::fs::write(path, changed).unwrap();
}

#[test]
fn files_whose_parts_do_not_fit_are_refused() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cnn.safetensors");
    for (image, found) in [
        ("2x99x99", "inputs for images of 2x99x99"),
        ("2x11x9x", "2x11x9x"),
        ("2x11x-9", "2x11x-9"),
        ("0x11x10", "0x11x10"),
        ("2x11x02", "2x11x2"),
    ] {
        net().save(&path)?;
        with_image(&path, "2x11x10", image);
        let text = Cnn::load(&path).unwrap_err().to_string();
        assert!(text.contains(found), "{text}");
    }
    net().save(&path)?;
    with_image(&path, "conv.1.bias", "conv.1.bios");
    assert!(matches!(Cnn::load(&path), Err(Error::Format { .. })));
    assert!(matches!(Cnn::load(folder.path().join("none")), Err(Error::Read { .. })));
    Ok(())
}
