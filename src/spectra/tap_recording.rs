//! Activations of a network as a recording, so that brains and networks are measured alike.

use super::penalty::Tap;
use crate::data::{Dataset, Recording};
use crate::device::{to_array, to_device};
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::seed::{Purpose, stream};
use ndarray::{Array2, Axis, s};

/// Images of one pass.
const BLOCK: usize = 1024;

/// How activations of a network are recorded: passes over a data set, each with new noise on the pixels.
///
/// Images are the stimuli, units the neurons, passes the repeats. Noise is Gaussian, added to the pixels, and not clipped. Without noise all
/// repeats are the same, and [`CvPca`](super::CvPca) gives plain PCA.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(200)?;
/// let net = Mlp::new(&[784, 60, 10], Activation::Tanh, 1)?;
/// let recording = TapRecording::new(2).with_noise(0.2).run(&net, &digits, "hidden.0")?;
/// assert_eq!((recording.repeats(), recording.stimuli(), recording.neurons()), (2, 200, 60));
/// let spectrum = cv_pca(&recording)?;
/// assert!(spectrum.signal_share() < 1.0);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TapRecording {
    /// Passes, at least 1.
    pub repeats: usize,
    /// Standard deviation of the noise on a pixel, 0 by default.
    pub noise: f64,
    /// The seed of the noise, 0 by default.
    pub seed: u64,
}

impl TapRecording {
    /// So many passes without noise.
    pub fn new(repeats: usize) -> Self {
        Self { repeats, noise: 0.0, seed: 0 }
    }

    /// Noise of this standard deviation on every pixel.
    pub fn with_noise(mut self, deviation: f64) -> Self {
        self.noise = deviation;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The activations of a tap, by position or name, for all images of `data`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tap that is not there, no passes, or noise below 0; [`Error::Shape`] for images that do not fit;
    /// [`Error::NotFinite`] for a diverged network.
    pub fn run(&self, net: &dyn Network, data: &Dataset, tap: impl Into<Tap>) -> Result<Recording> {
        self.record(net, data, &tap.into())
    }

    fn record(&self, net: &dyn Network, data: &Dataset, tap: &Tap) -> Result<Recording> {
        let _memory = crate::device::ReleaseAtEnd;
        if self.repeats == 0 {
            return Err(Error::parameter("repeats", 0, "at least one pass"));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Error::parameter("noise", self.noise, "a standard deviation of 0 or more"));
        }
        let taps = net.taps();
        let position = tap.position(&taps)?;
        let (name, width) = taps.get(position).cloned().unwrap_or_default();
        let mut repeats = Vec::with_capacity(self.repeats);
        for repeat in 0..self.repeats {
            let mut all = Array2::<f32>::zeros((data.len(), width));
            for start in (0..data.len()).step_by(BLOCK) {
                let end = (start + BLOCK).min(data.len());
                let images = self.noisy(data, repeat, start..end);
                if let Some(tap) = net.forward(to_device(images.view())?)?.taps.get(position) {
                    all.slice_mut(s![start..end, ..]).assign(&to_array(tap)?);
                }
            }
            repeats.push(all);
        }
        let views: Vec<_> = repeats.iter().map(|repeat| repeat.view()).collect();
        Ok(Recording::from_repeats(&views)?.with_name(name))
    }

    fn noisy(&self, data: &Dataset, repeat: usize, examples: std::ops::Range<usize>) -> Array2<f32> {
        let first = repeat * data.len() + examples.start;
        let mut images = data.images().slice(s![examples, ..]).to_owned();
        if self.noise > 0.0 {
            for (offset, mut image) in images.axis_iter_mut(Axis(0)).enumerate() {
                let mut rng = stream(self.seed, Purpose::PassNoise, (first + offset) as u64);
                image.iter_mut().for_each(|pixel| *pixel += (self.noise * rng.normal()) as f32);
            }
        }
        images
    }
}
