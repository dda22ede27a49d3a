//! Files that may be compressed with gzip, told from their first two bytes and not from their names.

use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The file's content, decompressed where it starts like gzip.
///
/// The stream's sum is checked when it is read to its end.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path).map_err(Error::reading(path))?);
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start).map_err(Error::reading(path))?;
    let compressed = start == MAGIC;
    let whole = io::Cursor::new(start).chain(file);
    Ok(if compressed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// Whether reading failed because of what the file holds; the system's own errors are of other kinds.
pub(super) fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}
