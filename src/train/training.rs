//! Settings of a training run.

use super::adversarial::AdversarialTraining;
use super::history::History;
use super::penalty::Penalty;
use crate::data::{Augmentation, Dataset};
use crate::error::{Error, Result};
use crate::nn::{Network, Optimiser};
use std::path::PathBuf;
use std::time::Duration;

/// How a network is trained: an optimiser on the cross-entropy plus penalties.
///
/// ```
/// use eigengate::data::{Dataset, ImageShape};
/// use eigengate::nn::{Activation, Mlp};
/// use eigengate::spectra::SpectralPenalty;
/// use eigengate::train::Training;
///
/// let images = ndarray::Array2::from_shape_fn((64, 4), |(i, j)| ((i * (j + 3)) % 7) as f32 / 7.0);
/// let labels = (0..64).map(|i| (i % 2) as u8).collect();
/// let shape = ImageShape { channels: 1, height: 2, width: 2 };
/// let data = Dataset::new(images, labels, shape, 2)?;
///
/// let mut net = Mlp::new(&[4, 16, 2], Activation::Tanh, 0)?;
/// let history = Training::new(3, 32)
///     .with_penalty(SpectralPenalty::new(1.0).with_tau(2))
///     .run(&mut net, &data, None)?;
/// assert_eq!(history.records().len(), 3);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Training {
    /// Passes over the training set, at least 1.
    pub epochs: usize,
    /// Examples per step, at least 1; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// How parameters move; AMSGrad with a learning rate of 1e-3 by default.
    pub optimiser: Optimiser,
    /// Penalties added to the loss; none by default.
    pub penalties: Vec<Penalty>,
    /// What is done to images at random before each step; nothing by default.
    pub augmentation: Option<Augmentation>,
    /// Adversarial copies that double every batch; none by default.
    pub adversarial: Option<AdversarialTraining>,
    /// Seed of the order of the examples, the augmentation, random projections and adversarial copies; 0 by default.
    pub seed: u64,
    /// A call stops after the first step that ends beyond this time; without limit by default.
    pub time_budget: Option<Duration>,
    /// Where the state is kept; nowhere by default.
    pub checkpoint: Option<PathBuf>,
    /// Whether progress is printed, as whole lines, at most one a second. By default in notebooks alone.
    pub progress: bool,
}

impl Training {
    /// `epochs` passes in batches of `batch_size`, with the defaults of [`Adam`](crate::nn::Adam) and no penalty.
    pub fn new(epochs: usize, batch_size: usize) -> Self {
        Self {
            epochs,
            batch_size,
            optimiser: Optimiser::default(),
            penalties: vec![],
            augmentation: None,
            adversarial: None,
            seed: 0,
            time_budget: None,
            checkpoint: None,
            progress: crate::display::in_notebook(),
        }
    }

    /// Another optimiser, with a learning rate of its own: [`Adam`](crate::nn::Adam), [`Sgd`](crate::nn::Sgd) or
    /// [`RmsProp`](crate::nn::RmsProp).
    pub fn with_optimiser(mut self, optimiser: impl Into<Optimiser>) -> Self {
        self.optimiser = optimiser.into();
        self
    }

