//! A fully connected network as a list of maps.

use super::{Dense, Mlp};
use crate::error::Result;
use crate::nn::layer::{Layer, matrix_of, row_of};

impl Mlp {
    /// Appends all of its maps.
    pub(in crate::nn) fn append_layers(&self, layers: &mut Vec<Layer>) -> Result<()> {
        if let Some(input) = &self.input {
            layers.push(input.layer()?);
        }
        for (position, Dense { weight, bias, behind }) in self.layers.iter().enumerate() {
            layers.push(Layer::Dense { weight: matrix_of(weight)?, bias: row_of(bias)? });
            if let Some(width) = self.widths.get(position + 1).filter(|_| position + 1 < self.layers.len()) {
                layers.push(Layer::Activation(self.activation));
                behind.append_layers(*width, layers)?;
            }
        }
        Ok(())
    }
}
