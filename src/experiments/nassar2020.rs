//! The experiments of Nassar2020: shallow networks (experiment 1, section 4.1), deep networks with a 1/n last layer (2,
//! section 4.2), deep networks with 1/n everywhere (3, section 4.3). MNIST, tanh, AMSGrad, 3 seeds.
//!
//! | | network | batch | learning rate | epochs | penalties |
//! |---|---|---|---|---|---|
//! | 1 | 784-2000-10 | 3500 | 1e-3 | 50 | none; the one layer with beta 1, 2, 5 |
//! | 2 | 784-1000-1000-1000-10 | 1500 | 1e-4 | 100 | none; the last layer with beta 1, 2, 5 |
//! | | convolutions of 16 and 32 channels, 1000, 10 | 6000 | 1e-4 | 100 | the same |
//! | 3 | 784-1000-1000-1000-10 | | | | none, which is that of experiment 2; all layers with beta 1, 2, 5; Jacobian 0.01 |
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

pub use super::variants::{Architecture, Penalty};

use super::scale::Scale;
use super::variants::VARIANTS;
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::nn::{Activation, Cnn, Mlp};
use crate::spectra::{SpectralPenalty, Taps};
use crate::train::{JacobianPenalty, Training};

const MNIST: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

/// One run of a grid: one network, trained and measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// 1, 2 or 3; the first of several that need it.
    pub experiment: usize,
    /// The network.
    pub network: Architecture,
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
    /// Seeds `0..seeds`; 3 by default, at least 1.
    pub seeds: u64,
    /// Epochs instead of those of the scale, at least 1.
    pub epochs: Option<usize>,
    /// Sizes and measurements; as published by default.
    pub scale: Scale,
}

impl Default for Grid {
    fn default() -> Self {
        Self { experiment: None, seeds: 3, epochs: None, scale: Scale::full() }
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
                let variants = VARIANTS.iter().filter(|(experiments, ..)| experiments.contains(&experiment));
                for (experiments, network, penalty) in variants {
                    let run = Run {
                        experiment: experiments.first().copied().unwrap_or(experiment),
                        network: *network,
                        penalty: *penalty,
                        seed,
                        epochs: self.epochs.or(self.scale.epochs).unwrap_or(network.epochs()),
                        scale: self.scale.clone(),
                    };
                    // What an earlier experiment has done is not done again.
                    if !runs.contains(&run) {
                        run.check()?;
                        runs.push(run);
                    }
                }
            }
        }
        match self.experiment {
            Some(wanted) if runs.is_empty() => Err(Error::parameter("experiment", wanted, "1, 2 or 3")),
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
        VARIANTS
            .iter()
            .map(|(experiments, network, penalty)| Run {
                experiment: experiments.first().copied().unwrap_or_default(),
                network: *network,
                penalty: *penalty,
                seed,
                epochs,
                scale: scale.clone(),
            })
            .find(|run| run.key() == key && run.check().is_ok())
            .ok_or_else(unknown)
    }

    /// Its name, e.g. `experiment1/shallow/beta5/seed0/epochs50`; two runs of one grid have two names.
    pub fn key(&self) -> String {
        let scale = match self.scale.name.as_str() {
            Scale::FULL => String::new(),
            name => format!("{name}/"),
        };
        let (experiment, network, seed, epochs) =
            (self.experiment, self.network.name(), self.seed, self.epochs);
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
        let widths: Vec<usize> = std::iter::once(MNIST.pixels()).chain(self.widths()).collect();
        Mlp::new(&widths, Activation::Tanh, self.seed)
    }

    /// The network before training, where it has convolutions.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another [`Architecture`], and for a scale without hidden units.
    pub fn cnn(&self) -> Result<Cnn> {
        if self.network != Architecture::Cnn {
            return Err(Error::parameter("network", self.network.name(), "cnn, or call Run::mlp"));
        }
        Cnn::new(MNIST, self.network.channels(), &self.widths(), Activation::Tanh, self.seed)
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
        format!(
            "channels {:?}, widths {:?}, tanh, seed {}, batch {}, epochs {}, {}, penalty {penalties}, train images {}, \
             test images {}, FGSM {:?}, PGD-{} {:?} on {} images, noise {:?}",
            self.network.channels(),
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
