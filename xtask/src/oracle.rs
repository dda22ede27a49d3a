//! Reference cases of the dynamics, worked out by the library: `cargo xtask oracle FILE`.
//!
//! What a case is and how it is compared is in `src/bin/oracle`; here the program is built and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifacts::executable;
use crate::project::{Project, Result};

/// The command line.
#[derive(Debug, PartialEq, clap::Args)]
pub struct Options {
    /// The file of cases, e.g. tests/data/gru_oracle.json
    file: PathBuf,
    /// Only cases whose id contains this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Works out the cases; says whether none failed.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    eprintln!("the program (the first time some minutes to compile, unless the tests have been)");
    // The profile of the tests: seconds of work are not worth another compilation.
    let arguments = ["build", "--locked", "--quiet", "--package", "eigengate", "--bin", "oracle"];
    let program = executable(project, &arguments, "oracle")?;
    let mut command = command(project, &program, options);
    let status = command.status().map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    Ok(status.success())
}

/// The file is as the user sees it, not below the root of the project.
fn command(project: &Project, program: &Path, options: &Options) -> Command {
    let mut command = project.command(program);
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    command.arg(&options.file);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_gets_the_file_and_the_choice() {
        let project = Project { root: PathBuf::from("/p") };
        let options = Options { file: PathBuf::from("cases.json"), only: Some("A_".to_owned()) };
        let command = command(&project, Path::new("oracle"), &options);
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["cases.json", "--only", "A_"]);
    }
}
