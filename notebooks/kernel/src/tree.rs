//! Cloning a seed in a few hundred milliseconds: links for what is never written again, copies for the rest.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

/// What to do with one file of a seed.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Plan {
    /// rustc and cargo replace these files, they never write into them.
    Link,
    /// cargo writes into these.
    Copy,
    /// The cell's own crate: every session compiles it anew.
    Skip,
}

fn plan(path: &Path) -> Plan {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let stem = name.trim_start_matches("lib");
    let own = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
    };
    if name == "incremental" || own("ctx") || own("code") {
        return Plan::Skip;
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match extension {
        "rlib" | "rmeta" | "so" | "dylib" | "a" | "o" => Plan::Link,
        "" if name.starts_with("build_script") || name.starts_with("build-script") => Plan::Link,
        _ => Plan::Copy,
    }
}

/// Makes `to` a clone of `from`. Modification times are kept: cargo compares them with those of the
/// sources, and a copy that is younger than an edit would hide that edit.
pub fn clone(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let what = plan(&source);
        if what == Plan::Skip {
            continue;
        }
        if entry.file_type()?.is_dir() {
            clone(&source, &target)?;
        } else if what == Plan::Copy || fs::hard_link(&source, &target).is_err() {
            copy(&source, &target)
                .with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))?;
        }
    }
    Ok(())
}

fn copy(source: &Path, target: &Path) -> std::io::Result<()> {
    fs::copy(source, target)?;
    let modified = fs::metadata(source)?.modified()?;
    File::options().write(true).open(target)?.set_modified(modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_own_files_stay_behind() {
        for name in ["ctx-0a1b", "libctx.so", "ctx.d", "libcode_3.so", "incremental", "libctx-77.rmeta"] {
            assert_eq!(plan(Path::new(name)), Plan::Skip, "{name}");
        }
        assert_eq!(plan(Path::new("ctxlib-1.d")), Plan::Copy);
        assert_eq!(plan(Path::new("libcodec-1.rlib")), Plan::Link);
        assert_eq!(plan(Path::new("build-script-build")), Plan::Link);
        assert_eq!(plan(Path::new("dep-lib-eigengate")), Plan::Copy);
    }

    #[test]
    fn clones_link_and_copy_and_keep_times() -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let base = std::env::temp_dir().join(format!("eigengate-tree-{}", std::process::id()));
        let (from, to) = (base.join("from"), base.join("to"));
        fs::create_dir_all(from.join("deps"))?;
        for name in ["deps/liba-1.rlib", "deps/a-1.d", "deps/libctx.so"] {
            fs::write(from.join(name), name)?;
        }
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        File::options().write(true).open(from.join("deps/a-1.d"))?.set_modified(old)?;
        clone(&from, &to)?;
        let inode = |path: &Path| -> Result<u64> { Ok(fs::metadata(path)?.ino()) };
        assert_eq!(inode(&from.join("deps/liba-1.rlib"))?, inode(&to.join("deps/liba-1.rlib"))?);
        assert_ne!(inode(&from.join("deps/a-1.d"))?, inode(&to.join("deps/a-1.d"))?);
        assert_eq!(fs::metadata(to.join("deps/a-1.d"))?.modified()?, old);
        assert!(!to.join("deps/libctx.so").exists());
        fs::remove_dir_all(base)?;
        Ok(())
    }
}
