//! What a notebook imports.
pub use crate::error::{Error, Result};
