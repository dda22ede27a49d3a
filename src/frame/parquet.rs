//! parquet files.

use super::Frame;
use super::csv::{guard, writing};
use crate::error::{Error, Result};
use crate::files::write_whole;
use polars::prelude::{
    ArrowDataType, ParquetCompression, ParquetReader, ParquetWriter, PolarsError, SerReader,
};
use std::io::Cursor;
use std::path::Path;

const MAGIC: &[u8] = b"PAR1";
const EXPECTED: &str = "a whole parquet file of numbers, bools and text";

impl Frame {
    /// Reads a parquet file with columns of `f32`, `f64`, `u8`, `i32`, `i64`, `u32`, `u64`, `bool` and
    /// text.
    ///
    /// Pages of parquet files carry no sums: damage in the middle of a file may go unnoticed, and in rare
    /// cases polars asks for so much memory that the process ends.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] where the file cannot be read; [`Error::Format`] where it is not parquet, is cut
    /// off or damaged, or has columns of other types (the text names the first).
    pub fn read_parquet(path: impl AsRef<Path>) -> Result<Frame> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::reading(path))?;
        if !bytes.starts_with(MAGIC) {
            let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
            let found = format!("a file that starts with {:?}, not \"PAR1\"", String::from_utf8_lossy(start));
            return Err(Error::format(path, "parquet", EXPECTED, found));
        }
        if !bytes.ends_with(MAGIC) {
            let found = "a file that is cut off: it does not end with \"PAR1\"";
            return Err(Error::format(path, "parquet", EXPECTED, found));
        }
        let mut reader = guard(path, "parquet", EXPECTED, || {
            let mut reader = ParquetReader::new(Cursor::new(bytes));
            reader.schema()?;
            Ok(reader)
        })?;
        let schema = guard(path, "parquet", EXPECTED, || reader.schema())?;
        // polars panics, or reads another type, where it was built without a column's type.
        if let Some(field) = schema.iter_values().find(|field| !is_supported(&field.dtype)) {
            let found =
                format!("the column {:?} of type {:?}: convert it first", field.name.as_str(), field.dtype);
            return Err(Error::format(path, "parquet", EXPECTED, found));
        }
        guard(path, "parquet", EXPECTED, || reader.set_rechunk(true).finish()).map(Frame)
    }

    /// Writes a parquet file, compressed with zstd; pandas, pyarrow and polars in Python read it.
    ///
    /// The same table gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] without columns; [`Error::Write`]; [`Error::Polars`]. A file of that name is then
    /// as it was.
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check_columns()?;
        let mut frame = self.0.clone();
        // Pieces of a column in memory would become pieces of the file.
        frame.rechunk_mut();
        write_whole(path, |file| {
            ParquetWriter::new(file)
                .with_compression(ParquetCompression::Zstd(None))
                .finish(&mut frame)
                .map(drop)
                .map_err(|error: PolarsError| writing(path, error))
        })
    }
}

fn is_supported(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as Type;
    matches!(
        dtype,
        Type::Null
            | Type::Boolean
            | Type::UInt8
            | Type::UInt32
            | Type::UInt64
            | Type::Int32
            | Type::Int64
            | Type::Float32
            | Type::Float64
            | Type::Utf8
            | Type::LargeUtf8
            | Type::Utf8View
    )
}
