//! Spectra, robustness and dynamics of neural networks, for Rust notebooks.

pub mod attack;
pub mod data;
pub mod device;
mod display;
pub mod error;
pub mod exchange;
mod files;
pub mod frame;
pub mod nn;
pub mod numeric;
pub mod plot;
pub mod prelude;
pub mod seed;
pub mod spectra;
pub mod train;

pub use error::{Error, Result};
