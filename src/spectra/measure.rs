//! Spectra and eigenvectors of a network's taps over a whole data set.

use super::covariance::{Covariance, Precision};
use super::spectrum::Spectrum;
use crate::data::Dataset;
use crate::device::{Matrix, matrix, to_array, to_device};
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::numeric::symmetric_eigen;
use ndarray::s;

/// Examples of one forward pass: large enough for full speed, small enough to stay below 100 MB.
const BLOCK: usize = 2048;

/// Spectra of all hidden layers of `net` over `data`, first layer first, in float64.
///
/// # Errors
/// [`Error::Shape`] where the images do not fit the network, [`Error::Empty`] for fewer than two images or no
/// hidden layer, [`Error::NotFinite`] for a diverged network.
pub fn spectra(net: &dyn Network, data: &Dataset) -> Result<Vec<Spectrum>> {
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

/// Eigenvectors of the covariance over `data` of the taps at `positions`, for
/// [`spectral_penalty`](crate::nn::ops::spectral_penalty): what [`Training`](crate::train::Training) computes before
/// every epoch with a penalty, and holds constant during it.
///
/// One matrix `(width, width)` for each position, in the order of `positions`, which count hidden layers from 0. Its
/// columns are unit vectors, those of the largest eigenvalues first. As in the published code of Nassar2020,
/// activations and products are float32 and the eigendecomposition is float64: for a spectrum to report take
/// [`spectra`].
///
/// ```
/// use eigengate::data::{Dataset, ImageShape};
/// use eigengate::device::to_array;
/// use eigengate::nn::{Activation, Mlp};
/// use eigengate::spectra::eigenvectors;
/// use ndarray::Array2;
///
/// let images = Array2::from_shape_fn((50, 4), |(i, j)| (i * (j + 3) % 7) as f32 / 6.0);
/// let data = Dataset::new(images, vec![0; 50], ImageShape { channels: 1, height: 2, width: 2 }, 2)?;
/// let net = Mlp::new(&[4, 5, 3, 2], Activation::Tanh, 1)?;
///
/// let vectors = eigenvectors(&net, &data, &[1])?;
/// assert_eq!(vectors.len(), 1);
/// let v = to_array(&vectors[0])?;
/// let distance = v.t().dot(&v) - Array2::<f32>::eye(3);
/// assert!(distance.iter().all(|d| d.abs() < 1e-5));
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a position that is no hidden layer, [`Error::Shape`] where the images do not fit the
/// network, [`Error::Empty`] for fewer than two images, [`Error::NotFinite`] for a diverged network.
pub fn eigenvectors(net: &dyn Network, data: &Dataset, positions: &[usize]) -> Result<Vec<Matrix>> {
    covariances(net, data, positions, Precision::Single)?
        .iter()
        .map(|covariance| {
            let vectors = symmetric_eigen(covariance.finish()?.view())?.vectors;
            let (rows, columns) = vectors.dim();
            matrix(vectors.iter().map(|v| *v as f32).collect(), rows, columns)
        })
        .collect()
}

fn covariances(
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
        let taps = net.forward(to_device(data.images().slice(s![start..end, ..]))?)?.taps;
        for (sum, position) in sums.iter_mut().zip(positions) {
            if let Some(tap) = taps.get(*position) {
                sum.add(to_array(tap)?.view())?;
            }
        }
    }
    Ok(sums)
}
