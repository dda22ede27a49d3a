//! IDX files, the format of MNIST and its relatives: a magic number, the sizes, then bytes.
//!
//! Source: the description at Y. LeCun's MNIST page, "FILE FORMATS FOR THE MNIST DATABASE". All numbers
//! of the header are big-endian `u32`.

use super::gzip;
use crate::display::{self, Content};
use crate::error::{Error, Result};
use std::fmt;
use std::io::Read;
use std::path::Path;

const IMAGES: u32 = 0x0000_0803;
const LABELS: u32 = 0x0000_0801;

/// Grey images of one size, as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    /// The number of images, at least 1.
    pub count: usize,
    /// Rows of pixels in an image, at least 1.
    pub height: usize,
    /// Columns of pixels in an image, at least 1.
    pub width: usize,
    /// `count * height * width` bytes: image after image, row after row.
    pub pixels: Vec<u8>,
}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Images({} of {}x{} bytes)", self.count, self.height, self.width)
    }
}

impl Images {
    /// Shows the number and the size of the images.
    pub fn evcxr_display(&self) {
        display::show(&[
            Content::Html(&format!("<p>{} images of {}x{} bytes</p>", self.count, self.height, self.width)),
            Content::Plain(&format!("{self:?}")),
        ]);
    }
}

/// Reads images of bytes (magic number 0x00000803), plain or compressed with gzip.
///
/// Whether the file is compressed is told from its first two bytes, not from its name.
///
/// # Errors
///
/// [`Error::Read`] where the file cannot be opened or read, [`Error::Format`] where its magic number, its
/// sizes (each at least 1), its length or its gzip stream are not right.
pub fn read_images(path: impl AsRef<Path>) -> Result<Images> {
    let file = IdxFile { path: path.as_ref(), format: "IDX images" };
    let mut stream = gzip::open(file.path)?;
    let [count, height, width] = file.header(&mut stream, IMAGES)?;
    let pixels = file.body(&mut stream, &[count, height, width])?;
    Ok(Images { count, height, width, pixels })
}

/// Reads labels of bytes (magic number 0x00000801), plain or compressed with gzip.
///
/// Whether the file is compressed is told from its first two bytes, not from its name.
///
/// # Errors
///
/// [`Error::Read`] where the file cannot be opened or read, [`Error::Format`] where its magic number, its
/// count (at least 1), its length or its gzip stream are not right.
pub fn read_labels(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let file = IdxFile { path: path.as_ref(), format: "IDX labels" };
    let mut stream = gzip::open(file.path)?;
    let [count] = file.header(&mut stream, LABELS)?;
    file.body(&mut stream, &[count])
}

/// A file with what was asked of it, for the texts of errors.
#[derive(Clone, Copy)]
struct IdxFile<'a> {
    path: &'a Path,
    format: &'static str,
}

impl IdxFile<'_> {
    /// Checks the magic number and gives the `N` sizes behind it.
    fn header<const N: usize>(self, stream: &mut dyn Read, magic: u32) -> Result<[usize; N]> {
        let found = self.number(stream, "a magic number")?;
        if found != magic {
            return Err(self.refuse(describe(magic), describe(found)));
        }
        let mut sizes = [0; N];
        for size in &mut sizes {
            let number = self.number(stream, "a size")?;
            // A u32 fits a usize on every platform that dfdx runs on.
            *size = usize::try_from(number).unwrap_or(usize::MAX);
        }
        if sizes.contains(&0) {
            return Err(self.refuse("sizes of at least 1", format!("sizes {sizes:?} in the header")));
        }
        Ok(sizes)
    }

    fn number(self, stream: &mut dyn Read, what: &str) -> Result<u32> {
        let bytes = self.bytes(stream, 4)?;
        match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(bytes) => Ok(u32::from_be_bytes(bytes)),
            Err(_) => {
                let found = format!("the file's end {} bytes into it", bytes.len());
                Err(self.refuse(format!("a header with {what} of 4 bytes"), found))
            }
        }
    }

    /// The bytes that `sizes` announce, and then the end of the file.
    fn body(self, stream: &mut dyn Read, sizes: &[usize]) -> Result<Vec<u8>> {
        let length = sizes
            .iter()
            .try_fold(1usize, |product, &size| product.checked_mul(size))
            .filter(|&length| length < isize::MAX as usize);
        let Some(length) = length else {
            return Err(self.refuse("sizes that fit into memory", format!("sizes {sizes:?} in the header")));
        };
        // The buffer grows with what the file holds, not with what its header says; one byte more than
        // announced tells a file that is too long, and makes the gzip reader check its sum.
        let body = self.bytes(stream, length as u64 + 1)?;
        if body.len() != length {
            let found = if body.len() > length { "more".to_owned() } else { format!("only {}", body.len()) };
            let expected = format!("{length} bytes after the header, which says {sizes:?}");
            return Err(self.refuse(expected, found));
        }
        Ok(body)
    }

    /// At most `most` bytes; fewer where the file ends.
    fn bytes(self, stream: &mut dyn Read, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        stream.take(most).read_to_end(&mut bytes).map_err(|source| {
            if gzip::is_damage(&source) {
                self.refuse("a whole gzip stream", format!("a damaged one ({source})"))
            } else {
                Error::reading(self.path)(source)
            }
        })?;
        Ok(bytes)
    }

    fn refuse(self, expected: impl fmt::Display, found: impl fmt::Display) -> Error {
        Error::format(self.path, self.format, expected, found)
    }
}

fn describe(magic: u32) -> String {
    let meaning = match magic {
        IMAGES => " (images of bytes)",
        LABELS => " (labels of bytes)",
        _ => "",
    };
    format!("the magic number {magic:#010x}{meaning}")
}
