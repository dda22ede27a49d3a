//! What a notebook imports.
pub use crate::data::{Dataset, ImageShape, Mnist, idx, mnist};
pub use crate::error::{Error, Result};
pub use crate::exchange::{self, Npz};
pub use crate::frame::Frame;
