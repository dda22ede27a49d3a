//! How a value shows itself in a notebook cell.
//!
//! evcxr reads the cell's standard output line by line and takes what stands between two marker lines
//! as content of a MIME type. A block must be written in one piece: a line of another thread inside it
//! would become content, and text before the marker on the same line would be lost.

use base64::Engine;
use std::io::Write;

/// One representation of a value.
pub(crate) enum Content<'a> {
    Png(&'a [u8]),
    Html(&'a str),
    Plain(&'a str),
}

/// Whether this process runs notebook cells.
pub(crate) fn in_notebook() -> bool {
    std::env::var_os("EVCXR_IS_RUNTIME").is_some()
}

/// Shows all representations of one value in the current cell. Outside of evcxr it does nothing.
pub(crate) fn show(contents: &[Content<'_>]) {
    if !in_notebook() {
        return;
    }
    let mut block = String::new();
    for content in contents {
        let (mime, text) = match content {
            Content::Png(bytes) => ("image/png", base64::engine::general_purpose::STANDARD.encode(bytes)),
            Content::Html(text) => ("text/html", (*text).to_owned()),
            Content::Plain(text) => ("text/plain", (*text).to_owned()),
        };
        block.push_str(&format!("EVCXR_BEGIN_CONTENT {mime}\n{text}\nEVCXR_END_CONTENT\n"));
    }
    // A closed pipe means that the kernel is gone; there is nobody left to tell.
    let _ = std::io::stdout().lock().write_all(block.as_bytes());
}

/// `text` with the characters that HTML gives a meaning replaced.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
