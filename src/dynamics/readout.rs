//! What a network says of its state.

use super::files::Tensors;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use ndarray::{Array1, Array2};
use std::fmt;
use std::path::Path;

/// A linear readout `y = C h + c` of the state.
///
/// ```
/// use eigengate::dynamics::Readout;
/// use ndarray::array;
///
/// let readout = Readout::new(array![[1.0, -1.0]], array![0.5])?;
/// assert_eq!(readout.of(&array![0.75, 0.25])?, array![1.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Readout {
    weight: Array2<f64>,
    bias: Array1<f64>,
}

impl Readout {
    /// With the matrix `C` `(outputs, units)` and the offset `c` of `outputs` numbers.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`]; [`Error::Empty`] for no outputs.
    pub fn new(weight: Array2<f64>, bias: Array1<f64>) -> Result<Self> {
        if weight.is_empty() {
            return Err(Error::empty("a readout"));
        }
        if bias.len() != weight.nrows() {
            return Err(Error::shape("bias of a readout", weight.nrows(), bias.len()));
        }
        finite("a readout", weight.iter().chain(&bias))?;
        Ok(Self { weight, bias })
    }

    /// Reads a `torch.nn.Linear` from an npz file, a safetensors file or a folder of npy files: `PREFIXweight (outputs, units)` and
    /// `PREFIXbias`, which is 0 where it is not there. `prefix` is `"readout."` for a module with `self.readout = nn.Linear(…)`.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for another file and where the weight is missing; as [`Readout::new`].
    pub fn read_pytorch(path: impl AsRef<Path>, prefix: &str) -> Result<Self> {
        let names = ["weight", "bias"].map(|name| format!("{prefix}{name}"));
        let file = Tensors::read(path.as_ref(), &names)?;
        let [weight, bias] = names;
        let matrix = file.matrix(&weight)?.ok_or_else(|| file.missing(&weight))?;
        let bias = file.vector(&bias)?.unwrap_or_else(|| Array1::zeros(matrix.nrows()));
        Self::new(matrix, bias)
    }

    /// `C`, `(outputs, units)`.
    pub fn weight(&self) -> &Array2<f64> {
        &self.weight
    }

    /// `c`.
    pub fn bias(&self) -> &Array1<f64> {
        &self.bias
    }

    /// The outputs in the state `h`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of units.
    pub fn of(&self, h: &Array1<f64>) -> Result<Array1<f64>> {
        if h.len() != self.weight.ncols() {
            return Err(Error::shape("the state of a readout", self.weight.ncols(), h.len()));
        }
        Ok(self.weight.dot(h) + &self.bias)
    }

    /// Shows the sizes in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Readout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Readout({} units, {} outputs)", self.weight.ncols(), self.weight.nrows())
    }
}
