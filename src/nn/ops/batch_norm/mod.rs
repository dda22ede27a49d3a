//! Batch normalisation: every unit with mean 0 and variance 1 over the batch, then scaled and shifted.

#[cfg(not(feature = "cuda"))]
mod fast;
mod statistics;

pub use statistics::BatchStatistics;

use super::GradientsOf;
use crate::device::{Device, Matrix, dims, with_values};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `y = gamma (x - mean) / sqrt(variance + eps) + beta` with mean and variance of the batch; `x` and the result are
/// `(batch, width)`, `gamma` and `beta` `(1, channels)`. PyTorch's `BatchNorm1d` in training mode where there are as many
/// channels as columns; where a channel has several columns next to each other, `width = channels * places`, its
/// `BatchNorm2d` of images that were flattened (S. Ioffe, C. Szegedy, arXiv:1502.03167). Its `eps` is 1e-5.
///
/// Mean and variance are those of a channel over all examples and places. The variance that normalises is the mean of
/// squares (over `batch * places`); the statistics that are returned hold the unbiased one (over `batch * places - 1`), which
/// is what [running averages](BatchStatistics::update) take in.
///
/// With `z = (x - mean) / sqrt(variance + eps)` records `dgamma += sum of dy z`, `dbeta += sum of dy` and
/// `dx += gamma / sqrt(variance + eps) (dy - mean of dy - z mean of (dy z))`, over examples and places, each only where
/// `gradients` asks. Forward three passes over memory, backward two.
///
/// # Errors
/// [`Error::Empty`] for no rows or no columns, [`Error::Numeric`] for a single number in a channel, [`Error::Shape`] where
/// the channels do not divide the width or differ, [`Error::Parameter`] for an `eps` that is not a finite number greater than 0.
///
/// # Example
/// ```
/// use eigengate::device::{matrix, to_array};
/// use eigengate::nn::ops::{BatchStatistics, GradientsOf, batch_norm, batch_norm_fixed};
///
/// let (gamma, beta) = (matrix(&[2.0], 1, 1)?, matrix(&[1.0], 1, 1)?);
/// let x = matrix(&[4.0, 6.0], 2, 1)?;
/// let (y, batch) = batch_norm(x, &gamma, &beta, 1e-5, GradientsOf::Everything)?;
/// let y = to_array(&y)?;
/// assert!((y[[0, 0]] + 1.0).abs() < 1e-4 && (y[[1, 0]] - 3.0).abs() < 1e-4);
///
/// // Running averages, and one example alone.
/// let mut running = BatchStatistics::new(1)?;
/// running.update(&batch, BatchStatistics::MOMENTUM)?;
/// assert_eq!((running.mean().as_vec(), running.variance().as_vec()), (vec![0.5], vec![1.1]));
/// let y = batch_norm_fixed(matrix(&[0.5], 1, 1)?, &gamma, &beta, &running, 1e-5, GradientsOf::Input)?;
/// assert_eq!(y.as_vec(), [1.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn batch_norm<T: Tape<f32, Device>>(
    x: Matrix<T>,
    gamma: &Matrix,
    beta: &Matrix,
    eps: f64,
    gradients: GradientsOf,
) -> Result<(Matrix<T>, BatchStatistics)> {
    check(&x, gamma, beta, eps)?;
    let (batch, width) = dims(&x);
    if batch * width == dims(gamma).1 {
        let reason = format!(
            "a batch of 1 x {width} has no variance: give 2 rows or more, or apply stored statistics with batch_norm_fixed"
        );
        return Err(Error::Numeric { method: "batch normalisation", reason });
    }
    #[cfg(feature = "cuda")]
    {
        let (y, mean, variance) = super::composed::batch_norm(x, gamma, beta, eps, gradients)?;
        Ok((y, BatchStatistics::from_parts(mean, variance)))
    }
    #[cfg(not(feature = "cuda"))]
    fast::batch(x, gamma, beta, eps, gradients)
}

/// `y = gamma (x - mean) / sqrt(variance + eps) + beta` with stored statistics: PyTorch's `BatchNorm1d` in
/// evaluation mode, or `BatchNorm2d`. Sizes as for [`batch_norm`]; a single row is taken. Every row stands alone.
///
/// With `z` as there records `dgamma += sum of dy z`, `dbeta += sum of dy` and
/// `dx += gamma / sqrt(variance + eps) dy`, each only where `gradients` asks; the statistics are constants.
///
/// # Errors
/// [`Error::Empty`] for no rows or no columns, [`Error::Shape`] where widths do not agree, [`Error::Parameter`] for
/// an `eps` that is not a finite number greater than 0.
pub fn batch_norm_fixed<T: Tape<f32, Device>>(
    x: Matrix<T>,
    gamma: &Matrix,
    beta: &Matrix,
    statistics: &BatchStatistics,
    eps: f64,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    check(&x, gamma, beta, eps)?;
    let channels = dims(gamma).1;
    if statistics.width() != channels {
        let is = format!("{} units", statistics.width());
        return Err(Error::shape("statistics of a batch normalisation", format!("{channels} units"), is));
    }
    #[cfg(feature = "cuda")]
    return super::composed::batch_norm_fixed(
        x,
        gamma,
        beta,
        (statistics.mean(), statistics.variance()),
        eps,
        gradients,
    );
    #[cfg(not(feature = "cuda"))]
    fast::fixed(x, gamma, beta, statistics, eps, gradients)
}

fn check<T>(x: &Matrix<T>, gamma: &Matrix, beta: &Matrix, eps: f64) -> Result<()> {
    let (batch, width) = dims(x);
    if batch == 0 || width == 0 {
        return Err(Error::empty("the batch to normalise"));
    }
    let channels = dims(gamma).1;
    if dims(gamma).0 != 1 || channels == 0 || !width.is_multiple_of(channels) {
        let need = format!("(1, {width}), or a number of channels that divides {width}");
        return Err(Error::shape("gamma of a batch normalisation", need, format!("{:?}", dims(gamma))));
    }
    if dims(beta) != dims(gamma) {
        let (need, is) = (format!("(1, {channels})"), format!("{:?}", dims(beta)));
        return Err(Error::shape("beta of a batch normalisation", need, is));
    }
    if eps > 0.0 && eps.is_finite() {
        Ok(())
    } else {
        Err(Error::parameter("eps", eps, "a finite number greater than 0, usually 1e-5"))
    }
}

/// The first variance that is none.
fn no_variance(variance: &Matrix) -> Result<Option<f32>> {
    with_values(variance, |values| values.iter().copied().find(|v| !(*v >= 0.0 && v.is_finite())))
}
