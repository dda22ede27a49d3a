//! Fully connected networks.

mod files;
mod layers;

use super::adjoint::Adjoint;
use super::layer::Layer;
use super::network::{Forward, Network, Recorded};
use super::normalisation::{self, InputScale, Normalisation, Statistics, Trace};
use super::ops::{Activation, GradientsOf, Whitening, dense, dense_adjoint, linear, linear_adjoint};
use super::parameter::Parameter;
use crate::data::{Dataset, Standardisation};
use crate::device::{Device, LinkageGuard, Matrix, Recording};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// A multilayer perceptron: dense layers, a nonlinearity behind each but the last. Behind a nonlinearity may stand batch
/// normalisation and whitening, in front of all the standardisation of the inputs.
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
    input: Option<InputScale>,
    layers: Vec<Dense>,
    linkage: LinkageGuard,
}

/// An affine map and what stands behind its nonlinearity; the readout has neither.
#[derive(Clone)]
struct Dense {
    /// `(outputs, inputs)`.
    weight: Parameter,
    /// `(outputs)`.
    bias: Parameter,
    behind: Normalisation,
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
        let mut layers = Vec::new();
        for (layer, pair) in widths.windows(2).enumerate() {
            let &[inputs, outputs] = pair else { continue };
            let name = layer_name(layer, widths);
            let index = index + 2 * layer as u64;
            let weight = format!("{name}.weight");
            let weight = Parameter::uniform(weight, &[outputs, inputs], inputs, seed, index)?;
            let bias = Parameter::uniform(format!("{name}.bias"), &[outputs], inputs, seed, index + 1)?;
            layers.push(Dense { weight, bias, behind: Normalisation::default() });
        }
        let (widths, linkage) = (widths.to_vec(), LinkageGuard::here());
        Ok(Self { widths, activation, input: None, layers, linkage })
    }

    /// With batch normalisation behind the nonlinearity of a hidden layer, as [`batch_norm`](super::ops::batch_norm()):
    /// parameters `hidden.0.batch_norm.weight` and `.bias`, buffers `.running_mean` and `.running_var`, which a new batch
    /// enters with weight 0.1.
    ///
    /// The tap of the layer stays in front of it.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that no hidden layer has.
    pub fn with_batch_norm(mut self, layer: &str) -> Result<Self> {
        let (behind, width) = self.behind(layer)?;
        behind.set_batch_norm(layer, width)?;
        Ok(self)
    }

    /// With a whitening layer behind a hidden layer, its batch normalisation included, as [`whiten`](super::ops::whiten()).
    /// Training whitens a batch with its own mean and factor, evaluation with those of the training set: buffers
    /// `hidden.1.whitening.mean` and `.matrix`, 0 and the identity before [`Network::calibrate`].
    ///
    /// The tap of the layer stays in front of it. The networks `-Wh` of Nassar2020 have it behind the last layer but one:
    ///
    /// ```
    /// use eigengate::nn::{Activation, Mlp, Network, ops::Whitening};
    ///
    /// let net = Mlp::new(&[784, 100, 100, 100, 10], Activation::Tanh, 1)?;
    /// let net = net.with_whitening("hidden.1", Whitening::default())?;
    /// assert_eq!(net.buffers()[1].shape(), [100, 100]);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that no hidden layer has, [`Whitening::check`].
    pub fn with_whitening(mut self, layer: &str, whitening: Whitening) -> Result<Self> {
        let (behind, width) = self.behind(layer)?;
        behind.set_whitening(layer, width, whitening)?;
        Ok(self)
    }

    /// With `(x - mean) / std` as the first step, buffers `input.mean` and `input.std` with a number for every input.
    /// Images stay in `[0, 1]`, where attacks measure.
    ///
    /// # Errors
    /// [`Standardisation::check`]; [`Error::Shape`] for a number of channels that does not divide the inputs.
    pub fn with_standardisation(mut self, standardisation: &Standardisation) -> Result<Self> {
        self.input = Some(InputScale::new(standardisation, self.inputs())?);
        Ok(self)
    }

    /// What stands behind a hidden layer, and its width.
    pub(super) fn behind(&mut self, layer: &str) -> Result<(&mut Normalisation, usize)> {
        let position = normalisation::position(layer, &self.taps())?;
        let behind = self.layers.get_mut(position).map(|layer| &mut layer.behind);
        let behind = behind.ok_or_else(|| Error::parameter("layer", layer, "a hidden layer"))?;
        Ok((behind, self.widths[position + 1]))
    }

    /// Inputs, hidden units of every layer, classes.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// The nonlinearity of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The logits, of inputs with or without a tape; the trace takes the rest.
    pub(super) fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
        trace: &mut Trace,
    ) -> Result<Matrix<T>> {
        self.linkage.check()?;
        let mut x = x;
        if let Some(input) = &self.input {
            x = input.pass(x, gradients)?;
        }
        for (position, Dense { weight, bias, behind }) in self.layers.iter().enumerate() {
            // The first layer's input gradient is only for attacks; behind it all gradients flow.
            let wanted = match gradients {
                GradientsOf::Parameters if position > 0 => GradientsOf::Everything,
                other => other,
            };
            if position + 1 < self.layers.len() {
                x = dense(x, &weight.value, &bias.value, self.activation, wanted)?;
                trace.taps.push(x.retaped());
                x = behind.pass(x, gradients, trace)?;
            } else {
                x = linear(x, &weight.value, &bias.value, wanted)?;
            }
        }
        Ok(x)
    }

    pub(super) fn normalisations(&mut self) -> impl Iterator<Item = &mut Normalisation> {
        self.layers.iter_mut().map(|layer| &mut layer.behind)
    }

    /// Whether every example has logits of its own, in training too.
    pub(super) fn by_example(&self) -> bool {
        self.layers.iter().all(|layer| layer.behind.is_none())
    }

    /// What stands around the layers, as text.
    pub(super) fn extras(&self) -> Vec<String> {
        let input = self.input.iter().map(|_| "standardised inputs".to_owned());
        let taps = self.taps();
        let behind = taps.iter().zip(&self.layers).filter_map(|((name, _), layer)| layer.behind.text(name));
        input.chain(behind).collect()
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
        let layers = self.layers.iter();
        layers
            .flat_map(|l| [&l.weight, &l.bias].into_iter().chain(l.behind.batch_norm_parameters()))
            .collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let layers = self.layers.iter_mut();
        layers
            .flat_map(|l| {
                [&mut l.weight, &mut l.bias].into_iter().chain(l.behind.batch_norm_parameters_mut())
            })
            .collect()
    }

    fn buffers(&self) -> Vec<&Parameter> {
        let input = self.input.iter().flat_map(InputScale::buffers);
        input.chain(self.layers.iter().flat_map(|layer| layer.behind.buffers())).collect()
    }

    fn buffers_mut(&mut self) -> Vec<&mut Parameter> {
        let input = self.input.iter_mut().flat_map(InputScale::buffers_mut);
        input.chain(self.layers.iter_mut().flat_map(|layer| layer.behind.buffers_mut())).collect()
    }

    #[cfg(not(feature = "cuda"))]
    fn shared(&self) -> Option<&(dyn Network + Sync)> {
        Some(self)
    }

    fn forward(&self, x: Matrix) -> Result<Forward> {
        let mut trace = Trace::new(Statistics::Stored);
        let logits = self.pass(x, GradientsOf::Everything, &mut trace)?;
        Ok(Forward { taps: trace.taps, logits })
    }

    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let mut trace = Trace::new(Statistics::Stored);
        let logits = self.pass(x.retaped::<Recording>(), gradients, &mut trace)?;
        Ok(Recorded { taps: trace.taps, logits })
    }

    fn record_batch(&mut self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let mut trace = Trace::new(Statistics::OfBatch);
        let logits = self.pass(x.retaped::<Recording>(), gradients, &mut trace)?;
        let mut observed = trace.observed.into_iter();
        self.normalisations().try_for_each(|layer| layer.observe(&mut observed))?;
        Ok(Recorded { taps: trace.taps, logits })
    }

    fn calibrate(&mut self, train: &Dataset) -> Result<()> {
        let pass = |net: &Self, x, trace: &mut Trace| {
            net.pass(x, GradientsOf::Everything, trace).map(|_: Matrix| ())
        };
        normalisation::calibrate(self, train, pass, |net| net.normalisations().collect())
    }

    fn layers(&self) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        self.append_layers(&mut layers)?;
        Ok(layers)
    }

    fn adjoint(&self) -> Result<&dyn Adjoint> {
        if self.by_example() { Ok(self) } else { Err(normalisation::no_adjoint(format!("{self:?}"))) }
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
        for (position, Dense { weight, .. }) in self.layers.iter().enumerate().rev() {
            g = match taps.get(position) {
                Some(tap) => dense_adjoint(g, tap, &weight.value, self.activation)?,
                // The readout, which has no nonlinearity.
                None => linear_adjoint(g, &weight.value)?,
            };
        }
        match &self.input {
            Some(input) => input.pull(g),
            None => Ok(g),
        }
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
        write!(f, "Mlp({}, {}, ", widths.join("-"), self.activation.name())?;
        self.extras().iter().try_for_each(|extra| write!(f, "{extra}, "))?;
        write!(f, "{} parameters)", self.parameter_count())
    }
}

impl Mlp {
    /// Shows the [summary](Network::summary) in a notebook.
    pub fn evcxr_display(&self) {
        self.summary().show(&format!("{self:?}"));
    }
}
