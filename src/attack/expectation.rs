//! Random models: gradients in expectation over transformations.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::queries::{checked_logits, same_size};
use crate::error::{Error, Result};
use crate::seed::{Purpose, Stream, epoch_stream};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

type Map = dyn Fn(&mut [f32], &mut Stream) + Send + Sync;

/// A random change of an image in front of a model.
#[derive(Clone)]
pub struct Transformation {
    name: &'static str,
    apply: Arc<Map>,
    pull: Arc<Map>,
}

impl Transformation {
    /// `apply` changes an image; `pull` turns the gradient by the changed image into that by the image: it multiplies by the transpose
    /// of the derivative. Both get the same random numbers.
    pub fn new(
        apply: impl Fn(&mut [f32], &mut Stream) + Send + Sync + 'static,
        pull: impl Fn(&mut [f32], &mut Stream) + Send + Sync + 'static,
    ) -> Self {
        Self { name: "transformation", apply: Arc::new(apply), pull: Arc::new(pull) }
    }

    /// None: the model itself is random, and asked several times.
    pub fn none() -> Self {
        Self { name: "none", ..Self::new(|_, _| {}, |_, _| {}) }
    }

    /// Adds normal noise of this standard deviation to every pixel. Nothing is clipped.
    pub fn gaussian(deviation: f32) -> Self {
        let apply = move |x: &mut [f32], random: &mut Stream| {
            x.iter_mut().for_each(|x| *x += deviation * random.normal() as f32);
        };
        Self { name: "Gaussian noise", ..Self::new(apply, |_, _| {}) }
    }

    /// Multiplies the image by a uniform random number in `[1 - width, 1 + width)`.
    pub fn brightness(width: f32) -> Self {
        let scale = move |x: &mut [f32], random: &mut Stream| {
            let factor = random.uniform_in(1.0 - width, 1.0 + width);
            x.iter_mut().for_each(|x| *x *= factor);
        };
        Self { name: "brightness", ..Self::new(scale, scale) }
    }
}

impl std::fmt::Debug for Transformation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transformation({})", self.name)
    }
}

/// A random model as one that attacks can follow (expectation over transformations, Athalye et al. 2018): logits are the mean over
/// some draws of the transformation, and the gradient of a loss is the mean of its gradients, that of the expected loss.
///
/// Draws are keyed by (seed, draw, image): the same image meets the same transformations wherever and whenever it is asked about,
/// another image meets others. So results do not depend on batches, order or threads, unless the model itself is random.
///
/// ```
/// use eigengate::attack::{Expectation, FixedEps, Pgd, Transformation};
/// use eigengate::data::mnist;
/// use eigengate::nn::{Activation, Mlp};
///
/// let digits = mnist::shipped()?.test.take(5)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 0)?;
/// let noisy = Expectation::new(net, Transformation::gaussian(0.1), 20)?;
/// assert_eq!(Pgd::new().with_steps(3).attack(&noisy, &digits, 0.1)?.len(), 5);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct Expectation {
    model: Box<dyn Classifier>,
    transformation: Transformation,
    draws: usize,
    seed: u64,
}

impl Expectation {
    /// The mean over `draws` of a transformation in front of a model, with seed 0. AutoAttack's version `rand` takes 20 draws.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no draw.
    pub fn new(
        model: impl Classifier + 'static,
        transformation: Transformation,
        draws: usize,
    ) -> Result<Self> {
        if draws == 0 {
            return Err(Error::parameter("draws", 0, "at least 1"));
        }
        Ok(Self { model: Box::new(model), transformation, draws, seed: 0 })
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn random(&self, key: u64, draw: usize) -> Stream {
        epoch_stream(self.seed, Purpose::Transformation, draw as u64, key)
    }

    /// The images as one draw changes them.
    fn changed(&self, images: ArrayView2<'_, f32>, keys: &[u64], draw: usize) -> Array2<f32> {
        self.mapped(images.as_standard_layout().into_owned(), keys, draw, &*self.transformation.apply)
    }

    fn mapped(&self, mut rows: Array2<f32>, keys: &[u64], draw: usize, map: &Map) -> Array2<f32> {
        for (mut row, key) in rows.rows_mut().into_iter().zip(keys) {
            if let Some(row) = row.as_slice_mut() {
                map(row, &mut self.random(*key, draw));
            }
        }
        rows
    }
}

/// A number for every image, from its pixels (FNV-1a over their bits, with a final mix).
fn keys(images: ArrayView2<'_, f32>) -> Vec<u64> {
    let key = |row: ndarray::ArrayView1<'_, f32>| {
        let hash = row.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, pixel| {
            (hash ^ u64::from(pixel.to_bits())).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mixed = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    };
    images.rows().into_iter().map(key).collect()
}

impl Classifier for Expectation {
    fn inputs(&self) -> usize {
        self.model.inputs()
    }

    fn classes(&self) -> usize {
        self.model.classes()
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let keys = keys(images);
        let mut sum = Array2::zeros((images.nrows(), self.classes()));
        for draw in 0..self.draws {
            let changed = self.changed(images, &keys, draw);
            sum += &checked_logits(&*self.model, changed.view())?;
        }
        Ok(sum / self.draws as f32)
    }

    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let keys = keys(images);
        let mut logits = Array2::zeros((images.nrows(), self.classes()));
        let mut gradient = Array2::zeros(images.dim());
        for draw in 0..self.draws {
            let changed = self.changed(images, &keys, draw);
            let pulled = self.model.pull_back(changed.view(), cotangent)?;
            same_size("logits of the model", pulled.logits.dim(), logits.dim())?;
            same_size("input gradient of the model", pulled.gradient.dim(), images.dim())?;
            logits += &pulled.logits;
            let slopes = pulled.gradient.as_standard_layout().into_owned();
            gradient += &self.mapped(slopes, &keys, draw, &*self.transformation.pull);
        }
        let draws = self.draws as f32;
        Ok(PulledBack { logits: logits / draws, gradient: gradient / draws })
    }
}

impl std::fmt::Debug for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expectation({}, {} draws)", self.transformation.name, self.draws)
    }
}
