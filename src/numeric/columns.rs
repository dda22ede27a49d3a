//! Sums down the columns of a row-major matrix.
//!
//! Columns are shared out over the threads, and each is summed from the first row to the last: the
//! result does not depend on the number of threads.

use rayon::prelude::*;

/// Columns that one task sums: wide enough to read whole cache lines, narrow enough to share out.
const BLOCK: usize = 64;

/// Calls `add(sum, value)` for every value of each column, in float64, and returns the sums.
fn fold_columns(values: &[f32], columns: usize, add: impl Fn(&mut f64, f32) + Sync) -> Vec<f64> {
    let mut sums = vec![0.0f64; columns];
    sums.par_chunks_mut(BLOCK).enumerate().for_each(|(block, sums)| {
        let start = block * BLOCK;
        for row in values.chunks_exact(columns) {
            for (sum, &value) in sums.iter_mut().zip(&row[start..]) {
                add(sum, value);
            }
        }
    });
    sums
}

/// The mean of every column of `values` `(rows, columns)`, `rows >= 1`.
pub(crate) fn column_means(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = (values.len() / columns.max(1)).max(1) as f64;
    column_sums(values, columns).into_iter().map(|sum| (sum / rows) as f32).collect()
}

/// The sum of squares of every column.
#[cfg(not(feature = "cuda"))]
pub(crate) fn column_squares(values: &[f32], columns: usize) -> Vec<f64> {
    fold_columns(values, columns, |sum, value| *sum += f64::from(value) * f64::from(value))
}

/// The sum of every column.
pub(crate) fn column_sums(values: &[f32], columns: usize) -> Vec<f64> {
    fold_columns(values, columns, |sum, value| *sum += f64::from(value))
}
