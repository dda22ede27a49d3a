//! Files of convolutional networks.

use super::{Cnn, sizes};
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::nn::normalisation::InputScale;
use crate::nn::tensors::{NETWORK, Tensors};
use std::path::Path;

/// Its name in files.
const ARCHITECTURE: &str = "cnn";

impl Cnn {
    /// Writes all parameters, their names and the architecture as safetensors, readable by the Python package
    /// `safetensors`. A write that fails leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = Tensors::of_network(self, ARCHITECTURE, self.activation());
        file.set("image", self.image().to_string());
        self.blocks
            .iter()
            .enumerate()
            .for_each(|(i, block)| block.behind.describe(&format!("conv.{i}"), &mut file));
        self.head.describe(&mut file);
        file.write(path.as_ref())
    }

    /// Reads a network that [`Cnn::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] where the file is no safetensors file or no `Cnn`;
    /// [`Error::Shape`] where its arrays do not fit together; [`Error::NotFinite`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, activation) = Tensors::read_network(path, ARCHITECTURE)?;
        let text = file.text("image", path)?;
        let image = parse_shape(text)
            .ok_or_else(|| Error::format(path, NETWORK, "an image such as 1x28x28", format!("`{text}`")))?;
        let mut channels = Vec::new();
        while let Some(&[outputs, ..]) = file.shape(&format!("conv.{}.weight", channels.len())) {
            channels.push(outputs);
        }
        let widths = file.widths(path)?;
        // Before anything of these sizes is made: the text could say anything.
        let left = sizes(image, &channels)?.last().map(|(_, pooled)| pooled.pixels());
        let (Some((inputs, dense)), Some(left)) = (widths.split_first(), left) else {
            return Err(Error::format(path, NETWORK, "an array `conv.0.weight`", "none"));
        };
        if left != *inputs {
            let what = format!("first dense layer in {}", path.display());
            return Err(Error::shape(what, format!("{left} inputs for images of {image}"), inputs));
        }
        let mut net = Self::new(image, &channels, dense, activation, 0)?;
        net.input = InputScale::restore(net.inputs(), &file)?;
        for (position, block) in net.blocks.iter_mut().enumerate() {
            let sizes = (block.outputs, block.sizes.channels);
            block.behind.restore(&format!("conv.{position}"), sizes, &file, path)?;
        }
        net.head.restore(&file, path)?;
        file.fill_parameters("", path, &mut net)?;
        Ok(net)
    }

    /// Replaces the parameters by those of a file that [`Cnn::save`] wrote for a network of the same sizes.
    ///
    /// # Errors
    /// As [`Cnn::load`], and [`Error::Shape`] for other sizes; the network is as it was.
    pub fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (file, _) = Tensors::read_network(path, ARCHITECTURE)?;
        file.fill_parameters("", path, self)
    }
}

/// `channels x height x width` as [`ImageShape`] is written.
fn parse_shape(text: &str) -> Option<ImageShape> {
    let mut sizes = text.split('x').map(|size| size.parse().ok());
    let shape = ImageShape { channels: sizes.next()??, height: sizes.next()??, width: sizes.next()?? };
    sizes.next().is_none().then_some(shape)
}
