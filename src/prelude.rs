//! What a notebook imports.
pub use crate::data::{Dataset, ImageShape, Mnist, idx, mnist};
pub use crate::error::{Error, Result};
