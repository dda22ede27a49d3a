//! Labelled images: the data set, readers of the files it comes from, and what is done to images before training.
//!
//! [`mnist::shipped`] gives the MNIST that comes with the crate, [`mnist::load`] a folder of the four
//! IDX files, [`idx`] a single IDX file, [`cifar10::load`] the CIFAR-10 of a folder, and [`Dataset::new`] takes
//! arrays from anywhere else. [`Augmentation`] changes images at random, [`Standardisation`] scales channels.

mod augmentation;
pub mod cifar10;
mod dataset;
mod gzip;
pub mod idx;
pub mod mnist;
mod standardisation;
mod summary;

pub use augmentation::{Augmentation, Crop};
pub use cifar10::Cifar10;
pub use dataset::{Dataset, ImageShape};
pub use mnist::Mnist;
pub use standardisation::Standardisation;
