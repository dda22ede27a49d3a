//! Row-major access to the values of a tensor without a copy.

use super::{Device, Matrix, dims, refused};
use crate::error::Result;
use dfdx::prelude::{NoneTape, ReshapeTo, SplitTape, Tape};

/// A matrix whose values stand in memory row after row.
#[derive(Clone)]
pub(crate) struct Contiguous(Matrix);

impl Contiguous {
    /// Makes `x` contiguous (a recorded copy where it is permuted or broadcast) and takes off its tape.
    ///
    /// dfdx gives gradients in the physical layout of a tensor, so an operation that skipped this step
    /// would write a transposed gradient for a transposed input.
    pub(crate) fn new<T: Tape<f32, Device>>(x: Matrix<T>) -> Result<(Self, T)> {
        let (x, tape) = x.try_contiguous().map_err(refused)?.split_tape();
        Ok((Self(x), tape))
    }

    /// The same for a tensor without tape.
    pub(crate) fn plain(x: &Matrix) -> Result<Self> {
        Ok(Self::new::<NoneTape>(x.clone())?.0)
    }

    /// The values in row-major order.
    pub(crate) fn values(&self) -> &[f32] {
        let (rows, columns) = dims(&self.0);
        if rows * columns == 0 {
            return &[];
        }
        let first: *const f32 = &self.0[[0, 0]];
        // SAFETY: dfdx stores a contiguous tensor of this shape as one `Vec<f32>` of rows * columns
        // values in row-major order, `first` points to its first element, and `self` keeps it alive and
        // unchanged. (dfdx has no public access to the whole slice; `as_vec` would copy it.)
        unsafe { std::slice::from_raw_parts(first, rows * columns) }
    }

    /// `(rows, columns)`.
    pub(crate) fn dims(&self) -> (usize, usize) {
        dims(&self.0)
    }

    /// The tensor, whose id keys its gradient.
    pub(crate) fn tensor(&self) -> &Matrix {
        &self.0
    }
}

/// The values of a contiguous matrix, to change in place. Copies first where another tensor shares them.
///
/// Parameters are contiguous by construction: only [`super::matrix`] makes them.
pub(crate) fn values_mut(x: &mut Matrix) -> &mut [f32] {
    let (rows, columns) = dims(x);
    if rows * columns == 0 {
        return &mut [];
    }
    let first: *mut f32 = &mut x[[0, 0]];
    // SAFETY: as in `Contiguous::values`; `index_mut` has made the storage unique to `x`.
    unsafe { std::slice::from_raw_parts_mut(first, rows * columns) }
}
