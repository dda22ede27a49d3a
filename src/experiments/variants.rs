//! What is compared in Nassar2020: networks, data and penalties.

use crate::data::ImageShape;
use crate::error::{Error, Result};

/// A network and the way it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 784-2000-10, batches of 3500, learning rate 1e-3, 50 epochs.
    Shallow,
    /// 784-1000-1000-1000-10, batches of 1500, learning rate 1e-4, 100 epochs.
    Deep,
    /// 3x3 convolutions of 16 and 32 channels, each with 2x2 pooling, then 1000-10; batches of 6000, learning rate 1e-4,
    /// 100 epochs.
    Cnn,
}

/// What is added to the cross-entropy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// Nothing.
    None,
    /// A spectral penalty of this beta at the last tap.
    Last(f64),
    /// A spectral penalty of this beta at every tap.
    All(f64),
    /// A Jacobian penalty of this strength.
    Jacobian(f64),
}

/// What networks are trained and tested on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// Pixels in `[0, 1]`, not standardised.
    #[default]
    Mnist,
    /// Colour images, standardised by the first step of the network.
    Cifar10,
    /// The same with random crops and flips.
    Cifar10Augmented,
}

/// A network and the way it is trained, in the experiments that need it.
pub(super) struct Variant {
    pub(super) experiments: &'static [usize],
    pub(super) network: Architecture,
    pub(super) whitening: bool,
    pub(super) penalty: Penalty,
}

/// Not whitened.
const fn plain(experiments: &'static [usize], network: Architecture, penalty: Penalty) -> Variant {
    Variant { experiments, network, whitening: false, penalty }
}

/// Of experiment 2, with a whitening layer.
const fn whitened(network: Architecture, penalty: Penalty) -> Variant {
    Variant { experiments: &[2], network, whitening: true, penalty }
}

use Architecture::{Cnn, Deep, Shallow};
use Penalty::{All, Jacobian, Last, None};

/// All variants, once each: what an earlier experiment has is not trained again. A new one is a new line here.
pub(super) const VARIANTS: &[Variant] = &[
    plain(&[1], Shallow, None),
    plain(&[1], Shallow, Last(1.0)),
    plain(&[1], Shallow, Last(2.0)),
    plain(&[1], Shallow, Last(5.0)),
    plain(&[2, 3], Deep, None),
    plain(&[2], Deep, Last(1.0)),
    plain(&[2], Deep, Last(2.0)),
    plain(&[2], Deep, Last(5.0)),
    whitened(Deep, None),
    whitened(Deep, Last(1.0)),
    whitened(Deep, Last(2.0)),
    whitened(Deep, Last(5.0)),
    plain(&[2, 3], Cnn, None),
    plain(&[2], Cnn, Last(1.0)),
    plain(&[2], Cnn, Last(2.0)),
    plain(&[2], Cnn, Last(5.0)),
    whitened(Cnn, None),
    whitened(Cnn, Last(1.0)),
    whitened(Cnn, Last(2.0)),
    whitened(Cnn, Last(5.0)),
    plain(&[3], Deep, All(1.0)),
    plain(&[3], Deep, All(2.0)),
    plain(&[3], Deep, All(5.0)),
    plain(&[3], Deep, Jacobian(0.01)),
    plain(&[3], Cnn, All(1.0)),
    plain(&[3], Cnn, All(2.0)),
    plain(&[3], Cnn, All(5.0)),
    plain(&[3], Cnn, Jacobian(0.01)),
];

impl Data {
    /// Its name in rows and keys: `mnist`, `cifar10`, `cifar10-augmented`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::Cifar10 => "cifar10",
            Self::Cifar10Augmented => "cifar10-augmented",
        }
    }

    /// The data of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        let all = [Self::Mnist, Self::Cifar10, Self::Cifar10Augmented];
        let found = all.into_iter().find(|data| data.name() == name);
        found.ok_or_else(|| Error::parameter("data", name, "mnist, cifar10 or cifar10-augmented"))
    }

    pub(super) fn image(self) -> ImageShape {
        match self {
            Self::Mnist => ImageShape { channels: 1, height: 28, width: 28 },
            Self::Cifar10 | Self::Cifar10Augmented => ImageShape { channels: 3, height: 32, width: 32 },
        }
    }
}

impl Architecture {
    /// Its name in keys and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
            Self::Cnn => "cnn",
        }
    }

    /// The layer in front of the last hidden one, behind which a whitening layer stands.
    pub(super) fn whitened_layer(self) -> Option<&'static str> {
        match self {
            Self::Shallow => Option::None,
            Self::Deep => Some("hidden.1"),
            Self::Cnn => Some("conv.1"),
        }
    }

    /// Whether the paper trains it on such data.
    pub(super) fn takes(self, data: Data) -> bool {
        data == Data::Mnist || self == Self::Cnn
    }

    pub(super) fn channels(self) -> &'static [usize] {
        match self {
            Self::Shallow | Self::Deep => &[],
            Self::Cnn => &[16, 32],
        }
    }

    pub(super) fn hidden(self) -> &'static [usize] {
        match self {
            Self::Shallow => &[2000],
            Self::Deep => &[1000, 1000, 1000],
            Self::Cnn => &[1000],
        }
    }

    pub(super) fn batch_size(self) -> usize {
        match self {
            Self::Shallow => 3500,
            Self::Deep => 1500,
            Self::Cnn => 6000,
        }
    }

    pub(super) fn learning_rate(self) -> f64 {
        match self {
            Self::Shallow => 1e-3,
            Self::Deep | Self::Cnn => 1e-4,
        }
    }

    pub(super) fn epochs(self) -> usize {
        match self {
            Self::Shallow => 50,
            Self::Deep | Self::Cnn => 100,
        }
    }
}

impl Penalty {
    /// Its name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Last(_) => "spectral-last",
            Self::All(_) => "spectral-all",
            Self::Jacobian(_) => "jacobian",
        }
    }

    /// Its weight: beta of a spectral one.
    pub fn strength(self) -> Option<f64> {
        match self {
            Self::None => Option::None,
            Self::Last(strength) | Self::All(strength) | Self::Jacobian(strength) => Some(strength),
        }
    }
}
