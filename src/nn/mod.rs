//! Networks with named parameters and runtime sizes, on dfdx tensors.

mod adjoint;
pub(crate) mod blocks;
mod cnn;
mod gru;
mod layer;
mod mlp;
pub(crate) mod network;
mod normalisation;
pub mod ops;
mod optimiser;
mod parameter;
mod predict;
mod pytorch;
mod summary;
pub(crate) mod tensors;

pub use adjoint::Adjoint;
pub use cnn::Cnn;
pub use gru::{Gru, RecordedSequences, Sequences};
pub use layer::Layer;
pub use mlp::Mlp;
pub use network::{Forward, Network, Recorded};
pub use ops::{Activation, GradientsOf};
pub use optimiser::{Adam, Decay, Optimiser, OptimiserState, RmsProp, Schedule, Sgd};
pub use parameter::Parameter;
pub(crate) use predict::{argmax, largest};
pub use predict::{error_rate, predictions};
pub use pytorch::{NameMap, load_pytorch};
pub use summary::{LayerSummary, Summary};
