//! What an optimiser remembers between steps.

use super::adam::AdamRule;
use super::kernel::{self, ARRAYS, Rule};
use super::rms_prop::RmsPropRule;
use super::sgd::{MomentumRule, PlainRule};
use super::{Adam, Optimiser, RmsProp, Sgd};
use crate::device::Device;
use crate::error::{Error, Result, finite};
use crate::nn::network::Network;
use crate::nn::parameter::Parameter;
use crate::nn::tensors::Tensors;
use dfdx::prelude::Gradients;
use std::path::Path;

/// An optimiser at work: its settings, the number of steps done, and float32 arrays for every parameter.
///
/// A step is one parallel pass over each parameter, in place, that allocates no arrays. Its result does not depend on
/// the number of threads or on the instructions of the processor. With the feature `cuda` the state stays on the host,
/// and a step copies values and gradients there and the values back: correct, and slow.
///
/// ```
/// use dfdx::prelude::Backward;
/// use eigengate::device::matrix;
/// use eigengate::nn::ops::{GradientsOf, cross_entropy};
/// use eigengate::nn::{Activation, Mlp, Network, OptimiserState, Sgd};
///
/// let mut net = Mlp::new(&[4, 16, 2], Activation::Tanh, 0)?;
/// let mut state = OptimiserState::new(Sgd { learning_rate: 0.1, ..Sgd::default() }, &net)?;
/// let images = matrix(&[0.1, 0.9, 0.4, 0.3, 0.8, 0.2, 0.5, 0.7], 2, 4)?;
/// for _ in 0..3 {
///     let recorded = net.record(images.clone(), GradientsOf::Parameters)?;
///     let mut gradients = cross_entropy(recorded.logits, &[0, 1])?.backward();
///     state.step(&mut net, &mut gradients)?;
/// }
/// assert_eq!(state.steps(), 3);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct OptimiserState {
    optimiser: Optimiser,
    steps: u64,
    /// For every parameter the arrays of `Optimiser::arrays`, in that order; the others are empty.
    arrays: Vec<[Vec<f32>; ARRAYS]>,
    /// The length of every parameter.
    lengths: Vec<usize>,
}

impl OptimiserState {
    /// A state of zeros for the parameters of `net`.
    ///
    /// # Errors
    /// As for [`Optimiser::check`].
    pub fn new(optimiser: impl Into<Optimiser>, net: &dyn Network) -> Result<Self> {
        Self::of(optimiser, &net.parameters())
    }

    /// A state of zeros for parameters of anything, e.g. of a [`Gru`](crate::nn::Gru).
    ///
    /// # Errors
    /// As for [`Optimiser::check`].
    pub fn of(optimiser: impl Into<Optimiser>, parameters: &[&Parameter]) -> Result<Self> {
        let optimiser = optimiser.into();
        optimiser.check()?;
        let lengths: Vec<usize> = parameters.iter().map(|p| p.len()).collect();
        let kept = optimiser.arrays().len();
        let zeros = |n: usize| std::array::from_fn(|k| vec![0.0; if k < kept { n } else { 0 }]);
        let arrays = lengths.iter().map(|&n| zeros(n)).collect();
        Ok(Self { optimiser, steps: 0, arrays, lengths })
    }

    /// The settings.
    pub fn optimiser(&self) -> &Optimiser {
        &self.optimiser
    }

