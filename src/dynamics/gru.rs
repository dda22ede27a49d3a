//! The weights of a GRU.

use super::flow::GruFlow;
use super::map::GruMap;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use ndarray::{Array1, Array2};
use std::fmt;

/// Where the reset gate acts on the candidate `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// Before the matrix product, `n = tanh(Uh (r * h) + bh)`: Cho et al. 2014, the flows of Jordan2021, Keras with
    /// `reset_after=False`.
    #[default]
    Before,
    /// After it, `n = tanh(bh + r * (Uh h + bhh))`: PyTorch, cuDNN, and Keras by default.
    After,
}

/// The weights of a GRU with `d` units, in float64.
///
/// ```text
/// z = sigmoid(Uz h + bz + Wz x)              update gate: how much of the old state is kept
/// r = sigmoid(Ur h + br + Wr x)              reset gate
/// n = tanh(Uh (r * h) + bh + Wh x)           candidate, Reset::Before
/// n = tanh(bh + Wh x + r * (Uh h + bhh))     candidate, Reset::After
/// flow:  dh/dt = (1 - z) * (n - h)           map:  h' = z * h + (1 - z) * n
/// ```
///
/// Matrices act from the left: row `i` belongs to unit `i`. The flow and the map have the same fixed points, the zeros of
/// `n - h`.
///
/// ```
/// use eigengate::dynamics::{GruWeights, Reset};
/// use ndarray::{array, Array2, Array1};
///
/// let zero = || (Array2::zeros((2, 2)), Array1::zeros(2));
/// let ((uz, bz), (ur, br)) = (zero(), zero());
/// let weights = GruWeights::new(Reset::Before, uz, ur, array![[3.0, 0.0], [0.0, 3.0]], bz, br, array![0.1, 0.0])?;
/// assert_eq!(weights.get("Uh", &[1, 1])?, 3.0);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct GruWeights {
    reset: Reset,
    /// Uz, Ur, Uh.
    recurrent: [Array2<f64>; 3],
    /// bz, br, bh, bhh. The last is zero for `Reset::Before`.
    biases: [Array1<f64>; 4],
    /// Wz, Wr, Wh.
    input: Option<[Array2<f64>; 3]>,
}

const RECURRENT: [&str; 3] = ["Uz", "Ur", "Uh"];
const BIASES: [&str; 4] = ["bz", "br", "bh", "bhh"];
const INPUT: [&str; 3] = ["Wz", "Wr", "Wh"];

impl GruWeights {
    /// Recurrent matrices `(d, d)` and biases `d`. Inputs and the hidden bias of the candidate are zero until they are
    /// given.
    ///
    /// # Errors
    /// [`Error::Empty`] for no units; [`Error::Shape`] and [`Error::NotFinite`] with the name of the tensor.
    pub fn new(
        reset: Reset,
        uz: Array2<f64>,
        ur: Array2<f64>,
        uh: Array2<f64>,
        bz: Array1<f64>,
        br: Array1<f64>,
        bh: Array1<f64>,
    ) -> Result<Self> {
        let d = bh.len();
        if d == 0 {
            return Err(Error::empty("bh"));
        }
        let recurrent = [uz, ur, uh];
        for (name, matrix) in RECURRENT.iter().zip(&recurrent) {
            check_matrix(name, matrix, (d, d))?;
        }
        let biases = [bz, br, bh, Array1::zeros(d)];
        for (name, bias) in BIASES.iter().zip(&biases) {
            check_bias(name, bias, d)?;
        }
        let recurrent = recurrent.map(|matrix| matrix.as_standard_layout().into_owned());
        let biases = biases.map(|bias| bias.as_standard_layout().into_owned());
        Ok(Self { reset, recurrent, biases, input: None })
    }

    /// The hidden bias `bhh` of the candidate, of `d` numbers, for [`Reset::After`].
    ///
    /// # Errors
    /// [`Error::Parameter`] for [`Reset::Before`], which has none; [`Error::Shape`], [`Error::NotFinite`].
    pub fn with_hidden_bias(mut self, bhh: Array1<f64>) -> Result<Self> {
        if self.reset == Reset::Before {
            return Err(Error::parameter("bhh", "given", "no bhh with Reset::Before; add it to bh"));
        }
        check_bias("bhh", &bhh, self.units())?;
        self.biases[3] = bhh.as_standard_layout().into_owned();
        Ok(self)
    }

