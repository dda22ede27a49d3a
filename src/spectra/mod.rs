//! Covariance spectra of representations, and the penalty that shapes them.

mod mean_spectrum;
mod measure;
mod penalty;
mod perturbation;
mod power_law;
mod sensitivity;
mod spectrum;

pub use crate::numeric::{Covariance, Precision};
pub use mean_spectrum::MeanSpectrum;
pub(crate) use mean_spectrum::mean_and_error;
pub use measure::{eigenvectors, spectra, spectrum};
pub use penalty::{SpectralPenalty, Tap, Taps};
pub use perturbation::PerturbationEnergy;
pub use power_law::PowerLaw;
pub use sensitivity::Sensitivity;
pub use spectrum::Spectrum;
