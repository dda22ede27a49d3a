//! The Python that has PyTorch.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::Project;

/// Tells PyTorch's version, the threads that it chooses by itself, and the memory that it takes before any work.
const PROBE: &str = "
import torch
try:
    with open('/proc/self/status') as file:
        peak = [line.split()[1] for line in file if line.startswith('VmHWM:')][0]
except OSError:
    peak = 0
print(torch.__version__, torch.get_num_threads(), peak)
";

/// A Python with PyTorch.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// Where it is.
    pub python: PathBuf,
    /// PyTorch's version.
    pub version: String,
    /// The threads that it chooses by itself.
    pub threads: usize,
    /// The memory of its libraries, in bytes; `None` where the system does not tell.
    pub empty: Option<u64>,
}

impl Peer {
    /// PyTorch in `python`, else in the Python that the variable EIGENGATE_PEER_PYTHON names, else in `target/peers`,
    /// else in `python3`.
    ///
    /// # Errors
    ///
    /// A line that says why there is none.
    pub fn find(project: &Project, python: Option<&Path>) -> Result<Self, String> {
        let named = python.map(Path::to_path_buf);
        let named = named.or_else(|| std::env::var_os("EIGENGATE_PEER_PYTHON").map(PathBuf::from));
        let own = project.root.join("target/peers/bin/python");
        let python = named.unwrap_or_else(|| if own.exists() { own } else { PathBuf::from("python3") });
        probe(project, &python)
    }

    /// The command of the peer's program for one case.
    pub fn command(&self, project: &Project, case: &str, threads: Option<usize>) -> Command {
        let mut command = python_command(project, &self.python);
        command.arg(project.root.join("benches/peers/torch_peer.py"));
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        command.arg(case);
        command
    }
}

fn probe(project: &Project, python: &Path) -> Result<Peer, String> {
    let output = python_command(project, python).args(["-c", PROBE]).output();
    let output = output
        .map_err(|e| format!("cannot start the Python {} ({e}): peers are skipped", python.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let written = Some(text(&output.stdout)).filter(|_| output.status.success());
    understand(python, written.as_deref(), &text(&output.stderr))
}

/// What [`PROBE`] has `written`, if it came to its end, and its `errors`.
fn understand(python: &Path, written: Option<&str>, errors: &str) -> Result<Peer, String> {
    let peer = |text: &str| {
        let mut words = text.split_whitespace();
        let version = words.next()?.to_owned();
        let (threads, kilobytes) = (words.next()?.parse().ok()?, words.next()?.parse::<u64>().ok()?);
        let empty = Some(kilobytes * 1024).filter(|&bytes| bytes > 0);
        Some(Peer { python: python.to_path_buf(), version, threads, empty })
    };
    written.and_then(peer).ok_or_else(|| {
        if errors.contains("No module named 'torch'") {
            return "PyTorch is not installed: peers are skipped (python3 -m venv target/peers && \
                    target/peers/bin/pip install torch)"
                .to_owned();
        }
        let reason = errors.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
        format!("PyTorch does not start in {}: peers are skipped ({reason})", python.display())
    })
}

fn python_command(project: &Project, python: &Path) -> Command {
    // The command runs in the root, and a path is meant from where the user is; a bare name is looked up.
    let path = if python.components().count() > 1 { std::path::absolute(python).ok() } else { None };
    let mut command = project.command(path.as_deref().unwrap_or(python));
    // Some machines set it for their own programs; PyTorch shall choose its kernels by itself.
    command.env_remove("OPENBLAS_CORETYPE");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(written: Option<&str>, errors: &str) -> Result<Peer, String> {
        understand(Path::new("python3"), written, errors)
    }

    #[test]
    fn a_python_with_torch_is_found() {
        let peer = say(Some("2.15.0+cpu 2 1000\n"), "a warning").expect("a peer");
        assert_eq!((peer.version.as_str(), peer.threads, peer.empty), ("2.15.0+cpu", 2, Some(1_024_000)));
    }

    #[test]
    fn without_torch_one_line_says_how_to_install_it() {
        let absent = say(None, "…\nModuleNotFoundError: No module named 'torch'\n").expect_err("no peer");
        assert!(absent.starts_with("PyTorch is not installed: peers are skipped ("), "{absent}");
        assert!(absent.ends_with("target/peers/bin/pip install torch)"), "{absent}");
        let broken = say(None, "…\nImportError: libtorch.so\n").expect_err("no peer");
        assert!(broken.contains("peers are skipped (ImportError: libtorch.so)"), "{broken}");
        assert!(say(Some(""), "").is_err());
    }

    #[test]
    fn a_python_that_is_not_there_is_named() -> Result<(), String> {
        let missing = Peer::find(&Project::find()?, Some(Path::new("/no/such/python")));
        assert!(missing.is_err_and(|line| line.contains("cannot start the Python /no/such/python")));
        Ok(())
    }
}
