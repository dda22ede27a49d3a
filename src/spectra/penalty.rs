//! Which taps of a network are penalised, and how.

use crate::error::{Error, Result};
use crate::nn::Network;
use crate::nn::ops::SpectralTarget;
use std::collections::BTreeSet;

/// The penalised taps of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Taps {
    /// The last hidden layer.
    #[default]
    Last,
    /// Every hidden layer.
    All,
    /// These, in any order; one that is named twice counts once.
    Only(Vec<Tap>),
}

/// One tap of a network: its position in [`Network::taps`], counted from 0, or its name there.
///
/// ```
/// use eigengate::nn::{Activation, Mlp};
/// use eigengate::spectra::{SpectralPenalty, Tap, Taps};
///
/// let net = Mlp::new(&[784, 500, 500, 500, 10], Activation::Tanh, 1)?;
/// let penalty = SpectralPenalty::new(2.0).with_taps(Taps::only(["hidden.2", "hidden.0"]));
/// assert_eq!(penalty.positions(&net)?, [0, 2]);
/// assert_eq!(Taps::only([0]), Taps::Only(vec![Tap::Position(0)]));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Counted from 0.
    Position(usize),
    /// E.g. `hidden.0`.
    Name(String),
}

impl From<usize> for Tap {
    fn from(position: usize) -> Self {
        Tap::Position(position)
    }
}

impl From<&str> for Tap {
    fn from(name: &str) -> Self {
        Tap::Name(name.to_owned())
    }
}

impl Tap {
    /// Its position among `taps`, as [`Network::taps`] gives them.
    pub(super) fn position(&self, taps: &[(String, usize)]) -> Result<usize> {
        let (shown, found) = match self {
            Tap::Position(position) => {
                (position.to_string(), Some(*position).filter(|&position| position < taps.len()))
            }
            Tap::Name(name) => (name.clone(), taps.iter().position(|(other, _)| other == name)),
        };
        found.ok_or_else(|| {
            let names: Vec<&str> = taps.iter().map(|(name, _)| name.as_str()).collect();
            Error::parameter("tap", shown, format!("a position or a name of {names:?}"))
        })
    }
}

impl Taps {
    /// These taps alone, by position or by name.
    pub fn only<T: Into<Tap>>(taps: impl IntoIterator<Item = T>) -> Self {
        Taps::Only(taps.into_iter().map(Into::into).collect())
    }
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

    /// Positions of the penalised taps in [`Network::taps`], ascending.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tap that the network does not have; [`Error::Empty`] where there is none at all.
    pub fn positions(&self, net: &dyn Network) -> Result<Vec<usize>> {
        let taps = net.taps();
        if taps.is_empty() {
            return Err(Error::empty("the list of hidden layers of a penalised network"));
        }
        Ok(match &self.taps {
            Taps::Last => vec![taps.len() - 1],
            Taps::All => (0..taps.len()).collect(),
            Taps::Only(only) if only.is_empty() => return Err(Error::empty("the list of penalised taps")),
            Taps::Only(only) => {
                let positions =
                    only.iter().map(|tap| tap.position(&taps)).collect::<Result<BTreeSet<_>>>()?;
                positions.into_iter().collect()
            }
        })
    }

    /// Checks the settings against a network and the size of its smallest batch.
    ///
    /// # Errors
    /// Those of [`SpectralTarget::check`] and [`SpectralPenalty::positions`].
    pub fn check(&self, net: &dyn Network, batch: usize) -> Result<()> {
        let taps = net.taps();
        for position in self.positions(net)? {
            if let Some((_, width)) = taps.get(position) {
                self.target.check(*width, batch)?;
            }
        }
        Ok(())
    }
}
