//! The largest eigenvalues of a symmetric matrix and their eigenvectors.

use super::{View, inverse_cholesky, product, symmetric_eigen};
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Up to this size all eigenvectors are computed: that takes about a second.
const DENSE: usize = 1500;
/// Vectors that are iterated beside those asked for.
const SPARE: usize = 16;
/// Products with the matrix in a round.
const DEPTH: usize = 3;
/// Rounds before all eigenvectors are computed instead.
const ROUNDS: usize = 60;
/// Largest residual of an eigenvector, of the largest eigenvalue.
const TOLERANCE: f64 = 1e-11;

/// The `count` largest eigenvalues of a symmetric positive semidefinite matrix `(n, n)` in descending order, and their eigenvectors
/// `(n, count)` as columns.
///
/// Large matrices by block Krylov subspaces with restarts: Rayleigh and Ritz on the span of `Q, A Q, A^2 Q, A^3 Q`, which starts
/// again from the best vectors until all residuals `|A v - lambda v|` are below 1e-11 of the largest eigenvalue.
///
/// # Errors
/// [`Error::Parameter`] for more than `n`; those of [`symmetric_eigen`].
pub(crate) fn leading_eigen(matrix: ArrayView2<'_, f64>, count: usize) -> Result<(Array1<f64>, Array2<f64>)> {
    let n = matrix.nrows();
    if count > n {
        return Err(Error::parameter("count", count, format!("at most {n}")));
    }
    if n > DENSE
        && (count + SPARE) * (DEPTH + 1) < n
        && let Some(found) = iterate(matrix, count)?
    {
        return Ok(found);
    }
    let all = symmetric_eigen(matrix)?;
    Ok((all.values.slice(s![..count]).to_owned(), all.vectors.slice(s![.., ..count]).to_owned()))
}

/// Nothing where the residuals do not fall fast enough.
fn iterate(matrix: ArrayView2<'_, f64>, count: usize) -> Result<Option<(Array1<f64>, Array2<f64>)>> {
    let (n, width) = (matrix.nrows(), count + SPARE);
    let matrix = matrix.as_standard_layout();
    let times = |x: &Array2<f64>| -> Array2<f64> { multiply(&matrix.view(), &x.view()) };
    let mut rng = stream(0, Purpose::LeadingStart, 0);
    let mut start = Array2::from_shape_fn((n, width), |_| rng.normal());
    for _ in 0..ROUNDS {
        // Every block is orthonormal to those before it.
        let mut basis = Array2::zeros((n, 0));
        let mut block = start;
        for depth in 0..=DEPTH {
            if depth > 0 {
                block = times(&block);
            }
            let Some(fresh) = orthonormal(block, &basis)? else { break };
            let joined = ndarray::concatenate(Axis(1), &[basis.view(), fresh.view()]);
            basis =
                joined.map_err(|error| Error::Numeric { method: "the basis", reason: error.to_string() })?;
            block = fresh;
        }
        let image = times(&basis);
        let small = multiply(&basis.t(), &image.view());
        let ritz = symmetric_eigen(small.view())?;
        let kept = width.min(ritz.values.len());
        let vectors = ritz.vectors.slice(s![.., ..kept]);
        let (next, moved) = (multiply(&basis.view(), &vectors), multiply(&image.view(), &vectors));
        let scale = ritz.values.first().copied().unwrap_or(0.0);
        let converged = (0..count.min(kept)).all(|k| {
            let pairs = moved.column(k).into_iter().zip(next.column(k));
            let square: f64 = pairs.map(|(a, v)| (a - ritz.values[k] * v).powi(2)).sum();
            square.sqrt() <= TOLERANCE * scale
        });
        if converged && kept >= count {
            let values = ritz.values.slice(s![..count]).to_owned();
            return Ok(Some((values, next.slice(s![.., ..count]).to_owned())));
        }
        start = next;
    }
    Ok(None)
}

