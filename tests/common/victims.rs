//! Models under attack.

// Not every test file uses all of it.
#![allow(dead_code)]

use eigengate::Result;
use eigengate::attack::{Classifier, Cotangent, PulledBack};
use eigengate::data::{Dataset, ImageShape, mnist};
use eigengate::nn::{Activation, Mlp};
use eigengate::train::Training;
use ndarray::{Array2, ArrayView2};
use std::sync::OnceLock;

/// A trained network and digits it has not seen.
pub fn trained() -> &'static (Mlp, Dataset) {
    static TRAINED: OnceLock<(Mlp, Dataset)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let mnist = mnist::shipped().unwrap();
        let mut net = Mlp::new(&[784, 50, 10], Activation::Tanh, 5).unwrap();
        Training::new(6, 100).run(&mut net, &mnist.train.take(2000).unwrap(), None).unwrap();
        (net, mnist.test.take(300).unwrap())
    })
}

/// Two classes, logits (w x, -w x): everything about it is known.
pub struct Affine {
    pub w: Vec<f32>,
}

impl Classifier for Affine {
    fn inputs(&self) -> usize {
        self.w.len()
    }
    fn classes(&self) -> usize {
        2
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((images.nrows(), 2), |(i, c)| {
            let dot: f32 = images.row(i).iter().zip(&self.w).map(|(x, w)| x * w).sum();
            if c == 0 { dot } else { -dot }
        }))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let u = cotangent(0..images.nrows(), logits.view())?;
        let gradient = Array2::from_shape_fn(images.dim(), |(i, j)| (u[[i, 0]] - u[[i, 1]]) * self.w[j]);
        Ok(PulledBack { logits, gradient })
    }
}

pub fn affine_data() -> Dataset {
    let images = Array2::from_shape_vec((2, 4), vec![0.5, 0.5, 0.05, 0.5, 0.9, 0.2, 0.5, 1.0]).unwrap();
    Dataset::new(images, vec![0, 1], ImageShape { channels: 1, height: 2, width: 2 }, 2).unwrap()
}
