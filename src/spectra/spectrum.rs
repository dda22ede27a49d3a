//! stub
/// Eigenvalues of the covariance of one tap, in descending order.
#[derive(Clone)]
pub struct Spectrum {
    tap: String,
    eigenvalues: Vec<f64>,
}
impl Spectrum {
    /// stub
    pub fn new(tap: impl Into<String>, eigenvalues: Vec<f64>) -> crate::Result<Self> {
        Ok(Self { tap: tap.into(), eigenvalues })
    }
    /// Name of the tap.
    pub fn tap(&self) -> &str {
        &self.tap
    }
    /// Descending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }
}
/// Fit lambda_n = amplitude * n^-alpha over first..=last.
#[derive(Clone, Debug)]
pub struct PowerLaw {
    pub alpha: f64,
    pub amplitude: f64,
    pub first: usize,
    pub last: usize,
}
