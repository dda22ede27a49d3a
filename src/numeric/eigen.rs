//! Eigenvalues and eigenvectors of symmetric matrices, by faer.

use crate::error::{Error, Result, finite};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::prelude::default;
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView2};

/// Eigenvalues in descending order, and their eigenvectors as columns in the same order.
#[derive(Clone, Debug)]
pub struct Eigen {
    /// `lambda_1 >= lambda_2 >= ...`
    pub values: Array1<f64>,
    /// `(n, n)`; column `i` has unit length and belongs to value `i`.
    pub vectors: Array2<f64>,
}

/// How many parts the work is cut into. A constant, and not the number of cores, because the order of the
/// sums follows the parts: the result is the same to the last bit on any machine of one kind.
const PARTS: usize = 4;

/// Eigendecomposition `A = V diag(lambda) V'` of a symmetric matrix `(n, n)`. Only the lower triangle is read.
///
/// # Errors
/// [`Error::Shape`] for a matrix that is not square, [`Error::NotFinite`], [`Error::Numeric`] where the
/// iteration does not converge.
pub fn symmetric_eigen(matrix: ArrayView2<'_, f64>) -> Result<Eigen> {
    let (n, columns) = matrix.dim();
    if n != columns {
        return Err(Error::shape("symmetric matrix", "as many columns as rows", format!("({n}, {columns})")));
    }
    finite("symmetric matrix", matrix.iter())?;
    let a = Mat::from_fn(n, n, |i, j| matrix[[i, j]]);
    let par = Par::rayon(PARTS);
    let mut values = faer::diag::Diag::<f64>::zeros(n);
    let mut vectors = Mat::<f64>::zeros(n, n);
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, par, default());
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    self_adjoint_evd(a.as_ref(), values.as_mut(), Some(vectors.as_mut()), par, stack, default()).map_err(
        |e| Error::Numeric {
            method: "the symmetric eigendecomposition",
            reason: format!("{e:?} for a matrix of size {n}; check the scale of its entries"),
        },
    )?;
    // faer gives ascending order.
    let order = |i: usize| n - 1 - i;
    Ok(Eigen {
        values: Array1::from_shape_fn(n, |i| values.column_vector()[order(i)]),
        vectors: Array2::from_shape_fn((n, n), |(row, i)| vectors[(row, order(i))]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    fn symmetric(n: usize) -> Array2<f64> {
        let mut rng = stream(5, Purpose::Parameters, 0);
        let a = Array2::from_shape_fn((n, n), |_| f64::from(rng.uniform_in(-1.0, 1.0)));
        &a + &a.t()
    }

    #[test]
    fn vectors_and_values_put_the_matrix_together_again() -> Result<()> {
        for n in [1, 2, 7, 60, 150] {
            let a = symmetric(n);
            let e = symmetric_eigen(a.view())?;
            let back = e.vectors.dot(&Array2::from_diag(&e.values)).dot(&e.vectors.t());
            assert!((&back - &a).iter().all(|d| d.abs() < 1e-11), "{n}");
            assert!(e.values.windows(2).into_iter().all(|w| w[0] >= w[1]));
        }
        let e = symmetric_eigen(ndarray::arr2(&[[2.0, 1.0], [1.0, 2.0]]).view())?;
        assert!((e.values[0] - 3.0).abs() < 1e-14 && (e.values[1] - 1.0).abs() < 1e-14);
        Ok(())
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        let a = symmetric(300);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let e = pool.install(|| symmetric_eigen(a.view())).unwrap();
            e.vectors.iter().chain(&e.values).map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!(run(2) == one && run(5) == one);
    }

    #[test]
    fn bad_matrices_are_refused() {
        assert!(matches!(symmetric_eigen(Array2::zeros((2, 3)).view()), Err(Error::Shape { .. })));
        let nan = Array2::from_elem((2, 2), f64::NAN);
        assert!(matches!(symmetric_eigen(nan.view()), Err(Error::NotFinite { .. })));
    }
}
