//! Python with numpy and pyarrow, for tests that check files from the other side.
//!
//! It is the interpreter of the environment variable `EIGENGATE_PYTHON`, or that of a virtual
//! environment that the first test to need it makes at `target/python` with the versions of
//! `tests/requirements.txt`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Runs a script with arguments (`sys.argv[1:]`) and gives what it printed. An exception in it, a failed
/// `assert` for one, fails the test with Python's text.
#[track_caller]
pub fn python(script: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(interpreter());
    command.arg("-c").arg(script).args(arguments);
    match run(&mut command) {
        Ok(output) => output,
        Err(text) => panic!("the script\n{script}\nfailed: {text}"),
    }
}

fn interpreter() -> PathBuf {
    if let Some(path) = std::env::var_os("EIGENGATE_PYTHON") {
        let path = PathBuf::from(path);
        run(Command::new(&path).args(["-c", "import numpy, pyarrow"])).unwrap_or_else(|text| {
            panic!(
                "EIGENGATE_PYTHON = {} is no Python with numpy and pyarrow: {text}\n\
                 install them there (pip install -r tests/requirements.txt), or unset the variable",
                path.display()
            )
        });
        return path;
    }
    // `target/tmp` is the folder that cargo gives to tests.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python");
    // Tests run in parallel, as threads and as processes; the first makes the environment.
    let lock = std::fs::File::create(folder.with_extension("lock")).expect("target/ is writable");
    lock.lock().expect("the file system of target/ has locks");
    let interpreter = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let installed = folder.join("installed.txt");
    if std::fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS) {
        create(&folder, &interpreter).unwrap_or_else(|text| {
            panic!(
                "no Python to check files with: {text}\n\
                 The tests need Python 3.11 or later with its venv module (Debian: apt install python3-venv) \
                 and access to PyPI, or the variable EIGENGATE_PYTHON with the path of a Python that has the \
                 packages of tests/requirements.txt."
            )
        });
        std::fs::write(&installed, REQUIREMENTS).expect("target/ is writable");
    }
    interpreter
}

fn create(folder: &Path, interpreter: &Path) -> Result<(), String> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder))?;
    let requirements = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requirements.txt");
    let options =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    run(Command::new(interpreter).args(options).args([OsStr::new("-r"), OsStr::new(requirements)]))?;
    Ok(())
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
