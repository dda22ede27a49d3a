//! The variables that evcxr reads. They are set before any thread exists.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Points evcxr to the directory of its crate, and to our configuration or to none at all.
pub fn prepare(directory: &Path, config: Option<&Path>) {
    set("EVCXR_TMPDIR", directory.as_os_str().to_owned());
    // A directory that does not exist hides the user's own configuration.
    let config = config.map_or_else(|| directory.join("no-config"), Path::to_owned);
    set("EVCXR_CONFIG_DIR", config.into_os_string());
    if let Some(path) = path_with_cargo() {
        set("PATH", path);
    }
}

/// In the process that runs the cells' code: undoes what only the compiling side needs.
pub fn restore_for_cells() {}

/// PATH with cargo's directory, if cargo is not on it: desktops start Jupyter without the login shell.
fn path_with_cargo() -> Option<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut parts: Vec<PathBuf> = env::split_paths(&path).collect();
    if parts.iter().any(|part| part.join("cargo").is_file()) {
        return None;
    }
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))?;
    parts.push(home.join("bin"));
    env::join_paths(parts).ok()
}

fn set(name: &str, value: OsString) {
    // SAFETY: called from `main` before evcxr starts the first thread.
    unsafe { env::set_var(name, value) };
}
