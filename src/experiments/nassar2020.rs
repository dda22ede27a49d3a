//! The experiments of Nassar2020: shallow networks (experiment 1, section 4.1), deep networks with a 1/n last layer (2,
//! section 4.2), deep networks with 1/n everywhere (3, section 4.3). Tanh, AMSGrad, 3 seeds; MNIST, and the convolutional
//! network on CIFAR-10 too ([`Grid::data`]).
//!
//! | | network | batch | learning rate | epochs | penalties |
//! |---|---|---|---|---|---|
//! | 1 | 784-2000-10 | 3500 | 1e-3 | 50 | none; the one layer with beta 1, 2, 5 |
//! | 2 | 784-1000-1000-1000-10, without and with whitening behind the second hidden layer | 1500 | 1e-4 | 100 | none; the last layer with beta 1, 2, 5 |
//! | | convolutions of 16 and 32 channels, 1000, 10, without and with whitening behind the convolutions | 6000 | 1e-4 | 100 | the same |
//! | 3 | the two of experiment 2, without whitening | | | | none, which is that of experiment 2; all layers with beta 1, 2, 5; Jacobian 0.01 |
//!
//! All spectral penalties have alpha 1 and tau 10, counted from 1. The Jacobian penalty takes one random direction an
//! example.
//!
//! ```
//! use eigengate::experiments::nassar2020::{Grid, Run};
//!
//! let runs = Grid { experiment: Some(1), ..Grid::default() }.runs()?;
//! assert_eq!(runs.len(), 4 * 3);
//! assert_eq!(runs[3].key(), "experiment1/shallow/beta5/seed0/epochs50");
//! assert_eq!(Run::from_key(&runs[3].key())?, runs[3]);
//! # Ok::<(), eigengate::Error>(())
//! ```

pub use super::variants::{Architecture, Data, Penalty};

use super::scale::Scale;
use super::variants::{VARIANTS, Variant};
use crate::data::{Augmentation, Standardisation};
use crate::error::{Error, Result};
use crate::nn::ops::Whitening;
use crate::nn::{Activation, Cnn, Mlp};
use crate::spectra::{SpectralPenalty, Taps};
use crate::train::{JacobianPenalty, Training};

/// One run of a grid: one network, trained and measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// 1, 2 or 3; the first of several that need it.
    pub experiment: usize,
    /// The network.
    pub network: Architecture,
    /// Whether a whitening layer stands in front of the last hidden layer.
    pub whitening: bool,
    /// What it is trained and tested on.
    pub data: Data,
    /// What draws its representations to a spectrum.
    pub penalty: Penalty,
    /// Of everything random.
    pub seed: u64,
    /// Passes over the training set, at least 1.
    pub epochs: usize,
    /// Sizes and measurements.
    pub scale: Scale,
}

/// A choice of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// 1, 2 or 3; all by default.
    pub experiment: Option<usize>,
    /// MNIST by default. On CIFAR-10 the paper trains the convolutional networks alone.
    pub data: Data,
    /// Seeds `0..seeds`; 3 by default, at least 1.
    pub seeds: u64,
    /// Epochs instead of those of the scale, at least 1.
    pub epochs: Option<usize>,
    /// Sizes and measurements; as published by default.
    pub scale: Scale,
}

impl Default for Grid {
    fn default() -> Self {
        Self { experiment: None, data: Data::Mnist, seeds: 3, epochs: None, scale: Scale::full() }
    }
}

impl Grid {
    /// The runs: experiment after experiment, and in each of them all variants with the first seed first, so that one
    /// can look at results early.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an experiment that is not there, no seeds or no epochs.
    pub fn runs(&self) -> Result<Vec<Run>> {
        if self.seeds == 0 {
            return Err(Error::parameter("seeds", 0, "at least 1"));
        }
        let mut runs: Vec<Run> = vec![];
        for experiment in 1..=3 {
            if self.experiment.is_some_and(|wanted| wanted != experiment) {
                continue;
            }
            for seed in 0..self.seeds {
                let variants = VARIANTS.iter().filter(|variant| {
                    variant.experiments.contains(&experiment) && variant.network.takes(self.data)
                });
                for variant in variants {
                    let epochs = self.epochs.or(self.scale.epochs).unwrap_or(variant.network.epochs());
                    let run = Run::new(variant, self.data, seed, epochs, self.scale.clone());
                    // What an earlier experiment has done is not done again.
                    if !runs.contains(&run) {
                        run.check()?;
                        runs.push(run);
                    }
                }
            }
        }
        match self.experiment {
            Some(wanted) if runs.is_empty() => {
                let expected = match self.data {
                    Data::Mnist => "1, 2 or 3",
                    Data::Cifar10 | Data::Cifar10Augmented => "2 or 3, which have convolutional networks",
                };
                Err(Error::parameter("experiment", wanted, expected))
            }
            _ => Ok(runs),
        }
    }
}

