//! Passes whose result for an image does not depend on the images beside it.

use ndarray::{Array2, ArrayView2, s};
use std::ops::Range;

/// Rows of every pass. Always this many, the last block filled up with zeros: the order in which a product is
/// summed may follow its sizes, and a last bit can flip the sign of a small gradient. With one size a result
/// depends on its example alone.
pub(crate) const BLOCK: usize = 256;

/// The rows of every block, in turn.
pub(crate) fn blocks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(rows))
}

/// The rows, followed by zeros up to a whole block.
pub(crate) fn filled(rows: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut block = Array2::zeros((BLOCK, rows.ncols()));
    block.slice_mut(s![..rows.nrows(), ..]).assign(&rows);
    block
}
