//! Where things are. Everything a kernel writes is below `target/notebooks` of the project.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The directories of one checkout of the project.
pub struct Layout {
    /// The project's root, absolute, without symbolic links: cargo hashes paths as they are given.
    pub project: PathBuf,
}

impl Layout {
    /// The project at `root`, after a check that it is one.
    pub fn new(root: &Path) -> Result<Self> {
        let project = root
            .canonicalize()
            .with_context(|| format!("the project {} of this kernel is gone", root.display()))?;
        let layout = Layout { project };
        ensure!(
            layout.facade().join("Cargo.toml").is_file(),
            "{} has no notebooks/facade: pass the root of an eigengate checkout with --project",
            layout.project.display()
        );
        Ok(layout)
    }

    /// The crate that cells depend on.
    pub fn facade(&self) -> PathBuf {
        self.project.join("notebooks/facade")
    }

    /// Parent of all the rest. A cargo configuration in it applies to all cells.
    pub fn notebooks(&self) -> PathBuf {
        self.project.join("target/notebooks")
    }

    /// One crate per running kernel, and the seed. All have the same depth, because shared objects find
    /// each other by relative paths.
    pub fn cells(&self) -> PathBuf {
        self.notebooks().join("cells")
    }

    /// The crate with all dependencies compiled that sessions are cloned from.
    pub fn seed(&self) -> PathBuf {
        self.cells().join("seed")
    }

    /// Written last when a seed is built: the compiler that built it.
    pub fn seed_stamp(&self) -> PathBuf {
        self.notebooks().join("seed.stamp")
    }

    /// Locked exclusively while a seed is built, shared while it is cloned.
    pub fn seed_lock(&self) -> PathBuf {
        self.notebooks().join("seed.lock")
    }

    /// A cargo home for rust-analyzer, see `proxy`.
    pub fn cargo_home(&self) -> PathBuf {
        self.notebooks().join("cargo-home")
    }

    /// What cargo answered rust-analyzer for the seed.
    pub fn answers(&self) -> PathBuf {
        self.notebooks().join("answers")
    }

    /// The standard library as rust-analyzer sees it.
    pub fn standard(&self) -> PathBuf {
        self.notebooks().join("rust-src/library")
    }

    /// evcxr's configuration directory for all our kernels.
    pub fn config(&self) -> PathBuf {
        self.notebooks().join("config")
    }
}
