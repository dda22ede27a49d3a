//! Whitening: outputs without correlations and of variance 1, with the gradient through mean and covariance.

mod factor;
#[cfg(not(feature = "cuda"))]
mod fast;
mod root;

pub use factor::WhiteningFactor;
pub(crate) use root::Root;

use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// How `W` follows from the covariance `C`; every `W` with `W C W' = I` whitens, up to a rotation of the outputs.
///
/// The names are those of A. Kessy, A. Lewin, K. Strimmer, *Optimal whitening and decorrelation*, The American
/// Statistician 72, 2018.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhiteningKind {
    /// `W = L^-1` with `C = L L'`, as in Nassar2020: output `i` depends on inputs `0..=i` alone.
    #[default]
    Cholesky,
    /// `W = C^(-1/2)`, the symmetric root: of all whitened outputs those closest to the centred inputs. It costs an
    /// eigendecomposition where the other needs a Cholesky decomposition.
    Zca,
}

impl WhiteningKind {
    /// Its name in files: `cholesky` or `zca`.
    pub fn name(self) -> &'static str {
        match self {
            WhiteningKind::Cholesky => "cholesky",
            WhiteningKind::Zca => "zca",
        }
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "cholesky" => Ok(WhiteningKind::Cholesky),
            "zca" => Ok(WhiteningKind::Zca),
            other => Err(Error::parameter("whitening", other, "cholesky or zca")),
        }
    }
}

/// The settings of a whitening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whitening {
    /// Which factor of the covariance; Cholesky by default.
    pub kind: WhiteningKind,
    /// Added to the diagonal of the covariance, greater than 0; 1e-5 by default, as in Nassar2020. Directions whose
    /// variance is far below it are not blown up to variance 1: their output has variance `lambda / (lambda + ridge)`.
    pub ridge: f64,
}

impl Default for Whitening {
    fn default() -> Self {
        Self { kind: WhiteningKind::Cholesky, ridge: 1e-5 }
    }
}

impl Whitening {
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is not a finite number greater than 0.
    pub fn check(&self) -> Result<()> {
        if self.ridge > 0.0 && self.ridge.is_finite() {
            Ok(())
        } else {
            Err(Error::parameter("ridge", self.ridge, "a finite number greater than 0, usually 1e-5"))
        }
    }
}

/// Whitens a batch with its own mean and covariance: `Y = X_c W'` with `X_c = X - mean`, `C = X_c' X_c / B + ridge I`
/// and `W C W' = I`; `x` and the result are `(batch, width)`, `batch >= 2`. Returns the factor `(mean, W)` too, which
/// [`whiten_fixed`] applies to other batches.
///
/// The gradient flows through the mean and the factor. With `G = dY` and `M = G' Y` it is
///
/// ```text
/// dX += (G - mean of G - Y S / B) W
/// S = M with its lower triangle mirrored above the diagonal           (Cholesky)
/// S = U [(A_ij sqrt(s_j) + A_ji sqrt(s_i)) / (sqrt(s_i) + sqrt(s_j))] U',   A = U' M U,   C = U diag(s) U'   (ZCA)
/// ```
///
/// which is the adjoint of the Cholesky decomposition (I. Murray, arXiv:1602.07527) or the Daleckii-Krein formula
/// for the inverse square root, put together with the map around it: the factors cancel, and equal eigenvalues are
/// nothing special. In full products of `B N^2` multiplications: forward 1 1/2 (of which 1/2 in float64), backward
/// 2 1/2 (ZCA: 3), beside the decomposition of C, of order `N^3` in float64.
///
/// C is formed and decomposed in float64, all else is float32. With
/// `gain = sqrt((lambda_1 + ridge) / (lambda_N + ridge))` the rounding of outputs is magnified by `gain`, that of
/// gradients by `gain^2` (second derivatives are that large). A batch of `batch <= width` rows is taken: C has
/// `batch - 1` directions, the ridge carries the others, and W has entries up to `1 / sqrt(ridge)` = 316. There the
/// outputs of unit scale are good to 1e-4 and gradients to 1e-3 of the largest; a larger ridge makes both better.
///
/// # Errors
/// [`Error::Empty`] for no rows or no columns, [`Error::Numeric`] for a single row and where C is not positive
/// definite, [`Error::NotFinite`], [`Whitening::check`].
///
/// # Example
/// ```
/// use eigengate::device::{matrix, to_array};
/// use eigengate::nn::ops::{Whitening, whiten, whiten_fixed};
///
/// let x = matrix(&[1.0, 2.0, 3.0, 2.0, 5.0, 6.0, 3.0, 10.0], 4, 2)?;
/// let (y, factor) = whiten(x.clone(), &Whitening::default())?;
/// let y = to_array(&y)?;
/// let covariance = y.t().dot(&y) / 4.0;
/// assert!((covariance[[0, 0]] - 1.0).abs() < 1e-4 && covariance[[0, 1]].abs() < 1e-4);
///
/// // One example alone, with the mean and factor of the batch.
/// let one = whiten_fixed(matrix(&[1.0, 2.0], 1, 2)?, &factor)?;
/// assert!((to_array(&one)?[[0, 0]] - y[[0, 0]]).abs() < 1e-6);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn whiten<T: Tape<f32, Device>>(
    x: Matrix<T>,
    whitening: &Whitening,
) -> Result<(Matrix<T>, WhiteningFactor)> {
    whitening.check()?;
    let (batch, width) = dims(&x);
    if batch == 0 || width == 0 {
        return Err(Error::empty("the batch to whiten"));
    }
    if batch == 1 {
        let reason = format!(
            "a batch of 1 x {width} has no covariance: give 2 rows or more, or apply a stored factor with whiten_fixed"
        );
        return Err(Error::Numeric { method: "whitening", reason });
    }
    #[cfg(feature = "cuda")]
    {
        let (y, mean, matrix) = super::composed::whiten(x, whitening)?;
        Ok((y, WhiteningFactor::new(mean, matrix)?))
    }
    #[cfg(not(feature = "cuda"))]
    fast::whiten(x, whitening)
}

/// Whitens with a stored factor: `Y = (X - mean) W'`, `x` and the result `(batch, width)`, `batch >= 1`. Every row
/// stands alone, and with the factor of a batch the rows of that batch come out as [`whiten`] gave them, to the
/// last bit on the CPU.
///
/// Records `dX += dY W`; the factor is a constant. One product forward, one backward.
///
/// # Errors
/// [`Error::Empty`] for no rows, [`Error::Shape`] where the factor has another width.
pub fn whiten_fixed<T: Tape<f32, Device>>(x: Matrix<T>, factor: &WhiteningFactor) -> Result<Matrix<T>> {
    let (batch, width) = dims(&x);
    if batch == 0 {
        return Err(Error::empty("the batch to whiten"));
    }
    if width != factor.width() {
        let (need, is) = (format!("(batch, {})", factor.width()), format!("({batch}, {width})"));
        return Err(Error::shape("batch to whiten", need, is));
    }
    #[cfg(feature = "cuda")]
    return super::composed::whiten_fixed(x, factor.mean(), factor.matrix());
    #[cfg(not(feature = "cuda"))]
    fast::whiten_fixed(x, factor)
}
