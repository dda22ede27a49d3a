//! Labelled images: the data set, and readers of the files it comes from.
//!
//! [`mnist::shipped`] gives the MNIST that comes with the crate, [`mnist::load`] a folder of the four
//! IDX files, [`idx`] a single IDX file, and [`Dataset::new`] takes arrays from anywhere else.

mod dataset;
pub mod idx;
pub mod mnist;
mod summary;

pub use dataset::{Dataset, ImageShape};
pub use mnist::Mnist;
