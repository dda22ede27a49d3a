//! Mean and matrix of a whitening, to be kept for evaluation.

use super::{Root, Whitening};
use crate::device::{Matrix, dims, matrix, with_values};
use crate::error::{Error, Result, finite};
use ndarray::{ArrayView1, ArrayView2};
use std::fmt;

/// What a whitening does to a row: `y = W (x - mean)`.
#[derive(Clone)]
pub struct WhiteningFactor {
    mean: Matrix,
    matrix: Matrix,
}

impl WhiteningFactor {
    /// From a mean `(1, width)` and a matrix W `(width, width)`, such as those of a file.
    ///
    /// # Errors
    /// [`Error::Shape`] where the sizes do not agree, [`Error::Empty`] for width 0, [`Error::NotFinite`].
    pub fn new(mean: Matrix, matrix: Matrix) -> Result<Self> {
        let width = dims(&mean).1;
        if width == 0 {
            return Err(Error::empty("the mean of a whitening factor"));
        }
        for (what, found, expected) in [
            ("mean of a whitening factor", dims(&mean), (1, width)),
            ("matrix of a whitening factor", dims(&matrix), (width, width)),
        ] {
            if found != expected {
                return Err(Error::shape(what, format!("{expected:?}"), format!("{found:?}")));
            }
        }
        with_values(&mean, |mean| finite("the mean of a whitening factor", mean))??;
        with_values(&matrix, |matrix| finite("the matrix of a whitening factor", matrix))??;
        Ok(Self { mean, matrix })
    }

    /// The factor of a whole data set, for evaluation: the one with `W (covariance + ridge I) W' = I`.
    ///
    /// A batch is whitened with the covariance over `B`, this one is usually over `n - 1`; for the thousands of rows of
    /// a training set that makes no difference. Only the lower triangle of `covariance` is read.
    ///
    /// # Errors
    /// [`Error::Shape`] where the sizes do not agree, [`Error::Empty`] for width 0, [`Error::NotFinite`],
    /// [`Error::Numeric`] where the covariance is not positive definite even with the ridge, [`Whitening::check`].
    ///
    /// # Example
    /// ```
    /// use eigengate::device::{to_array, to_device};
    /// use eigengate::nn::ops::{Whitening, WhiteningFactor, whiten_fixed};
    /// use eigengate::spectra::{Covariance, Precision};
    /// use ndarray::{Array2, s};
    ///
    /// let rows = Array2::from_shape_fn((500, 2), |(i, j)| ((i * (7 + j)) % 11) as f32);
    /// let mut covariance = Covariance::new(2, Precision::Double);
    /// covariance.add(rows.slice(s![..300, ..]))?;
    /// covariance.add(rows.slice(s![300.., ..]))?;
    ///
    /// let mean = covariance.mean()?;
    /// let factor = WhiteningFactor::from_covariance(mean.view(), covariance.finish()?.view(), &Whitening::default())?;
    /// let y = to_array(&whiten_fixed(to_device(rows.view())?, &factor)?)?;
    /// let variance = y.column(1).mapv(|y| y * y).sum() / 499.0;
    /// assert!((variance - 1.0).abs() < 1e-4);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn from_covariance(
        mean: ArrayView1<'_, f64>,
        covariance: ArrayView2<'_, f64>,
        whitening: &Whitening,
    ) -> Result<Self> {
        let width = mean.len();
        if width == 0 {
            return Err(Error::empty("the mean of a whitening factor"));
        }
        if covariance.dim() != (width, width) {
            let (need, is) = (format!("({width}, {width})"), format!("{:?}", covariance.dim()));
            return Err(Error::shape("covariance to whiten with", need, is));
        }
        let mean: Vec<f32> = mean.iter().map(|m| *m as f32).collect();
        let root = Root::new(covariance.to_owned(), whitening)?;
        Self::new(matrix(&mean, 1, width)?, matrix(&root.singles(), width, width)?)
    }

    /// The mean, `(1, width)`.
    pub fn mean(&self) -> &Matrix {
        &self.mean
    }

    /// W, `(width, width)`: `y = W (x - mean)` for a column `x`. Lower triangular for Cholesky, symmetric for ZCA.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Units that it whitens.
    pub fn width(&self) -> usize {
        dims(&self.mean).1
    }
}

impl fmt::Debug for WhiteningFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WhiteningFactor of {} units", self.width())
    }
}
