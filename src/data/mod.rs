//! Labelled images, time series and recordings: the data sets, readers of the files they come from, and what is done to images before training.
//!
//! [`mnist::shipped`] gives the MNIST that comes with the crate, [`mnist::load`] a folder of the four
//! IDX files, [`idx`] a single IDX file, [`cifar10::load`] the CIFAR-10 of a folder, and [`Dataset::new`] takes
//! arrays from anywhere else. [`Augmentation`] changes images at random, [`Standardisation`] scales channels.
//!
//! [`TimeSeries`] are trajectories to learn dynamics from: those of a [`PlanarTask`], whose flow is known, or of a file.
//!
//! A [`Recording`] has the responses of many neurons to repeated stimuli, from a file or from a [`PopulationSimulation`].

mod augmentation;
pub mod cifar10;
mod dataset;
mod gzip;
pub mod idx;
pub mod mnist;
mod planar;
mod recordings;
mod standardisation;
mod summary;

pub use augmentation::{Augmentation, Crop};
pub use cifar10::Cifar10;
pub use dataset::{Dataset, ImageShape};
pub use mnist::Mnist;
pub use planar::{PlanarData, PlanarTask, Sampling, TimeSeries};
pub use recordings::{Population, PopulationSimulation, Recording, Spontaneous};
pub(crate) use recordings::{centre, mean_of};
pub use standardisation::Standardisation;
