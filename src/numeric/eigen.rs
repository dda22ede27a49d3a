//! Eigenvalues and eigenvectors of symmetric matrices, by faer.

use crate::error::{Error, Result, finite};
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::prelude::default;
use faer::traits::RealField;
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
    let (values, vectors) = decompose(Mat::from_fn(n, n, |i, j| matrix[[i, j]]))?;
    // faer gives ascending order.
    let order = |i: usize| n - 1 - i;
    Ok(Eigen {
        values: Array1::from_shape_fn(n, |i| values.column_vector()[order(i)]),
        vectors: Array2::from_shape_fn((n, n), |(row, i)| vectors[(row, order(i))]),
    })
}

/// [`symmetric_eigen`] in float32, twice as fast: values in descending order, and vectors as columns of row-major `(n, n)` values. Directions
/// whose eigenvalues differ by less than about 1e-6 of the largest mix.
///
/// # Errors
/// Those of [`symmetric_eigen`].
pub(crate) fn symmetric_eigen_single(matrix: &[f64], n: usize) -> Result<(Vec<f32>, Vec<f32>)> {
    if matrix.len() != n * n {
        return Err(Error::shape(
            "symmetric matrix",
            format!("({n}, {n})"),
            format!("{} values", matrix.len()),
        ));
    }
    finite("symmetric matrix", matrix)?;
    // Symmetric: rows are columns.
    let (values, vectors) = decompose(Mat::from_fn(n, n, |i, j| matrix[j * n + i] as f32))?;
    let order = |i: usize| n - 1 - i;
    let ordered = (0..n).map(|i| values.column_vector()[order(i)]).collect();
    Ok((ordered, (0..n * n).map(|place| vectors[(place / n, order(place % n))]).collect()))
}

/// Values in ascending order, and vectors as columns.
fn decompose<T: RealField>(matrix: Mat<T>) -> Result<(Diag<T>, Mat<T>)> {
    let n = matrix.nrows();
    let par = Par::rayon(PARTS);
    let mut values = Diag::<T>::zeros(n);
    let mut vectors = Mat::<T>::zeros(n, n);
    let scratch = self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, par, default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    self_adjoint_evd(matrix.as_ref(), values.as_mut(), Some(vectors.as_mut()), par, stack, default())
        .map_err(|e| Error::Numeric {
            method: "the symmetric eigendecomposition",
            reason: format!("{e:?} for a matrix of size {n}; check the scale of its entries"),
        })?;
    Ok((values, vectors))
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
    fn float32_gives_the_same_up_to_its_rounding() -> Result<()> {
        let a = symmetric(90);
        let (double, (values, vectors)) =
            (symmetric_eigen(a.view())?, symmetric_eigen_single(a.as_slice().unwrap(), 90)?);
        for k in 0..90 {
            assert!((f64::from(values[k]) - double.values[k]).abs() < 1e-4, "{k}");
            let dot: f64 = (0..90).map(|i| f64::from(vectors[i * 90 + k]) * double.vectors[[i, k]]).sum();
            assert!((dot.abs() - 1.0).abs() < 1e-4, "{k}: {dot}");
        }
        assert!(matches!(symmetric_eigen_single(&[1.0, 2.0], 2), Err(Error::Shape { .. })));
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