impl Run {
    /// The run of a key, as published or with [`Scale::quick`].
    ///
    /// # Errors
    /// [`Error::Parameter`] for a text that is not the key of one.
    pub fn from_key(key: &str) -> Result<Self> {
        let unknown = || {
            let expected =
                "a key of the grid, e.g. experiment1/shallow/beta5/seed0/epochs50 (--list prints them)";
            Error::parameter("run", key, expected)
        };
        let quick = key.starts_with(&format!("{}/", Scale::QUICK));
        let scale = if quick { Scale::quick() } else { Scale::full() };
        let number = |name: &str| {
            let part = key.split('/').find_map(|part| part.strip_prefix(name));
            part.and_then(|text| text.parse::<usize>().ok()).ok_or_else(unknown)
        };
        let (seed, epochs) = (number("seed")? as u64, number("epochs")?);
        [Data::Mnist, Data::Cifar10, Data::Cifar10Augmented]
            .into_iter()
            .flat_map(|data| VARIANTS.iter().map(move |variant| (data, variant)))
            .filter(|(data, variant)| variant.network.takes(*data))
            .map(|(data, variant)| Run::new(variant, data, seed, epochs, scale.clone()))
            .find(|run| run.key() == key && run.check().is_ok())
            .ok_or_else(unknown)
    }

    fn new(variant: &Variant, data: Data, seed: u64, epochs: usize, scale: Scale) -> Self {
        Self {
            experiment: variant.experiments.first().copied().unwrap_or_default(),
            network: variant.network,
            whitening: variant.whitening,
            data,
            penalty: variant.penalty,
            seed,
            epochs,
            scale,
        }
    }

    /// Its name, e.g. `experiment1/shallow/beta5/seed0/epochs50`; two runs of one grid have two names.
    pub fn key(&self) -> String {
        let scale = match self.scale.name.as_str() {
            Scale::FULL => String::new(),
            name => format!("{name}/"),
        };
        let (experiment, seed, epochs) = (self.experiment, self.seed, self.epochs);
        let data = match self.data {
            Data::Mnist => String::new(),
            other => format!("-{}", other.name()),
        };
        let network = format!("{}{data}{}", self.network.name(), if self.whitening { "-wh" } else { "" });
        let penalty = match self.penalty {
            Penalty::None => "vanilla".to_owned(),
            // One layer is the last and all of them.
            Penalty::Last(beta) if self.network == Architecture::Shallow => format!("beta{beta}"),
            Penalty::Last(beta) => format!("beta{beta}-last"),
            Penalty::All(beta) => format!("beta{beta}-all"),
            Penalty::Jacobian(strength) => format!("jacobian{strength}"),
        };
        format!("{scale}experiment{experiment}/{network}/{penalty}/seed{seed}/epochs{epochs}")
    }

    /// The network before training, where it is fully connected.
    ///
    /// # Errors
    /// [`Error::Parameter`] for [`Architecture::Cnn`], and for a scale without hidden units.
    pub fn mlp(&self) -> Result<Mlp> {
        if self.network == Architecture::Cnn {
            return Err(Error::parameter(
                "network",
                self.network.name(),
                "shallow or deep, or call Run::cnn",
            ));
        }
        let widths: Vec<usize> = std::iter::once(self.data.image().pixels()).chain(self.widths()).collect();
        let mut net = Mlp::new(&widths, Activation::Tanh, self.seed)?;
        if let Some(layer) = self.whitened_layer() {
            net = net.with_whitening(layer, Whitening::default())?;
        }
        match self.standardisation() {
            Some(standardisation) => net.with_standardisation(&standardisation),
            None => Ok(net),
        }
    }

