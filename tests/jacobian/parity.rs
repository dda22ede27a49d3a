//! The numbers of PyTorch's double backward, written by tests/parity/jacobian.py with PyTorch 2.15.0.

use crate::tensors::backward;
use dfdx::prelude::AsArray;
use eigengate::Result;
use eigengate::data::ImageShape;
use eigengate::device::{Recording, Scalar, matrix, to_array, to_device};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{pairing, square_sum};
use eigengate::nn::{Activation, Cnn, GradientsOf, Mlp, Network, Recorded};
use eigengate::train::{JacobianPenalty, Projections};
use ndarray::{Array0, Array2, Array3, Axis};

/// `strength` and the networks of the script's table.
const STRENGTH: f64 = 0.3;
const DENSE: [(&str, &[usize], Activation); 5] = [
    ("tanh1", &[11, 17, 5], Activation::Tanh),
    ("tanh2", &[6, 13, 9, 4], Activation::Tanh),
    ("tanh3", &[8, 10, 7, 12, 3], Activation::Tanh),
    ("relu3", &[8, 16, 9, 12, 3], Activation::Relu),
    ("softmax", &[7, 4], Activation::Tanh),
];
/// Channels, height and width of the image, channels of the blocks, widths behind them.
type Sizes = ([usize; 3], &'static [usize], &'static [usize]);
const CONVOLUTIONAL: [(&str, Sizes, Activation); 4] = [
    ("cnn_tanh", ([2, 13, 11], &[5, 7], &[12, 5]), Activation::Tanh),
    ("cnn_relu", ([6, 10, 12], &[4, 3], &[9, 4]), Activation::Relu),
    ("cnn_deep", ([1, 24, 23], &[3, 5, 4], &[6, 5, 3]), Activation::Tanh),
    ("cnn_flat", ([3, 7, 6], &[20], &[4]), Activation::Tanh),
];

fn networks() -> Result<Vec<(&'static str, Box<dyn Network>)>> {
    let mut networks: Vec<(&str, Box<dyn Network>)> = vec![];
    for (name, widths, activation) in DENSE {
        networks.push((name, Box::new(Mlp::new(widths, activation, 0)?)));
    }
    for (name, ([channels, height, width], blocks, widths), activation) in CONVOLUTIONAL {
        let image = ImageShape { channels, height, width };
        networks.push((name, Box::new(Cnn::new(image, blocks, widths, activation, 0)?)));
    }
    Ok(networks)
}

#[track_caller]
fn assert_parity(what: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    for (got, want) in got.iter().zip(want) {
        assert!((f64::from(*got) - want).abs() <= 1e-5 * scale, "{what}: {got}, PyTorch {want}");
    }
}

#[test]
fn penalties_and_gradients_are_those_of_double_backward() -> Result<()> {
    let npz = Npz::open("tests/parity/jacobian.npz")?;
    for (name, mut net) in networks()? {
        for (index, parameter) in net.parameters_mut().into_iter().enumerate() {
            let values: Array2<f32> = npz.get(&format!("{name}.p{index}"))?;
            parameter.set_values(values.into_raw_vec_and_offset().0)?;
        }
        let x: Array2<f32> = npz.get(&format!("{name}.x"))?;
        let v: Array3<f32> = npz.get(&format!("{name}.v"))?;
        let pulled: Array3<f64> = npz.get(&format!("{name}.pulled"))?;
        let (batch, classes) = (x.nrows(), net.classes());
        let x = to_device(x.view())?;

        let check = |kind: &str, recorded: Recorded, value: Scalar<Recording>| -> Result<()> {
            let want: Array0<f64> = npz.get(&format!("{name}.{kind}"))?;
            assert_parity(&format!("{name}, {kind}"), &[value.array()], &[want[()]]);
            let nothing = matrix(&vec![0.0; batch * classes], batch, classes)?;
            let mut gradients = backward(pairing(recorded.logits, &nothing)? + value);
            for (index, parameter) in net.parameters().into_iter().enumerate() {
                let want: Array2<f64> = npz.get(&format!("{name}.{kind}.p{index}"))?;
                let what = format!("{name}, {kind}, {}", parameter.name());
                assert_parity(&what, &parameter.gradient(&mut gradients)?, want.as_slice().unwrap());
            }
            Ok(())
        };

        let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
        let n = v.len_of(Axis(0));
        let mut value: Option<Scalar<Recording>> = None;
        for (v, pulled) in v.outer_iter().zip(pulled.outer_iter()) {
            let cotangent = to_device(v)?.retaped::<Recording>();
            let z = net.adjoint()?.pull(&x, &recorded.taps, cotangent)?;
            let got = to_array(&z)?.into_raw_vec_and_offset().0;
            assert_parity(&format!("{name}, pulled"), &got, pulled.as_slice().unwrap());
            let part = square_sum(z, STRENGTH / 2.0 * classes as f64 / (n * batch) as f64)?;
            value = Some(match value {
                Some(value) => value + part,
                None => part,
            });
        }
        check("random", recorded, value.unwrap())?;

        let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
        let penalty = JacobianPenalty::new(STRENGTH).with_projections(Projections::Exact);
        let value = penalty.record(&*net, &x, &recorded.taps, 0, &vec![0; batch])?;
        check("exact", recorded, value)?;
    }
    Ok(())
}
