//! What an optimiser remembers between steps.

use super::adam::AdamRule;
use super::kernel::{self, ARRAYS, Rule};
use super::rms_prop::RmsPropRule;
use super::sgd::{MomentumRule, PlainRule};
use super::{Adam, Optimiser, RmsProp, Sgd};
use crate::device::{Device, refused};
use crate::error::{Error, Result};
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
        let optimiser = optimiser.into();
        optimiser.check()?;
        let lengths: Vec<usize> = net.parameters().iter().map(|p| p.len()).collect();
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
        let parameters = net.parameters_mut();
        if !parameters.iter().map(|p| p.len()).eq(self.lengths.iter().copied()) {
            let there: Vec<usize> = parameters.iter().map(|p| p.len()).collect();
            return Err(Error::shape(
                "network",
                format!("parameters of {:?}", self.lengths),
                format!("{there:?}"),
            ));
        }
        self.steps += 1;
        let decay = self.optimiser.weight_decay() as f32;
        for (parameter, arrays) in parameters.into_iter().zip(&mut self.arrays) {
            let state = arrays.each_mut().map(Vec::as_mut_slice);
            match &self.optimiser {
                Optimiser::Adam(adam @ Adam { amsgrad: true, .. }) => {
                    update(AdamRule::<true>::new(adam, self.steps), decay, parameter, state, gradients)
                }
                Optimiser::Adam(adam) => {
                    update(AdamRule::<false>::new(adam, self.steps), decay, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd @ Sgd { momentum: 0.0, .. }) => {
                    update(PlainRule::new(sgd), decay, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd @ Sgd { nesterov: true, .. }) => {
                    update(MomentumRule::<true>::new(sgd), decay, parameter, state, gradients)
                }
                Optimiser::Sgd(sgd) => {
                    update(MomentumRule::<false>::new(sgd), decay, parameter, state, gradients)
                }
                Optimiser::RmsProp(rms @ RmsProp { momentum: 0.0, .. }) => {
                    update(RmsPropRule::<false>::new(rms), decay, parameter, state, gradients)
                }
                Optimiser::RmsProp(rms) => {
                    update(RmsPropRule::<true>::new(rms), decay, parameter, state, gradients)
                }
            }?;
        }
        Ok(())
    }

    pub(crate) fn put(&self, file: &mut Tensors, net: &dyn Network) {
        file.set("optimiser", self.optimiser.name());
        file.set("optimiser.steps", self.steps.to_string());
        for (parameter, arrays) in net.parameters().iter().zip(&self.arrays) {
            for (kind, values) in self.optimiser.arrays().iter().zip(arrays) {
                file.put(array_name(kind, parameter), parameter.shape(), values.clone());
            }
        }
    }

    /// The state that [`OptimiserState::put`] has put there; `optimiser` must be the same.
    pub(crate) fn read(optimiser: Optimiser, file: &Tensors, net: &dyn Network, path: &Path) -> Result<Self> {
        let mut state = Self::new(optimiser, net)?;
        let steps = file.get("optimiser.steps").and_then(|text| text.parse().ok());
        state.steps =
            steps.ok_or_else(|| Error::format(path, "checkpoint", "a count `optimiser.steps`", "none"))?;
        for (parameter, arrays) in net.parameters().iter().zip(&mut state.arrays) {
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

/// One step of one parameter.
#[cfg(not(feature = "cuda"))]
fn update<R: Rule>(
    rule: R,
    decay: f32,
    parameter: &mut Parameter,
    state: [&mut [f32]; ARRAYS],
    gradients: &mut Gradients<f32, Device>,
) -> Result<()> {
    let gradient = gradients.get_or_alloc_mut(&parameter.value).map_err(refused)?;
    kernel::update(rule, decay, crate::device::values_mut(&mut parameter.value), gradient, state);
    Ok(())
}

/// The same through copies on the host.
#[cfg(feature = "cuda")]
fn update<R: Rule>(
    rule: R,
    decay: f32,
    parameter: &mut Parameter,
    state: [&mut [f32]; ARRAYS],
    gradients: &mut Gradients<f32, Device>,
) -> Result<()> {
    gradients.try_alloc_for(&parameter.value).map_err(refused)?;
    let gradient = gradients.get(&parameter.value).as_vec();
    let mut values = parameter.values();
    kernel::update(rule, decay, &mut values, &gradient, state);
    // Copied into the same tensor, so that it keeps its id.
    parameter.value.copy_from(&values);
    Ok(())
}

impl std::fmt::Debug for OptimiserState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OptimiserState({}, {} steps)", self.optimiser, self.steps)
    }
}
