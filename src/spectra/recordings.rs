//! Spectra of recordings without cross-validation.

use super::Spectrum;
use crate::data::Recording;
use crate::error::{Error, Result};
use crate::numeric::{View, add_gram, mirror_lower, product, symmetric_eigen};
use ndarray::ArrayView2;

/// Plain PCA of a recording: eigenvalues of the covariance over stimuli of the mean over all repeats, divided by the number of stimuli as in
/// [`CvPca`](super::CvPca). What is left of the noise in the mean is in it. One repeat will do.
///
/// As many eigenvalues as the smaller of stimuli and neurons.
///
/// # Errors
/// [`Error::Parameter`] for fewer than two stimuli; [`Error::NotFinite`] with the place; [`Error::Numeric`].
pub fn plain_spectrum(recording: &Recording) -> Result<Spectrum> {
    spectrum_of(recording, crate::data::mean_of)
}

/// The spectrum of the noise in its own directions: eigenvalues of the covariance over stimuli of the difference of the means over the two halves of
/// the repeats, scaled to the noise of one repeat, of which it is an estimate without bias:
///
/// ```text
/// D = (X1 - X2) / sqrt(1/a + 1/b),      a = repeats / 2 rounded down,  b = repeats - a
/// ```
///
/// Divided by the number of stimuli. As many eigenvalues as the smaller of stimuli and neurons. [`SignalSpectrum::noise`](super::SignalSpectrum)
/// is the noise along the directions of the responses instead.
///
/// # Errors
/// Those of [`plain_spectrum`], and [`Error::Parameter`] for fewer than two repeats.
pub fn noise_spectrum(recording: &Recording) -> Result<Spectrum> {
    let (first, second) = recording.half_sizes()?;
    let scale = 1.0 / (1.0 / first as f64 + 1.0 / second as f64).sqrt();
    spectrum_of(recording, move |row, stimuli, into| {
        let (one, two) = row.split_at(first * stimuli);
        let (start, mut other) = (into.len(), Vec::with_capacity(stimuli));
        crate::data::mean_of(one, stimuli, into);
        crate::data::mean_of(two, stimuli, &mut other);
        into.iter_mut().skip(start).zip(&other).for_each(|(x, other)| *x = scale * (*x - other));
    })
}

/// Eigenvalues of the covariance over stimuli of what `reduce` appends for the trials of every neuron.
fn spectrum_of(recording: &Recording, reduce: impl Fn(&[f64], usize, &mut Vec<f64>)) -> Result<Spectrum> {
    let (stimuli, neurons) = (recording.stimuli(), recording.neurons());
    if stimuli < 2 {
        return Err(Error::parameter("stimuli", stimuli, "at least two stimuli"));
    }
    let size = stimuli.min(neurons);
    let mut products = vec![0.0; size * size];
    let mut rows = Vec::new();
    for block in recording.blocks() {
        for trials in recording.read(block)?.chunks_exact(recording.trials()) {
            let start = rows.len();
            reduce(trials, stimuli, &mut rows);
            crate::data::centre(rows.get_mut(start..).unwrap_or_default());
        }
        if stimuli < neurons {
            add_gram(&mut products, &rows, stimuli);
            rows.clear();
        }
    }
    if stimuli < neurons {
        mirror_lower(&mut products, stimuli, 1.0);
    } else {
        let x = View::new(&rows, neurons, stimuli);
        product(&mut products, false, x, x.t());
    }
    let products = ArrayView2::from_shape((size, size), &products)
        .map_err(|error| Error::shape("products", format!("({size}, {size})"), error))?;
    let values = symmetric_eigen(products)?.values.mapv(|value| value / stimuli as f64);
    Spectrum::new(recording.name(), values.to_vec())
}
