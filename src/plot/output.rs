//! What every figure does with its bytes.

use crate::display::{self, Content};
use crate::error::{Error, Result};
use crate::files;
use std::io::Write;
use std::path::Path;

/// Refuses a resolution that no picture should have.
pub(super) fn check_dpi(dpi: u32) -> Result<()> {
    if (72..=1200).contains(&dpi) {
        Ok(())
    } else {
        Err(Error::parameter("dpi", dpi, "72 to 1200 pixels per inch"))
    }
}

/// Writes what the ending of `path` asks for, whole or not at all.
pub(super) fn save(
    path: &Path,
    png: &dyn Fn() -> Result<Vec<u8>>,
    svg: &dyn Fn() -> Result<String>,
) -> Result<()> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let bytes = match ending.as_deref() {
        Some("png") => png()?,
        Some("svg") => svg()?.into_bytes(),
        _ => return Err(Error::parameter("path", path.display(), "a name ending in .png or .svg")),
    };
    files::write_whole(path, |file| file.write_all(&bytes).map_err(Error::writing(path)))
}

/// Shows a picture and its text in the current notebook cell; what cannot be drawn is one line on standard error.
pub(super) fn show(png: &dyn Fn() -> Result<Vec<u8>>, summary: &dyn Fn() -> Result<String>) {
    if !display::in_notebook() {
        return;
    }
    match png().and_then(|png| Ok((png, summary()?))) {
        Ok((png, text)) => display::show(&[Content::Png(&png), Content::Plain(&text)]),
        Err(error) => eprintln!("{error}"),
    }
}
