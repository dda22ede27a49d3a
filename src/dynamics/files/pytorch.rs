//! The layout of `torch.nn.GRU`.

use super::stacked::{RZN, Stacks, weights};
use super::tensors::{Tensors, write};
use crate::dynamics::gru::{GruWeights, Reset};
use crate::error::{Error, Result};
use ndarray::Array1;
use std::path::Path;

impl GruWeights {
    /// Reads layer `layer` of a `torch.nn.GRU` from an npz file, a safetensors file or a folder of npy files of its state, e.g. of
    /// `safetensors.torch.save_file(model.state_dict(), path)`: `weight_hh_l0 (3 d, d)`, `weight_ih_l0 (3 d, m)`, `bias_hh_l0` and
    /// `bias_ih_l0`, gates in the order r, z, n. `prefix` stands before the names, e.g. `"gru."` for a module of that name, or is
    /// empty. The reset gate acts [after](Reset::After) the product.
    ///
    /// Without input weights the system has no input; biases are there both or neither (`bias=False`).
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for another file, an array that is missing or of another type than float64 or float32;
    /// [`Error::Shape`] and [`Error::NotFinite`] with the name of the array.
    pub fn read_pytorch(path: impl AsRef<Path>, prefix: &str, layer: usize) -> Result<Self> {
        read(path.as_ref(), prefix, layer, Reset::After)
    }

    /// Writes the arrays that [`read_pytorch`](Self::read_pytorch) reads, in float64; `load_state_dict` takes them. The
    /// biases of both gates are those of the input's side. Without input matrices there is no `weight_ih`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a reset gate before the product, which PyTorch does not have; [`Error::Write`].
    pub fn write_pytorch(&self, path: impl AsRef<Path>, prefix: &str, layer: usize) -> Result<()> {
        if self.reset() == Reset::Before {
            let expected = "Reset::After: torch.nn.GRU has no other; write_keras takes both";
            return Err(Error::parameter("reset", "Before", expected));
        }
        let [hh, ih, bias_hh, bias_ih] = names(prefix, layer);
        let zero = Array1::zeros(self.units());
        let mut arrays = vec![(hh, RZN.stack([self.uz(), self.ur(), self.uh()]).into_dyn())];
        arrays.extend(self.input_matrices().map(|matrices| (ih, RZN.stack(matrices).into_dyn())));
        arrays.push((bias_hh, RZN.stack_bias([&zero, &zero, self.bhh()]).into_dyn()));
        arrays.push((bias_ih, RZN.stack_bias([self.bz(), self.br(), self.bh()]).into_dyn()));
        write(path.as_ref(), &arrays)
    }
}

/// PyTorch's arrays with the reset gate after the product; with one before it, those without the bias of the state's side, as
/// [`Gru::save`](crate::nn::Gru::save) writes them.
pub(super) fn read(path: &Path, prefix: &str, layer: usize, reset: Reset) -> Result<GruWeights> {
    let names = names(prefix, layer);
    let file = Tensors::read(path, &names)?;
    let [hh, ih, bias_hh, bias_ih] = names;
    let recurrent = file.matrix(&hh)?.ok_or_else(|| file.missing(&hh))?;
    let input = file.matrix(&ih)?.map(|matrix| (ih.as_str(), matrix));
    let biases = match (file.vector(&bias_ih)?, file.vector(&bias_hh)?, reset) {
        (None, Some(_), _) => return Err(file.missing(&bias_ih)),
        (Some(_), None, Reset::After) => return Err(file.missing(&bias_hh)),
        (of_input, of_state, _) => {
            [of_input.map(|b| (bias_ih.as_str(), b)), of_state.map(|b| (bias_hh.as_str(), b))]
        }
    };
    weights(reset, RZN, Stacks { recurrent: (&hh, recurrent), input, biases })
}

fn names(prefix: &str, layer: usize) -> [String; 4] {
    ["weight_hh", "weight_ih", "bias_hh", "bias_ih"].map(|name| format!("{prefix}{name}_l{layer}"))
}
