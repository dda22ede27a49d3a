//! Training: batches, adversarial copies, penalties, validation, history, checkpoints.

mod adversarial;
mod checkpoint;
mod history;
mod jacobian;
mod penalty;
mod progress;
mod recurrent;
mod run;
mod training;

pub use adversarial::{AdversarialMethod, AdversarialTraining};
pub use history::{EpochRecord, History};
pub use jacobian::{JacobianPenalty, Projections};
pub use penalty::Penalty;
pub use recurrent::{
    Feeding, GruHistory, GruRecord, GruTraining, PredictionError, SeedRun, Snapshot, predict_series,
    prediction_error,
};
pub use training::Training;
