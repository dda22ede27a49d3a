//! Covariance spectra of representations.
mod spectrum;
pub use spectrum::{PowerLaw, Spectrum};
