//! Adversarial training: every batch is doubled with adversarial copies of itself.

use crate::attack::{Adversarial, AnyNetwork, Batch, Classifier, Keep, Pgd, RandomStep, Step};
use crate::data::Dataset;
use crate::device::{Matrix, to_array, to_device};
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::seed::{Purpose, Stream, epoch_stream};
use ndarray::{ArrayView2, Axis};
use std::fmt;

/// How adversarial copies are made; `x0` is a clean image and `L` its own cross-entropy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdversarialMethod {
    /// `u = clip(x0 + uniform in [-eps, eps), 0, 1)`, `x = clip(x0 + eps sign(dL/du), 0, 1)`: the gradient of a random point,
    /// applied to the clean image, see [`RandomStep`].
    OneStep,
    /// From such a random point `x`, `steps` times `x <- clip(x + step sign(dL/dx))` to the ball around `x0` and to `[0, 1]`,
    /// see [`Pgd`]; of `restarts` runs, the last `x` with the largest `L` ([`Keep::LastByLoss`]).
    Pgd,
}

/// Adversarial training as in Nassar2020: every batch of `B` clean images is followed by its `B` adversarial copies, made
/// with the parameters of that moment. The step is then that of an ordinary batch of `2 B` images: the
/// cross-entropy is the mean over all of them, and so are penalties.
///
/// Copies are made of the images that the epoch sees, after any augmentation, and are within `eps` of them and in
/// `[0, 1]`, as all pixels of a [`Dataset`] are. A network makes them as it is in use: gradients come from
/// [`Network::record`] in blocks of one size, as for all attacks, so that layers with statistics take the stored ones and not
/// those of the batch. `sign(0) = 0`.
///
/// Random starts are keyed by (seed, epoch, example of the training set, restart), and an example's gradient does not
/// depend on its company: for the same parameters, a copy depends neither on batches nor on order or threads. Directions of a
/// [`JacobianPenalty`](super::JacobianPenalty) are others for a copy than for its clean image.
///
/// ```
/// use eigengate::prelude::*;
///
/// let training = Training::new(100, 1500).with_adversarial(AdversarialTraining::pgd().with_restarts(2));
/// let text = training.adversarial.map(|adversarial| adversarial.to_string());
/// assert_eq!(text.as_deref(), Some("PGD eps 0.3 step 0.01 steps 40 restarts 2"));
/// assert_eq!(AdversarialTraining::one_step(0.1).to_string(), "one step eps 0.1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdversarialTraining {
    /// Largest change of a pixel, in units of the pixel range; finite, at least 0.
    pub eps: f32,
    /// How copies are made.
    pub method: AdversarialMethod,
    /// Size of a step, in units of the pixel range; finite, above 0. One step has that of `eps`.
    pub step: f32,
    /// Gradient steps, at least 1. One step has 1.
    pub steps: usize,
    /// Independent runs for every example, at least 1. One step has 1.
    pub restarts: usize,
}

impl AdversarialTraining {
    /// One step of `eps`, in units of the pixel range.
    pub fn one_step(eps: f32) -> Self {
        Self { eps, method: AdversarialMethod::OneStep, step: eps, steps: 1, restarts: 1 }
    }

    /// PGD of Madry et al. 2018 for MNIST: `eps` 0.3, 40 steps of 0.01, 1 restart.
    pub fn pgd() -> Self {
        Self { eps: 0.3, method: AdversarialMethod::Pgd, step: 0.01, steps: 40, restarts: 1 }
    }

    /// Another largest change of a pixel. The steps of PGD stay as they are.
    pub fn with_eps(mut self, eps: f32) -> Self {
        self.eps = eps;
        if self.method == AdversarialMethod::OneStep {
            self.step = eps;
        }
        self
    }

    /// Another size of PGD's steps, in units of the pixel range.
    pub fn with_step(mut self, step: f32) -> Self {
        self.step = step;
        self
    }

