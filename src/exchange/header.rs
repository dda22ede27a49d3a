//! The header of an npy file: a magic string, a version, and a Python dictionary with the type of the
//! elements, their order and the shape.
//!
//! Source: numpy's documentation of `numpy.lib.format`.

use super::element::{Element, NAMES};
use crate::error::{Error, Result};
use ndarray_npy::WritableElement;
use ndarray_npy::npy::header::{Header, Layout};
use std::fmt::Display;
use std::io::{self, Read};
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Longer headers are refused, as numpy does by default: parsing them costs more than any array needs.
const LONGEST: usize = 10_000;
/// A dictionary holds a tuple; the types of records nest a little deeper. The parser's time doubles with
/// every level (measured: 7 s for 20 nested lists), so that a short header could stop a notebook.
const DEEPEST: usize = 8;

/// A file, or an array in it, for the texts of errors.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub path: &'a Path,
    /// `npy` or `npz`.
    pub format: &'static str,
    /// The array's name in an npz file.
    pub array: Option<&'a str>,
}

impl Place<'_> {
    pub fn refuse(&self, expected: impl Display, found: impl Display) -> Error {
        match self.array {
            Some(array) => {
                Error::format(self.path, self.format, format!("{expected} in the array {array:?}"), found)
            }
            None => Error::format(self.path, self.format, expected, found),
        }
    }

    /// At most `most` bytes; fewer at the end of the file.
    pub fn bytes(&self, stream: &mut dyn Read, most: usize, into: &mut Vec<u8>) -> Result<()> {
        into.clear();
        match stream.take(most as u64).read_to_end(into) {
            Ok(_) => Ok(()),
            // The system's own errors carry its number; the others are of the archive's content.
            Err(source) if source.raw_os_error().is_none() => {
                Err(self.refuse("content without damage", format!("damage ({source})")))
            }
            Err(source) => Err(Error::reading(self.path)(source)),
        }
    }
}

/// What the header says.
pub(super) struct Description {
    /// numpy's name of the element type, e.g. `<f4`; a list of fields for records.
    pub dtype: String,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

/// Reads the header, up to the first byte of the data.
pub(super) fn read(stream: &mut dyn Read, place: &Place<'_>) -> Result<Description> {
    let mut bytes = Vec::new();
    let mut all = Vec::new();
    place.bytes(stream, MAGIC.len() + 2, &mut bytes)?;
    if !bytes.starts_with(MAGIC) {
        let found = if bytes.starts_with(b"PK") {
            "a zip archive (of npz files, open an `Npz`)".to_owned()
        } else {
            format!("a start of {:?}", String::from_utf8_lossy(&bytes))
        };
        return Err(place.refuse("a start of \"\\x93NUMPY\"", found));
    }
    all.extend_from_slice(&bytes);
    let size = match bytes.get(MAGIC.len()) {
        Some(1) => 2,
        Some(2 | 3) => 4,
        Some(version) => return Err(place.refuse("npy of version 1 to 3", format!("version {version}"))),
        None => return Err(place.refuse("a whole header", "the file's end in it")),
    };
    place.bytes(stream, size, &mut bytes)?;
    all.extend_from_slice(&bytes);
    let missing = size - bytes.len();
    let length = bytes.iter().rev().fold(0usize, |length, &byte| length << 8 | usize::from(byte));
    if length > LONGEST {
        return Err(place.refuse(format!("a header of at most {LONGEST} bytes"), format!("one of {length}")));
    }
    place.bytes(stream, length, &mut bytes)?;
    if missing > 0 || bytes.len() < length {
        return Err(place.refuse("a whole header", "the file's end in it"));
    }
    all.extend_from_slice(&bytes);
    parse(&bytes, &all, place)
}

/// `text` is the dictionary in the header `all`.
fn parse(text: &[u8], all: &[u8], place: &Place<'_>) -> Result<Description> {
    let refuse = || {
        let shown: String = String::from_utf8_lossy(text).trim_end().chars().take(100).collect();
        place.refuse("a header with descr, fortran_order and shape", format!("{shown:?}"))
    };
    let mut depth = 0usize;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(refuse());
        }
    }
    let header = Header::from_reader(&mut io::Cursor::new(all)).map_err(|_| refuse())?;
    let dtype = match header.type_descriptor.as_string() {
        Some(name) => name.clone(),
        None => header.type_descriptor.to_string(),
    };
    Ok(Description { dtype, fortran_order: header.layout == Layout::Fortran, shape: header.shape })
}

impl Description {
    /// Refuses a file of other elements than `T`, with what to do about it.
    pub fn check<T: Element>(&self, place: &Place<'_>) -> Result<()> {
        if self.dtype == T::DTYPE {
            return Ok(());
        }
        let advice = match NAMES.iter().find(|(dtype, _)| *dtype == self.dtype) {
            Some((_, name)) => format!("read it as {name}"),
            None => format!("in numpy, save array.astype({:?})", T::DTYPE),
        };
        Err(place.refuse(format!("elements of dtype {}", T::DTYPE), format!("{} ({advice})", self.dtype)))
    }
}

/// The header of an array in row-major order.
pub(super) fn write<T: Element + WritableElement>(shape: &[usize]) -> io::Result<Vec<u8>> {
    let header =
        Header { type_descriptor: T::type_descriptor(), layout: Layout::Standard, shape: shape.to_vec() };
    header.to_bytes().map_err(io::Error::other)
}
