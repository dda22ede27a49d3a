//! Sums down the columns of a row-major matrix.
//!
//! Rows are added in float32 in groups of [`GROUP`], the sums of the groups in float64: as fast as memory allows,
//! with an error that does not grow with the number of rows. The groups are the same for any number of threads, and
//! so is the result.

use super::multiversion;
use rayon::prelude::*;

/// Rows that are added in float32.
pub(crate) const GROUP: usize = 32;

/// The sum of every column of `values` `(rows, columns)`.
pub(crate) fn column_sums(values: &[f32], columns: usize) -> Vec<f64> {
    by_groups(values, columns, add_rows)
}

/// The mean of every column, `rows >= 1`.
pub(crate) fn column_means(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = (values.len() / columns.max(1)).max(1) as f64;
    column_sums(values, columns).into_iter().map(|sum| (sum / rows) as f32).collect()
}

/// The sum of squares of every column.
#[cfg(not(feature = "cuda"))]
pub(crate) fn column_squares(values: &[f32], columns: usize) -> Vec<f64> {
    by_groups(values, columns, add_squares)
}

/// Writes `x - shift` to `y`, for every row, and returns the sum of every column of `y`: one pass for both.
pub(crate) fn shift_rows(y: &mut [f32], x: &[f32], shift: &[f32]) -> Vec<f64> {
    let group = GROUP * shift.len();
    let mut sums = vec![0.0f32; x.len().div_ceil(group.max(1)) * shift.len()];
    y.par_chunks_mut(group)
        .zip(x.par_chunks(group))
        .zip(sums.par_chunks_mut(shift.len()))
        .for_each(|((y, x), sums)| shift_and_add(y, x, shift, sums));
    group_totals(&sums, shift.len())
}

fn by_groups(values: &[f32], columns: usize, add: fn(&[f32], &mut [f32])) -> Vec<f64> {
    if columns == 0 {
        return vec![];
    }
    let groups = values.len().div_ceil(GROUP * columns);
    let mut sums = vec![0.0f32; groups * columns];
    sums.par_chunks_mut(columns)
        .zip(values.par_chunks(GROUP * columns))
        .for_each(|(sums, group)| add(group, sums));
    group_totals(&sums, columns)
}

/// The float64 sums of the float32 sums of all groups, `(groups, columns)`.
pub(crate) fn group_totals(sums: &[f32], columns: usize) -> Vec<f64> {
    let mut totals = vec![0.0f64; columns];
    for sums in sums.chunks_exact(columns) {
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += f64::from(*sum));
    }
    totals
}

multiversion! {
    fn shift_and_add(y: &mut [f32], x: &[f32], shift: &[f32], sums: &mut [f32]) {
        let width = shift.len();
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            for (((y, x), shift), sum) in y.iter_mut().zip(x).zip(shift).zip(&mut *sums) {
                *y = x - shift;
                *sum += *y;
            }
        }
    }
}

multiversion! {
    fn add_rows(rows: &[f32], sums: &mut [f32]) {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

#[cfg(not(feature = "cuda"))]
multiversion! {
    fn add_squares(rows: &[f32], sums: &mut [f32]) {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum = x.mul_add(*x, *sum));
        }
    }
}

#[cfg(not(feature = "cuda"))]
multiversion! {
    /// `y = x - shift` for every row of `x`, as wide as `shift`.
    pub(crate) fn subtract_from_rows(y: &mut [f32], x: &[f32], shift: &[f32]) {
        for (y, x) in y.chunks_exact_mut(shift.len()).zip(x.chunks_exact(shift.len())) {
            y.iter_mut().zip(x).zip(shift).for_each(|((y, x), shift)| *y = x - shift);
        }
    }
}

#[cfg(not(feature = "cuda"))]
multiversion! {
    /// Multiplies every column of `rows` by its factor.
    pub(crate) fn scale_columns(rows: &mut [f32], factors: &[f32]) {
        for row in rows.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor);
        }
    }
}