    /// Steps done so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Another step size from the next step on, for schedules.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a step size that is not above 0; the state is as it was.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        let optimiser = self.optimiser.with_learning_rate(learning_rate);
        optimiser.check()?;
        self.optimiser = optimiser;
        Ok(())
    }

    /// One step of every parameter along its gradient. A parameter that the backward pass did not reach has gradient 0.
    ///
    /// NaN in a gradient makes its own parameter NaN, and no other.
    ///
    /// # Errors
    /// [`Error::Shape`] where `net` is not the network that the state was made for, before anything has changed;
    /// [`Error::Device`].
    pub fn step(&mut self, net: &mut dyn Network, gradients: &mut Gradients<f32, Device>) -> Result<()> {
        self.step_on(net.parameters_mut(), gradients)
    }

    /// The same for the parameters that the state was made [of](OptimiserState::of), in their order.
    ///
    /// # Errors
    /// As for [`OptimiserState::step`].
    pub fn step_on(
        &mut self,
        parameters: Vec<&mut Parameter>,
        gradients: &mut Gradients<f32, Device>,
    ) -> Result<()> {
        self.check(&parameters)?;
        self.apply(parameters, gradients, 1.0)
    }

    /// The same with gradients clipped by their norm, that of all parameters together: as PyTorch's `clip_grad_norm_`, they are
    /// multiplied by `largest / (norm + 1e-6)` where that is below 1; with an infinite `largest` never. Returns the norm before.
    ///
    /// # Errors
    /// As for [`OptimiserState::step`]; [`Error::Parameter`] unless `largest` is above 0; [`Error::NotFinite`] for a norm that is
    /// not finite. Nothing has changed then.
    pub fn step_clipped(
        &mut self,
        parameters: Vec<&mut Parameter>,
        gradients: &mut Gradients<f32, Device>,
        largest: f64,
    ) -> Result<f64> {
        if !(largest > 0.0) {
            return Err(Error::parameter("largest", largest, "a norm above 0"));
        }
        self.check(&parameters)?;
        let mut squares = 0.0;
        for parameter in &parameters {
            squares += square_sum(parameter, gradients)?;
        }
        let norm = squares.sqrt();
        finite("norm of the gradient", &[norm])?;
        self.apply(parameters, gradients, (largest / (norm + 1e-6)).min(1.0) as f32)?;
        Ok(norm)
    }

    /// # Errors
    /// [`Error::Shape`] where the state is that of other parameters.
    pub(crate) fn check(&self, parameters: &[impl std::ops::Deref<Target = Parameter>]) -> Result<()> {
        if parameters.iter().map(|p| p.len()).eq(self.lengths.iter().copied()) {
            return Ok(());
        }
        let there: Vec<usize> = parameters.iter().map(|p| p.len()).collect();
        Err(Error::shape("network", format!("parameters of {:?}", self.lengths), format!("{there:?}")))
    }

    /// A step along the gradients times `factor`.
    fn apply(
        &mut self,
        parameters: Vec<&mut Parameter>,
        gradients: &mut Gradients<f32, Device>,
        factor: f32,
    ) -> Result<()> {
        self.steps += 1;
        let scaling = Scaling { factor, decay: self.optimiser.weight_decay() as f32 };
        for (parameter, arrays) in parameters.into_iter().zip(&mut self.arrays) {
            let state = arrays.each_mut().map(Vec::as_mut_slice);
            match &self.optimiser {
                Optimiser::Adam(adam @ Adam { amsgrad: true, .. }) => {
                    update(AdamRule::<true>::new(adam, self.steps), scaling, parameter, state, gradients)
                }
                Optimiser::Adam(adam) => {
                    update(AdamRule::<false>::new(adam, self.steps), scaling, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd @ Sgd { momentum: 0.0, .. }) => {
                    update(PlainRule::new(sgd), scaling, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd @ Sgd { nesterov: true, .. }) => {
                    update(MomentumRule::<true>::new(sgd), scaling, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd) => {
                    update(MomentumRule::<false>::new(sgd), scaling, parameter, state, gradients)
                }
                Optimiser::RmsProp(rms @ RmsProp { momentum: 0.0, .. }) => {
                    update(RmsPropRule::<false>::new(rms), scaling, parameter, state, gradients)
                }
                Optimiser::RmsProp(rms) => {
                    update(RmsPropRule::<true>::new(rms), scaling, parameter, state, gradients)
                }
            }?;
        }
        Ok(())
    }

    pub(crate) fn put(&self, file: &mut Tensors, parameters: &[&Parameter]) {
        file.set("optimiser", self.optimiser.name());
        file.set("optimiser.steps", self.steps.to_string());
        for (parameter, arrays) in parameters.iter().zip(&self.arrays) {
            for (kind, values) in self.optimiser.arrays().iter().zip(arrays) {
                file.put(array_name(kind, parameter), parameter.shape(), values.clone());
            }
        }
    }

    /// The state that [`OptimiserState::put`] has put there; `optimiser` must be the same.
    pub(crate) fn read(
        optimiser: Optimiser,
        file: &Tensors,
        parameters: &[&Parameter],
        path: &Path,
    ) -> Result<Self> {
        let mut state = Self::of(optimiser, parameters)?;
        let steps = file.get("optimiser.steps").and_then(|text| text.parse().ok());
        state.steps =
            steps.ok_or_else(|| Error::format(path, "checkpoint", "a count `optimiser.steps`", "none"))?;
        for (parameter, arrays) in parameters.iter().zip(&mut state.arrays) {
            for (kind, values) in optimiser.arrays().iter().zip(arrays) {
                *values = file.values(&array_name(kind, parameter), parameter.shape(), path)?.to_vec();
            }
        }
        Ok(state)
    }
}

fn array_name(kind: &str, parameter: &Parameter) -> String {
    format!("optimiser.{kind}.{}", parameter.name())
}

/// What happens to a gradient before it is used.
#[derive(Clone, Copy)]
struct Scaling {
    factor: f32,
    /// Times the parameter, it is added.
    decay: f32,
}

/// The sum of the squares of a parameter's gradient.
#[cfg(not(feature = "cuda"))]
fn square_sum(parameter: &Parameter, gradients: &mut Gradients<f32, Device>) -> Result<f64> {
    let gradient = gradients.get_or_alloc_mut(&parameter.value).map_err(crate::device::refused)?;
    Ok(gradient.iter().map(|g| f64::from(*g).powi(2)).sum())
}

/// The same through a copy on the host.
#[cfg(feature = "cuda")]
fn square_sum(parameter: &Parameter, gradients: &mut Gradients<f32, Device>) -> Result<f64> {
    Ok(parameter.gradient(gradients)?.iter().map(|g| f64::from(*g).powi(2)).sum())
}

/// One step of one parameter.
#[cfg(not(feature = "cuda"))]
fn update<R: Rule>(
    rule: R,
    scaling: Scaling,
    parameter: &mut Parameter,
    state: [&mut [f32]; ARRAYS],
    gradients: &mut Gradients<f32, Device>,
) -> Result<()> {
    let gradient = gradients.get_or_alloc_mut(&parameter.value).map_err(crate::device::refused)?;
    scale(gradient, scaling.factor);
    let values = crate::device::values_mut(&mut parameter.value);
    kernel::update(rule, scaling.decay, values, gradient, state);
    Ok(())
}

/// The same through copies on the host.
#[cfg(feature = "cuda")]
fn update<R: Rule>(
    rule: R,
    scaling: Scaling,
    parameter: &mut Parameter,
    state: [&mut [f32]; ARRAYS],
    gradients: &mut Gradients<f32, Device>,
) -> Result<()> {
    let mut gradient = parameter.gradient(gradients)?;
    scale(&mut gradient, scaling.factor);
    let mut values = parameter.values();
    kernel::update(rule, scaling.decay, &mut values, &gradient, state);
    // Copied into the same tensor, so that it keeps its id.
    parameter.value.copy_from(&values);
    Ok(())
}

fn scale(gradient: &mut [f32], factor: f32) {
    if factor != 1.0 {
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}

impl std::fmt::Debug for OptimiserState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OptimiserState({}, {} steps)", self.optimiser, self.steps)
    }
}
