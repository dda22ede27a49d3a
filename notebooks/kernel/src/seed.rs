//! The seed: a cell's crate with the library and everything below it compiled, made by evcxr itself.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail, ensure};
use evcxr::CommandContext;

use crate::layout::Layout;
use crate::{environment, prune, settings, standard};

/// What a user types to get a seed.
const REMEDY: &str = "run `cargo xtask quickstart` in the project";

/// State of the seed on disk.
pub enum State {
    /// Sessions can be cloned from it.
    Fresh,
    /// The library was edited after the seed was built. Building it again takes a minute at most.
    Edited(PathBuf),
}

/// Compares the seed with the compiler, the settings and the library's files.
///
/// # Errors
///
/// Without a seed, or if all of it would have to be compiled again, which takes longer than Jupyter
/// waits for a kernel.
pub fn state(layout: &Layout) -> Result<State> {
    let path = layout.seed_stamp();
    let Ok(stamp) = fs::read_to_string(&path) else {
        bail!("the notebook library is not compiled yet: {REMEDY}");
    };
    ensure!(
        stamp == stamp_text(layout)?,
        "the notebook library was compiled by another version of Rust or with other settings: {REMEDY}"
    );
    let built = fs::metadata(&path).and_then(|m| m.modified()).context("cannot read the seed's age")?;
    let project = &layout.project;
    let sources =
        [project.join("Cargo.toml"), project.join("Cargo.lock"), project.join("src"), layout.facade()];
    Ok(sources.iter().find_map(|path| younger(path, built)).map_or(State::Fresh, State::Edited))
}

/// Compiles everything. This is what takes minutes.
///
/// It runs a first cell through evcxr in the seed's directory, so that compiler, flags, profile and
/// dependency are exactly those of the cells to come.
pub fn build(layout: &Layout) -> Result<()> {
    fs::create_dir_all(layout.cells())
        .with_context(|| format!("cannot make {}", layout.cells().display()))?;
    let lock = lock_file(layout)?;
    lock.lock().context("cannot lock the seed")?;
    if matches!(state(layout), Ok(State::Fresh)) {
        return Ok(());
    }
    let stamp = stamp_text(layout)?;
    let _ = fs::remove_file(layout.seed_stamp());
    settings::write(layout)?;
    standard::link(&layout.standard())?;
    let _ = fs::remove_dir_all(layout.answers());
    let answers = layout.answers();
    fs::create_dir_all(&answers).with_context(|| format!("cannot make {}", answers.display()))?;
    environment::show_less(layout, true)?;
    // Its age is the start of the build: what is edited meanwhile counts as younger.
    let started = SystemTime::now();
    let (mut context, _outputs) = CommandContext::new().map_err(|e| anyhow!("{e}"))?;
    for code in [":load_config --quiet", "use eigengate::prelude::*;"] {
        context.execute(code).map_err(|e| anyhow!("the notebook library does not compile: {e}"))?;
    }
    let path = layout.seed_stamp();
    let failed = || format!("cannot write {}", path.display());
    fs::write(&path, stamp).with_context(failed)?;
    File::options().write(true).open(&path).and_then(|f| f.set_modified(started)).with_context(failed)
}

/// Holds off builds of the seed while it is cloned.
///
/// # Errors
///
/// If one is running and does not end within the time that Jupyter waits for a kernel.
pub fn hold(layout: &Layout) -> Result<File> {
    let lock = lock_file(layout)?;
    let deadline = Instant::now() + Duration::from_secs(50);
    loop {
        match lock.try_lock_shared() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the seed"),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                bail!(
                    "the notebook library is being compiled by another process: start the kernel again later"
                )
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn lock_file(layout: &Layout) -> Result<File> {
    let path = layout.seed_lock();
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn stamp_text(layout: &Layout) -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.context("cannot run rustc; install Rust with https://rustup.rs")?;
    ensure!(output.status.success(), "rustc -vV failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let compiler = String::from_utf8_lossy(&output.stdout);
    // The answers of cargo that are kept are pruned ones.
    Ok(format!("{}\n{}\n{}", compiler.trim(), settings::digest(layout), prune::VISIBLE.join(" ")))
}

/// The first file at or below `path` that was modified after `time`.
fn younger(path: &Path, time: SystemTime) -> Option<PathBuf> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_dir() {
        return fs::read_dir(path).ok()?.flatten().find_map(|entry| younger(&entry.path(), time));
    }
    metadata.modified().is_ok_and(|modified| modified > time).then(|| path.to_owned())
}