    /// The input matrices, `(d, m)` for an input of `m` numbers.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`] with the name of the tensor.
    pub fn with_input_matrices(mut self, wz: Array2<f64>, wr: Array2<f64>, wh: Array2<f64>) -> Result<Self> {
        let size = (self.units(), wh.ncols());
        let input = [wz, wr, wh];
        for (name, matrix) in INPUT.iter().zip(&input) {
            check_matrix(name, matrix, size)?;
        }
        self.input = Some(input.map(|matrix| matrix.as_standard_layout().into_owned()));
        Ok(self)
    }

    /// The autonomous system under the constant input `x`: `Wz x`, `Wr x` and `Wh x` join the biases, and no input
    /// remains. Without this call flow and map are those of the input 0.
    ///
    /// # Errors
    /// [`Error::Shape`] where `x` has another size than the input matrices take (0 without matrices);
    /// [`Error::NotFinite`].
    pub fn with_input(&self, x: &[f64]) -> Result<Self> {
        if x.len() != self.inputs() {
            return Err(Error::shape("input", self.inputs(), x.len()));
        }
        finite("input", x)?;
        let mut constant = self.clone();
        if let Some(input) = constant.input.take() {
            let x = Array1::from(x.to_vec());
            for (bias, matrix) in constant.biases.iter_mut().zip(&input) {
                *bias += &matrix.dot(&x);
            }
        }
        Ok(constant)
    }

    /// Where the reset gate acts.
    pub fn reset(&self) -> Reset {
        self.reset
    }

    /// The number of units `d`.
    pub fn units(&self) -> usize {
        self.biases[0].len()
    }

    /// The number of inputs; 0 without input matrices.
    pub fn inputs(&self) -> usize {
        self.input.as_ref().map_or(0, |[wz, ..]| wz.ncols())
    }

    /// The recurrent matrix of the update gate.
    pub fn uz(&self) -> &Array2<f64> {
        &self.recurrent[0]
    }

    /// The recurrent matrix of the reset gate.
    pub fn ur(&self) -> &Array2<f64> {
        &self.recurrent[1]
    }

    /// The recurrent matrix of the candidate.
    pub fn uh(&self) -> &Array2<f64> {
        &self.recurrent[2]
    }

    /// The bias of the update gate.
    pub fn bz(&self) -> &Array1<f64> {
        &self.biases[0]
    }

    /// The bias of the reset gate.
    pub fn br(&self) -> &Array1<f64> {
        &self.biases[1]
    }

    /// The bias of the candidate.
    pub fn bh(&self) -> &Array1<f64> {
        &self.biases[2]
    }

    /// The hidden bias of the candidate, within the product with the reset gate; zero for [`Reset::Before`].
    pub fn bhh(&self) -> &Array1<f64> {
        &self.biases[3]
    }

    /// The input matrices `Wz`, `Wr`, `Wh`, where there are any.
    pub fn input_matrices(&self) -> Option<[&Array2<f64>; 3]> {
        self.input.as_ref().map(|[wz, wr, wh]| [wz, wr, wh])
    }

    /// One weight by name and index from 0, e.g. `get("Uh", &[0, 1])` or `get("bz", &[0])`. The names are `Uz`, `Ur`, `Uh`,
    /// `bz`, `br`, `bh`, `bhh` (with [`Reset::After`]), `Wz`, `Wr`, `Wh` (with input matrices).
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name or an index that is not there.
    pub fn get(&self, name: &str, index: &[usize]) -> Result<f64> {
        let mut copy = self.clone();
        copy.entry(name, index).copied()
    }

    /// The same system with one weight changed: one point of a family. Names and indices are those of [`Self::get`].
    ///
    /// # Errors
    /// As [`Self::get`]; [`Error::NotFinite`].
    pub fn with(&self, name: &str, index: &[usize], value: f64) -> Result<Self> {
        let mut changed = self.clone();
        let entry = changed.entry(name, index)?;
        finite(name, &[value])?;
        *entry = value;
        Ok(changed)
    }

