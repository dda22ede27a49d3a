//! The nonlinearities a network can have.

use super::ops;
use crate::device::{Device, Matrix};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The nonlinearity behind every hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Hyperbolic tangent, as in Nassar2020.
    #[default]
    Tanh,
    /// `max(0, x)`.
    Relu,
}

impl Activation {
    /// Applies it to `(batch, width)`.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty batch.
    pub fn apply<T: Tape<f32, Device>>(self, x: Matrix<T>) -> Result<Matrix<T>> {
        match self {
            Activation::Tanh => ops::tanh(x),
            Activation::Relu => ops::relu(x),
        }
    }

    /// Its name in files: `tanh` or `relu`.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
        }
    }

    /// The nonlinearity of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "tanh" => Ok(Activation::Tanh),
            "relu" => Ok(Activation::Relu),
            other => Err(Error::parameter("activation", other, "tanh or relu")),
        }
    }
}
