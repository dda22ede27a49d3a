//! The sources of the standard library as rust-analyzer gets to see them: without the processor
//! intrinsics, which are half of what it would read, and which no cell holds in a variable.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Read by rust-analyzer.
pub const RUST_SRC_PATH: &str = "RUST_SRC_PATH";

/// Fills `directory` with links to the parts of the standard library.
///
/// # Errors
///
/// If the sources are not installed.
pub fn link(directory: &Path) -> Result<()> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.context("cannot run rustc; install Rust with https://rustup.rs")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let library = sysroot.join("lib/rustlib/src/rust/library");
    ensure!(
        library.is_dir(),
        "the sources of the standard library are missing: `rustup component add rust-src`"
    );
    let failed = || format!("cannot link {} in {}", library.display(), directory.display());
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(failed)?;
    }
    fs::create_dir_all(directory).with_context(failed)?;
    for entry in fs::read_dir(&library).with_context(failed)?.flatten() {
        let name = entry.file_name();
        if name != "stdarch" && name != "portable-simd" {
            std::os::unix::fs::symlink(entry.path(), directory.join(name)).with_context(failed)?;
        }
    }
    Ok(())
}
