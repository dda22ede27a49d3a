//! What is compared in Nassar2020: networks and penalties.

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

/// All experiments: which need it, network, penalty. A new variant is a new line here.
pub(super) const VARIANTS: &[(&[usize], Architecture, Penalty)] = &[
    (&[1], Architecture::Shallow, Penalty::None),
    (&[1], Architecture::Shallow, Penalty::Last(1.0)),
    (&[1], Architecture::Shallow, Penalty::Last(2.0)),
    (&[1], Architecture::Shallow, Penalty::Last(5.0)),
    (&[2, 3], Architecture::Deep, Penalty::None),
    (&[2], Architecture::Deep, Penalty::Last(1.0)),
    (&[2], Architecture::Deep, Penalty::Last(2.0)),
    (&[2], Architecture::Deep, Penalty::Last(5.0)),
    (&[2], Architecture::Cnn, Penalty::None),
    (&[2], Architecture::Cnn, Penalty::Last(1.0)),
    (&[2], Architecture::Cnn, Penalty::Last(2.0)),
    (&[2], Architecture::Cnn, Penalty::Last(5.0)),
    (&[3], Architecture::Deep, Penalty::All(1.0)),
    (&[3], Architecture::Deep, Penalty::All(2.0)),
    (&[3], Architecture::Deep, Penalty::All(5.0)),
    (&[3], Architecture::Deep, Penalty::Jacobian(0.01)),
];

impl Architecture {
    /// Its name in keys and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Deep => "deep",
            Self::Cnn => "cnn",
        }
    }

    /// What it is trained and tested on.
    pub fn data(self) -> &'static str {
        match self {
            Self::Shallow | Self::Deep | Self::Cnn => "mnist",
        }
    }

    /// Whether it has a whitening layer.
    pub fn whitening(self) -> bool {
        match self {
            Self::Shallow | Self::Deep | Self::Cnn => false,
        }
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
            Self::None => None,
            Self::Last(strength) | Self::All(strength) | Self::Jacobian(strength) => Some(strength),
        }
    }
}
