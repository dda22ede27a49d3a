//! A program that does a case again whenever it is asked to.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::project::Result;
use crate::steps::line;

/// A process with its case prepared. It ends with this value.
pub struct Side {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    text: String,
}

/// One repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repetition {
    /// Wall time.
    pub seconds: f64,
    /// The loss, if it is a training step.
    pub loss: Option<f64>,
}

impl Side {
    /// Starts `command` and waits until its case is prepared.
    pub fn start(command: &mut Command) -> Result<Self> {
        let text = line(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start `{text}`: {e}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("`{text}` has no input or output"));
        };
        let mut side = Side { child, input, output: BufReader::new(output).lines(), text };
        match side.answer()?.as_str() {
            "ready" => Ok(side),
            other => Err(side.unexpected(other)),
        }
    }

    /// Does the work once.
    pub fn run(&mut self) -> Result<Repetition> {
        let answer = self.ask("run")?;
        let value: Value = serde_json::from_str(&answer).unwrap_or_default();
        let seconds = value["seconds"].as_f64().ok_or_else(|| self.unexpected(&answer))?;
        Ok(Repetition { seconds, loss: value["loss"].as_f64() })
    }

    /// The largest memory since the case was prepared, in bytes; `None` where the system does not tell.
    pub fn peak(&mut self) -> Result<Option<u64>> {
        let answer = self.ask("peak")?;
        let bytes = answer.parse::<u64>().map_err(|_| self.unexpected(&answer))?;
        Ok(Some(bytes).filter(|&bytes| bytes > 0))
    }

    fn ask(&mut self, request: &str) -> Result<String> {
        // A program that has ended is found out by its missing answer.
        let _ = writeln!(self.input, "{request}").and_then(|()| self.input.flush());
        self.answer()
    }

    fn answer(&mut self) -> Result<String> {
        match self.output.next() {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(format!("cannot read what `{}` says: {error}", self.text)),
            None => Err(format!("`{}` ended too early; it may have said why above", self.text)),
        }
    }

    fn unexpected(&self, answer: &str) -> String {
        format!("`{}` gave an unexpected answer: {answer}", self.text)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It waits for requests: there is nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A program that is prepared at once, takes `seconds` and has a peak of `peak` bytes.
    pub fn program(seconds: f64, loss: f64, peak: u64) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!(
            r#"echo ready; while read request; do case $request in
                run) echo '{{"seconds": {seconds}, "loss": {loss}}}';; peak) echo {peak};; esac; done"#
        ));
        command
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_answers_requests() -> Result<()> {
        let mut side = Side::start(&mut program(0.25, 2.5, 4096))?;
        assert_eq!(side.run()?, Repetition { seconds: 0.25, loss: Some(2.5) });
        assert_eq!(side.peak()?, Some(4096));
        assert_eq!(Side::start(&mut program(0.25, 2.5, 0))?.peak()?, None);
        Ok(())
    }

    #[test]
    fn programs_that_fail_are_errors() -> Result<()> {
        let failure = |command: &mut Command| Side::start(command).err().unwrap_or_default();
        assert!(failure(&mut shell("exit 1")).contains("ended too early"));
        assert!(failure(&mut shell("echo hello")).contains("unexpected answer: hello"));
        assert!(failure(&mut Command::new("/no/such/program")).contains("cannot start"));
        let mut side = Side::start(&mut shell("echo ready; read request; echo '{}'"))?;
        assert!(side.run().is_err_and(|error| error.contains("unexpected answer")));
        assert!(side.run().is_err_and(|error| error.contains("ended too early")));
        Ok(())
    }
}
