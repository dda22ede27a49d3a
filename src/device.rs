//! Where tensors live, their names here, and the guard against being linked twice.
//!
//! The device is chosen when the crate is compiled: the CPU by default, an NVIDIA GPU with the feature
//! `cuda`. All code outside of [`nn::ops`](crate::nn::ops) is the same for both.

use crate::error::{Error, Result};
use dfdx::prelude::{NoneTape, OwnedTape, Rank0, Tensor, TensorFromVec};
use ndarray::{Array2, ArrayView2};
use std::cell::OnceCell;

/// The device of all tensors: the CPU.
#[cfg(not(feature = "cuda"))]
pub type Device = dfdx::tensor::Cpu;
/// The device of all tensors: an NVIDIA GPU.
#[cfg(feature = "cuda")]
pub type Device = dfdx::tensor::Cuda;

/// A float32 matrix `(rows, columns)` on the [`Device`]; activations are `(batch, width)`.
pub type Matrix<T = NoneTape> = Tensor<(usize, usize), f32, Device, T>;
/// One float32 number on the [`Device`].
pub type Scalar<T = NoneTape> = Tensor<Rank0, f32, Device, T>;
/// The dfdx tape that records operations for the gradient.
pub type Recording = OwnedTape<f32, Device>;

/// The thread's device. All its tensors share it, and with it its cache of freed memory.
///
/// # Errors
/// [`Error::Device`] where CUDA was compiled in and no GPU answers.
pub fn device() -> Result<Device> {
    // Of the thread and not of the process, because a CUDA stream cannot cross threads.
    thread_local! {
        static DEVICE: OnceCell<Device> = const { OnceCell::new() };
    }
    DEVICE.with(|cell| match cell.get() {
        Some(device) => Ok(device.clone()),
        None => {
            let device = open()?;
            Ok(cell.get_or_init(|| device).clone())
        }
    })
}

#[cfg(not(feature = "cuda"))]
fn open() -> Result<Device> {
    Ok(dfdx::tensor::Cpu::default())
}

#[cfg(feature = "cuda")]
fn open() -> Result<Device> {
    dfdx::tensor::Cuda::try_seed_from_u64(0).map_err(refused)
}

/// Turns what the device says into our error.
pub(crate) fn refused(error: impl std::fmt::Debug) -> Error {
    Error::Device(format!("{error:?}"))
}

/// A matrix from row-major values; takes the vector without copying it on the CPU.
///
/// # Errors
/// [`Error::Shape`] where there are not `rows * columns` values.
pub fn matrix(values: Vec<f32>, rows: usize, columns: usize) -> Result<Matrix> {
    if rows.checked_mul(columns) != Some(values.len()) {
        return Err(Error::shape("matrix", format!("{rows} x {columns} values"), values.len()));
    }
    device()?.try_tensor_from_vec(values, (rows, columns)).map_err(refused)
}

/// A matrix `(rows, columns)` from an array of any memory order.
pub fn to_device(array: ArrayView2<'_, f32>) -> Result<Matrix> {
    let (rows, columns) = array.dim();
    matrix(array.iter().copied().collect(), rows, columns)
}

/// The values of a matrix as an array `(rows, columns)`.
pub fn to_array<T>(matrix: &Matrix<T>) -> Result<Array2<f32>> {
    let shape = dims(matrix);
    Array2::from_shape_vec(shape, matrix.as_vec())
        .map_err(|e| Error::Device(format!("a tensor of shape {shape:?} gave other values: {e}")))
}

/// `(rows, columns)` of a matrix.
pub fn dims<T>(matrix: &Matrix<T>) -> (usize, usize) {
    use dfdx::prelude::HasShape;
    *matrix.shape()
}

/// Address of a static of this copy of the library: it differs between copies, so a value made by one
/// copy and used by another is found out.
///
/// evcxr links every dependency statically into each cell. dfdx numbers its tensors from a static, and
/// with one copy per cell gradients would silently be those of other tensors. Depending on the facade
/// `eigengate-notebook` (a dylib) prevents that; this guard proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkageGuard(usize);

static LINKAGE: u8 = 0;

impl LinkageGuard {
    /// The mark of the copy of the library that runs this call.
    #[inline(never)]
    pub fn here() -> Self {
        Self(std::ptr::from_ref(&LINKAGE) as usize)
    }

    /// # Errors
    /// [`Error::LinkedTwice`] where the mark was made by another copy.
    #[inline(never)]
    pub fn check(self) -> Result<()> {
        if self == Self::here() { Ok(()) } else { Err(Error::LinkedTwice) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_another_copy_is_refused() {
        assert!(LinkageGuard::here().check().is_ok());
        let other = LinkageGuard(LinkageGuard::here().0 + 64);
        assert!(matches!(other.check(), Err(Error::LinkedTwice)));
    }

    #[test]
    fn arrays_of_any_order_keep_their_values() -> Result<()> {
        let array = Array2::from_shape_fn((3, 5), |(i, j)| (10 * i + j) as f32);
        assert_eq!(to_array(&to_device(array.view())?)?, array);
        assert_eq!(to_array(&to_device(array.t())?)?, array.t());
        assert!(matches!(matrix(vec![0.0; 5], 2, 3), Err(Error::Shape { .. })));
        Ok(())
    }
}
