//! The same numbers as PyTorch: `tests/parity/convolution.npz`, which the script beside it has written.

use super::tensors::{assert_close, backward};
use eigengate::Result;
use eigengate::data::ImageShape;
use eigengate::device::{Matrix, Recording, matrix, to_array};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{self, Convolution, GradientsOf};
use eigengate::nn::{Activation, Cnn, Network};
use ndarray::{Array1, ArrayD};

const EVERYTHING: GradientsOf = GradientsOf::Everything;

struct Saved(Npz);

impl Saved {
    fn open() -> Result<Self> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/convolution.npz");
        Ok(Self(Npz::open(path)?))
    }

    fn array(&self, name: &str) -> Result<ArrayD<f32>> {
        self.0.get(name)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        Ok(self.array(name)?.into_iter().collect())
    }

    /// As rows of the first size, a vector as one row.
    fn matrix(&self, name: &str) -> Result<Matrix> {
        let values = self.values(name)?;
        let shape = self.array(name)?.shape().to_vec();
        let rows = if shape.len() == 1 { 1 } else { shape[0] };
        matrix(&values, rows, values.len() / rows)
    }

    fn image(&self, name: &str) -> Result<ImageShape> {
        let array = self.array(name)?;
        let shape = array.shape();
        Ok(ImageShape { channels: shape[1], height: shape[2], width: shape[3] })
    }
}

#[test]
fn convolutions_are_those_of_pytorch() -> Result<()> {
    let saved = Saved::open()?;
    for (name, stride, padding, pool) in
        [("conv", 2, 1, false), ("large", 1, 2, false), ("narrow", 1, 0, true), ("wide", 1, 0, true)]
    {
        let at = |what: &str| format!("{name}.{what}");
        let (x, w, b) = (saved.matrix(&at("x"))?, saved.matrix(&at("w"))?, saved.matrix(&at("b"))?);
        let kernel = saved.array(&at("w"))?.shape()[3];
        let channels = saved.array(&at("w"))?.shape()[0];
        let sizes =
            Convolution { stride, padding, ..Convolution::new(saved.image(&at("x"))?, channels, kernel) };
        let tape = x.retaped::<Recording>();
        let y = match pool {
            true => ops::conv_pool(tape, &w, &b, &sizes, Activation::Tanh, EVERYTHING)?,
            false => ops::conv2d(tape, &w, &b, &sizes, EVERYTHING)?,
        };
        let shape = if pool { sizes.pooled()? } else { sizes.output()? };
        assert_eq!(shape, saved.image(&at("y"))?);
        assert_close(name, &y.as_vec(), &saved.values(&at("y"))?, 1e-6);
        let g = backward(ops::pairing(y, &saved.matrix(&at("u"))?)?);
        for (leaf, tensor) in [("x", &x), ("w", &w), ("b", &b)] {
            let want = saved.values(&at(&format!("{leaf}.gradient")))?;
            assert_close(&at(leaf), &g.get(tensor).as_vec(), &want, 1e-5);
        }
    }
    Ok(())
}

#[test]
fn ties_and_nan_of_a_pooling_are_those_of_pytorch() -> Result<()> {
    let saved = Saved::open()?;
    let x = saved.matrix("pool.x")?;
    let y = ops::max_pool2d(x.retaped::<Recording>(), saved.image("pool.x")?)?;
    let bits = super::tensors::bits;
    assert_eq!(bits(&y.as_vec()), bits(&saved.values("pool.y")?));
    assert!(y.as_vec().iter().any(|y| y.is_nan()));
    let g = backward(ops::pairing(y, &saved.matrix("pool.u")?)?);
    assert_eq!(bits(&g.get(&x).as_vec()), bits(&saved.values("pool.x.gradient")?));
    Ok(())
}

#[test]
fn a_network_is_that_of_pytorch() -> Result<()> {
    let saved = Saved::open()?;
    let mut net = Cnn::new(saved.image("cnn.x")?, &[3, 17], &[6, 4], Activation::Tanh, 1)?;
    for parameter in net.parameters_mut() {
        let array = saved.array(&format!("cnn.{}", parameter.name()))?;
        assert_eq!(array.shape(), parameter.shape(), "{}", parameter.name());
        parameter.set_values(array.into_iter().collect())?;
    }
    let labels: Array1<u8> = saved.0.get("cnn.labels")?;
    let x = saved.matrix("cnn.x")?;
    let recorded = net.record(x.clone(), EVERYTHING)?;
    let logits: Vec<f32> = to_array(&recorded.logits)?.into_iter().collect();
    assert_close("logits", &logits, &saved.values("cnn.logits")?, 1e-5);
    let loss = ops::cross_entropy(recorded.logits, labels.as_slice().unwrap())?;
    assert_close(
        "loss",
        &loss.retaped::<dfdx::prelude::NoneTape>().as_vec(),
        &saved.values("cnn.loss")?,
        1e-6,
    );
    let mut g = backward(loss);
    assert_close("x", &g.get(&x).as_vec(), &saved.values("cnn.x.gradient")?, 1e-5);
    for parameter in net.parameters() {
        let want = saved.values(&format!("cnn.{}.gradient", parameter.name()))?;
        assert_close(parameter.name(), &parameter.gradient(&mut g)?, &want, 1e-5);
    }
    Ok(())
}