    /// The system on the straight line from this one to `other`: every weight is `(1 - share) a + share b`.
    ///
    /// # Errors
    /// [`Error::Shape`] for systems of different sizes; [`Error::Parameter`] for different reset forms; [`Error::NotFinite`].
    pub fn towards(&self, other: &GruWeights, share: f64) -> Result<Self> {
        finite("share", &[share])?;
        if self.reset != other.reset {
            return Err(Error::parameter(
                "other",
                format!("{:?}", other.reset),
                format!("a system with the reset {:?}", self.reset),
            ));
        }
        let sizes = |weights: &GruWeights| (weights.units(), weights.inputs());
        if sizes(self) != sizes(other) {
            let text = |(units, inputs): (usize, usize)| format!("{units} units and {inputs} inputs");
            return Err(Error::shape("the other system", text(sizes(self)), text(sizes(other))));
        }
        let mut between = self.clone();
        let mix = |a: &mut f64, b: &f64| *a = (1.0 - share) * *a + share * b;
        for (own, other) in between.recurrent.iter_mut().zip(&other.recurrent) {
            own.zip_mut_with(other, mix);
        }
        for (own, other) in between.biases.iter_mut().zip(&other.biases) {
            own.zip_mut_with(other, mix);
        }
        if let (Some(own), Some(other)) = (&mut between.input, &other.input) {
            for (own, other) in own.iter_mut().zip(other) {
                own.zip_mut_with(other, mix);
            }
        }
        Ok(between)
    }

    fn entry(&mut self, name: &str, index: &[usize]) -> Result<&mut f64> {
        let mut names: Vec<&str> = RECURRENT.into_iter().chain(BIASES.into_iter().take(3)).collect();
        names.extend((self.reset == Reset::After).then_some("bhh"));
        names.extend(self.input.iter().flat_map(|_| INPUT));
        if !names.contains(&name) {
            return Err(Error::parameter("name", name, format!("one of {}", names.join(", "))));
        }
        let wrong = |size: &[usize]| {
            Error::parameter("index", format!("{index:?} of {name}"), format!("indices below {size:?}"))
        };
        let matrices = self.recurrent.iter_mut().chain(self.input.iter_mut().flatten());
        for (known, matrix) in RECURRENT.into_iter().chain(INPUT).zip(matrices) {
            if known == name {
                let error = wrong(matrix.shape());
                let &[i, j] = index else { return Err(error) };
                return matrix.get_mut([i, j]).ok_or(error);
            }
        }
        for (known, bias) in BIASES.into_iter().zip(&mut self.biases) {
            if known == name {
                let error = wrong(bias.shape());
                let &[i] = index else { return Err(error) };
                return bias.get_mut(i).ok_or(error);
            }
        }
        Err(Error::parameter("name", name, format!("one of {}", names.join(", "))))
    }

    /// The flow `dh/dt = (1 - z) * (n - h)`.
    pub fn flow(&self) -> GruFlow {
        GruFlow::new(self)
    }

    /// The map `h' = z * h + (1 - z) * n`, which is what a trained network steps: the Euler step of the flow with step 1.
    pub fn map(&self) -> GruMap {
        GruMap::unit_step(self.flow())
    }

    /// The Euler step `h' = h + step dh/dt`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `step` is finite and above 0.
    pub fn euler(&self, step: f64) -> Result<GruMap> {
        GruMap::new(self.flow(), step)
    }

    /// Shows units, inputs and reset form in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for GruWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.recurrent.iter().flatten().fold(0.0, |largest: f64, u| largest.max(u.abs()));
        let place = match self.reset {
            Reset::Before => "before",
            Reset::After => "after",
        };
        write!(
            f,
            "GruWeights({} units, {} inputs, reset {place} the product, largest recurrent weight {largest:.3})",
            self.units(),
            self.inputs()
        )
    }
}

fn check_matrix(name: &str, matrix: &Array2<f64>, size: (usize, usize)) -> Result<()> {
    if matrix.dim() != size {
        return Err(Error::shape(name, format!("{size:?}"), format!("{:?}", matrix.dim())));
    }
    finite(name, matrix)
}

fn check_bias(name: &str, bias: &Array1<f64>, d: usize) -> Result<()> {
    if bias.len() != d {
        return Err(Error::shape(name, d, bias.len()));
    }
    finite(name, bias)
}
