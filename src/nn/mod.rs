//! Networks with named parameters and runtime sizes, on dfdx tensors.

mod adam;
mod cnn;
mod mlp;
pub(crate) mod network;
pub mod ops;
mod parameter;
mod predict;
pub(crate) mod tensors;

pub use adam::{Adam, AdamState};
pub use cnn::Cnn;
pub use mlp::Mlp;
pub use network::{Forward, Network, Recorded};
pub use ops::{Activation, GradientsOf};
pub use parameter::Parameter;
pub(crate) use predict::{argmax, largest};
pub use predict::{error_rate, predictions};
