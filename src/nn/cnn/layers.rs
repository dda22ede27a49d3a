//! A convolutional network as a list of maps.

use super::{Block, Cnn};
use crate::error::Result;
use crate::nn::layer::{Layer, matrix_of, row_of};

impl Cnn {
    /// Appends all of its maps.
    pub(super) fn append_layers(&self, layers: &mut Vec<Layer>) -> Result<()> {
        if let Some(input) = &self.input {
            layers.push(input.layer()?);
        }
        for Block { sizes, outputs, weight, bias, behind } in &self.blocks {
            layers.push(Layer::Convolution {
                sizes: *sizes,
                weight: matrix_of(weight)?,
                bias: row_of(bias)?,
            });
            // The nonlinearity is monotone: it may as well come behind the pooling, of a quarter of the numbers.
            layers.push(Layer::MaxPool(sizes.output()?));
            layers.push(Layer::Activation(self.activation()));
            behind.append_layers(*outputs, layers)?;
        }
        self.head.append_layers(layers)
    }
}
