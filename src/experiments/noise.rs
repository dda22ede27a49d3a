//! Errors under Gaussian noise.

use crate::data::Dataset;
use crate::error::Result;
use crate::nn::{Network, predictions};
use crate::seed::{Purpose, Stream, stream};
use ndarray::{Array2, s};

/// Images in memory at a time, with their noise.
const BLOCK: usize = 2048;

/// Share of examples misclassified with noise of each standard deviation on every pixel, in the order of `deviations`.
///
/// The noise of an example is keyed by (seed, example) and is the same at every size but for its scale. It is not
/// clipped.
pub(super) fn errors(net: &dyn Network, data: &Dataset, deviations: &[f32], seed: u64) -> Result<Vec<f64>> {
    let mut wrong = vec![0usize; deviations.len()];
    for start in (0..data.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(data.len());
        let images = data.images();
        let images = images.slice(s![start..end, ..]);
        let mut noise = Array2::<f32>::zeros(images.dim());
        for (example, mut row) in (start as u64..).zip(noise.rows_mut()) {
            let mut random = stream(seed, Purpose::Noise, example);
            row.iter_mut().for_each(|x| *x = gaussian(&mut random));
        }
        let labels = data.labels().get(start..end).unwrap_or(&[]);
        for (wrong, &deviation) in wrong.iter_mut().zip(deviations) {
            let noisy = &images + &(&noise * deviation);
            let guesses = predictions(net, noisy.view())?;
            *wrong += guesses.iter().zip(labels).filter(|(guess, label)| guess != label).count();
        }
    }
    Ok(wrong.into_iter().map(|wrong| wrong as f64 / data.len() as f64).collect())
}

/// Of mean 0 and variance 1 (Box and Muller 1958). `1 - uniform` is never 0, so that the logarithm is finite.
fn gaussian(random: &mut Stream) -> f32 {
    let radius = (-2.0 * f64::from(1.0 - random.uniform()).ln()).sqrt();
    let angle = 2.0 * std::f64::consts::PI * f64::from(random.uniform());
    (radius * angle.cos()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_gaussian_with_variance_one() {
        let mut random = stream(3, Purpose::Noise, 0);
        let values: Vec<f64> = (0..200_000).map(|_| f64::from(gaussian(&mut random))).collect();
        let moment = |power: i32| values.iter().map(|x| x.powi(power)).sum::<f64>() / values.len() as f64;
        // Standard errors of the moments: 0.002, 0.003, 0.009, 0.022.
        assert!(moment(1).abs() < 0.01, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.015, "{}", moment(2));
        assert!(moment(3).abs() < 0.045 && (moment(4) - 3.0).abs() < 0.11, "{} {}", moment(3), moment(4));
    }
}
