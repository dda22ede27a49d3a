//! The spectral penalty of a tap.

use crate::device::{Device, Matrix, Scalar, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The spectrum that a tap is drawn to: `lambda_n` proportional to `n^-alpha` from index `tau` on
/// (Nassar2020).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralTarget {
    /// Strength, at least 0. The published experiments use 1, 2 and 5.
    pub beta: f64,
    /// Exponent of the target spectrum; 1 by default.
    pub alpha: f64,
    /// First penalised index, counted from 1, below the tap's width; 10 by default. The spectrum is anchored
    /// there. (The published code counts from 0: its `tau` is ours minus 1.)
    pub tau: usize,
}

impl Default for SpectralTarget {
    fn default() -> Self {
        Self { beta: 1.0, alpha: 1.0, tau: 10 }
    }
}

impl SpectralTarget {
    /// Checks the settings against a tap of `width` units and batches of `batch` examples.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `beta < 0` or not finite, `alpha` not finite, `tau` not in `1..width`,
    /// `batch <= tau` (the covariance of so few examples has no `tau`-th eigenvalue).
    pub fn check(&self, width: usize, batch: usize) -> Result<()> {
        if !(self.beta >= 0.0 && self.beta.is_finite()) {
            return Err(Error::parameter("beta", self.beta, "a finite strength of at least 0"));
        }
        if !self.alpha.is_finite() {
            return Err(Error::parameter("alpha", self.alpha, "a finite exponent, usually 1"));
        }
        if self.tau == 0 || self.tau >= width {
            let range = format!("an index in 1..={}, below the width of the tap", width.saturating_sub(1));
            return Err(Error::parameter("tau", self.tau, range));
        }
        if batch <= self.tau {
            return Err(Error::parameter(
                "batch size",
                batch,
                format!("more than tau = {} examples in every batch (the last one too)", self.tau),
            ));
        }
        Ok(())
    }

    /// How every eigenvalue counts: `lambda` has the variances along the eigenvectors in any order; they are
    /// ranked here, descending, equal ones by position. The terms stand in the order of `lambda`.
    ///
    /// # Errors
    /// [`Error::Numeric`] where `lambda_tau` is not a positive number.
    pub(crate) fn terms(&self, lambda: &[f64]) -> Result<Vec<Term>> {
        let mut order: Vec<usize> = (0..lambda.len()).collect();
        order.sort_by(|&i, &j| lambda[j].total_cmp(&lambda[i]));
        let anchor = order.get(self.tau.wrapping_sub(1)).map_or(f64::NAN, |&i| lambda[i]);
        if !(anchor > 0.0 && anchor.is_finite()) {
            return Err(Error::Numeric {
                method: "the spectral penalty",
                reason: format!(
                    "eigenvalue tau = {} of the minibatch is {anchor}: the tap has too low a rank or has diverged; \
                     lower tau, enlarge the batch or lower the learning rate",
                    self.tau
                ),
            });
        }
        let share = self.beta / lambda.len() as f64;
        let mut terms = vec![Term { per_gamma: 0.0, share: 0.0 }; lambda.len()];
        // The term of n = tau is 0 by construction, and so is its slope: computed, rounding could put the
        // ratio above 1 and switch on the slope of max(0, .).
        for (index, &i) in order.iter().enumerate().skip(self.tau).filter(|&(_, &i)| lambda[i] > 0.0) {
            let rank = (index + 1) as f64;
            terms[i] = Term { per_gamma: (rank / self.tau as f64).powf(self.alpha) / anchor, share };
        }
        Ok(terms)
    }

    /// The penalty of a spectrum and its derivative by every eigenvalue.
    ///
    /// With `N` eigenvalues `lambda_1 >= lambda_2 >= ...` (given in any order) and
    /// `gamma_n = lambda_tau tau^alpha / n^alpha`, `lambda_tau` held constant,
    ///
    /// `R = beta / N * sum over n >= tau, lambda_n > 0 of (lambda_n / gamma_n - 1)^2 + max(0, lambda_n / gamma_n - 1)`
    ///
    /// The derivatives stand in the order of `lambda`.
    ///
    /// # Errors
    /// [`Error::Numeric`] where `lambda_tau` is not a positive number.
    pub fn penalty(&self, lambda: &[f64]) -> Result<(f64, Vec<f64>)> {
        let terms = self.terms(lambda)?;
        let excess = |(term, lambda): (&Term, &f64)| lambda * term.per_gamma - 1.0;
        let total = terms.iter().zip(lambda).map(|pair| {
            let excess = excess(pair);
            pair.0.share * (excess * excess + excess.max(0.0))
        });
        let slopes = terms.iter().zip(lambda).map(|pair| {
            let excess = excess(pair);
            pair.0.share * pair.0.per_gamma * (2.0 * excess + if excess > 0.0 { 1.0 } else { 0.0 })
        });
        Ok((total.sum(), slopes.collect()))
    }
}

