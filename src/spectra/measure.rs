//! Spectra and eigenvectors of a network's taps over a whole data set.

use super::spectrum::Spectrum;
use crate::data::Dataset;
use crate::device::{Matrix, to_device, with_values};
use crate::error::{Error, Result};
use crate::nn::{GradientsOf, Network};
use crate::numeric::{Covariance, Precision, symmetric_eigen};
use ndarray::s;

/// Examples of one forward pass, as many as a block of the covariance: 33 MB for 2000 units.
const BLOCK: usize = 4096;

/// Spectra of all hidden layers of `net` over `data`, first layer first, in float64.
///
/// # Errors
/// [`Error::Shape`] where the images do not fit the network, [`Error::Empty`] for fewer than two images or no
/// hidden layer, [`Error::NotFinite`] for a diverged network.
pub fn spectra(net: &dyn Network, data: &Dataset) -> Result<Vec<Spectrum>> {
    let _memory = crate::device::ReleaseAtEnd;
    let taps = net.taps();
    let all: Vec<usize> = (0..taps.len()).collect();
    covariances(net, data, &all, Precision::Double)?
        .iter()
        .zip(&taps)
        .map(|(covariance, (name, _))| {
            let eigen = symmetric_eigen(covariance.finish()?.view())?;
            Spectrum::new(name.clone(), eigen.values.to_vec())
        })
        .collect()
}

/// The spectrum of the last hidden layer of `net` over `data`, in float64.
///
/// # Errors
/// As [`spectra`].
pub fn spectrum(net: &dyn Network, data: &Dataset) -> Result<Spectrum> {
    spectra(net, data)?.pop().ok_or_else(|| Error::empty("the list of hidden layers"))
}

/// Eigenvectors `(width, width)`, as columns, of the covariance over `data` of the taps at `positions`, largest
/// eigenvalue first: what [`spectral_penalty`](crate::nn::ops::spectral_penalty()) projects on.
///
/// Float32 activations and products, float64 sums and eigendecomposition (Nassar2020, published code). The images
/// pass in blocks, so that the peak of memory does not grow with their number.
///
/// ```
/// use eigengate::data::{Dataset, ImageShape};
/// use eigengate::nn::{Activation, Mlp};
///
/// let images = ndarray::Array2::from_shape_fn((64, 4), |(i, j)| ((i * (j + 3)) % 7) as f32 / 7.0);
/// let shape = ImageShape { channels: 1, height: 2, width: 2 };
/// let data = Dataset::new(images, vec![0; 64], shape, 2)?;
/// let net = Mlp::new(&[4, 16, 8, 2], Activation::Tanh, 0)?;
/// let vectors = eigengate::spectra::eigenvectors(&net, &data, &[1])?;
/// assert_eq!(eigengate::device::dims(&vectors[0]), (8, 8));
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a position that the network does not have; otherwise as [`spectra`].
pub fn eigenvectors(net: &dyn Network, data: &Dataset, positions: &[usize]) -> Result<Vec<Matrix>> {
    covariances(net, data, positions, Precision::Single)?
        .into_iter()
        .map(|covariance| {
            let matrix = covariance.finish()?;
            // The sums are as large as the matrix, and the decomposition needs several of that size.
            drop(covariance);
            let vectors = symmetric_eigen(matrix.view())?.vectors;
            drop(matrix);
            to_device(vectors.mapv(|v| v as f32).view())
        })
        .collect()
}

/// The covariance of every tap at `positions` over `data`.
pub(super) fn covariances(
    net: &dyn Network,
    data: &Dataset,
    positions: &[usize],
    precision: Precision,
) -> Result<Vec<Covariance>> {
    let widths = net.taps();
    let mut sums = positions
        .iter()
        .map(|&position| {
            let width = widths.get(position).map(|(_, width)| *width);
            let width =
                width.ok_or_else(|| Error::parameter("tap", position, format!("0..{}", widths.len())))?;
            Ok(Covariance::new(width, precision))
        })
        .collect::<Result<Vec<_>>>()?;
    for start in (0..data.len()).step_by(BLOCK) {
        let end = (start + BLOCK).min(data.len());
        // As training passes, which leaves black pixels out; its tape is not used.
        let images = to_device(data.images().slice(s![start..end, ..]))?;
        let taps = net.record(images, GradientsOf::Parameters)?.taps;
        for (sum, position) in sums.iter_mut().zip(positions) {
            if let Some(tap) = taps.get(*position) {
                with_values(tap, |rows| sum.add_rows(rows))??;
            }
        }
    }
    Ok(sums)
}
