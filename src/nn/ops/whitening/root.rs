//! The inverse root of a covariance, and what its gradient needs of it: everything that is float64.

use super::{Whitening, WhiteningKind};
use crate::error::{Error, Result};
use crate::numeric::{add_gram, inverse_cholesky, mirror_lower, symmetric_eigen};
use ndarray::{Array1, Array2};

/// W with `W (C + ridge I) W' = I`, and how W answers to a change of C.
///
/// Let C change so that `W dC W' = D`. Then `dW = Omega W` with `Omega + Omega' = -D`, and `Omega` lower triangular
/// (Cholesky) or `Omega W` symmetric (ZCA). In the basis Q (the identity, or the eigenvectors of C) both are
/// `Omega = -Q (E * (Q' D Q)) Q'`, elementwise, with [`Root::share`] as E.
pub(crate) struct Root {
    /// W, `(width, width)`.
    pub(crate) matrix: Array2<f64>,
    /// What the ZCA has beside.
    pub(crate) basis: Option<Basis>,
}

/// `C + ridge I = U diag(roots^2) U'`.
pub(crate) struct Basis {
    /// U: eigenvectors as columns.
    pub(crate) vectors: Array2<f64>,
    /// Roots of the eigenvalues, in the same order.
    pub(crate) roots: Array1<f64>,
}

impl Root {
    /// Of a covariance `(width, width)`, without ridge, whose lower triangle is read.
    ///
    /// # Errors
    /// [`Whitening::check`], [`Error::NotFinite`], [`Error::Numeric`] where the matrix with its ridge is not positive
    /// definite or its root leaves the range of float32.
    pub(crate) fn new(mut covariance: Array2<f64>, whitening: &Whitening) -> Result<Self> {
        whitening.check()?;
        covariance.diag_mut().iter_mut().for_each(|variance| *variance += whitening.ridge);
        let root = match whitening.kind {
            WhiteningKind::Cholesky => Self { matrix: inverse_cholesky(covariance.view())?, basis: None },
            WhiteningKind::Zca => Self::symmetric(&covariance, whitening.ridge)?,
        };
        if root.matrix.iter().any(|value| !(*value as f32).is_finite()) {
            let reason = format!(
                "the factor of {0} x {0} leaves the range of float32 with a ridge of {1}; take a larger ridge",
                root.matrix.nrows(),
                whitening.ridge
            );
            return Err(Error::Numeric { method: "whitening", reason });
        }
        Ok(root)
    }

    fn symmetric(covariance: &Array2<f64>, ridge: f64) -> Result<Self> {
        let width = covariance.nrows();
        let eigen = symmetric_eigen(covariance.view())?;
        if let (Some(largest), Some(least)) = (eigen.values.first(), eigen.values.last())
            && *least <= 0.0
        {
            let reason = format!(
                "the covariance of {width} units with a ridge of {ridge} has eigenvalues from {largest:.3e} down to \
                 {least:.3e}; take a larger ridge, or fewer or less similar units"
            );
            return Err(Error::Numeric { method: "ZCA whitening", reason });
        }
        // U diag(s^-1/2) U' as Z' Z with rows s^-1/4 u': half the multiplications, and exactly symmetric.
        let mut z = Vec::with_capacity(width * width);
        for (vector, value) in eigen.vectors.columns().into_iter().zip(&eigen.values) {
            let scale = value.powf(-0.25);
            z.extend(vector.iter().map(|u| u * scale));
        }
        let mut matrix = Array2::zeros((width, width));
        if let Some(values) = matrix.as_slice_mut() {
            add_gram(values, &z, width);
            mirror_lower(values, width, 1.0);
        }
        Ok(Self {
            matrix,
            basis: Some(Basis { vectors: eigen.vectors, roots: eigen.values.mapv(f64::sqrt) }),
        })
    }

    /// W as row-major float32.
    pub(crate) fn singles(&self) -> Vec<f32> {
        self.matrix.iter().map(|value| *value as f32).collect()
    }

    /// `E_ij`, with `E + E'` = 1 everywhere: which share of a change goes to place `(i, j)` and not to `(j, i)`.
    pub(crate) fn share(&self, i: usize, j: usize) -> f64 {
        match &self.basis {
            None if i == j => 0.5,
            None => f64::from(u8::from(i > j)),
            Some(basis) => basis.share(i, j),
        }
    }
}

impl Basis {
    /// `sqrt(s_j) / (sqrt(s_i) + sqrt(s_j))`.
    ///
    /// From the divided difference of `s^-1/2`, which is `-1 / (sqrt(s_i) sqrt(s_j) (sqrt(s_i) + sqrt(s_j)))`
    /// written so that equal eigenvalues divide nothing by 0.
    pub(crate) fn share(&self, i: usize, j: usize) -> f64 {
        let (a, b) = (self.roots[i], self.roots[j]);
        b / (a + b)
    }
}