    /// The network before training, where it has convolutions.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another [`Architecture`], and for a scale without hidden units.
    pub fn cnn(&self) -> Result<Cnn> {
        if self.network != Architecture::Cnn {
            return Err(Error::parameter("network", self.network.name(), "cnn, or call Run::mlp"));
        }
        let (image, channels) = (self.data.image(), self.channels());
        let mut net = Cnn::new(image, &channels, &self.widths(), Activation::Tanh, self.seed)?;
        if let Some(layer) = self.whitened_layer() {
            net = net.with_whitening(layer, Whitening::default())?;
        }
        match self.standardisation() {
            Some(standardisation) => net.with_standardisation(&standardisation),
            None => Ok(net),
        }
    }

    fn whitened_layer(&self) -> Option<&'static str> {
        self.network.whitened_layer().filter(|_| self.whitening)
    }

    fn standardisation(&self) -> Option<Standardisation> {
        (self.data != Data::Mnist).then(Standardisation::cifar10)
    }

    /// Channels of every convolution, at least 1 at any scale; none of a fully connected network.
    pub fn channels(&self) -> Vec<usize> {
        let divisor = self.scale.width_divisor.max(1);
        self.network.channels().iter().map(|channels| (channels / divisor).max(1)).collect()
    }

    /// Units of every dense layer, the 10 classes last.
    pub fn widths(&self) -> Vec<usize> {
        let hidden = self.network.hidden().iter().map(|width| width / self.scale.width_divisor.max(1));
        hidden.chain([10]).collect()
    }

    /// How the network is trained; without a checkpoint.
    pub fn training(&self) -> Training {
        let batch = self.network.batch_size() / self.scale.batch_divisor.max(1);
        let training = Training::new(self.epochs, batch)
            .with_learning_rate(self.network.learning_rate())
            .with_seed(self.seed);
        let training = match self.data {
            Data::Mnist | Data::Cifar10 => training,
            Data::Cifar10Augmented => training.with_augmentation(Augmentation::cifar10()),
        };
        match self.penalty {
            Penalty::None => training,
            Penalty::Last(beta) => training.with_penalty(SpectralPenalty::new(beta)),
            Penalty::All(beta) => training.with_penalty(SpectralPenalty::new(beta).with_taps(Taps::All)),
            Penalty::Jacobian(strength) => training.with_penalty(JacobianPenalty::new(strength)),
        }
    }

    /// Everything that fixes the numbers of this run, as one line.
    pub fn settings(&self) -> String {
        let training = self.training();
        let penalties: Vec<String> = training.penalties.iter().map(ToString::to_string).collect();
        let penalties = if penalties.is_empty() { "none".to_owned() } else { penalties.join(" and ") };
        let images = |count: Option<usize>| count.map_or("all".to_owned(), |n| n.to_string());
        let Scale { train_images, test_images, evaluation, .. } = &self.scale;
        // Only where there is something to say: tables that are there keep their settings.
        let whitening =
            self.whitened_layer().map_or(String::new(), |layer| format!(", whitening behind {layer}"));
        let data = match self.data {
            Data::Mnist => String::new(),
            other => format!(", data {} standardised", other.name()),
        };
        format!(
            "channels {:?}, widths {:?}{whitening}{data}, tanh, seed {}, batch {}, epochs {}, {}, penalty {penalties}, train images {}, \
             test images {}, FGSM {:?}, PGD-{} {:?} on {} images, noise {:?}",
            self.channels(),
            self.widths(),
            self.seed,
            training.batch_size,
            training.epochs,
            training.optimiser,
            images(*train_images),
            images(*test_images),
            evaluation.fgsm_eps,
            evaluation.pgd_steps,
            evaluation.pgd_eps,
            evaluation.pgd_images,
            evaluation.noise,
        )
    }

    fn check(&self) -> Result<()> {
        match self.epochs {
            0 => Err(Error::parameter("epochs", 0, "at least 1")),
            _ => Ok(()),
        }
    }
}
