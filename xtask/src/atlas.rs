//! The search for portraits of two units: `cargo xtask atlas`.
//!
//! The search is in the library (`src/dynamics/atlas`) and its program in `src/bin/atlas.rs`; here that is built and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::artifacts::executable;
use crate::project::{Project, Result};

/// The command line.
#[derive(Debug, PartialEq, clap::Args)]
pub struct Options {
    /// The atlas, which the search goes on from and writes into [default: data/results/atlas.parquet]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Handed on to the program: `--systems N --seed N --cycle-searches N`, or `--verify`, `--round`, `--merge FILE …`, `--help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Searches, or does what else the arguments ask for; says whether it succeeded.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    eprintln!("the program (the first time some minutes to compile)");
    let arguments = ["build", "--locked", "--release", "--quiet", "--package", "eigengate", "--bin", "atlas"];
    let program = executable(project, &arguments, "atlas")?;
    let mut command = command(project, &program, options);
    let status = command.status().map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    Ok(status.success())
}

/// Files that are named are as the user sees them; the atlas of the project is below its root.
fn command(project: &Project, program: &Path, options: &Options) -> Command {
    let mut command = project.command(program);
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    let shipped = || project.root.join("data/results/atlas.parquet");
    command.arg(options.file.clone().unwrap_or_else(shipped)).args(&options.arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_gets_the_file_and_the_arguments() {
        let project = Project { root: PathBuf::from("/p") };
        let arguments = |file: Option<&str>| {
            let options = Options { file: file.map(PathBuf::from), arguments: vec!["--verify".to_owned()] };
            let command = command(&project, Path::new("atlas"), &options);
            command.get_args().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(arguments(None), ["/p/data/results/atlas.parquet", "--verify"]);
        assert_eq!(arguments(Some("mine.parquet")), ["mine.parquet", "--verify"]);
    }
}
