//! Fully connected networks.

use super::adjoint::Adjoint;
use super::network::{Forward, Network, Recorded, show_network};
use super::ops::{Activation, GradientsOf, dense, dense_adjoint, linear, linear_adjoint};
use super::parameter::Parameter;
use super::tensors;
use crate::device::{Device, LinkageGuard, Matrix, Recording};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;
use std::path::Path;

/// Its name in files.
const ARCHITECTURE: &str = "mlp";

/// A multilayer perceptron: dense layers, a nonlinearity behind each but the last.
///
/// ```
/// use eigengate::nn::{Activation, Mlp, Network};
///
/// let net = Mlp::new(&[784, 500, 10], Activation::Tanh, 1)?;
/// assert_eq!(net.parameter_count(), 784 * 500 + 500 + 500 * 10 + 10);
/// let images = ndarray::Array2::zeros((3, 784));
/// assert_eq!(net.logits(images.view())?.dim(), (3, 10));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Mlp {
    widths: Vec<usize>,
    activation: Activation,
    /// Weight `(outputs, inputs)` and bias `(outputs)` of every layer, in turn.
    parameters: Vec<Parameter>,
    linkage: LinkageGuard,
}

impl Mlp {
    /// A network of the given widths, inputs first, classes last, with parameters drawn from `seed` as PyTorch's
    /// `nn.Linear` draws them ([`Parameter::uniform`]). One width pair gives softmax regression.
    ///
    /// Parameters are named `hidden.0.weight`, `hidden.0.bias`, …, `readout.weight`, `readout.bias`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than two widths, a width of 0, or more than 256 classes.
    pub fn new(widths: &[usize], activation: Activation, seed: u64) -> Result<Self> {
        Self::with_index(widths, activation, seed, 0)
    }

    /// The same as a part of a larger network: `index` counts the parameters before.
    pub(super) fn with_index(
        widths: &[usize],
        activation: Activation,
        seed: u64,
        index: u64,
    ) -> Result<Self> {
        check_widths(widths)?;
        let mut parameters = Vec::new();
        for (layer, pair) in widths.windows(2).enumerate() {
            let &[inputs, outputs] = pair else { continue };
            let name = layer_name(layer, widths);
            let index = index + 2 * layer as u64;
            let weight = format!("{name}.weight");
            parameters.push(Parameter::uniform(weight, &[outputs, inputs], inputs, seed, index)?);
            parameters.push(Parameter::uniform(format!("{name}.bias"), &[outputs], inputs, seed, index + 1)?);
        }
        Ok(Self { widths: widths.to_vec(), activation, parameters, linkage: LinkageGuard::here() })
    }

    /// Inputs, hidden units of every layer, classes.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// The nonlinearity of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Writes all parameters, their names and the architecture as safetensors, readable by the Python package
    /// `safetensors`. A write that fails leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        tensors::Tensors::of_network(self, ARCHITECTURE, self.activation).write(path.as_ref())
    }

    /// Reads a network that [`Mlp::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] where the file is no safetensors file or no `Mlp`;
    /// [`Error::Shape`] where its arrays do not fit together; [`Error::NotFinite`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, activation) = tensors::Tensors::read_network(path, ARCHITECTURE)?;
        let mut net = Self::new(&file.widths(path)?, activation, 0)?;
        file.fill_parameters("", path, &mut net)?;
        Ok(net)
    }

    /// Replaces the parameters by those of a file that [`Mlp::save`] wrote for a network of the same sizes.
    ///
    /// # Errors
    /// As [`Mlp::load`], and [`Error::Shape`] for other sizes; the network is as it was.
    pub fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (file, _) = tensors::Tensors::read_network(path, ARCHITECTURE)?;
        file.fill_parameters("", path, self)
    }

    /// The taps and the logits, of inputs with or without a tape.
    pub(super) fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
    ) -> Result<(Vec<Matrix>, Matrix<T>)> {
        self.linkage.check()?;
        let mut taps = Vec::new();
        let mut x = x;
        for (layer, pair) in self.parameters.chunks_exact(2).enumerate() {
            let [weight, bias] = pair else { continue };
            // The first layer's input gradient is only for attacks; behind it all gradients flow.
            let wanted = match gradients {
                GradientsOf::Parameters if layer > 0 => GradientsOf::Everything,
                other => other,
            };
            if layer + 2 < self.widths.len() {
                x = dense(x, &weight.value, &bias.value, self.activation, wanted)?;
                taps.push(x.retaped());
            } else {
                x = linear(x, &weight.value, &bias.value, wanted)?;
            }
        }
        Ok((taps, x))
    }
}

impl Network for Mlp {
    fn inputs(&self) -> usize {
        self.widths.first().copied().unwrap_or(0)
    }

    fn classes(&self) -> usize {
        self.widths.last().copied().unwrap_or(0)
    }

    fn taps(&self) -> Vec<(String, usize)> {
        let hidden = self.widths.get(1..self.widths.len() - 1).unwrap_or(&[]);
        hidden.iter().enumerate().map(|(layer, &width)| (layer_name(layer, &self.widths), width)).collect()
    }

    fn parameters(&self) -> Vec<&Parameter> {
        self.parameters.iter().collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.parameters.iter_mut().collect()
    }

    fn forward(&self, x: Matrix) -> Result<Forward> {
        let (taps, logits) = self.pass(x, GradientsOf::Everything)?;
        Ok(Forward { taps, logits })
    }

    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let (taps, logits) = self.pass(x.retaped::<Recording>(), gradients)?;
        Ok(Recorded { taps, logits })
    }

    fn adjoint(&self) -> Result<&dyn Adjoint> {
        Ok(self)
    }
}

impl Adjoint for Mlp {
    fn pull(&self, _: &Matrix, taps: &[Matrix], cotangent: Matrix<Recording>) -> Result<Matrix<Recording>> {
        self.linkage.check()?;
        let hidden = self.widths.len() - 2;
        if taps.len() != hidden {
            return Err(Error::shape("list of taps", format!("{hidden} hidden layers"), taps.len()));
        }
        let mut g = cotangent;
        for (layer, pair) in self.parameters.chunks_exact(2).enumerate().rev() {
            let [weight, _] = pair else { continue };
            g = match taps.get(layer) {
                Some(tap) => dense_adjoint(g, tap, &weight.value, self.activation)?,
                // The readout, which has no nonlinearity.
                None => linear_adjoint(g, &weight.value)?,
            };
        }
        Ok(g)
    }
}

fn check_widths(widths: &[usize]) -> Result<()> {
    if widths.len() < 2 || widths.contains(&0) {
        let expected = "inputs, hidden widths and classes, each at least 1";
        return Err(Error::parameter("widths", format!("{widths:?}"), expected));
    }
    if widths.last().is_some_and(|&classes| classes > 256) {
        return Err(Error::parameter("classes", widths[widths.len() - 1], "at most 256, labels are bytes"));
    }
    Ok(())
}

fn layer_name(layer: usize, widths: &[usize]) -> String {
    if layer + 2 == widths.len() { "readout".to_owned() } else { format!("hidden.{layer}") }
}

impl std::fmt::Debug for Mlp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<String> = self.widths.iter().map(ToString::to_string).collect();
        write!(
            f,
            "Mlp({}, {}, {} parameters)",
            widths.join("-"),
            self.activation.name(),
            self.parameter_count()
        )
    }
}

impl Mlp {
    /// Shows a table of layers, shapes and parameters in a notebook.
    pub fn evcxr_display(&self) {
        show_network(self, &format!("{self:?}"));
    }
}
