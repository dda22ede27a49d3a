//! Errors under Gaussian noise.

use crate::attack::{Noise, NoiseKind, Pattern};
use crate::data::Dataset;
use crate::error::Result;
use crate::nn::{Network, predictions};
use ndarray::s;

/// Images in memory at a time, with their noise.
const BLOCK: usize = 2048;

/// Share of examples misclassified with noise of each standard deviation on every pixel, in the order of `deviations`.
///
/// The noise of an example is keyed by (seed, example) and is the same at every size but for its scale. It is not
/// clipped.
pub(super) fn errors(net: &dyn Network, data: &Dataset, deviations: &[f32], seed: u64) -> Result<Vec<f64>> {
    let noise = Noise::new(NoiseKind::Gaussian).without_clip().with_seed(seed);
    let mut wrong = vec![0usize; deviations.len()];
    for start in (0..data.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(data.len());
        let images = data.images();
        let images = images.slice(s![start..end, ..]);
        let pattern = Pattern::of(&noise, images.dim(), |row| start + row);
        let labels = data.labels().get(start..end).unwrap_or(&[]);
        for (wrong, &deviation) in wrong.iter_mut().zip(deviations) {
            let noisy = pattern.on(&noise, images, data.shape(), deviation);
            let guesses = predictions(net, noisy.view())?;
            *wrong += guesses.iter().zip(labels).filter(|(guess, label)| guess != label).count();
        }
    }
    Ok(wrong.into_iter().map(|wrong| wrong as f64 / data.len() as f64).collect())
}
