//! The inner product that pulls a cotangent back through a network.

use crate::device::{Device, Matrix, Scalar, dims, refused};
use crate::error::{Error, Result};
use dfdx::prelude::{SumTo, Tape, TryMul};

/// `sum over i, j of y_ij u_ij`, both `(batch, width)`. Its gradient with respect to what `y` was computed from
/// is the pull-back of `u`.
///
/// # Errors
/// [`Error::Shape`] where the sizes differ.
pub fn pairing<T: Tape<f32, Device>>(y: Matrix<T>, u: &Matrix) -> Result<Scalar<T>> {
    if dims(&y) != dims(u) {
        return Err(Error::shape("cotangent", format!("{:?}", dims(&y)), format!("{:?}", dims(u))));
    }
    y.try_mul(u.clone()).map_err(refused)?.try_sum().map_err(refused)
}