/// What one eigenvalue adds: `share ((lambda per_gamma - 1)^2 + max(0, lambda per_gamma - 1))`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// `1 / gamma_n`.
    pub per_gamma: f64,
    /// `beta / N`, or 0 where the eigenvalue does not count.
    pub share: f64,
}

/// The spectral penalty of a tap `(batch, width)` as one number, recorded for the gradient.
///
/// `vectors` `(width, width)` has the eigenvectors of the tap's covariance over the whole training set as
/// columns, in any order, and is held constant. The eigenvalues of the minibatch are
/// `lambda = diag(V' C V)`, with `C` its unbiased covariance: the column sums of squares of
/// `Z = (X - mean) V` over `batch - 1`. One product forward, one backward: `dX += 2 / (batch - 1) Z diag(dR / dlambda) V'`.
///
/// # Errors
/// Those of [`SpectralTarget::check`] and [`SpectralTarget::penalty`]; [`Error::Shape`] for `vectors` of another size.
pub fn spectral_penalty<T: Tape<f32, Device>>(
    tap: Matrix<T>,
    vectors: &Matrix,
    target: &SpectralTarget,
) -> Result<Scalar<T>> {
    let (batch, width) = dims(&tap);
    target.check(width, batch)?;
    if dims(vectors) != (width, width) {
        return Err(Error::shape(
            "eigenvectors of a tap",
            format!("({width}, {width})"),
            format!("{:?}", dims(vectors)),
        ));
    }
    #[cfg(feature = "cuda")]
    return super::composed::spectral_penalty(tap, vectors, target);
    #[cfg(not(feature = "cuda"))]
    run(tap, vectors, target)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(tap: Matrix<T>, vectors: &Matrix, target: &SpectralTarget) -> Result<Scalar<T>> {
    use crate::device::{Buffer, Contiguous, refused};
    use crate::numeric::{
        GROUP, View, column_means, column_squares, product, scale_columns, subtract_from_rows,
    };
    use dfdx::prelude::{PutTape, ZerosTensor};
    use rayon::prelude::*;

    let (tap, mut tape) = Contiguous::new(tap)?;
    let vectors = Contiguous::plain(vectors)?;
    let (batch, width) = tap.dims();
    let task = GROUP * width;

    let mut z = Buffer::new(batch * width);
    {
        let means = column_means(tap.values(), width);
        let mut centred = Buffer::new(batch * width);
        let rows = centred.par_chunks_mut(task).zip(tap.values().par_chunks(task));
        rows.for_each(|(centred, x)| subtract_from_rows(centred, x, &means));
        let directions = View::new(vectors.values(), width, width);
        product(&mut z, false, View::new(&centred, batch, width), directions);
    }
    let per_example = 1.0 / (batch - 1) as f64;
    let squares = column_squares(&z, width);
    let lambda: Vec<f64> = squares.into_iter().map(|sum| sum * per_example).collect();
    let (penalty, slopes) = target.penalty(&lambda)?;

    let mut value: Scalar = crate::device::device()?.try_zeros_like(&()).map_err(refused)?;
    value[[]] = penalty as f32;
    let ghost = value.ghost();
    let tap = tap.tensor().ghost();
    tape.add_backward_op(move |g| {
        let above = f64::from(g.get_or_alloc_mut(&ghost)?.iter().sum::<f32>());
        let factors: Vec<f32> =
            slopes.iter().map(|slope| (above * slope * 2.0 * per_example) as f32).collect();
        z.par_chunks_mut(task).for_each(|rows| scale_columns(rows, &factors));
        // The columns of Z sum to zero, so the gradient by the centred tap is the gradient by the tap.
        let dx = g.get_or_alloc_mut(&tap)?;
        product(dx, true, View::new(&z, batch, width), View::new(vectors.values(), width, width).t());
        Ok(())
    });
    Ok(value.put_tape(tape))
}
