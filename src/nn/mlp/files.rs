//! Files of fully connected networks.

use super::Mlp;
use crate::error::Result;
use crate::nn::Network;
use crate::nn::normalisation::InputScale;
use crate::nn::tensors::Tensors;
use std::path::Path;

/// Its name in files.
const ARCHITECTURE: &str = "mlp";

impl Mlp {
    /// Writes all parameters, their names and the architecture as safetensors, readable by the Python package
    /// `safetensors`. A write that fails leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = Tensors::of_network(self, ARCHITECTURE, self.activation);
        self.describe(&mut file);
        file.write(path.as_ref())
    }

    /// Reads a network that [`Mlp::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read); [`Error::Format`](crate::Error::Format) where the file is no safetensors file or no `Mlp`;
    /// [`Error::Shape`](crate::Error::Shape) where its arrays do not fit together; [`Error::NotFinite`](crate::Error::NotFinite).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, activation) = Tensors::read_network(path, ARCHITECTURE)?;
        let mut net = Self::new(&file.widths(path)?, activation, 0)?;
        net.input = InputScale::restore(net.inputs(), &file)?;
        net.restore(&file, path)?;
        file.fill_parameters("", path, &mut net)?;
        Ok(net)
    }

    /// Puts what arrays do not tell into a file.
    pub(in crate::nn) fn describe(&self, file: &mut Tensors) {
        self.taps().iter().zip(&self.layers).for_each(|((name, _), layer)| layer.behind.describe(name, file));
    }

    /// What a file has behind the hidden layers, to be filled.
    pub(in crate::nn) fn restore(&mut self, file: &Tensors, path: &Path) -> Result<()> {
        for ((name, width), layer) in self.taps().iter().zip(&mut self.layers) {
            layer.behind.restore(name, (*width, *width), file, path)?;
        }
        Ok(())
    }

    /// Replaces the parameters by those of a file that [`Mlp::save`] wrote for a network of the same sizes.
    ///
    /// # Errors
    /// As [`Mlp::load`], and [`Error::Shape`](crate::Error::Shape) for other sizes; the network is as it was.
    pub fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (file, _) = Tensors::read_network(path, ARCHITECTURE)?;
        file.fill_parameters("", path, self)
    }
}
