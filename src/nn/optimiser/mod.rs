//! Optimisers: the settings of each in a file of its own, the state in [`state`], the loop in [`kernel`].

mod adam;
mod check;
mod kernel;
mod rms_prop;
mod schedule;
mod sgd;
mod state;

pub use adam::Adam;
pub use rms_prop::RmsProp;
pub use schedule::{Decay, Schedule};
pub use sgd::Sgd;
pub use state::OptimiserState;

use crate::error::Result;
use std::fmt;

/// How parameters move along their gradients: [`Adam`], [`Sgd`] or [`RmsProp`], each as PyTorch defines it.
///
/// ```
/// use eigengate::nn::{Optimiser, RmsProp};
///
/// let optimiser = Optimiser::from(RmsProp { momentum: 0.9, ..RmsProp::default() }).with_learning_rate(1e-3);
/// assert_eq!(optimiser.to_string(), "RMSprop(learning_rate 0.001, alpha 0.99, eps 1e-8, momentum 0.9)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Adam, with or without AMSGrad.
    Adam(Adam),
    /// Gradient descent, with or without momentum.
    Sgd(Sgd),
    /// RMSprop, with or without momentum.
    RmsProp(RmsProp),
}

impl Default for Optimiser {
    /// The defaults of [`Adam`]: AMSGrad with a learning rate of 1e-3.
    fn default() -> Self {
        Optimiser::Adam(Adam::default())
    }
}

impl Optimiser {
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a value outside of its range.
    pub fn check(&self) -> Result<()> {
        match self {
            Optimiser::Adam(settings) => settings.check(),
            Optimiser::Sgd(settings) => settings.check(),
            Optimiser::RmsProp(settings) => settings.check(),
        }
    }

    /// `Adam`, `AMSGrad`, `SGD` or `RMSprop`.
    pub fn name(&self) -> &'static str {
        match self {
            Optimiser::Adam(Adam { amsgrad: true, .. }) => "AMSGrad",
            Optimiser::Adam(_) => "Adam",
            Optimiser::Sgd(_) => "SGD",
            Optimiser::RmsProp(_) => "RMSprop",
        }
    }

    /// The step size.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Optimiser::Adam(settings) => settings.learning_rate,
            Optimiser::Sgd(settings) => settings.learning_rate,
            Optimiser::RmsProp(settings) => settings.learning_rate,
        }
    }

    /// Another step size, above 0.
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        match &mut self {
            Optimiser::Adam(settings) => settings.learning_rate = learning_rate,
            Optimiser::Sgd(settings) => settings.learning_rate = learning_rate,
            Optimiser::RmsProp(settings) => settings.learning_rate = learning_rate,
        }
        self
    }

    /// What is added to the gradient of every parameter, times the parameter.
    pub fn weight_decay(&self) -> f64 {
        match self {
            Optimiser::Adam(settings) => settings.weight_decay,
            Optimiser::Sgd(settings) => settings.weight_decay,
            Optimiser::RmsProp(settings) => settings.weight_decay,
        }
    }

    /// Another weight decay, at least 0.
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        match &mut self {
            Optimiser::Adam(settings) => settings.weight_decay = weight_decay,
            Optimiser::Sgd(settings) => settings.weight_decay = weight_decay,
            Optimiser::RmsProp(settings) => settings.weight_decay = weight_decay,
        }
        self
    }

    /// Names of the arrays that the state keeps for every parameter.
    fn arrays(&self) -> &'static [&'static str] {
        match self {
            Optimiser::Adam(settings) => settings.arrays(),
            Optimiser::Sgd(settings) => settings.arrays(),
            Optimiser::RmsProp(settings) => settings.arrays(),
        }
    }
}

/// The name and all settings; two optimisers with the same text take the same steps.
impl fmt::Display for Optimiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(learning_rate {}, ", self.name(), self.learning_rate())?;
        match self {
            Optimiser::Adam(Adam { betas: (b1, b2), eps, .. }) => write!(f, "betas {b1} {b2}, eps {eps:?}"),
            Optimiser::Sgd(Sgd { momentum, nesterov, .. }) => {
                write!(f, "momentum {momentum}, nesterov {nesterov}")
            }
            Optimiser::RmsProp(RmsProp { alpha, eps, momentum, .. }) => {
                write!(f, "alpha {alpha}, eps {eps:?}, momentum {momentum}")
            }
        }?;
        match self.weight_decay() {
            0.0 => write!(f, ")"),
            weight_decay => write!(f, ", weight_decay {weight_decay:?})"),
        }
    }
}
