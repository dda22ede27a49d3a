//! The variables that evcxr reads. They are set before any thread exists.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::proxy;

/// The user's CARGO_HOME, for processes that have ours; empty if there was none.
const CARGO_HOME: &str = "EIGENGATE_CARGO_HOME";

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

/// Puts this executable between rust-analyzer and cargo.
///
/// # Errors
///
/// If there is no cargo, or the directory for ours cannot be written.
pub fn show_fewer_crates(home: &Path) -> Result<()> {
    let output = Command::new("rustup").args(["which", "cargo"]).output();
    let found = output
        .ok()
        .filter(|o| o.status.success())
        .map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    set(proxy::CARGO, found.unwrap_or_else(|| "cargo".to_owned()).into());
    let link = home.join("bin/cargo");
    let target = env::current_exe().context("cannot find this executable")?;
    if !std::fs::read_link(&link).is_ok_and(|old| old == target) {
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(home.join("bin"))?;
            // Another kernel may do the same at the same time: rename is atomic.
            let fresh = home.join(format!("bin/cargo-{}", std::process::id()));
            std::os::unix::fs::symlink(&target, &fresh)?;
            std::fs::rename(&fresh, &link)
        };
        write().with_context(|| format!("cannot write {}", link.display()))?;
    }
    set(CARGO_HOME, env::var_os("CARGO_HOME").unwrap_or_default());
    set("CARGO_HOME", home.as_os_str().to_owned());
    Ok(())
}

/// Undoes [`show_fewer_crates`], in the processes that inherit its variables: the one that runs the
/// cells' code, and cargo.
pub fn restore_cargo_home() {
    match env::var_os(CARGO_HOME) {
        // SAFETY: called first in `main`, before there is any thread.
        Some(home) if home.is_empty() => unsafe { env::remove_var("CARGO_HOME") },
        Some(home) => set("CARGO_HOME", home),
        None => {}
    }
}

/// The user's cargo home, whether named by a variable or not.
pub fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// PATH with cargo's directory, if cargo is not on it: desktops start Jupyter without the login shell.
fn path_with_cargo() -> Option<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut parts: Vec<PathBuf> = env::split_paths(&path).collect();
    if parts.iter().any(|part| part.join("cargo").is_file()) {
        return None;
    }
    parts.push(cargo_home()?.join("bin"));
    env::join_paths(parts).ok()
}

fn set(name: &str, value: OsString) {
    // SAFETY: called from `main` before evcxr starts the first thread.
    unsafe { env::set_var(name, value) };
}
