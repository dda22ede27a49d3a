//! Mean and variance of every unit.

use super::no_variance;
use crate::device::{Matrix, dims, matrix, with_values};
use crate::error::{Error, Result, finite};
use std::fmt;

/// Mean and variance of every unit: of one batch, or running averages over batches.
#[derive(Clone)]
pub struct BatchStatistics {
    mean: Matrix,
    variance: Matrix,
}

impl BatchStatistics {
    /// How much a new batch counts in running averages, by default in PyTorch and here.
    pub const MOMENTUM: f64 = 0.1;

    /// Running averages before the first batch, as in PyTorch: mean 0 and variance 1.
    ///
    /// # Errors
    /// [`Error::Empty`] for width 0.
    pub fn new(width: usize) -> Result<Self> {
        Self::from_values(matrix(&vec![0.0; width], 1, width)?, matrix(&vec![1.0; width], 1, width)?)
    }

    /// From a mean and a variance, both `(1, width)`, such as those of a file.
    ///
    /// # Errors
    /// [`Error::Shape`] where the sizes do not agree, [`Error::Empty`] for width 0, [`Error::NotFinite`],
    /// [`Error::Parameter`] for a variance below 0.
    pub fn from_values(mean: Matrix, variance: Matrix) -> Result<Self> {
        let width = dims(&mean).1;
        if width == 0 {
            return Err(Error::empty("the mean of a batch normalisation"));
        }
        for (what, found) in [("mean", dims(&mean)), ("variance", dims(&variance))] {
            if found != (1, width) {
                let what = format!("{what} of a batch normalisation");
                return Err(Error::shape(what, format!("(1, {width})"), format!("{found:?}")));
            }
        }
        with_values(&mean, |mean| finite("the mean of a batch normalisation", mean))??;
        match no_variance(&variance)? {
            Some(value) => Err(Error::parameter("variance", value, "finite numbers of at least 0")),
            None => Ok(Self { mean, variance }),
        }
    }

    /// Without checks: what a batch gives, where a diverged network may give NaN.
    pub(super) fn from_parts(mean: Matrix, variance: Matrix) -> Self {
        Self { mean, variance }
    }

    /// Takes a batch into running averages: `running = (1 - momentum) running + momentum batch`, for mean and variance.
    ///
    /// [`BatchStatistics::MOMENTUM`] is the default of PyTorch; 0 leaves them, 1 replaces them.
    ///
    /// # Errors
    /// [`Error::Shape`] for another width, [`Error::Parameter`] for a momentum outside of `0..=1`; the averages are
    /// as they were.
    pub fn update(&mut self, batch: &BatchStatistics, momentum: f64) -> Result<()> {
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::parameter("momentum", momentum, "a number in 0..=1, usually 0.1"));
        }
        if batch.width() != self.width() {
            let (need, is) = (format!("{} units", self.width()), format!("{} units", batch.width()));
            return Err(Error::shape("statistics of a batch", need, is));
        }
        let mix = |running: &Matrix, batch: &Matrix| -> Result<Matrix> {
            let mixed = |running: &f32, batch: &f32| {
                (f64::from(*running) * (1.0 - momentum) + f64::from(*batch) * momentum) as f32
            };
            let values = with_values(running, |running| {
                with_values(batch, |batch| running.iter().zip(batch).map(|(r, b)| mixed(r, b)).collect())
            })?;
            let values: Vec<f32> = values?;
            matrix(&values, 1, values.len())
        };
        (self.mean, self.variance) = (mix(&self.mean, &batch.mean)?, mix(&self.variance, &batch.variance)?);
        Ok(())
    }

    /// `(1, width)`.
    pub fn mean(&self) -> &Matrix {
        &self.mean
    }

    /// `(1, width)`; of a batch the unbiased one, over `batch - 1`.
    pub fn variance(&self) -> &Matrix {
        &self.variance
    }

    /// Units.
    pub fn width(&self) -> usize {
        dims(&self.mean).1
    }
}

impl fmt::Debug for BatchStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchStatistics of {} units", self.width())
    }
}
