//! The variables that evcxr and rust-analyzer read. They are set before any thread exists.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::{proxy, standard};

/// Variables with values of our own; `EIGENGATE_USER_…` keeps those of the user.
const OURS: [&str; 3] = ["CARGO_HOME", standard::RUST_SRC_PATH, JUPYTER_PATH];

/// evcxr looks here for an evcxr kernel installed by the user, and replaces one of another version by
/// the executable that runs, which is ours. It must not find any.
const JUPYTER_PATH: &str = "JUPYTER_PATH";

/// Points evcxr to the directory of its crate, and to a configuration directory or to none at all.
pub fn prepare(directory: &Path, config: Option<&Path>) {
    set("EVCXR_TMPDIR", directory);
    // A directory that does not exist hides the user's own configuration.
    set("EVCXR_CONFIG_DIR", config.unwrap_or(&directory.join("no-config")));
    cover(JUPYTER_PATH, directory);
    if let Some(path) = path_with_cargo() {
        set("PATH", path);
    }
}

/// Shows rust-analyzer less, see `proxy` and `standard`. With `learn`, what cargo answers is kept.
///
/// # Errors
///
/// If the directory for our cargo cannot be written.
pub fn show_less(layout: &Layout, learn: bool) -> Result<()> {
    let home = layout.cargo_home();
    link_executable(&home.join("bin"), "cargo")?;
    set(proxy::CARGO, real_cargo());
    set(proxy::ANSWERS, layout.answers());
    if learn {
        set(proxy::LEARN, "1");
    }
    cover("CARGO_HOME", &home);
    cover(standard::RUST_SRC_PATH, &layout.standard());
    Ok(())
}

/// Gives the covered variables their old values, in the processes that inherit them: the one that runs
/// the cells' code, and our cargo.
pub fn restore() {
    for name in OURS {
        match env::var_os(kept(name)) {
            // SAFETY: called first in `main`, before there is any thread.
            Some(old) if old.is_empty() => unsafe { env::remove_var(name) },
            Some(old) => set(name, old),
            None => {}
        }
    }
}

/// The user's cargo home, whether named by a variable or not.
pub fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// Sets a variable and keeps its old value.
fn cover(name: &str, value: &Path) {
    set(&kept(name), env::var_os(name).unwrap_or_default());
    set(name, value);
}

fn kept(name: &str) -> String {
    format!("EIGENGATE_USER_{name}")
}

/// The executable behind rustup, which saves rustup's own work at every start.
fn real_cargo() -> OsString {
    let output = Command::new("rustup").args(["which", "cargo"]).output();
    let found = output.ok().filter(|output| output.status.success());
    found.map_or_else(|| "cargo".into(), |output| String::from_utf8_lossy(&output.stdout).trim().into())
}

/// Makes this executable known as `directory/name`.
fn link_executable(directory: &Path, name: &str) -> Result<()> {
    let target = env::current_exe().context("cannot find this executable")?;
    let link = directory.join(name);
    if std::fs::read_link(&link).is_ok_and(|old| old == target) {
        return Ok(());
    }
    // Another kernel may do the same at the same time: a rename is atomic.
    let fresh = directory.join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(directory)
        .and_then(|()| std::os::unix::fs::symlink(&target, &fresh))
        .and_then(|()| std::fs::rename(&fresh, &link))
        .with_context(|| format!("cannot write {}", link.display()))
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

fn set(name: &str, value: impl AsRef<OsStr>) {
    // SAFETY: called from `main` before evcxr starts the first thread.
    unsafe { env::set_var(name, value) };
}
