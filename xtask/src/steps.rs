//! A task is a list of steps; each says what it does and how long it took.

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use crate::project::Result;

/// How a step ended.
pub enum Done {
    /// It did its work.
    Now,
    /// There was nothing to do.
    Already,
}

/// Runs one step between a line that names it and a line with its time.
pub fn step(name: &str, work: impl FnOnce() -> Result<Done>) -> Result<()> {
    println!("== {name}");
    // What the step's commands write must come after its name.
    let _ = std::io::stdout().flush();
    let start = Instant::now();
    let done = work()?;
    let seconds = start.elapsed().as_secs_f64();
    match done {
        Done::Now => println!("   done in {seconds:.1} s"),
        Done::Already => println!("   already done ({seconds:.1} s)"),
    }
    Ok(())
}

/// Runs a command to its end; what it writes is seen.
///
/// # Errors
///
/// If the program is missing, or ends with a failure.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|e| missing(command, &e))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", line(command))) }
}

/// Runs a command to its end and returns what it wrote to stdout; stderr is seen.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.stderr(std::process::Stdio::inherit()).output().map_err(|e| missing(command, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("`{}` failed ({})", line(command), output.status))
    }
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn missing(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start `{}`: {error}", command.get_program().to_string_lossy())
}