/// `block` made orthonormal, and orthogonal to `basis`; nothing where it depends on it.
fn orthonormal(mut block: Array2<f64>, basis: &Array2<f64>) -> Result<Option<Array2<f64>>> {
    // Twice: one pass leaves what cancellation has left.
    for _ in 0..2 {
        if basis.ncols() > 0 {
            let along = multiply(&basis.t(), &block.view());
            block -= &multiply(&basis.view(), &along.view());
        }
        for mut column in block.columns_mut() {
            let norm = column.iter().map(|x| x * x).sum::<f64>().sqrt();
            if norm > 0.0 {
                column /= norm;
            }
        }
        match orthonormal_columns(block) {
            Ok(columns) => block = columns,
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(block))
}

/// Orthonormal columns with the span of those of `x`, by a Cholesky factor of their products.
///
/// # Errors
/// [`Error::Numeric`] where they depend on each other.
pub(crate) fn orthonormal_columns(x: Array2<f64>) -> Result<Array2<f64>> {
    let inverse = inverse_cholesky(multiply(&x.t(), &x.view()).view())?;
    Ok(multiply(&x.view(), &inverse.t()))
}

/// `a b`.
pub(crate) fn multiply(a: &ArrayView2<'_, f64>, b: &ArrayView2<'_, f64>) -> Array2<f64> {
    let mut target = Array2::zeros((a.nrows(), b.ncols()));
    if let Some(values) = target.as_slice_mut()
        && !values.is_empty()
    {
        let (mut a_memory, mut b_memory) = (vec![], vec![]);
        product(values, false, view(a, &mut a_memory), view(b, &mut b_memory));
    }
    target
}

/// A matrix as products read it; one in neither order is copied to `memory`.
fn view<'a>(matrix: &'a ArrayView2<'a, f64>, memory: &'a mut Vec<f64>) -> View<'a, f64> {
    let (rows, columns) = matrix.dim();
    if let Some(values) = matrix.as_slice() {
        return View::new(values, rows, columns);
    }
    if let Some(values) = matrix.as_slice_memory_order()
        && matrix.strides() == [1, rows as isize]
    {
        return View::new(values, columns, rows).t();
    }
    memory.extend(matrix.iter());
    View::new(memory, rows, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of a random matrix times `k^-decay`, times their transpose.
    fn matrix(n: usize, decay: f64) -> Array2<f64> {
        let mut rng = stream(5, Purpose::Parameters, 0);
        let x = Array2::from_shape_fn((n, n), |(_, k)| rng.normal() * ((k + 1) as f64).powf(-decay));
        multiply(&x.view(), &x.t())
    }

    #[test]
    fn iterated_vectors_are_those_of_the_whole_decomposition() -> Result<()> {
        for decay in [1.0, 0.3, 0.0] {
            let a = matrix(300, decay);
            let all = symmetric_eigen(a.view())?;
            let Some((values, vectors)) = iterate(a.view(), 12)? else { panic!("no convergence") };
            for k in 0..12 {
                assert!((values[k] - all.values[k]).abs() < 1e-11 * all.values[0], "{decay} {k}");
                let dot: f64 = vectors.column(k).iter().zip(all.vectors.column(k)).map(|(a, b)| a * b).sum();
                assert!((dot.abs() - 1.0).abs() < 1e-10, "{decay} {k}: {dot}");
            }
        }
        Ok(())
    }

    #[test]
    fn matrices_of_low_rank_have_vectors_too() -> Result<()> {
        let x = Array2::from_shape_fn((200, 3), |(i, k)| ((i * (k + 2)) as f64).sin());
        let a = multiply(&x.view(), &x.t());
        let (values, vectors) = leading_eigen(a.view(), 5)?;
        assert!(values[2] > 1.0 && values[3].abs() < 1e-10 && vectors.dim() == (200, 5));
        assert!(leading_eigen(a.view(), 201).is_err());
        Ok(())
    }
}
