//! Models whose boundaries are known.

use eigengate::Result;
use eigengate::attack::{Batch, Classifier, Cotangent, MinimalNorm, Nearest, Norm, PulledBack};
use ndarray::{Array2, ArrayView2};
use std::sync::Mutex;

/// Logits `W x + b`.
#[derive(Clone)]
pub struct Affine {
    pub w: Array2<f32>,
    pub b: Vec<f32>,
}

impl Affine {
    /// `f_k = z_k - z_from` at an image, in float64.
    pub fn above(&self, from: usize, k: usize, x: &[f32]) -> f64 {
        let z = |c: usize| {
            let dot: f64 = self.w.row(c).iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
            dot + f64::from(self.b[c])
        };
        z(k) - z(from)
    }

    /// The gradient of `f_k`.
    pub fn slope(&self, from: usize, k: usize) -> Vec<f64> {
        self.w.row(k).iter().zip(self.w.row(from)).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect()
    }

    /// The smallest `|f_k| / |w_k|_q` and its class, without regard to the box.
    pub fn nearest(&self, from: usize, x: &[f32], norm: Norm) -> (f64, usize) {
        let others = (0..self.b.len()).filter(|k| *k != from);
        others
            .map(|k| (self.above(from, k, x).abs() / dual(norm, &self.slope(from, k)), k))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap()
    }
}

/// The norm of a gradient where changes are measured in `norm`.
pub fn dual(norm: Norm, w: &[f64]) -> f64 {
    match norm {
        Norm::Linf => w.iter().map(|w| w.abs()).sum(),
        _ => w.iter().map(|w| w * w).sum::<f64>().sqrt(),
    }
}

impl Classifier for Affine {
    fn inputs(&self) -> usize {
        self.w.ncols()
    }
    fn classes(&self) -> usize {
        self.b.len()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((images.nrows(), self.b.len()), |(i, c)| {
            let products = images
                .row(i)
                .iter()
                .zip(self.w.row(c))
                .map(|(x, w)| f64::from(*x) * f64::from(*w))
                .sum::<f64>();
            (products + f64::from(self.b[c])) as f32
        }))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let gradient = cotangent(0..images.nrows(), logits.view())?.dot(&self.w);
        Ok(PulledBack { logits, gradient })
    }
}

/// A search over images that all have label 0.
pub fn search(attack: &dyn MinimalNorm, model: &dyn Classifier, images: &Array2<f32>) -> Nearest {
    let labels = vec![0; images.nrows()];
    attack.search(model, Batch::new(images.view(), &labels)).unwrap()
}

/// Reproducible numbers in `[0, 1)` that owe nothing to the library.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    pub fn within(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }
}

/// A model that keeps every image that it is asked about.
pub struct Spy<'a> {
    pub model: &'a dyn Classifier,
    pub asked: Mutex<Vec<Array2<f32>>>,
}

impl<'a> Spy<'a> {
    pub fn on(model: &'a dyn Classifier) -> Self {
        Self { model, asked: Mutex::new(vec![]) }
    }
}

impl Classifier for Spy<'_> {
    fn inputs(&self) -> usize {
        self.model.inputs()
    }
    fn classes(&self) -> usize {
        self.model.classes()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.asked.lock().unwrap().push(images.to_owned());
        self.model.logits(images)
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        self.asked.lock().unwrap().push(images.to_owned());
        self.model.pull_back(images, cotangent)
    }
}
