//! One directory per running kernel. Two evcxrs in one directory execute each other's cells.
//!
//! A session is alive while its lock file is locked; the system releases the lock however the kernel
//! ends. Each kernel that starts removes what dead ones have left.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::tree;

/// A kernel's own directory; removed when this is dropped.
pub struct Session {
    /// The crate that cells are compiled in.
    pub directory: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Session {
    /// A clone of the seed, after removing dead sessions.
    pub fn start(layout: &Layout) -> Result<Session> {
        let cells = layout.cells();
        sweep(&cells);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_nanos()).unwrap_or_default();
        let name = format!("{}-{:x}", std::process::id(), now);
        // Locked before it gets the name that sweepers look for.
        let (fresh, lock_path) = (cells.join(format!("{name}.new")), cells.join(format!("{name}.lock")));
        let lock = File::create(&fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
        lock.lock().with_context(|| format!("cannot lock {}", fresh.display()))?;
        fs::rename(&fresh, &lock_path).with_context(|| format!("cannot write {}", lock_path.display()))?;
        let session = Session { directory: cells.join(&name), lock_path, _lock: lock };
        tree::clone(&layout.seed(), &session.directory)?;
        Ok(session)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next kernel.
        let _ = fs::remove_dir_all(&self.directory);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Removes sessions whose kernel is no more. Failures are left to the next kernel.
fn sweep(cells: &Path) {
    let Ok(entries) = fs::read_dir(cells) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(lock) = File::open(&path) else { continue };
        match lock.try_lock() {
            Ok(()) => {
                let _ = fs::remove_dir_all(path.with_extension(""));
                let _ = fs::remove_file(&path);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_sessions_go_and_live_ones_stay() -> Result<()> {
        let cells = std::env::temp_dir().join(format!("eigengate-sweep-{}", std::process::id()));
        for name in ["dead", "alive", "seed"] {
            fs::create_dir_all(cells.join(name))?;
        }
        fs::write(cells.join("dead.lock"), "")?;
        let alive = File::create(cells.join("alive.lock"))?;
        alive.lock()?;
        sweep(&cells);
        assert!(!cells.join("dead").exists() && !cells.join("dead.lock").exists());
        assert!(cells.join("alive").exists() && cells.join("seed").exists());
        drop(alive);
        sweep(&cells);
        assert!(!cells.join("alive").exists());
        fs::remove_dir_all(cells)?;
        Ok(())
    }
}
