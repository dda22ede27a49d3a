//! Noise: changes of an image that know nothing of the model, by level.

mod blur;
mod levels;
mod pattern;

pub use levels::noise_over_levels;
pub(crate) use pattern::Pattern;

use crate::data::ImageShape;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// Which noise, and what its level means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoiseKind {
    /// A normal number on every pixel and channel; the level is its standard deviation.
    Gaussian,
    /// A number uniform in `[-level, level)` on every pixel and channel.
    Uniform,
    /// Every pixel and channel becomes 0 or 1, either by a fair coin, with the probability that is the level, at most 1.
    SaltAndPepper,
    /// A Gaussian blur whose standard deviation in pixels is the level, cut at 4 of them; at the borders images go on mirrored
    /// (`d c b a | a b c d`), as in scipy's `gaussian_filter`.
    Blur,
    /// `mean + (1 - level) (x - mean)` with the mean of the image's channel (Hendrycks and Dietterich 2019, where
    /// `1 - level` is 0.4 to 0.05); at level 1 nothing is left.
    Contrast,
}

/// Noise of one kind, at levels that are given with the images.
///
/// Random numbers are keyed by (seed, example): they do not depend on batches, order or threads, and are the same at every
/// level but for their scale, so that a curve over levels is of one draw. A pixel that a level of salt and pepper has hit
/// is hit by every larger one.
///
/// ```
/// use eigengate::attack::{Noise, NoiseKind};
/// use eigengate::data::mnist;
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let noisy = Noise::new(NoiseKind::Gaussian).apply(digits.images(), digits.shape(), 0.3, 0)?;
/// assert!(noisy.iter().all(|pixel| (0.0..=1.0).contains(pixel)) && noisy != digits.images());
/// assert_eq!(Noise::new(NoiseKind::Blur).apply(digits.images(), digits.shape(), 0.0, 0)?, digits.images());
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    /// Which noise.
    pub kind: NoiseKind,
    /// Whether images are cut to `[0, 1]` afterwards; on by default.
    pub clip: bool,
    /// Seed of the random numbers; 0 by default.
    pub seed: u64,
}

impl Noise {
    /// Clipped to `[0, 1]`, with seed 0.
    pub fn new(kind: NoiseKind) -> Self {
        Self { kind, clip: true, seed: 0 }
    }

    /// Without cutting images to `[0, 1]`, as in Nassar2020.
    pub fn without_clip(mut self) -> Self {
        self.clip = false;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Its name in tables and legends, e.g. `Gaussian noise`.
    pub fn name(&self) -> String {
        let name = match self.kind {
            NoiseKind::Gaussian => "Gaussian noise",
            NoiseKind::Uniform => "uniform noise",
            NoiseKind::SaltAndPepper => "salt and pepper",
            NoiseKind::Blur => "blur",
            NoiseKind::Contrast => "contrast loss",
        };
        name.to_owned()
    }

    /// Images `(batch, pixels)` with noise of this level; `first` is the position of the first one in its data set.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a level below 0, not finite, or above 1 where the kind has none such; [`Error::Shape`] where
    /// rows are not images of `shape`.
    pub fn apply(
        &self,
        images: ArrayView2<'_, f32>,
        shape: ImageShape,
        level: f32,
        first: usize,
    ) -> Result<Array2<f32>> {
        self.check(images, shape, level)?;
        Ok(Pattern::of(self, images.dim(), |row| first + row).on(self, images, shape, level))
    }

    fn check(&self, images: ArrayView2<'_, f32>, shape: ImageShape, level: f32) -> Result<()> {
        if !(level >= 0.0 && level.is_finite()) {
            return Err(Error::parameter("level", level, "a finite number of at least 0"));
        }
        if matches!(self.kind, NoiseKind::SaltAndPepper | NoiseKind::Contrast) && level > 1.0 {
            return Err(Error::parameter("level", level, format!("at most 1 for {}", self.name())));
        }
        if shape.checked_pixels() != Some(images.ncols()) {
            let need = format!("{} pixels, images of {shape}", shape.pixels());
            return Err(Error::shape("images under noise", need, images.ncols()));
        }
        Ok(())
    }

    /// Shows its settings in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}
