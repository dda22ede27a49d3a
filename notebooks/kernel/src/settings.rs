//! The files that tell evcxr and cargo how cells are compiled. The seed and every session read the same
//! ones, so that nothing compiled for the seed is ever compiled again for a session.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::environment;
use crate::layout::Layout;

/// Dependencies at full speed, without the checks that the `dev` profile of evcxr turns on; the cells
/// themselves stay at evcxr's `opt_level` below, which `:opt 2` in a cell raises.
const CARGO: &str = "\
# Written by eigengate-kernel: applies to the cells of notebooks.
[profile.dev.package.\"*\"]
opt-level = 3
debug-assertions = false
overflow-checks = false
";

/// Cells are glue: what takes time is in the library. Without optimisation a cell compiles in half the
/// time. `offline`: every version is in the lock file, and a notebook must not wait for a network.
const EVCXR: &str = "\
# Written by eigengate-kernel.
[evcxr]
opt_level = \"0\"
offline_mode = true
";

/// Commands that evcxr executes before it answers its first message.
///
/// The lock file is put in place here because evcxr starts by building an empty crate, and cargo then
/// drops all entries of the lock file. `system` is rust-lld since Rust 1.90; a fixed choice keeps the
/// compiler flags, and with them all that is compiled, independent of what is on PATH.
fn start(layout: &Layout) -> String {
    format!(
        "!cp '{lock}' \"$EVCXR_TMPDIR/Cargo.lock\"\n\
         :linker system\n\
         :build_env CARGO_HOME={home}\n\
         :dep eigengate = {{ path = \"{facade}\", package = \"eigengate-notebook\" }}\n",
        home = environment::cargo_home().unwrap_or_default().display(),
        lock = layout.project.join("Cargo.lock").display(),
        facade = layout.facade().display(),
    )
}

/// The files and their texts, with paths relative to `target/notebooks`.
fn files(layout: &Layout) -> [(&'static str, String); 3] {
    [
        (".cargo/config.toml", CARGO.to_owned()),
        ("config/evcxr.toml", EVCXR.to_owned()),
        ("config/init.evcxr", start(layout)),
    ]
}

/// Writes the settings.
pub fn write(layout: &Layout) -> Result<()> {
    for (name, text) in files(layout) {
        let path = layout.notebooks().join(name);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        // An untouched file keeps its time: cargo compiles again when its configuration is younger.
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// All settings as one text, for the seed's stamp.
pub fn digest(layout: &Layout) -> String {
    files(layout).iter().map(|(name, text)| format!("[{name}]\n{text}")).collect()
}
