//! Recordings of populations, and the spectra of their signal.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/notebook.rs"]
mod notebook;
#[path = "common/python.rs"]
mod python;

#[path = "recordings/files.rs"]
mod files;
#[path = "recordings/numpy.rs"]
mod numpy;
#[path = "recordings/properties.rs"]
mod properties;
#[path = "recordings/refused.rs"]
mod refused;
#[path = "recordings/shown.rs"]
mod shown;
#[path = "recordings/truth.rs"]
mod truth;
