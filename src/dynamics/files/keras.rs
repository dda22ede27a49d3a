//! The layout of Keras's `GRU`.

use super::stacked::{Stacks, ZRN, weights};
use super::tensors::{Tensors, write};
use crate::dynamics::gru::{GruWeights, Reset};
use crate::error::{Error, Result};
use ndarray::{Array1, Array2, Axis, stack};
use std::path::Path;

impl GruWeights {
    /// Reads a Keras `GRU` from an npz file, a safetensors file or a folder of npy files of its arrays, e.g. of
    /// `numpy.savez(path, **dict(zip(["kernel", "recurrent_kernel", "bias"], layer.get_weights())))`: `kernel (m, 3 d)`,
    /// `recurrent_kernel (d, 3 d)`, gates in the order z, r, h; `bias (2, 3 d)` with `reset_after=True`, Keras's default
    /// ([`Reset::After`]), and `bias (3 d)` without ([`Reset::Before`]). `prefix` stands before the names, or is empty.
    ///
    /// Without `kernel` the system has no input, without `bias` no biases.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for another file, an array that is missing or of another type than float64 or float32;
    /// [`Error::Shape`] and [`Error::NotFinite`] with the name of the array.
    pub fn read_keras(path: impl AsRef<Path>, prefix: &str, reset: Reset) -> Result<Self> {
        let names = names(prefix);
        let file = Tensors::read(path.as_ref(), &names)?;
        let [kernel, recurrent_kernel, bias] = names;
        // Keras multiplies from the right.
        let transposed = |matrix: Array2<f64>| matrix.reversed_axes();
        let recurrent = file.matrix(&recurrent_kernel)?.ok_or_else(|| file.missing(&recurrent_kernel))?;
        if recurrent.ncols() != 3 * recurrent.nrows() {
            let found = format!("{:?}", recurrent.dim());
            return Err(Error::shape(recurrent_kernel, "(d, 3 d) for d units", found));
        }
        let input = file.matrix(&kernel)?.map(|matrix| (kernel.as_str(), transposed(matrix)));
        let biases = match (file.optional(&bias)?, reset) {
            (None, _) => [None, None],
            (Some(array), Reset::After) if array.ndim() == 1 => {
                let found =
                    format!("shape {:?}, as with reset_after=False: take Reset::Before", array.shape());
                return Err(Error::shape(bias, "(2, 3 d) for Reset::After", found));
            }
            (Some(array), Reset::Before) if array.ndim() == 2 => {
                let found = format!("shape {:?}, as with reset_after=True: take Reset::After", array.shape());
                return Err(Error::shape(bias, "(3 d) for Reset::Before", found));
            }
            (Some(_), Reset::Before) => [file.vector(&bias)?.map(|b| (bias.as_str(), b)), None],
            (Some(_), Reset::After) => {
                let Some(both) = file.matrix(&bias)? else { return Err(file.missing(&bias)) };
                if both.nrows() != 2 {
                    return Err(Error::shape(bias, "(2, 3 d)", format!("{:?}", both.dim())));
                }
                [0, 1].map(|row| Some((bias.as_str(), both.row(row).to_owned())))
            }
        };
        weights(reset, ZRN, Stacks { recurrent: (&recurrent_kernel, transposed(recurrent)), input, biases })
    }

    /// Writes the arrays that [`read_keras`](Self::read_keras) reads, in float64. Without input matrices there is no
    /// `kernel`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_keras(&self, path: impl AsRef<Path>, prefix: &str) -> Result<()> {
        let [kernel, recurrent_kernel, bias] = names(prefix);
        let transposed = |matrix: Array2<f64>| matrix.t().as_standard_layout().into_owned().into_dyn();
        let recurrent = ZRN.stack([self.uz(), self.ur(), self.uh()]);
        let mut arrays = vec![(recurrent_kernel, transposed(recurrent))];
        arrays.extend(self.input_matrices().map(|matrices| (kernel, transposed(ZRN.stack(matrices)))));
        let of_input = ZRN.stack_bias([self.bz(), self.br(), self.bh()]);
        let biases = match self.reset() {
            Reset::Before => of_input.into_dyn(),
            Reset::After => {
                let zero = Array1::zeros(self.units());
                let of_state = ZRN.stack_bias([&zero, &zero, self.bhh()]);
                stack(Axis(0), &[of_input.view(), of_state.view()]).unwrap_or_default().into_dyn()
            }
        };
        arrays.push((bias, biases));
        write(path.as_ref(), &arrays)
    }
}

fn names(prefix: &str) -> [String; 3] {
    ["kernel", "recurrent_kernel", "bias"].map(|name| format!("{prefix}{name}"))
}
