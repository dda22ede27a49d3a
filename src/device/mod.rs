//! Where tensors live, their names here, and the guard against being linked twice.
//!
//! The device is chosen when the crate is compiled: the CPU by default, an NVIDIA GPU with the feature
//! `cuda`. All code outside of [`nn::ops`](crate::nn::ops) is the same for both.

use crate::error::{Error, Result};
use dfdx::prelude::{Cache, NoneTape, OwnedTape, Rank0, Tensor, ZerosTensor};
use ndarray::{Array2, ArrayView2};
use std::cell::OnceCell;

#[cfg(not(feature = "cuda"))]
mod buffer;
#[cfg(not(feature = "cuda"))]
mod contiguous;
#[cfg(not(feature = "cuda"))]
pub(crate) use buffer::Buffer;
#[cfg(not(feature = "cuda"))]
pub(crate) use contiguous::{Contiguous, values_mut};

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

/// The thread's device. All its tensors share it, and with it the memory of freed ones: a new tensor takes over
/// the memory of a freed tensor of its size, so that the steps of a training run allocate nothing.
/// [`release_memory`] gives it back.
///
/// A tensor belongs to the device of the thread that made it, wherever it goes. Networks that are trained at the same time
/// in several threads should be made there, each in its own: dfdx 0.13 looks for freed memory and takes it in two
/// steps, between which another thread that shares the device could take the last piece.
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

fn open() -> Result<Device> {
    #[cfg(not(feature = "cuda"))]
    let device = dfdx::tensor::Cpu::default();
    #[cfg(feature = "cuda")]
    let device = dfdx::tensor::Cuda::try_seed_from_u64(0).map_err(refused)?;
    // Fresh pages cost more than what is computed in them: 28 MB, a layer of 2000 units for 3500 examples,
    // took 13 ms to touch for the first time and 0.5 ms to fill again (AMD EPYC, 2 cores).
    device.try_enable_cache().map_err(refused)?;
    Ok(device)
}

/// Gives the memory of the thread's freed tensors back to the system; those in use are not touched.
///
/// # Errors
/// As [`device`].
pub fn release_memory() -> Result<()> {
    #[cfg(not(feature = "cuda"))]
    buffer::release();
    device()?.try_empty_cache().map_err(refused)
}

/// Turns what the device says into our error.
pub(crate) fn refused(error: impl std::fmt::Debug) -> Error {
    Error::Device(format!("{error:?}"))
}

/// Gives freed memory back when it goes out of scope: at the end of every job that ends with plain results.
pub(crate) struct ReleaseAtEnd;

impl Drop for ReleaseAtEnd {
    fn drop(&mut self) {
        // Without a device there is nothing to give back.
        let _ = release_memory();
        // Blocks of an attack ran in all threads, each of which has memory of its own. Nobody waits for them.
        #[cfg(not(feature = "cuda"))]
        rayon::spawn_broadcast(|_| {
            let _ = release_memory();
        });
    }
}

/// A matrix of zeros, in the memory of a freed one of that size where there is one.
///
/// # Errors
/// [`Error::Device`] where there is no memory for it.
pub fn zeros(rows: usize, columns: usize) -> Result<Matrix> {
    device()?.try_zeros_like(&(rows, columns)).map_err(refused)
}

/// A matrix from row-major values.
///
/// # Errors
/// [`Error::Shape`] where there are not `rows * columns` values.
pub fn matrix(values: &[f32], rows: usize, columns: usize) -> Result<Matrix> {
    if rows.checked_mul(columns) != Some(values.len()) {
        return Err(Error::shape("matrix", format!("{rows} x {columns} values"), values.len()));
    }
    // Copied into memory that the device lends: what it is given, it would keep after use.
    let mut matrix = zeros(rows, columns)?;
    matrix.copy_from(values);
    Ok(matrix)
}

/// A matrix `(rows, columns)` from an array `(rows, columns)` of any memory order.
///
/// # Errors
/// [`Error::Device`] where there is no memory for it.
pub fn to_device(array: ArrayView2<'_, f32>) -> Result<Matrix> {
    let (rows, columns) = array.dim();
    match array.as_slice() {
        Some(values) => matrix(values, rows, columns),
        None => matrix(&array.iter().copied().collect::<Vec<_>>(), rows, columns),
    }
}

/// A matrix whose row `i` is written by `fill(i, row)`, on all cores where the rows are in this machine's memory.
pub(crate) fn from_rows(
    rows: usize,
    columns: usize,
    fill: impl Fn(usize, &mut [f32]) + Sync,
) -> Result<Matrix> {
    #[cfg(not(feature = "cuda"))]
    {
        use rayon::prelude::*;
        let mut matrix = zeros(rows, columns)?;
        values_mut(&mut matrix)
            .par_chunks_mut(columns.max(1))
            .enumerate()
            .with_min_len(64)
            .for_each(|(i, row)| fill(i, row));
        Ok(matrix)
    }
    #[cfg(feature = "cuda")]
    {
        let mut values = vec![0.0; rows * columns];
        values.chunks_mut(columns.max(1)).enumerate().for_each(|(i, row)| fill(i, row));
        matrix(&values, rows, columns)
    }
}

/// Calls `read` with the row-major values of a matrix: those of the tensor itself where they are in this machine's
/// memory in that order, a copy elsewhere.
pub(crate) fn with_values<T, R>(matrix: &Matrix<T>, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    #[cfg(not(feature = "cuda"))]
    return Ok(read(Contiguous::plain(&matrix.retaped())?.values()));
    #[cfg(feature = "cuda")]
    return Ok(read(&matrix.as_vec()));
}

/// The values of a matrix `(rows, columns)` as an array of that shape.
///
/// # Errors
/// [`Error::Device`] where the device does not give them.
pub fn to_array<T>(matrix: &Matrix<T>) -> Result<Array2<f32>> {
    let shape = dims(matrix);
    Array2::from_shape_vec(shape, with_values(matrix, <[f32]>::to_vec)?)
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
        assert!(matches!(matrix(&[0.0; 5], 2, 3), Err(Error::Shape { .. })));
        Ok(())
    }
}
