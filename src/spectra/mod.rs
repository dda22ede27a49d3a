//! Covariance spectra of representations, and the penalty that shapes them.

mod covariance;
mod measure;
mod penalty;
mod power_law;
mod sensitivity;
mod spectrum;

pub use covariance::{Covariance, Precision};
pub use measure::{eigenvectors, spectra, spectrum};
pub use penalty::{SpectralPenalty, Tap, Taps};
pub use power_law::PowerLaw;
pub use sensitivity::Sensitivity;
pub use spectrum::Spectrum;
