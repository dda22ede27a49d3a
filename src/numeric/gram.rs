//! Products of which one triangle is needed, by the crate `gemm`: of a matrix with its own transpose first of all.

use rayon::prelude::*;
use std::ops::{Mul, Range};

/// What products multiply: `f32` or `f64`.
pub(crate) trait Number: Copy + Mul<Output = Self> + 'static {
    const ONE: Self;
}

impl Number for f32 {
    const ONE: f32 = 1.0;
}

impl Number for f64 {
    const ONE: f64 = 1.0;
}

/// Adds `X' X` to the lower triangle of `target` `(columns, columns)`, where `x` has the rows of X one after the other;
/// above the diagonal it leaves what it will.
///
/// A symmetric product needs half the multiplications of a general one: every panel of columns is computed from the
/// diagonal down, with 2000 columns 53 % of the multiplications.
pub(crate) fn add_gram<T: Number>(target: &mut [T], x: &[T], columns: usize) {
    add_lower(target, x, x, columns);
}

/// Adds the lower triangle of `A' B` to that of `target`, as [`add_gram`] does for `A = B`.
pub(crate) fn add_lower<T: Number>(target: &mut [T], a: &[T], b: &[T], columns: usize) {
    /// Columns of one product. For 4096 rows of 2000 columns it took 90 ms (AMD EPYC, 2 cores), against 108 ms for halving the
    /// triangle again and again, and 166 ms for the full product.
    const PANEL: usize = 128;
    assert!(columns > 0 && a.len().is_multiple_of(columns), "a whole number of rows");
    assert_eq!(a.len(), b.len(), "sizes of a triangular product");
    assert_eq!(target.len(), columns * columns, "size of a symmetric product");
    for start in (0..columns).step_by(PANEL) {
        add_rectangle(target, (a, b), columns, start..columns, start..(start + PANEL).min(columns));
    }
}

/// `X' X` `(columns, columns)` of a float32 matrix, multiplied and added in float64; above the diagonal stands what it will.
///
/// For what small eigenvalues depend on: in float32 they would drown in rounding of the largest.
pub(crate) fn gram_in_double(x: &[f32], columns: usize) -> Vec<f64> {
    /// Rows that are converted at a time. Passing over the sums costs as much as the products of a hundred rows.
    const ROWS: usize = 1024;
    let mut target = vec![0.0; columns * columns];
    let mut rows = vec![0.0; x.len().min(ROWS * columns)];
    for block in x.chunks(ROWS * columns) {
        rows.truncate(block.len());
        let parts = rows.par_chunks_mut(16 * 1024).zip(block.par_chunks(16 * 1024));
        parts.for_each(|(rows, x)| rows.iter_mut().zip(x).for_each(|(to, x)| *to = f64::from(*x)));
        add_gram(&mut target, &rows, columns);
    }
    target
}

/// Writes the lower triangle `(size, size)` above the diagonal as well, all of it times `factor`.
pub(crate) fn mirror_lower<T: Number>(values: &mut [T], size: usize, factor: T) {
    /// Squares of this size stay in the cache while they are read down their columns.
    const SQUARE: usize = 32;
    assert_eq!(values.len(), size * size, "a square matrix");
    for start in (0..size).step_by(SQUARE) {
        for i in start..size {
            for j in start..(start + SQUARE).min(i + 1) {
                let value = values[i * size + j] * factor;
                values[i * size + j] = value;
                values[j * size + i] = value;
            }
        }
    }
}

/// The products of the columns `down` of A with the columns `across` of B, both in `0..columns`.
fn add_rectangle<T: Number>(
    target: &mut [T],
    (a, b): (&[T], &[T]),
    columns: usize,
    down: Range<usize>,
    across: Range<usize>,
) {
    // SAFETY: the product reads `a.len() / columns` rows of A and of B, which are as long, at columns below
    // `columns`, and writes that rectangle of the target, which has `columns` rows and columns.
    unsafe {
        gemm::gemm(
            down.len(),
            across.len(),
            a.len() / columns,
            target.as_mut_ptr().add(down.start * columns + across.start),
            1,
            columns as isize,
            true,
            a.as_ptr().add(down.start),
            columns as isize,
            1,
            b.as_ptr().add(across.start),
            1,
            columns as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            gemm::Parallelism::Rayon(0),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    /// A' B written out in float64.
    fn reference(a: &[f32], b: &[f32], columns: usize) -> Vec<f64> {
        let rows = || a.chunks_exact(columns).zip(b.chunks_exact(columns));
        let at = |i: usize, j: usize| rows().map(|(a, b)| f64::from(a[i]) * f64::from(b[j])).sum();
        (0..columns * columns).map(|place| at(place / columns, place % columns)).collect()
    }

    #[test]
    fn lower_triangles_are_added() {
        for (rows, columns) in [(1, 1), (7, 5), (40, 129), (3, 300), (65, 515)] {
            let mut rng = stream(7, Purpose::Parameters, 1);
            let x: Vec<f32> = (0..rows * columns).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let y: Vec<f32> = x.iter().map(|x| x * x - 0.3).collect();
            let check = |got: Vec<f32>, want: Vec<f64>| {
                for i in 0..columns {
                    for j in 0..=i {
                        let (got, want) = (f64::from(got[i * columns + j]) - 1.0, want[i * columns + j]);
                        assert!((got - want).abs() < 1e-5 * (rows as f64).sqrt(), "{i} {j}: {got} {want}");
                    }
                }
            };
            let mut got = vec![1.0; columns * columns];
            add_gram(&mut got, &x, columns);
            check(got, reference(&x, &x, columns));
            let mut got = vec![1.0; columns * columns];
            add_lower(&mut got, &x, &y, columns);
            check(got, reference(&x, &y, columns));
        }
    }

    #[test]
    fn float64_keeps_what_float32_loses() {
        // More rows than are converted at a time.
        let (rows, columns) = (1500, 3);
        let mut rng = stream(7, Purpose::Parameters, 2);
        let x: Vec<f32> = (0..rows * columns).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
        let mut got = gram_in_double(&x, columns);
        mirror_lower(&mut got, columns, 0.5);
        for (got, want) in got.iter().zip(reference(&x, &x, columns)) {
            assert!((got - 0.5 * want).abs() < 1e-11, "{got} {want}");
        }
    }

    #[test]
    fn a_lower_triangle_is_mirrored() {
        for size in [1, 2, 31, 32, 33, 100] {
            let mut values: Vec<f64> = (0..size * size).map(|i| i as f64).collect();
            mirror_lower(&mut values, size, 3.0);
            for (place, value) in values.iter().enumerate() {
                let (i, j) = (place / size, place % size);
                assert_eq!(*value, 3.0 * (i.max(j) * size + i.min(j)) as f64);
            }
        }
    }
}
