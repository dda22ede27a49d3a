//! Arrays as they lie in files: read number by number, mapped into memory where they are large.

use super::header::{self, Place};
use crate::error::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Files from this size on are mapped; smaller ones are read, so that a later change of them does not matter.
pub(super) const LARGE: u64 = 64 << 20;

/// An array of any real or integer type in a file, as float64 numbers.
pub(crate) struct RawArray {
    number: Number,
    bytes: Bytes,
    /// Where the numbers begin.
    start: usize,
    /// The size along each dimension.
    pub shape: Vec<usize>,
    /// Whether the first index runs fastest.
    pub fortran_order: bool,
}

/// The bytes of an npy file.
pub(super) enum Bytes {
    Mapped(Mmap, Range<usize>),
    Owned(Vec<u8>),
}

impl Bytes {
    /// The bytes `range` of a file, all of it by default.
    pub fn map(path: &Path, range: Option<Range<u64>>) -> Result<Self> {
        let file = File::open(path).map_err(Error::reading(path))?;
        // SAFETY: the map is only read. Where another process shortens the file meanwhile, the system ends this one, as
        // with any mapped file; the documentation of `Recording::open` says so.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::reading(path))?;
        let whole = map.len();
        let range = range.map_or(0..whole, |range| {
            let end = |place: u64| usize::try_from(place).unwrap_or(whole).min(whole);
            end(range.start)..end(range.end)
        });
        Ok(Bytes::Mapped(map, range))
    }

    fn all(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map, range) => map.get(range.clone()).unwrap_or_default(),
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl RawArray {
    /// The array of an npy file.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::reading(path))?;
        let size = file.metadata().map_err(Error::reading(path))?.len();
        let bytes = if size >= LARGE {
            Bytes::map(path, None)?
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(Error::reading(path))?;
            Bytes::Owned(bytes)
        };
        Self::new(bytes, &Place { path, format: "npy", array: None })
    }

    /// The array in the bytes of an npy file.
    pub(super) fn new(bytes: Bytes, place: &Place<'_>) -> Result<Self> {
        let all = bytes.all();
        let mut rest = all;
        let header = header::read(&mut rest, place)?;
        let start = all.len() - rest.len();
        let number = Number::of(&header.dtype).ok_or_else(|| {
            let found = format!("{} (in numpy, save array.astype(\"<f4\"))", header.dtype);
            place.refuse("real numbers of 32 or 64 bits, or integers", found)
        })?;
        let size = header.shape.iter().try_fold(number.size, |all, &size| all.checked_mul(size));
        match size {
            Some(size) if size == rest.len() => {}
            _ => {
                let expected = format!("values for its shape {:?}", header.shape);
                return Err(place.refuse(expected, format!("{} bytes", rest.len())));
            }
        }
        let (shape, fortran_order) = (header.shape, header.fortran_order);
        Ok(Self { number, bytes, start, shape, fortran_order })
    }

    /// numpy's name of the type, e.g. `<f4`.
    pub fn dtype(&self) -> &'static str {
        self.number.dtype
    }

    /// Whether the file is mapped.
    pub fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::Mapped(..))
    }

    /// The numbers from `first` on, counted in the order of the file; none where the file ends before.
    pub fn read(&self, first: usize, into: &mut [f64]) {
        let (start, size) = (self.start + first * self.number.size, into.len() * self.number.size);
        if let Some(bytes) = self.bytes.all().get(start..start + size) {
            (self.number.decode)(bytes, into);
        }
    }
}

/// A type of numbers in a file.
#[derive(Clone, Copy)]
struct Number {
    dtype: &'static str,
    size: usize,
    decode: fn(&[u8], &mut [f64]),
}

impl Number {
    fn of(dtype: &str) -> Option<Self> {
        NUMBERS.iter().find(|number| number.dtype == dtype).copied()
    }
}

macro_rules! numbers {
    ($($dtype:literal $type:ty, $from:ident;)*) => {
        /// All types that can be read. Integers of 64 bits are rounded to float64.
        const NUMBERS: &[Number] = &[$(Number {
            dtype: $dtype,
            size: size_of::<$type>(),
            decode: |bytes, into| {
                let (numbers, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                for (to, bytes) in into.iter_mut().zip(numbers) {
                    *to = <$type>::$from(*bytes) as f64;
                }
            },
        }),*];
    };
}

numbers! {
    "<f4" f32, from_le_bytes; ">f4" f32, from_be_bytes;
    "<f8" f64, from_le_bytes; ">f8" f64, from_be_bytes;
    "|u1" u8, from_le_bytes; "|i1" i8, from_le_bytes;
    "<u2" u16, from_le_bytes; ">u2" u16, from_be_bytes;
    "<i2" i16, from_le_bytes; ">i2" i16, from_be_bytes;
    "<u4" u32, from_le_bytes; ">u4" u32, from_be_bytes;
    "<i4" i32, from_le_bytes; ">i4" i32, from_be_bytes;
    "<u8" u64, from_le_bytes; ">u8" u64, from_be_bytes;
    "<i8" i64, from_le_bytes; ">i8" i64, from_be_bytes;
}
