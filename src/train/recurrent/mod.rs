//! Training of recurrent networks on time series, one network or one for every seed, and how well they predict.

mod checkpoint;
mod history;
mod prediction;
mod run;
mod seeds;
mod settings;
mod window;

pub use history::{GruHistory, GruRecord, Snapshot};
pub use prediction::{PredictionError, predict_series, prediction_error};
pub use seeds::SeedRun;
pub use settings::{Feeding, GruTraining};
