//! npy files: one array each.

use super::element::Element;
use super::header::{self, Place};
use crate::error::{Error, Result};
use crate::files::write_whole;
use ndarray::{Array, ArrayBase, ArrayD, ArrayView1, ArrayViewD, Data, Dimension, IxDyn, ShapeBuilder};
use ndarray_npy::WritableElement;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// Bytes that are converted at a time; a multiple of every element's size.
const CHUNK: usize = 1 << 16;

/// What npy and npz files hold: an ndarray, an owned one or a view, of any number of dimensions, or a
/// `Vec` (one dimension), of [`Element`]s.
pub trait ToNpy: sealed::Encode {}

impl<S: Data, D: Dimension> ToNpy for ArrayBase<S, D> where S::Elem: Element + WritableElement {}
impl<T: Element + WritableElement> ToNpy for Vec<T> {}

use sealed::Encode;

mod sealed {
    use std::io::{self, Write};

    pub trait Encode {
        /// Writes the content of an npy file. The same values and shape give the same bytes, whatever
        /// the order in memory: it is always row-major.
        fn encode(&self, writer: &mut dyn Write) -> io::Result<()>;

        /// About how many bytes [`encode`](Encode::encode) writes.
        fn size(&self) -> u64;
    }
}

impl<S: Data, D: Dimension> Encode for ArrayBase<S, D>
where
    S::Elem: Element + WritableElement,
{
    fn encode(&self, writer: &mut dyn Write) -> io::Result<()> {
        encode(self.view().into_dyn(), writer)
    }

    fn size(&self) -> u64 {
        (self.len() as u64).saturating_mul(size_of::<S::Elem>() as u64)
    }
}

impl<T: Element + WritableElement> Encode for Vec<T> {
    fn encode(&self, writer: &mut dyn Write) -> io::Result<()> {
        encode(ArrayView1::from(self.as_slice()).into_dyn(), writer)
    }

    fn size(&self) -> u64 {
        (self.len() as u64).saturating_mul(size_of::<T>() as u64)
    }
}

fn encode<T: Element + WritableElement>(array: ArrayViewD<'_, T>, writer: &mut dyn Write) -> io::Result<()> {
    let mut bytes = header::write::<T>(array.shape())?;
    for value in array.iter() {
        value.append(&mut bytes);
        if bytes.len() >= CHUNK {
            writer.write_all(&bytes)?;
            bytes.clear();
        }
    }
    writer.write_all(&bytes)
}

/// Writes an array to an npy file, in row-major order; numpy reads it with `numpy.load`.
///
/// The same values and shape give the same bytes.
///
/// # Errors
///
/// [`Error::Write`]; a file of that name is then as it was.
pub fn write_npy(path: impl AsRef<Path>, array: &dyn ToNpy) -> Result<()> {
    let path = path.as_ref();
    write_whole(path, |file| array.encode(file).map_err(Error::writing(path)))
}

/// Reads the array of an npy file.
///
/// The type of the elements and the number of dimensions are those of the file: `Array2<f32>` takes a
/// `float32` array of two dimensions, `ArrayD<f32>` one of any number. Row-major (C) and column-major
/// (Fortran) files give the same array, each in its own order in memory.
///
/// # Errors
///
/// [`Error::Read`] where the file cannot be read; [`Error::Format`] where it is no npy file, holds other
/// elements (big-endian ones too), has another number of dimensions, or is shorter or longer than its
/// header says.
pub fn read_npy<T: Element, D: Dimension>(path: impl AsRef<Path>) -> Result<Array<T, D>> {
    let path = path.as_ref();
    let place = Place { path, format: "npy", array: None };
    let mut file = BufReader::new(File::open(path).map_err(Error::reading(path))?);
    with_dimensions(decode(&mut file, &place)?, &place)
}

/// An array with the number of dimensions that was asked for.
pub(super) fn with_dimensions<T, D: Dimension>(array: ArrayD<T>, place: &Place<'_>) -> Result<Array<T, D>> {
    let shape = array.shape().to_vec();
    array.into_dimensionality::<D>().map_err(|_| {
        let expected = D::NDIM.map_or("an array".to_owned(), |n| format!("{n} dimensions"));
        place.refuse(expected, format!("the shape {shape:?}"))
    })
}

/// Reads an npy file from its first byte to its last.
pub(super) fn decode<T: Element>(stream: &mut dyn Read, place: &Place<'_>) -> Result<ArrayD<T>> {
    let header = header::read(stream, place)?;
    header.check::<T>(place)?;
    let shape = &header.shape;
    let length = shape
        .iter()
        .try_fold(1usize, |product, &size| product.checked_mul(size))
        .filter(|&length| length <= isize::MAX as usize / size_of::<T>());
    let too_large = || place.refuse("a shape that fits into memory", format!("{shape:?}"));
    let values = values(stream, length.ok_or_else(too_large)?, shape, place)?;
    // Fails where the sizes beside a 0 overflow.
    Array::from_shape_vec(IxDyn(shape).set_f(header.fortran_order), values).map_err(|_| too_large())
}

/// `length` values, and then the end of the file. Memory grows with what is there, not with `length`.
fn values<T: Element>(
    stream: &mut dyn Read,
    length: usize,
    shape: &[usize],
    place: &Place<'_>,
) -> Result<Vec<T>> {
    let expected = || format!("{length} values for its shape {shape:?}");
    let mut values = Vec::new();
    let mut bytes = Vec::with_capacity(CHUNK);
    while values.len() < length {
        let most = CHUNK.min((length - values.len()).saturating_mul(size_of::<T>()));
        place.bytes(stream, most, &mut bytes)?;
        T::extend(&mut values, &bytes);
        if bytes.len() < most {
            return Err(place.refuse(expected(), format!("only {}", values.len())));
        }
    }
    // Also makes the reader of an archive check the sum of the content.
    place.bytes(stream, 1, &mut bytes)?;
    if bytes.is_empty() { Ok(values) } else { Err(place.refuse(expected(), "more")) }
}
