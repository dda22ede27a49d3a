//! Everything that must pass before a change is merged.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::counts::Counts;
use crate::project::{Project, Result};
use crate::steps::{Done, line, run as run_command, step};
use crate::{browser, notebooks, quickstart};

/// Runs all checks, also after one has failed, ends with a line that counts the tests, and says whether
/// everything passed.
///
/// A step without tests of its own that fails counts as one failed test, so that `0 failed` means that all is well.
pub fn run(project: &Project, fast: bool) -> Result<bool> {
    let mut counts = Counts::default();
    for (name, arguments) in [
        ("format", "fmt --all --check"),
        ("lints", "clippy --locked --workspace --all-targets -- -D warnings"),
        ("documentation", "doc --locked --workspace --no-deps"),
        ("GPU code, types only", "check --locked --features cuda,dfdx/ci-check"),
    ] {
        let result = step(name, || run_command(&mut cargo(project, arguments)).map(|()| Done::Now));
        counts += failure(result);
    }
    for (name, arguments) in [
        // The README's command.
        ("tests", "test"),
        ("tests of xtask", "test --locked --package xtask"),
        // In its own profile: its dependencies take minutes to compile.
        ("tests of the kernel", "test --locked --profile kernel --package eigengate-kernel"),
    ] {
        let result = step(name, || tests(&mut cargo(project, arguments), &mut counts));
        counts += failure(result);
    }
    if !fast {
        let prepared = quickstart::prepare(project);
        let ready = prepared.is_ok();
        counts += failure(prepared);
        if ready {
            let result = step("notebooks", || {
                counts += notebooks::run_all(project, &[], false)?;
                Ok(Done::Now)
            });
            counts += failure(result);
            counts += pages(project);
        }
    }
    println!("{counts}");
    Ok(counts.failed == 0)
}

/// Notebooks in JupyterLab, where there is a browser.
fn pages(project: &Project) -> Counts {
    let mut counts = Counts::default();
    match browser::chromium(project) {
        Some(chromium) => {
            let result = step("notebooks in JupyterLab", || {
                counts += browser::run_all(project, &chromium)?;
                Ok(Done::Now)
            });
            counts += failure(result);
        }
        None => println!(
            "== notebooks in JupyterLab\n   NOT RUN: there is no Chromium (`sudo apt install chromium`)"
        ),
    }
    counts
}

fn cargo(project: &Project, arguments: &str) -> Command {
    let mut command = project.command("cargo");
    command.args(arguments.split(' ')).env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn failure(result: Result<()>) -> Counts {
    match result {
        Ok(()) => Counts::default(),
        Err(error) => {
            println!("   FAILED: {error}");
            Counts::one(false)
        }
    }
}

/// Runs `cargo test` to its end, whatever fails, and counts.
fn tests(command: &mut Command, counts: &mut Counts) -> Result<Done> {
    let failed = |e: std::io::Error| format!("cannot run `cargo test`: {e}");
    let text = line(command);
    let mut child = command.arg("--no-fail-fast").stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut seen = Counts::default();
    for output in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let output = output.map_err(failed)?;
        println!("{output}");
        seen.add_line(&output);
    }
    *counts += seen;
    let status = child.wait().map_err(failed)?;
    match (status.success(), seen.failed) {
        (true, _) => Ok(Done::Now),
        // Counted one by one.
        (false, 1..) => Ok(Done::Now),
        (false, 0) => Err(format!("`{text}` failed ({status})")),
    }
}
