//! What must be on the machine before anything else, and the command that installs what is not.

use std::path::PathBuf;
use std::process::Command;

use crate::project::{Project, Result};
use crate::steps::{Done, capture, run};

/// Checks for all tools that no step can install by itself.
pub fn check() -> Result<Done> {
    need("cc", &["--version"], "install a C compiler and linker: `sudo apt install build-essential`")?;
    need("python3", &["--version"], "install Python 3.10 or later: `sudo apt install python3 python3-venv`")?;
    need(
        "python3",
        &["-c", "import venv, ensurepip"],
        "install Python's venv module: `sudo apt install python3-venv`",
    )?;
    Ok(Done::Now)
}

fn need(program: &str, arguments: &[&str], remedy: &str) -> Result<()> {
    let works = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    if works { Ok(()) } else { Err(format!("`{program} {}` does not work; {remedy}", arguments.join(" "))) }
}

/// The sources of the standard library: without them the kernel cannot find the type of a `let`.
pub fn rust_src(project: &Project) -> Result<Done> {
    let sysroot = capture(project.command("rustc").args(["--print", "sysroot"]))?;
    let sources = PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library/core");
    if sources.is_dir() {
        return Ok(Done::Already);
    }
    run(project.command("rustup").args(["component", "add", "rust-src"])).map_err(|error| {
        format!(
            "{error}; without rustup install the sources of the standard library to {}, e.g. `sudo apt install \
             rust-src`",
            sources.display()
        )
    })?;
    Ok(Done::Now)
}
