//! Files that are either whole or not there.

use crate::error::{Error, Result};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file under a temporary name in the same folder, then renames it to `path`.
///
/// A write that fails leaves a file of that name as it was.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut std::fs::File>) -> Result<()>,
) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file =
        tempfile::Builder::new().prefix(".eigengate-").tempfile_in(folder).map_err(Error::writing(path))?;
    let mut buffer = BufWriter::new(file.as_file_mut());
    write(&mut buffer)?;
    buffer.flush().map_err(Error::writing(path))?;
    drop(buffer);
    #[cfg(unix)]
    {
        // Temporary files are private to their owner; results are not.
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o644, |m| m.permissions().mode());
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(mode))
            .map_err(Error::writing(path))?;
    }
    file.as_file().sync_all().map_err(Error::writing(path))?;
    file.persist(path).map_err(|e| Error::Write { path: path.to_owned(), source: e.error })?;
    Ok(())
}
