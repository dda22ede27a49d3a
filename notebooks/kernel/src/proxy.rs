//! A cargo for rust-analyzer only, which answers at once, and shows it few crates.
//!
//! evcxr asks rust-analyzer for the type of every `let`, and rust-analyzer asks cargo for the crates. It
//! starts `$CARGO_HOME/bin/cargo` before any other, so we give it a CARGO_HOME in which that is this
//! executable. Everything that compiles keeps the user's own: paths below it are part of what cargo
//! hashes, and another path would compile everything again.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::prune::prune;

/// The real cargo.
pub const CARGO: &str = "EIGENGATE_CARGO";
/// A directory of answers that cargo gave when the seed was built. The questions of a new kernel are
/// always the same, and cargo needs a second for them.
pub const ANSWERS: &str = "EIGENGATE_ANSWERS";
/// Set while the seed is built: answers are written.
pub const LEARN: &str = "EIGENGATE_LEARN";

/// Does what cargo does.
pub fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let question = Question::new(arguments);
    let known = question.as_ref().filter(|_| std::env::var_os(LEARN).is_none()).and_then(Question::answer);
    if let Some(answer) = known {
        print!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let cargo =
        std::env::var_os(CARGO).context("this name is for rust-analyzer below an eigengate kernel only")?;
    let mut command = Command::new(cargo);
    let output = command.args(arguments).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    let mut text = String::from_utf8(output.stdout).context("cargo did not answer in UTF-8")?;
    let success = output.status.success();
    if success && arguments.first().is_some_and(|a| a == "metadata") {
        let mut metadata: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
        prune(&mut metadata);
        text = format!("{metadata}\n");
    }
    if success && std::env::var_os(LEARN).is_some() {
        question.iter().for_each(|question| question.remember(&text));
    }
    std::io::stdout().write_all(text.as_bytes()).context("rust-analyzer does not listen")?;
    Ok(ExitCode::from(u8::try_from(output.status.code().unwrap_or(1)).unwrap_or(1)))
}

/// A question to cargo from the crate of a session.
struct Question {
    /// Where the answer is, if it is known.
    file: PathBuf,
    /// The end of the path of this session; answers were given to the seed.
    place: String,
}

/// Common to the paths of all sessions.
const CELLS: &str = "/target/notebooks/cells/";

impl Question {
    /// None outside of a session.
    fn new(arguments: &[OsString]) -> Option<Self> {
        let session = PathBuf::from(std::env::var_os("EVCXR_TMPDIR")?);
        let place = format!("{CELLS}{}", session.file_name()?.to_str()?);
        let mut hasher = DefaultHasher::new();
        for argument in arguments {
            argument.to_str()?.replace(&place, CELLS).hash(&mut hasher);
        }
        // The crate with other dependencies than the seed's is another question.
        fs::read(session.join("Cargo.toml")).ok()?.hash(&mut hasher);
        let file = Path::new(&std::env::var_os(ANSWERS)?).join(format!("{:016x}", hasher.finish()));
        Some(Question { file, place })
    }

    fn answer(&self) -> Option<String> {
        Some(fs::read_to_string(&self.file).ok()?.replace(&format!("{CELLS}seed"), &self.place))
    }

    /// A failure to write only costs time later.
    fn remember(&self, answer: &str) {
        let _ = fs::write(&self.file, answer);
    }
}