    /// Another number of PGD's steps.
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Another number of runs of PGD.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// Whether the settings are in range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `eps` negative or not finite, `step` not above 0 or not finite, no `steps`, no `restarts`, and
    /// for one step with settings of PGD.
    pub fn check(&self) -> Result<()> {
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            return Err(Error::parameter(
                "eps",
                self.eps,
                "a finite size of at least 0 (pixels are in [0, 1])",
            ));
        }
        let counts = [("steps", self.steps), ("restarts", self.restarts)];
        match self.method {
            AdversarialMethod::OneStep => {
                if self.step != self.eps {
                    let expected =
                        format!("{}, the eps of one step, or AdversarialTraining::pgd()", self.eps);
                    return Err(Error::parameter("step", self.step, expected));
                }
                counts.into_iter().try_for_each(|(name, count)| match count {
                    1 => Ok(()),
                    _ => Err(Error::parameter(name, count, "1 with one step, or AdversarialTraining::pgd()")),
                })
            }
            AdversarialMethod::Pgd => {
                if !(self.step > 0.0 && self.step.is_finite()) {
                    let expected = "a finite size above 0 (pixels are in [0, 1])";
                    return Err(Error::parameter("step", self.step, expected));
                }
                counts.into_iter().try_for_each(|(name, count)| match count {
                    0 => Err(Error::parameter(name, count, "at least 1")),
                    _ => Ok(()),
                })
            }
        }
    }

    /// The copies that training makes of all examples in an epoch, counted from 0, with the model as it is: to look at. With
    /// augmentation they are those of the [augmented](crate::data::Augmentation::augment) data.
    ///
    /// ```
    /// use eigengate::prelude::*;
    ///
    /// let digits = mnist::shipped()?.train.take(50)?;
    /// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 1)?;
    /// let copies = AdversarialTraining::one_step(0.1).copies(&net, &digits, 1, 0)?.images;
    /// assert_eq!(copies.dim(), (50, 784));
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`AdversarialTraining::check`]; [`Error::Shape`] and [`Error::Parameter`] for a model of other inputs or
    /// fewer classes than the data, [`Error::NotFinite`] for NaN in its gradients.
    pub fn copies(
        &self,
        model: &dyn Classifier,
        data: &Dataset,
        seed: u64,
        epoch: u64,
    ) -> Result<Adversarial> {
        let examples: Vec<usize> = (0..data.len()).collect();
        self.perturb(model, data.images(), data.labels(), Keys { seed, epoch, examples: &examples })
    }

    fn perturb(
        &self,
        model: &dyn Classifier,
        images: ArrayView2<'_, f32>,
        labels: &[u8],
        keys: Keys<'_>,
    ) -> Result<Adversarial> {
        self.check()?;
        let batch = Batch::new(images, labels);
        match self.method {
            AdversarialMethod::OneStep => {
                RandomStep::step(model, batch, self.eps, 0, |row| keys.stream(row, 0))
            }
            AdversarialMethod::Pgd => Pgd::new()
                .with_steps(self.steps)
                .with_step(Step::Fixed(self.step))
                .with_restarts(self.restarts)
                .with_keep(Keep::LastByLoss)
                .search(model, batch, self.eps, &|row, restart| keys.stream(row, restart)),
        }
    }

    /// A batch `(B, inputs)` and its labels, followed by its copies and theirs.
    pub(super) fn double(
        &self,
        net: &dyn Network,
        x: Matrix,
        mut labels: Vec<u8>,
        keys: Keys<'_>,
    ) -> Result<(Matrix, Vec<u8>)> {
        let mut images = to_array(&x)?;
        // Its memory serves the attack.
        drop(x);
        let copies = self.perturb(&AnyNetwork(net), images.view(), &labels, keys)?.images;
        let sizes = format!("{:?}", images.dim());
        images.append(Axis(0), copies.view()).map_err(|e| Error::shape("adversarial copies", sizes, e))?;
        labels.extend_from_within(..);
        Ok((to_device(images.view())?, labels))
    }
}

/// All settings, e.g. `one step eps 0.1`; the same text is the same training.
impl fmt::Display for AdversarialTraining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { eps, method, step, steps, restarts } = self;
        match method {
            AdversarialMethod::OneStep => write!(f, "one step eps {eps}"),
            AdversarialMethod::Pgd => {
                write!(f, "PGD eps {eps} step {step} steps {steps} restarts {restarts}")
            }
        }
    }
}

/// What the random numbers of a batch are keyed by.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) seed: u64,
    pub(super) epoch: u64,
    /// Places in the training set, one for every row.
    pub(super) examples: &'a [usize],
}

impl Keys<'_> {
    fn stream(&self, row: usize, restart: usize) -> Stream {
        let example = self.examples.get(row).copied().unwrap_or(row) as u64;
        epoch_stream(self.seed, Purpose::AdversarialTraining, self.epoch, example | (restart as u64) << 40)
    }
}

/// Appends the keys of the copies to those of the clean images, for random projections.
pub(super) fn double_keys(keys: &mut Vec<u64>) {
    // Counted down from the largest number. An offset, a single high bit say, would come back to the clean keys when
    // projections multiply it by their number.
    let copies: Vec<u64> = keys.iter().map(|key| !key).collect();
    keys.extend(copies);
}
