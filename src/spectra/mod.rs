//! Covariance spectra of representations, and the penalty that shapes them.

mod measure;
mod penalty;
mod power_law;
mod spectrum;

pub use crate::numeric::{Covariance, Precision};
pub use measure::{eigenvectors, spectra, spectrum};
pub use penalty::{SpectralPenalty, Tap, Taps};
pub use power_law::PowerLaw;
pub use spectrum::Spectrum;
