//! Spectra of several networks as one, with their spread.

use super::Spectrum;
use crate::display::{Content, show};
use crate::error::{Error, Result};

/// Mean and standard error of the n-th eigenvalue over spectra of one length, such as those of several seeds.
#[derive(Clone, PartialEq)]
pub struct MeanSpectrum {
    /// For the legend, e.g. `vanilla`.
    pub name: String,
    /// Name of the tap.
    pub tap: String,
    /// The mean of every eigenvalue, largest first.
    pub mean: Vec<f64>,
    /// Its standard error: the sample standard deviation over the root of the number of spectra; 0 for one spectrum.
    pub standard_error: Vec<f64>,
    /// How many spectra these are of.
    pub count: usize,
}

impl MeanSpectrum {
    /// Of spectra of one length; the tap is that of the first.
    ///
    /// ```
    /// use eigengate::spectra::{MeanSpectrum, Spectrum};
    ///
    /// let spectra = [Spectrum::new("hidden.0", vec![4.0, 1.0])?, Spectrum::new("hidden.0", vec![6.0, 3.0])?];
    /// let mean = MeanSpectrum::of("vanilla", &spectra)?;
    /// assert_eq!((mean.mean, mean.standard_error), (vec![5.0, 2.0], vec![1.0, 1.0]));
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without spectra, [`Error::Shape`] for several lengths.
    pub fn of(name: impl Into<String>, spectra: &[Spectrum]) -> Result<Self> {
        let Some(first) = spectra.first() else { return Err(Error::empty("the list of spectra")) };
        let length = first.eigenvalues().len();
        if let Some(other) = spectra.iter().find(|spectrum| spectrum.eigenvalues().len() != length) {
            let expected = format!("{length} eigenvalues, as in the first");
            return Err(Error::shape("spectrum", expected, other.eigenvalues().len()));
        }
        let column = |n: usize| -> Vec<f64> {
            spectra.iter().filter_map(|spectrum| spectrum.eigenvalues().get(n)).copied().collect()
        };
        let (mean, standard_error) = (0..length).map(|n| mean_and_error(&column(n))).unzip();
        Ok(Self {
            name: name.into(),
            tap: first.tap().to_owned(),
            mean,
            standard_error,
            count: spectra.len(),
        })
    }

    /// Shows a summary in a notebook; [`plot::mean_spectra`](crate::plot::mean_spectra) draws it.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Mean and standard error of the mean; of one value the error is 0, of none both are NaN.
pub(crate) fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let error = if values.len() < 2 { 0.0 * count } else { (squares / (count - 1.0) / count).sqrt() };
    (mean, error)
}

impl std::fmt::Debug for MeanSpectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "MeanSpectrum({}, {}: {} eigenvalues, mean of {})",
            self.name,
            self.tap,
            self.mean.len(),
            self.count
        )
    }
}
