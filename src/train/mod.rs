//! Training: batches, penalties, validation, history, checkpoints.

mod checkpoint;
mod history;
mod progress;
mod run;
mod training;

pub use history::{EpochRecord, History};
pub use training::Training;
