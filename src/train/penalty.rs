//! What is added to the cross-entropy.

use super::jacobian::JacobianPenalty;
use crate::error::Result;
use crate::nn::Network;
use crate::nn::ops::SpectralTarget;
use crate::spectra::SpectralPenalty;
use std::fmt;

/// A penalty of a training run; any number of them add up.
///
/// ```
/// use eigengate::spectra::{SpectralPenalty, Taps};
/// use eigengate::train::{JacobianPenalty, Training};
///
/// let training = Training::new(100, 1500)
///     .with_penalty(SpectralPenalty::new(1.0).with_taps(Taps::only(["hidden.2"])))
///     .with_penalty(SpectralPenalty::new(5.0).with_alpha(1.2).with_taps(Taps::only([0, 1])))
///     .with_penalty(JacobianPenalty::new(0.01))
///     .with_weight_decay(1e-4);
/// assert_eq!(training.penalties.len(), 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Penalty {
    /// Draws the spectrum of a tap to a power law.
    Spectral(SpectralPenalty),
    /// Makes the derivative of the logits by the input small.
    Jacobian(JacobianPenalty),
}

impl From<SpectralPenalty> for Penalty {
    fn from(penalty: SpectralPenalty) -> Self {
        Penalty::Spectral(penalty)
    }
}

impl From<JacobianPenalty> for Penalty {
    fn from(penalty: JacobianPenalty) -> Self {
        Penalty::Jacobian(penalty)
    }
}

impl Penalty {
    /// Checks the settings against a network and the size of its smallest batch.
    ///
    /// # Errors
    /// Those of [`SpectralPenalty::check`] and [`JacobianPenalty::check`].
    pub fn check(&self, net: &dyn Network, batch: usize) -> Result<()> {
        match self {
            Penalty::Spectral(penalty) => penalty.check(net, batch),
            Penalty::Jacobian(penalty) => penalty.check(net),
        }
    }
}

/// All settings, e.g. `Jacobian strength 0.01 projections Random(1)`; penalties of the same text are the same.
impl fmt::Display for Penalty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Penalty::Spectral(SpectralPenalty { target, taps }) => {
                let SpectralTarget { beta, alpha, tau } = target;
                write!(f, "spectral beta {beta} alpha {alpha} tau {tau} taps {taps:?}")
            }
            Penalty::Jacobian(JacobianPenalty { strength, projections }) => {
                write!(f, "Jacobian strength {strength} projections {projections:?}")
            }
        }
    }
}
