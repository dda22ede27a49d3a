//! The Jupyter kernel of eigengate: evcxr with the library compiled in advance.
//!
//! ```text
//! eigengate-kernel --seed --project ROOT                     compile the library for cells (minutes)
//! eigengate-kernel --control_file FILE --project ROOT        serve one notebook (what Jupyter runs)
//! eigengate-kernel --control_file FILE --plain ROOT          the same as an unconfigured evcxr, for tests
//! ```
//!
//! evcxr starts this executable again to run the cells' code, and tells it so by a variable.

mod environment;
mod layout;
mod orphan;
mod proxy;
mod prune;
mod seed;
mod session;
mod settings;
mod standard;
mod tree;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use layout::Layout;
use session::Session;

fn main() -> ExitCode {
    environment::restore();
    if let Some(result) = as_cargo() {
        return result.unwrap_or_else(failure);
    }
    evcxr::runtime_hook();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["--seed", "--project", root] => build_seed(Path::new(root)),
        ["--control_file", _, "--project", root] => serve(Path::new(root)),
        ["--control_file", _, "--plain", root] => serve_plain(Path::new(root)),
        _ => Err(anyhow::anyhow!(
            "this is a Jupyter kernel; start it with `cargo xtask lab`, or choose `Rust (eigengate)` in Jupyter"
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(error),
    }
}

fn failure(error: anyhow::Error) -> ExitCode {
    eprintln!("eigengate-kernel: {error:#}");
    ExitCode::FAILURE
}

/// What cargo does, if this executable was started by that name.
fn as_cargo() -> Option<Result<ExitCode>> {
    let mut arguments = std::env::args_os();
    let name = arguments.next()?;
    let arguments: Vec<_> = arguments.collect();
    (Path::new(&name).file_name()? == "cargo").then(|| proxy::run(&arguments))
}

fn build_seed(root: &Path) -> Result<()> {
    let layout = Layout::new(root)?;
    environment::prepare(&layout.seed(), Some(&layout.config()));
    seed::build(&layout)
}

fn serve(root: &Path) -> Result<()> {
    let layout = Layout::new(root)?;
    let here = std::env::current_dir().context("the notebook's directory is gone")?;
    ensure!(
        !here.join("evcxr.toml").exists(),
        "{} has an evcxr.toml, which would replace the settings of this kernel: rename it, or use a plain evcxr \
         kernel there",
        here.display()
    );
    if let seed::State::Edited(file) = seed::state(&layout)? {
        rebuild_seed(&layout, &file)?;
    }
    let session = {
        let _held = seed::hold(&layout)?;
        Session::start(&layout)?
    };
    environment::prepare(&session.directory, Some(&layout.config()));
    environment::show_less(&layout, false)?;
    orphan::watch(session.directory.clone());
    evcxr_jupyter::main()
}

/// Does what an evcxr kernel of the user's own does, but in a clone of the seed, so that the `:dep` line
/// of the notebook finds everything compiled.
fn serve_plain(root: &Path) -> Result<()> {
    let layout = Layout::new(root)?;
    seed::state(&layout)?;
    let session = {
        let _held = seed::hold(&layout)?;
        Session::start(&layout)?
    };
    environment::prepare(&session.directory, None);
    orphan::watch(session.directory.clone());
    evcxr_jupyter::main()
}

/// In a process of its own, because evcxr takes its directory from the environment once.
fn rebuild_seed(layout: &Layout, edited: &Path) -> Result<()> {
    eprintln!("eigengate-kernel: {} was edited, compiling the library again", edited.display());
    let status = Command::new(std::env::current_exe()?)
        .args(["--seed", "--project"])
        .arg(&layout.project)
        .status()
        .context("cannot start the compilation of the library")?;
    if !status.success() {
        bail!("the library does not compile, see above");
    }
    Ok(())
}
