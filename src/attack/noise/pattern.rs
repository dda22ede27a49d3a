//! The random numbers of a noise at level 1, and what they do to images.

use super::{Noise, NoiseKind, blur::blur};
use crate::data::ImageShape;
use crate::seed::{Purpose, Stream, stream};
use ndarray::{Array2, ArrayView2, Axis, Zip};

/// One number for every pixel, where the kind draws any: normal, or uniform in `[-1, 1)`.
pub(crate) struct Pattern(Option<Array2<f32>>);

impl Pattern {
    /// For images `(batch, pixels)`, of which `number(row)` gives the position in their data set.
    pub(crate) fn of(noise: &Noise, dim: (usize, usize), number: impl Fn(usize) -> usize) -> Self {
        let draw: fn(&mut Stream) -> f32 = match noise.kind {
            NoiseKind::Gaussian => |random| random.normal() as f32,
            NoiseKind::Uniform | NoiseKind::SaltAndPepper => |random| random.uniform_in(-1.0, 1.0),
            NoiseKind::Blur | NoiseKind::Contrast => return Self(None),
        };
        let mut pattern = Array2::zeros(dim);
        for (row, mut pattern) in pattern.rows_mut().into_iter().enumerate() {
            let mut random = stream(noise.seed, Purpose::Noise, number(row) as u64);
            pattern.iter_mut().for_each(|x| *x = draw(&mut random));
        }
        Self(Some(pattern))
    }

    /// The images with this noise at a level, which has been checked.
    pub(crate) fn on(
        &self,
        noise: &Noise,
        images: ArrayView2<'_, f32>,
        shape: ImageShape,
        level: f32,
    ) -> Array2<f32> {
        let mut noisy = match (&self.0, noise.kind) {
            (Some(pattern), NoiseKind::SaltAndPepper) => {
                let mut noisy = images.to_owned();
                Zip::from(&mut noisy).and(pattern).for_each(|x, &p| {
                    // The size of p is uniform in [0, 1], its sign a fair coin.
                    if p.abs() < level {
                        *x = if p < 0.0 { 0.0 } else { 1.0 };
                    }
                });
                noisy
            }
            (Some(pattern), _) => &images + &(pattern * level),
            (None, NoiseKind::Blur) => blur(images, shape, level),
            (None, _) => fade(images, shape, level),
        };
        if noise.clip {
            noisy.mapv_inplace(|x| x.clamp(0.0, 1.0));
        }
        noisy
    }
}

/// Less contrast, around the mean of every channel.
fn fade(images: ArrayView2<'_, f32>, shape: ImageShape, level: f32) -> Array2<f32> {
    let mut faded = images.to_owned();
    if level == 0.0 {
        return faded;
    }
    for mut image in faded.axis_iter_mut(Axis(0)) {
        for mut channel in image.axis_chunks_iter_mut(Axis(0), shape.height * shape.width) {
            let mean = channel.iter().map(|x| f64::from(*x)).sum::<f64>() / channel.len() as f64;
            let kept = 1.0 - f64::from(level);
            channel.mapv_inplace(|x| (mean + kept * (f64::from(x) - mean)) as f32);
        }
    }
    faded
}
