//! Inverse Cholesky factors of positive definite matrices, by faer.

use crate::error::{Error, Result, finite};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::cholesky::llt::solve::solve_in_place;
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::prelude::default;
use faer::{Mat, Par};
use ndarray::{Array2, ArrayView2};

/// How many parts the work is cut into; a constant, as in `eigen.rs`.
const PARTS: usize = 4;

/// `W = L^-1` of a symmetric positive definite matrix `A = L L'` `(n, n)`, so that `W A W' = I`; L and W are lower
/// triangular. Only the lower triangle of `matrix` is read.
///
/// # Errors
/// [`Error::Shape`] for a matrix that is not square, [`Error::NotFinite`], [`Error::Numeric`] where it is not positive
/// definite.
pub(crate) fn inverse_cholesky(matrix: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let (n, columns) = matrix.dim();
    if n != columns {
        return Err(Error::shape("symmetric matrix", "as many columns as rows", format!("({n}, {columns})")));
    }
    finite("symmetric matrix", matrix.iter())?;
    let par = Par::rayon(PARTS);
    let mut factor = Mat::from_fn(n, n, |i, j| if i >= j { matrix[[i, j]] } else { 0.0 });
    let scratch = cholesky_in_place_scratch::<f64>(n, par, default());
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    cholesky_in_place(factor.as_mut(), default(), par, stack, default()).map_err(|error| {
        let LltError::NonPositivePivot { index } = error;
        let size = matrix.diag().iter().fold(0.0f64, |largest, &value| largest.max(value.abs()));
        let reason = format!(
            "a matrix of size {n} with a diagonal up to {size:.3e} is not positive definite (column {}); take a larger \
             ridge, or fewer or less similar units",
            index + 1
        );
        Error::Numeric { method: "the Cholesky decomposition", reason }
    })?;
    let mut inverse = Mat::<f64>::zeros(n, n);
    invert_lower_triangular(inverse.as_mut(), factor.as_ref(), par);
    Ok(Array2::from_shape_fn((n, n), |(i, j)| if i >= j { inverse[(i, j)] } else { 0.0 }))
}

/// Solves `A x = b` for a symmetric positive definite `A` `(n, n)`, row-major; `x` takes the place of `b`. On the calling thread alone. False
/// where `A` is not positive definite: then `b` is as it was.
pub(crate) fn solve_definite(matrix: &[f64], b: &mut [f64]) -> bool {
    let n = b.len();
    let mut factor = faer::MatRef::from_column_major_slice(matrix, n, n).to_owned();
    let scratch = cholesky_in_place_scratch::<f64>(n, Par::Seq, default());
    let mut memory = faer::dyn_stack::MemBuffer::new(scratch);
    let stack = faer::dyn_stack::MemStack::new(&mut memory);
    if cholesky_in_place(factor.as_mut(), default(), Par::Seq, stack, default()).is_err() {
        return false;
    }
    let right = faer::MatMut::from_column_major_slice_mut(b, n, 1);
    solve_in_place(factor.as_ref(), right, Par::Seq, stack);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    /// `B B' + I`.
    fn definite(n: usize) -> Array2<f64> {
        let mut rng = stream(6, Purpose::Parameters, 0);
        let b = Array2::from_shape_fn((n, n), |_| f64::from(rng.uniform_in(-1.0, 1.0)));
        b.dot(&b.t()) + Array2::<f64>::eye(n)
    }

    #[test]
    fn the_inverse_factor_takes_the_matrix_to_the_identity() -> Result<()> {
        for n in [1, 2, 3, 7, 60, 150] {
            let a = definite(n);
            let w = inverse_cholesky(a.view())?;
            assert!(w.indexed_iter().all(|((i, j), v)| if i < j { *v == 0.0 } else { v.is_finite() }));
            assert!(w.diag().iter().all(|v| *v > 0.0), "the factor with a positive diagonal");
            let one = w.dot(&a).dot(&w.t());
            assert!((&one - &Array2::<f64>::eye(n)).iter().all(|d| d.abs() < 1e-12), "{n}\n{one}");
        }
        // Above the diagonal nothing is read.
        let w = inverse_cholesky(ndarray::arr2(&[[4.0, 9.0], [2.0, 2.0]]).view())?;
        assert_eq!(w, ndarray::arr2(&[[0.5, 0.0], [-0.5, 1.0]]));
        Ok(())
    }

    #[test]
    fn systems_are_solved_on_one_thread() {
        for n in [1, 5, 80] {
            let a = definite(n);
            let x: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let mut b = a.dot(&ndarray::Array1::from(x.clone())).to_vec();
            assert!(solve_definite(a.as_slice().unwrap(), &mut b));
            assert!(b.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-10), "{n}");
        }
        let mut b = [1.0, 2.0];
        assert!(!solve_definite(&[1.0, 2.0, 2.0, 1.0], &mut b));
        assert_eq!(b, [1.0, 2.0]);
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        let a = definite(400);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let w = pool.install(|| inverse_cholesky(a.view())).unwrap();
            w.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!(run(2) == one && run(5) == one);
    }

    #[test]
    fn bad_matrices_are_refused() {
        assert!(matches!(inverse_cholesky(Array2::zeros((2, 3)).view()), Err(Error::Shape { .. })));
        let nan = Array2::from_elem((2, 2), f64::NAN);
        assert!(matches!(inverse_cholesky(nan.view()), Err(Error::NotFinite { .. })));
        let indefinite = ndarray::arr2(&[[1.0, 0.0], [2.0, 1.0]]);
        let text = inverse_cholesky(indefinite.view()).unwrap_err().to_string();
        assert!(text.contains("size 2") && text.contains("column 2") && text.contains("ridge"), "{text}");
    }
}
