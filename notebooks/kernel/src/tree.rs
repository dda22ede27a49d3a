//! Cloning a seed in a few hundred milliseconds: links for what is never written again, copies for the
//! rest, and nothing of what cargo does not read to see that all is compiled. Making files is what
//! takes the time.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

/// What to do with one file or directory of a seed.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Plan {
    /// rustc and cargo replace such a file, they never write into it; or the content is always the same.
    Link,
    /// cargo writes into it.
    Copy,
    /// Not needed; or of the cell's own crate, which every session compiles anew.
    Skip,
}

fn plan(path: &Path) -> Plan {
    let text = |part: Option<&std::ffi::OsStr>| part.and_then(|p| p.to_str()).unwrap_or_default().to_owned();
    let (name, extension) = (text(path.file_name()), text(path.extension()));
    let own = |prefix: &str| {
        let rest = name.trim_start_matches("lib").strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
    };
    if name == "incremental" || own("ctx") || own("code") {
        return Plan::Skip;
    }
    match extension.as_str() {
        // For people, for the explanation why something is compiled, and for the compilation itself.
        "d" | "json" | "timestamp" => return Plan::Skip,
        "rlib" | "rmeta" | "so" | "dylib" | "a" | "o" => return Plan::Link,
        _ => {}
    }
    // The crates of the project itself may be compiled again in a session, with other files to watch.
    let of = text(path.parent().and_then(Path::file_name));
    if name.starts_with("dep-") && !of.starts_with("eigengate") {
        return Plan::Link;
    }
    if extension.is_empty() && (name.starts_with("build_script") || name.starts_with("build-script-")) {
        // Executables; the fingerprint of an executable has such a name too, and must be a copy.
        return if path.iter().any(|part| part == ".fingerprint") { Plan::Copy } else { Plan::Link };
    }
    Plan::Copy
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
        assert_eq!(plan(Path::new("libctxlib-1.rlib")), Plan::Link);
        assert_eq!(plan(Path::new("libcodec-1.rlib")), Plan::Link);
    }

    #[test]
    fn what_cargo_writes_into_is_copied() {
        for (name, expected) in [
            (".fingerprint/zstd-1/lib-zstd", Plan::Copy),
            (".fingerprint/zstd-1/dep-lib-zstd", Plan::Link),
            (".fingerprint/zstd-1/lib-zstd.json", Plan::Skip),
            (".fingerprint/zstd-1/invoked.timestamp", Plan::Skip),
            (".fingerprint/zstd-1/build-script-build-script-build", Plan::Copy),
            (".fingerprint/eigengate-1/dep-lib-eigengate", Plan::Copy),
            ("build/zstd-1/output", Plan::Copy),
            ("build/zstd-1/root-output", Plan::Copy),
            ("build/zstd-1/build-script-build", Plan::Link),
            ("build/zstd-1/build_script_build-1", Plan::Link),
            ("build/zstd-1/out/libzstd.a", Plan::Link),
            ("deps/zstd-1.d", Plan::Skip),
        ] {
            assert_eq!(plan(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn clones_link_and_copy_and_keep_times() -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let base = std::env::temp_dir().join(format!("eigengate-tree-{}", std::process::id()));
        let (from, to) = (base.join("from"), base.join("to"));
        fs::create_dir_all(from.join("deps"))?;
        for name in ["deps/liba-1.rlib", "deps/output", "deps/libctx.so"] {
            fs::write(from.join(name), name)?;
        }
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        File::options().write(true).open(from.join("deps/output"))?.set_modified(old)?;
        clone(&from, &to)?;
        let inode = |path: &Path| -> Result<u64> { Ok(fs::metadata(path)?.ino()) };
        assert_eq!(inode(&from.join("deps/liba-1.rlib"))?, inode(&to.join("deps/liba-1.rlib"))?);
        assert_ne!(inode(&from.join("deps/output"))?, inode(&to.join("deps/output"))?);
        assert_eq!(fs::metadata(to.join("deps/output"))?.modified()?, old);
        assert!(!to.join("deps/libctx.so").exists());
        fs::remove_dir_all(base)?;
        Ok(())
    }
}
