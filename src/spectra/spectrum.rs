//! A spectrum as a value.

use super::dimension::{effective_dimension, participation_ratio};
use super::power_law::PowerLaw;
use crate::display::{Content, escape_html, show};
use crate::error::{Error, Result, finite};
use ndarray::ArrayView2;

/// Eigenvalues of the covariance of one representation, in descending order.
#[derive(Clone, PartialEq)]
pub struct Spectrum {
    tap: String,
    eigenvalues: Vec<f64>,
}

impl Spectrum {
    /// A spectrum from eigenvalues in any order; `tap` names the representation.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`].
    pub fn new(tap: impl Into<String>, mut eigenvalues: Vec<f64>) -> Result<Self> {
        if eigenvalues.is_empty() {
            return Err(Error::empty("a spectrum"));
        }
        finite("a spectrum", &eigenvalues)?;
        eigenvalues.sort_by(|a, b| b.total_cmp(a));
        Ok(Self { tap: tap.into(), eigenvalues })
    }

    /// The spectrum of activations `(examples, units)`: eigenvalues of their unbiased covariance, in float64.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two examples, [`Error::NotFinite`], [`Error::Numeric`].
    pub fn of(tap: impl Into<String>, activations: ArrayView2<'_, f32>) -> Result<Self> {
        let mut covariance = super::Covariance::new(activations.ncols(), super::Precision::Double);
        covariance.add(activations)?;
        Self::new(tap, crate::numeric::symmetric_eigen(covariance.finish()?.view())?.values.to_vec())
    }

    /// Name of the tap, e.g. `hidden.0`.
    pub fn tap(&self) -> &str {
        &self.tap
    }

    /// `lambda_1 >= lambda_2 >= ...`; small ones may be slightly negative by rounding.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Fits `lambda_n = amplitude * n^-alpha` over `n = first..=last`, counted from 1. See [`PowerLaw::fit`].
    ///
    /// # Errors
    /// [`Error::Parameter`] for a range that is not inside `1..=len` with at least two places or that has
    /// eigenvalues that are not positive.
    pub fn power_law(&self, first: usize, last: usize) -> Result<PowerLaw> {
        PowerLaw::fit(&self.eigenvalues, first, last)
    }

    /// The participation ratio `(sum lambda)^2 / sum lambda^2`: the effective number of dimensions.
    pub fn participation_ratio(&self) -> f64 {
        participation_ratio(&self.eigenvalues)
    }

    /// The effective dimension `exp(-sum p log p)`, `p` the share of an eigenvalue in the sum of all positive ones: as many equal
    /// eigenvalues have the same entropy.
    pub fn effective_dimension(&self) -> f64 {
        effective_dimension(&self.eigenvalues)
    }

    /// Shows a summary in a notebook.
    pub fn evcxr_display(&self) {
        let text = format!("{self:?}");
        show(&[Content::Html(&escape_html(&text)), Content::Plain(&text)]);
    }
}

impl std::fmt::Debug for Spectrum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ends = (self.eigenvalues.first().copied(), self.eigenvalues.last().copied());
        let (largest, smallest) = (ends.0.unwrap_or(f64::NAN), ends.1.unwrap_or(f64::NAN));
        write!(
            f,
            "Spectrum({}: {} eigenvalues, {largest:.3e} to {smallest:.3e}, participation ratio {:.1})",
            self.tap,
            self.eigenvalues.len(),
            self.participation_ratio()
        )
    }
}
