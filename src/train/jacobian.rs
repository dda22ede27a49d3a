//! The Jacobian penalty: how much the logits follow the input.

use crate::device::{Matrix, Recording, Scalar, dims, from_rows, refused};
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::nn::ops::square_sum;
use crate::seed::{Purpose, Stream, stream};
use dfdx::prelude::TryAdd;

/// How the squared norm of a Jacobian is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projections {
    /// Estimated without bias from so many random directions an example, at least 1. The relative error falls as one
    /// over the root of examples times directions: one direction is enough for batches (Hoffman, Roberts and Yaida).
    Random(usize),
    /// Computed from all directions: as many backward passes as there are classes.
    Exact,
}

impl Projections {
    /// The directions, as cotangents `(batch, classes)`: with `Random(n)` `n` times for every example its own random
    /// one, uniform on the unit sphere (normalised Gaussians); with `Exact` the basis vectors, for all examples the same.
    ///
    /// There is one key for every example of the batch. Random numbers depend on the seed, on the key and on `n` alone.
    ///
    /// ```
    /// use eigengate::train::Projections;
    ///
    /// let directions = Projections::Random(2).cotangents(10, 1, &[5, 6, 7])?;
    /// assert_eq!(directions.len(), 2);
    /// let row = &directions[1].as_vec()[..10];
    /// assert!((row.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn cotangents(self, classes: usize, seed: u64, keys: &[u64]) -> Result<Vec<Matrix>> {
        let batch = keys.len();
        match self {
            Projections::Random(n) => (0..n as u64)
                .map(|projection| {
                    from_rows(batch, classes, |i, row| {
                        let key = keys.get(i).copied().unwrap_or_default();
                        let index = key.wrapping_mul(n as u64).wrapping_add(projection);
                        unit(&mut stream(seed, Purpose::Projection, index), row);
                    })
                })
                .collect(),
            Projections::Exact => (0..classes)
                .map(|class| {
                    from_rows(batch, classes, |_, row| {
                        row.iter_mut().skip(class).take(1).for_each(|v| *v = 1.0)
                    })
                })
                .collect(),
        }
    }
}

/// A uniformly random unit vector.
fn unit(random: &mut Stream, row: &mut [f32]) {
    loop {
        let normals: Vec<f64> = row.iter().map(|_| random.normal()).collect();
        let norm = normals.iter().map(|v| v * v).sum::<f64>().sqrt();
        // 0 with probability 2^-24 in one dimension, never seen in two.
        if norm > 0.0 {
            row.iter_mut().zip(normals).for_each(|(v, normal)| *v = (normal / norm) as f32);
            return;
        }
    }
}

/// The Jacobian penalty of Hoffman, Roberts and Yaida (2019, [arXiv:1908.02729](https://arxiv.org/abs/1908.02729)):
/// with `J` `(C, inputs)` the derivative of an example's `C` logits by its input,
///
/// `R = strength / 2 * mean over the batch of |J|^2`, the squared Frobenius norm, or its unbiased estimate
/// `C / n * sum over n random unit vectors v of |v' J|^2`.
///
/// `strength` is the paper's `lambda_JR` (its eq. 4 has the same half); Nassar2020 uses 0.01 with one direction.
///
/// ```
/// use eigengate::nn::{Activation, Mlp};
/// use eigengate::train::{JacobianPenalty, Projections, Training};
///
/// let one = JacobianPenalty::new(0.01);
/// assert_eq!(one.projections, Projections::Random(1));
/// let exact = one.with_projections(Projections::Exact);
/// let training = Training::new(10, 500).with_penalty(exact);
/// exact.check(&Mlp::new(&[784, 100, 10], Activation::Tanh, 1)?)?;
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianPenalty {
    /// `lambda_JR`, at least 0.
    pub strength: f64,
    /// One random direction by default.
    pub projections: Projections,
}

impl JacobianPenalty {
    /// One random direction an example.
    pub fn new(strength: f64) -> Self {
        Self { strength, projections: Projections::Random(1) }
    }

    /// Other directions.
    pub fn with_projections(mut self, projections: Projections) -> Self {
        self.projections = projections;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a strength that is negative or not finite, and for no directions;
    /// [`Error::NoAdjoint`] for a network whose backward pass cannot be recorded.
    pub fn check(&self, net: &dyn Network) -> Result<()> {
        if !(self.strength >= 0.0 && self.strength.is_finite()) {
            return Err(Error::parameter("strength", self.strength, "a finite number of at least 0"));
        }
        if self.projections == Projections::Random(0) {
            return Err(Error::parameter(
                "projections",
                0,
                "at least 1 random direction, or Projections::Exact",
            ));
        }
        net.adjoint().map(|_| ())
    }

    /// The penalty of one batch as one number, recorded for the gradient.
    ///
    /// `x` `(batch, inputs)` and `taps` are those of one pass of [`Network::record`]; `keys` has one key for every
    /// example, see [`Projections::cotangents`]. The tape reaches the parameters of the layers where they multiply the
    /// directions, and the taps: only a loss that has the tape of the logits too has the whole gradient.
    ///
    /// ```
    /// use dfdx::prelude::{AsArray, Backward};
    /// use eigengate::device::matrix;
    /// use eigengate::nn::ops::cross_entropy;
    /// use eigengate::nn::{Activation, GradientsOf, Mlp, Network};
    /// use eigengate::train::JacobianPenalty;
    ///
    /// let net = Mlp::new(&[4, 16, 3], Activation::Tanh, 0)?;
    /// let x = matrix(&[0.1, 0.9, 0.4, 0.3, 0.8, 0.2, 0.5, 0.7], 2, 4)?;
    /// let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
    /// let penalty = JacobianPenalty::new(0.01).record(&net, &x, &recorded.taps, 1, &[0, 1])?;
    /// assert!(penalty.array() > 0.0);
    /// let gradients = (cross_entropy(recorded.logits, &[0, 2])? + penalty).backward();
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`JacobianPenalty::check`]; [`Error::Shape`] where keys or taps are not those of one batch of this
    /// network; [`Error::Empty`] for an empty batch.
    pub fn record(
        &self,
        net: &dyn Network,
        x: &Matrix,
        taps: &[Matrix],
        seed: u64,
        keys: &[u64],
    ) -> Result<Scalar<Recording>> {
        self.check(net)?;
        let (batch, classes) = (dims(x).0, net.classes());
        if keys.len() != batch {
            return Err(Error::shape("list of keys", format!("{batch}, one an example"), keys.len()));
        }
        // The mean over the unit sphere of (v' a)^2 is |a|^2 / C.
        let per_projection = match self.projections {
            Projections::Random(n) => classes as f64 / n as f64,
            Projections::Exact => 1.0,
        };
        let factor = self.strength / 2.0 * per_projection / batch as f64;
        let adjoint = net.adjoint()?;
        let mut total: Option<Scalar<Recording>> = None;
        for v in self.projections.cotangents(classes, seed, keys)? {
            let part = square_sum(adjoint.pull(x, taps, v.retaped::<Recording>())?, factor)?;
            total = Some(match total {
                Some(total) => total.try_add(part).map_err(refused)?,
                None => part,
            });
        }
        total.ok_or_else(|| Error::empty("the list of directions"))
    }
}
