//! csv files.

use super::Frame;
use crate::error::{Error, Result};
use crate::files::write_whole;
use polars::prelude::{CsvReadOptions, CsvWriter, PolarsError, SerReader, SerWriter};
use std::io::{self, Cursor};
use std::path::Path;

impl Frame {
    /// Reads a csv file: commas, a first line of names, UTF-8.
    ///
    /// Types are inferred from the whole file: `i64`, `f64`, `bool`, otherwise text. A cell without
    /// anything is null, `""` is a text without characters.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] where the file cannot be read; [`Error::Format`] where it is empty, is not text
    /// (parquet, gzip, …), or its lines do not have the same number of cells.
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Frame> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::reading(path))?;
        let expected = "lines of text with commas, the first with names";
        if let Some(found) = binary(&bytes) {
            return Err(Error::format(path, "csv", expected, found));
        }
        guard(path, "csv", expected, || {
            CsvReadOptions::default()
                // A column may start with integers and go on with floats.
                .with_infer_schema_length(None)
                .with_rechunk(true)
                .into_reader_with_file_handle(Cursor::new(bytes))
                .finish()
        })
        .map(Frame)
    }

    /// Writes a csv file: commas, a first line of names, floats with all the digits that tell them from
    /// their neighbours, null as nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] without columns; [`Error::Write`]; [`Error::Polars`] for columns that csv has no
    /// form for, such as lists. A file of that name is then as it was.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check_columns()?;
        write_whole(path, |file| {
            CsvWriter::new(file).finish(&mut self.0.clone()).map_err(|error| writing(path, error))
        })
    }
}

/// What a file is that is not text; `None` for text, and for an empty file, which polars refuses.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    // A NUL byte in its first part tells a binary file, or UTF-16.
    let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    if bytes.starts_with(b"PAR1") {
        Some("a parquet file (read it with read_parquet)")
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        Some("a gzip file (decompress it first)")
    } else if start.contains(&0) {
        Some("bytes that are not UTF-8 text")
    } else {
        None
    }
}

/// Runs a reader of polars; what it says of a file's content becomes an error that names the file.
///
/// polars has readers that panic on damaged content, and on valid content of types that it was built
/// without. The panic ends here: nothing that the closure touched is used afterwards.
pub(super) fn guard<T>(
    path: &Path,
    format: &'static str,
    expected: &str,
    read: impl FnOnce() -> std::result::Result<T, PolarsError>,
) -> Result<T> {
    let refuse = |found: &str| {
        // polars' texts go on with advice for Python in further lines.
        let found = found.lines().next().unwrap_or_default();
        Error::format(path, format, expected, found)
    };
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(PolarsError::IO { error, .. })) if error.raw_os_error().is_some() => {
            Err(Error::reading(path)(io::Error::new(error.kind(), error.to_string())))
        }
        Ok(Err(error)) => Err(refuse(&error.to_string())),
        Err(_) => Err(refuse("damaged content, or content of a kind that polars does not know")),
    }
}

/// The error of a write; polars wraps the system's.
pub(super) fn writing(path: &Path, error: PolarsError) -> Error {
    match error {
        PolarsError::IO { error, .. } => {
            Error::writing(path)(io::Error::new(error.kind(), error.to_string()))
        }
        error => Error::Polars(error),
    }
}
