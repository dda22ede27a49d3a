//! Files of recurrent networks.

use super::Gru;
use super::layer::name;
use crate::dynamics::Reset;
use crate::error::{Error, Result};
use crate::nn::optimiser::{Optimiser, OptimiserState};
use crate::nn::tensors::{NETWORK, Tensors};
use std::path::Path;

/// Its name in files.
const ARCHITECTURE: &str = "gru";
/// What stands before the names of parameters in a checkpoint.
const CHECKPOINT: &str = "net.";

impl Gru {
    /// Writes all parameters as safetensors, readable by the Python package `safetensors`. A write that fails leaves a file of
    /// that name as it was.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = Tensors::default();
        file.set("architecture", ARCHITECTURE);
        file.put_all("", &self.parameters());
        file.write(path.as_ref())
    }

    /// Reads a network that [`Gru::save`] wrote, or the state of a PyTorch module with `self.gru = nn.GRU(…)` and, if there is a
    /// readout, `self.readout = nn.Linear(…)`, as `safetensors.torch.save_file(model.state_dict(), path)` writes it. All sizes are
    /// those of its arrays; with `gru.bias_hh_l0` the reset gate is behind the product.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for another file, and where an array is missing or of no layer; [`Error::Shape`] where
    /// arrays do not fit together; [`Error::NotFinite`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = Tensors::read(path)?;
        if let Some(other) = file.get("architecture").filter(|&found| found != ARCHITECTURE) {
            return Err(Error::format(path, NETWORK, format!("architecture {ARCHITECTURE}"), other));
        }
        let mut gru = Self::of_arrays(&file, "", path)?;
        file.fill("", path, gru.parameters_mut())?;
        let known = gru.parameters();
        if let Some(other) = file.names().find(|other| known.iter().all(|p| p.name() != *other)) {
            let expected = "arrays of `gru`, `readout` and `encoder` (of one direction, without projection)";
            return Err(Error::format(path, NETWORK, expected, format!("`{other}`")));
        }
        Ok(gru)
    }

    /// Replaces the parameters by those of a file that [`Gru::save`] wrote for a network of the same sizes.
    ///
    /// # Errors
    /// As [`Gru::load`], and [`Error::Shape`] for other sizes; the network is as it was.
    pub fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        Tensors::read(path)?.fill("", path, self.parameters_mut())
    }

    /// Writes the parameters together with the state of their optimiser, for a training loop of one's own that is to go on
    /// later. A write that fails leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Shape`] where the state is that of other parameters; [`Error::Write`].
    pub fn save_checkpoint(&self, state: &OptimiserState, path: impl AsRef<Path>) -> Result<()> {
        let mut file = Tensors::default();
        self.put_checkpoint(state, &mut file)?;
        file.write(path.as_ref())
    }

    /// Reads what [`Gru::save_checkpoint`] wrote, or the checkpoint of a [`GruTraining`](crate::train::GruTraining). Training that
    /// goes on with it takes the same steps, to the bit, as without a break.
    ///
    /// # Errors
    /// As [`Gru::load`]; [`Error::Format`] where the file is of another kind of optimiser.
    pub fn load_checkpoint(
        path: impl AsRef<Path>,
        optimiser: impl Into<Optimiser>,
    ) -> Result<(Self, OptimiserState)> {
        let (path, optimiser) = (path.as_ref(), optimiser.into());
        let file = Tensors::read(path)?;
        let mut gru = Self::of_arrays(&file, CHECKPOINT, path)?;
        let state = gru.fill_checkpoint(optimiser, &file, path)?;
        Ok((gru, state))
    }

    /// Puts parameters and optimiser into a file.
    pub(crate) fn put_checkpoint(&self, state: &OptimiserState, file: &mut Tensors) -> Result<()> {
        file.set("architecture", "gru checkpoint");
        let parameters = self.parameters();
        state.check(&parameters)?;
        file.put_all(CHECKPOINT, &parameters);
        state.put(file, &parameters);
        Ok(())
    }

    /// Takes the parameters of a file, and returns the optimiser of it. After an error the network is as it was.
    pub(crate) fn fill_checkpoint(
        &mut self,
        optimiser: Optimiser,
        file: &Tensors,
        path: &Path,
    ) -> Result<OptimiserState> {
        let name = optimiser.name();
        if let Some(other) = file.get("optimiser").filter(|&other| other != name) {
            return Err(Error::format(path, "checkpoint", format!("one of the optimiser {name}"), other));
        }
        let state = OptimiserState::read(optimiser, file, &self.parameters(), path)?;
        file.fill(CHECKPOINT, path, self.parameters_mut())?;
        Ok(state)
    }

    /// A network with the sizes of the arrays behind `prefix`.
    fn of_arrays(file: &Tensors, prefix: &str, path: &Path) -> Result<Self> {
        let shape = |name: &str| file.shape(&format!("{prefix}{name}"));
        let columns = |name: &str| match shape(name) {
            None => Ok(None),
            Some(&[_, columns]) => Ok(Some(columns)),
            Some(other) => Err(Error::shape(format!("`{name}`"), "a matrix", format!("{other:?}"))),
        };
        let mut units = vec![];
        while let Some(d) = columns(&name("weight_hh", units.len()))? {
            units.push(d);
        }
        if units.is_empty() {
            let expected = format!("an array `{prefix}{}`", name("weight_hh", 0));
            return Err(Error::format(path, NETWORK, expected, "none of that name"));
        }
        let inputs = columns(&name("weight_ih", 0))?.unwrap_or(0);
        let reset = if shape(&name("bias_hh", 0)).is_some() { Reset::After } else { Reset::Before };
        let outputs = shape("readout.weight").and_then(|shape| shape.first()).copied().unwrap_or(0);
        let gru = Self::new(inputs, &units, outputs, reset, 0)?;
        match columns("encoder.0.weight")? {
            Some(points) => gru.with_encoder(points, 0),
            None => Ok(gru),
        }
    }
}
