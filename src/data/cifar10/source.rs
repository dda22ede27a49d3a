//! Where the files of CIFAR-10 are: a folder, or the archive that they come in.

use crate::data::gzip;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where the authors offer the archive.
const URL: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
/// The archive, and what is left of it where a browser has taken gzip off.
const ARCHIVES: [&str; 2] = ["cifar-10-binary.tar.gz", "cifar-10-binary.tar"];
/// The folder in the archive.
const FOLDER: &str = "cifar-10-batches-bin";
/// What only the version for Python has.
const PICKLED: [&str; 3] = ["data_batch_1", "cifar-10-batches-py", "cifar-10-python.tar.gz"];

/// The files of one copy of CIFAR-10.
pub(super) enum Source {
    /// A folder that holds at least one of the files.
    Folder(PathBuf),
    /// The files of an archive by name; at least one.
    Archive { path: PathBuf, files: BTreeMap<&'static str, Vec<u8>> },
}

impl Source {
    /// Looks for `files` in the folder `given`, in a folder in it, in an archive in it, or in `given` itself where
    /// that is a file.
    pub(super) fn find(given: &Path, files: &[&'static str]) -> Result<Self> {
        if !fs::metadata(given).map_err(Error::reading(given))?.is_dir() {
            return Self::unpack(given, files);
        }
        for folder in [given.to_owned(), given.join(FOLDER)] {
            if files.iter().any(|name| folder.join(name).is_file()) {
                return Ok(Source::Folder(folder));
            }
        }
        for archive in ARCHIVES.map(|name| given.join(name)) {
            if archive.is_file() {
                return Self::unpack(&archive, files);
            }
        }
        if let Some(name) = PICKLED.iter().find(|name| given.join(name).exists()) {
            return Err(pickled(given, name));
        }
        let text = format!(
            "it holds neither data_batch_1.bin nor {FOLDER} nor {}; download {URL} into it",
            ARCHIVES.join(" nor ")
        );
        let source = io::Error::new(io::ErrorKind::NotFound, text);
        Err(Error::Read { path: given.to_owned(), source })
    }

    /// Reads `files` out of an archive, whatever folder of it they are in.
    fn unpack(path: &Path, files: &[&'static str]) -> Result<Self> {
        let damaged = |source: io::Error| {
            // `Other` is the kind of what the tar reader itself objects to.
            if gzip::is_damage(&source) || source.kind() == io::ErrorKind::Other {
                bad_archive(path, format!("a damaged one ({source})"))
            } else {
                Error::reading(path)(source)
            }
        };
        let mut found = BTreeMap::new();
        let mut archive = tar::Archive::new(gzip::open(path)?);
        let mut pickle = false;
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let inside = entry.path().map_err(damaged)?.into_owned();
            pickle |= PICKLED.iter().any(|name| inside.ends_with(name));
            let Some(&name) = files.iter().find(|name| inside.ends_with(name)) else { continue };
            if !entry.header().entry_type().is_file() {
                return Err(bad_archive(path, format!("{name} as something else than a file")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(damaged)?;
            // The reader stops at the archive's end without a word.
            if bytes.len() as u64 != entry.size() {
                let text = format!("only {} of the {} bytes of {name}", bytes.len(), entry.size());
                return Err(bad_archive(path, text));
            }
            if found.insert(name, bytes).is_some() {
                return Err(bad_archive(path, format!("{name} twice")));
            }
        }
        // To the end of the file, so that the sum of gzip is checked.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
        match found.is_empty() {
            true if pickle => Err(pickled(path, "data_batch_1 in it")),
            true => Err(bad_archive(path, "none of its files".to_owned())),
            false => Ok(Source::Archive { path: path.to_owned(), files: found }),
        }
    }

    /// Where a file is, for the texts of errors: files of an archive as if it were a folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        match self {
            Source::Folder(path) | Source::Archive { path, .. } => path.join(name),
        }
    }

    /// The content of a file; `None` where it is not there.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Source::Archive { files, .. } => Ok(files.remove(name)),
            Source::Folder(folder) => {
                let path = folder.join(name);
                match fs::read(&path) {
                    Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
                    result => result.map(Some).map_err(Error::reading(&path)),
                }
            }
        }
    }

    /// The content of a file that must be there.
    pub(super) fn need(&mut self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        self.take(name)?.ok_or_else(|| {
            let text = format!("it is missing beside its other files; unpack {URL} again");
            Error::Read { path, source: io::Error::new(io::ErrorKind::NotFound, text) }
        })
    }
}

fn bad_archive(path: &Path, found: String) -> Error {
    let expected = format!("a whole tar archive of {FOLDER}, with or without gzip");
    Error::format(path, "CIFAR-10", expected, format!("{found}; download {URL} again"))
}

fn pickled(path: &Path, what: &str) -> Error {
    let found = format!("the version of Python pickles ({what}); download the binary version, {URL}");
    Error::format(path, "CIFAR-10", format!("the binary version, {FOLDER}"), found)
}
