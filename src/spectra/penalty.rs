//! Which taps of a network are penalised, and how.

use crate::error::Result;
use crate::nn::Network;
use crate::nn::ops::SpectralTarget;

/// The penalised taps of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Taps {
    /// The last hidden layer.
    #[default]
    Last,
    /// Every hidden layer.
    All,
}

/// The spectral penalty of Nassar2020: a target spectrum for some taps of a network.
///
/// ```
/// use eigengate::spectra::{SpectralPenalty, Taps};
///
/// let penalty = SpectralPenalty::new(2.0).with_tau(5).with_taps(Taps::All);
/// assert_eq!((penalty.target.alpha, penalty.target.tau), (1.0, 5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralPenalty {
    /// Strength, exponent and first index.
    pub target: SpectralTarget,
    /// Where it applies.
    pub taps: Taps,
}

impl SpectralPenalty {
    /// Strength `beta`, exponent 1, from `tau = 10` on, at the last hidden layer.
    pub fn new(beta: f64) -> Self {
        Self { target: SpectralTarget { beta, ..SpectralTarget::default() }, taps: Taps::Last }
    }

    /// Another exponent of the target spectrum.
    pub fn with_alpha(mut self, alpha: f64) -> Self {
        self.target.alpha = alpha;
        self
    }

    /// Another first index, counted from 1.
    pub fn with_tau(mut self, tau: usize) -> Self {
        self.target.tau = tau;
        self
    }

    /// Other taps.
    pub fn with_taps(mut self, taps: Taps) -> Self {
        self.taps = taps;
        self
    }

    /// Positions of the penalised taps in [`Network::taps`].
    pub fn positions(&self, net: &dyn Network) -> Vec<usize> {
        let count = net.taps().len();
        match self.taps {
            Taps::Last => count.checked_sub(1).into_iter().collect(),
            Taps::All => (0..count).collect(),
        }
    }

    /// Checks the settings against a network and the size of its smallest batch.
    ///
    /// # Errors
    /// Those of [`SpectralTarget::check`]; [`Error::Empty`](crate::Error::Empty) for a network without hidden layers.
    pub fn check(&self, net: &dyn Network, batch: usize) -> Result<()> {
        let taps = net.taps();
        if taps.is_empty() {
            return Err(crate::Error::empty("the list of hidden layers of a penalised network"));
        }
        for position in self.positions(net) {
            if let Some((_, width)) = taps.get(position) {
                self.target.check(*width, batch)?;
            }
        }
        Ok(())
    }
}