    /// Another step size for the optimiser chosen so far.
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.optimiser = self.optimiser.with_learning_rate(learning_rate);
        self
    }

    /// Another weight decay for the optimiser chosen so far: `weight_decay * p` is added to the gradient of every
    /// parameter `p`, biases too, as in PyTorch; at least 0, and 0 by default.
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.optimiser = self.optimiser.with_weight_decay(weight_decay);
        self
    }

    /// One more penalty, a [`SpectralPenalty`](crate::spectra::SpectralPenalty) or a
    /// [`JacobianPenalty`](super::JacobianPenalty). All of them are added up.
    pub fn with_penalty(mut self, penalty: impl Into<Penalty>) -> Self {
        self.penalties.push(penalty.into());
        self
    }

    /// Trains on images that are changed at random, anew in every epoch. Their eigenvectors for penalties and their
    /// validation are those of the images as they are.
    ///
    /// Random numbers are keyed by the seed, the epoch and the place of the example in the training set, so that
    /// neither batches nor a break matters: [`Augmentation::augment`] shows the images that an epoch trains on.
    pub fn with_augmentation(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = Some(augmentation);
        self
    }

    /// Doubles every batch with adversarial copies of its images, as the epoch sees them: after any augmentation. Loss and
    /// penalties are those of the doubled batch; the eigenvectors of spectral penalties are those of the images as they
    /// are.
    ///
    /// ```
    /// use eigengate::prelude::*;
    ///
    /// let digits = mnist::shipped()?.train.take(300)?;
    /// let mut net = Mlp::new(&[784, 30, 10], Activation::Tanh, 1)?;
    /// let history = Training::new(2, 100)
    ///     .with_adversarial(AdversarialTraining::one_step(0.1))
    ///     .run(&mut net, &digits, None)?;
    /// let last = &history.records()[1];
    /// assert!(last.adversarial_error.is_some_and(|error| error > last.train_error));
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn with_adversarial(mut self, adversarial: AdversarialTraining) -> Self {
        self.adversarial = Some(adversarial);
        self
    }

    /// Another order of the examples, other augmentations, projections and adversarial copies.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Stops a call after the first step that ends beyond `budget`; with a checkpoint the next call goes on there.
    /// An interrupt in a notebook kills the process, so long runs should have both.
    pub fn with_time_budget(mut self, budget: Duration) -> Self {
        self.time_budget = Some(budget);
        self
    }

    /// Keeps the state in a file, written after every epoch and when the time is up. [`Training::run`] goes on from a
    /// file that is there, and ends with the same bits as a run without a break.
    pub fn with_checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some(path.into());
        self
    }

    /// Switches the printing of progress.
    pub fn with_progress(mut self, progress: bool) -> Self {
        self.progress = progress;
        self
    }

    /// Trains `net` on `train`. `validation` is evaluated after every epoch.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::Shape`] and [`Error::NoAdjoint`] for settings that are out of range or do not fit
    /// the network or the data, before anything has changed; [`Error::Diverged`] where the loss leaves the finite numbers;
    /// errors of the checkpoint file: [`Error::Format`] and [`Error::Shape`] for one of another run.
    pub fn run(
        &self,
        net: &mut dyn Network,
        train: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<History> {
        self.check(net, train, validation)?;
        let _memory = crate::device::ReleaseAtEnd;
        super::run::run(self, net, train, validation)
    }

    fn check(&self, net: &dyn Network, train: &Dataset, validation: Option<&Dataset>) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::parameter("epochs", 0, "at least 1"));
        }
        if self.batch_size == 0 {
            return Err(Error::parameter("batch_size", 0, "at least 1"));
        }
        self.optimiser.check()?;
        self.augmentation.map_or(Ok(()), |augmentation| augmentation.check(train.shape()))?;
        self.adversarial.map_or(Ok(()), |adversarial| adversarial.check())?;
        for (name, data) in [("training images", Some(train)), ("validation images", validation)] {
            let Some(data) = data else { continue };
            if data.images().ncols() != net.inputs() {
                let need = format!("{} pixels, the inputs of the network", net.inputs());
                return Err(Error::shape(name, need, format!("{} pixels", data.images().ncols())));
            }
            if data.classes() > net.classes() {
                let need = format!("at most {}, the outputs of the network", net.classes());
                return Err(Error::shape(format!("classes of the {name}"), need, data.classes()));
            }
        }
        let smallest = match train.len() % self.batch_size {
            0 => self.batch_size,
            rest => rest,
        };
        let copies = if self.adversarial.is_some() { 2 } else { 1 };
        self.penalties.iter().try_for_each(|penalty| penalty.check(net, copies * smallest))
    }
}
