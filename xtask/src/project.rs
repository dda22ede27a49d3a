//! The directories of the project, and commands that run in it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every failure of a task is one text for a person.
pub type Result<T> = std::result::Result<T, String>;

/// One checkout.
pub struct Project {
    /// Its root, absolute and without symbolic links.
    pub root: PathBuf,
}

impl Project {
    /// The checkout that this program was started in by cargo.
    pub fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = manifest.parent().unwrap_or(Path::new("."));
        let root = root.canonicalize().map_err(|e| format!("cannot find {}: {e}", root.display()))?;
        Ok(Project { root })
    }

    /// What the kernel and this program write; always below the project, wherever cargo builds.
    pub fn output(&self) -> PathBuf {
        self.root.join("target/notebooks")
    }

    /// The Python environment.
    pub fn venv(&self) -> PathBuf {
        self.root.join("target/venv")
    }

    /// A program of the Python environment.
    pub fn venv_program(&self, name: &str) -> PathBuf {
        self.venv().join("bin").join(name)
    }

    /// A command that runs in the root, without the variables that cargo sets for this program alone: a
    /// notebook started here must see what one started anywhere else sees.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text == "CARGO"
                || ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| text.starts_with(start))
            {
                command.env_remove(&name);
            }
        }
        if let Some(path) = self.library_path() {
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// LD_LIBRARY_PATH without what cargo has added for this program: shared objects of tests lie there.
    fn library_path(&self) -> Option<OsString> {
        let path = std::env::var_os("LD_LIBRARY_PATH")?;
        let added = |part: &PathBuf| {
            part.starts_with(&self.root) || part.components().any(|c| c.as_os_str() == "rustlib")
        };
        std::env::join_paths(std::env::split_paths(&path).filter(|part| !added(part))).ok()
    }

    /// `path` as it is written in messages.
    pub fn short<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Writes a text file and the directories above it.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|e| format!("cannot write {}: {e}", path.display()))
}
