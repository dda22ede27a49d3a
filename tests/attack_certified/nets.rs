//! Networks to bound.

use eigengate::Result;
use eigengate::data::{Dataset, ImageShape, Standardisation, mnist};
use eigengate::nn::ops::Whitening;
use eigengate::nn::{Activation, Cnn, Mlp, Network};
use eigengate::train::Training;
use ndarray::Array2;
use std::sync::OnceLock;

/// Numbers that look random, in `[0, 1)`.
pub fn uniform(i: usize, seed: usize) -> f64 {
    let x = (i as f64 * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453;
    x - x.floor()
}

/// Images of which many pixels are 0 or 1, as in MNIST.
pub fn images(rows: usize, pixels: usize, seed: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, pixels), |(i, j)| match uniform(i * pixels + j, seed) {
        x if x < 0.3 => 0.0,
        x if x > 0.8 => 1.0,
        x => ((x - 0.3) * 2.0) as f32,
    })
}

pub fn labels(rows: usize, classes: usize) -> Vec<u8> {
    (0..rows).map(|i| (i * 7 % classes) as u8).collect()
}

/// Replaces every parameter and buffer by numbers of useful size; variances and deviations stay above 0.
pub fn disturb(net: &mut dyn Network, scale: f64, seed: usize) -> Result<()> {
    let change = |name: &str, values: Vec<f32>, seed: usize| -> Vec<f32> {
        let places = 0..values.len();
        let random = |i: usize| 2.0 * uniform(i, seed) - 1.0;
        let positive = name.contains("var") || name.contains("std");
        places.map(|i| if positive { 0.5 + uniform(i, seed) } else { scale * random(i) } as f32).collect()
    };
    for (i, p) in net.parameters_mut().into_iter().enumerate() {
        let values = change(p.name(), p.values(), seed + i);
        p.set_values(values)?;
    }
    for (i, p) in net.buffers_mut().into_iter().enumerate() {
        let values = change(p.name(), p.values(), seed + 100 + i);
        p.set_values(values)?;
    }
    Ok(())
}

/// Networks of every kind of layer with random numbers everywhere, for 2 x 6 x 6 images (convolutions) and 12 inputs.
pub fn every_kind() -> Result<Vec<Box<dyn Network>>> {
    let scale = Standardisation { mean: vec![0.3, 0.1], std: vec![0.5, 0.7] };
    let image = ImageShape { channels: 2, height: 10, width: 11 };
    let mlp = |widths: &[usize], activation| Mlp::new(widths, activation, 1);
    let whitened =
        |layer| mlp(&[12, 9, 8, 7, 4], Activation::Tanh)?.with_whitening(layer, Whitening::default());
    let mut nets: Vec<Box<dyn Network>> = vec![
        Box::new(mlp(&[12, 5], Activation::Tanh)?),
        Box::new(mlp(&[12, 20, 10, 3], Activation::Tanh)?),
        Box::new(mlp(&[12, 20, 10, 3], Activation::Relu)?),
        Box::new(
            mlp(&[12, 9, 8, 4], Activation::Relu)?
                .with_batch_norm("hidden.0")?
                .with_batch_norm("hidden.1")?,
        ),
        Box::new(mlp(&[12, 9, 4], Activation::Tanh)?.with_standardisation(&scale)?),
        Box::new(whitened("hidden.1")?),
        Box::new(whitened("hidden.2")?.with_batch_norm("hidden.2")?.with_standardisation(&scale)?),
        Box::new(Cnn::new(image, &[3], &[4], Activation::Relu, 1)?),
        Box::new(Cnn::new(image, &[5, 4], &[6, 3], Activation::Tanh, 1)?.with_standardisation(&scale)?),
        Box::new(
            Cnn::new(image, &[5, 3], &[6, 4], Activation::Relu, 1)?
                .with_batch_norm("conv.0")?
                .with_batch_norm("hidden.0")?
                .with_whitening("conv.1", Whitening::default())?,
        ),
    ];
    for (seed, net) in nets.iter_mut().enumerate() {
        disturb(net.as_mut(), 0.6, 1000 * seed)?;
    }
    Ok(nets)
}

/// Networks by name.
type Victims = Vec<(&'static str, Box<dyn Victim>)>;

/// Networks trained on digits, and digits that they have not seen.
pub fn trained() -> &'static (Victims, Dataset) {
    static TRAINED: OnceLock<(Victims, Dataset)> = OnceLock::new();
    TRAINED.get_or_init(|| train().unwrap())
}

/// A network that is also a classifier, and can be shared.
pub trait Victim: Network + Send + Sync {
    fn attacked(&self) -> &dyn eigengate::attack::Classifier;
}

impl<N: Network + Send + Sync> Victim for N {
    fn attacked(&self) -> &dyn eigengate::attack::Classifier {
        self
    }
}

fn train() -> Result<(Victims, Dataset)> {
    let mnist = mnist::shipped()?;
    let digits = mnist.train.take(1500)?;
    let training = || Training::new(4, 100).with_progress(false);
    let scale = Standardisation { mean: vec![0.13], std: vec![0.31] };
    let mut tanh = Mlp::new(&[784, 40, 10], Activation::Tanh, 5)?;
    let mut relu = Mlp::new(&[784, 40, 30, 10], Activation::Relu, 5)?.with_standardisation(&scale)?;
    let mut normalised = Mlp::new(&[784, 30, 20, 10], Activation::Tanh, 5)?
        .with_batch_norm("hidden.0")?
        .with_whitening("hidden.1", Whitening::default())?;
    let mut cnn =
        Cnn::new(digits.shape(), &[4, 6], &[20, 10], Activation::Relu, 5)?.with_batch_norm("conv.0")?;
    training().run(&mut tanh, &digits, None)?;
    training().run(&mut relu, &digits, None)?;
    training().run(&mut normalised, &digits, None)?;
    training().run(&mut cnn, &digits.take(600)?, None)?;
    let nets: Vec<(&str, Box<dyn Victim>)> = vec![
        ("tanh", Box::new(tanh)),
        ("relu", Box::new(relu)),
        ("normalised", Box::new(normalised)),
        ("cnn", Box::new(cnn)),
    ];
    Ok((nets, mnist.test.take(120)?))
}
