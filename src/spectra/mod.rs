//! Covariance spectra of representations, those of recorded populations among them, and the penalty that shapes them.

mod cv_pca;
mod dimension;
mod kernel;
mod mean_spectrum;
mod measure;
mod penalty;
mod perturbation;
mod power_law;
mod recordings;
mod sensitivity;
mod signal_spectrum;
mod spectrum;
mod tap_recording;

pub use crate::numeric::{Covariance, Precision};
pub use cv_pca::{CvPca, cv_pca};
pub use kernel::{KernelConvergence, WideNetwork, WidthErrors};
pub use mean_spectrum::MeanSpectrum;
pub(crate) use mean_spectrum::mean_and_error;
pub use measure::{eigenvectors, spectra, spectrum};
pub use penalty::{SpectralPenalty, Tap, Taps};
pub use perturbation::PerturbationEnergy;
pub use power_law::PowerLaw;
pub use recordings::{noise_spectrum, plain_spectrum};
pub use sensitivity::Sensitivity;
pub use signal_spectrum::{AlphaInterval, SignalSpectrum};
pub use spectrum::Spectrum;
pub use tap_recording::TapRecording;
