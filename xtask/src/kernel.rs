//! The kernel: its executable, the library compiled for cells, and its registration.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::artifacts::executable;
use crate::project::{Project, Result, write};
use crate::python::test_kernels;
use crate::steps::{Done, run};

/// Downloads every dependency. Kernels work without a network, and ask for the crates of all platforms.
pub fn fetch(project: &Project) -> Result<Done> {
    run(project.command("cargo").args(["fetch", "--locked", "--quiet"]))?;
    Ok(Done::Now)
}

/// Compiles the kernel and returns the path of its executable.
pub fn build(project: &Project) -> Result<PathBuf> {
    let arguments = ["build", "--locked", "--profile", "kernel", "--package", "eigengate-kernel"];
    executable(project, &arguments, "eigengate-kernel")
}

/// Compiles the library for cells; nothing is compiled if nothing changed.
pub fn seed(project: &Project, kernel: &Path) -> Result<Done> {
    run(project.command(kernel).arg("--seed").arg("--project").arg(&project.root))?;
    Ok(Done::Now)
}

/// Makes the kernel known to the Jupyter of `target/venv`, and to no other.
pub fn register(project: &Project, kernel: &Path) -> Result<Done> {
    let ours = specification(project, kernel, "Rust (eigengate)", "--project");
    let plain = specification(project, kernel, "Rust (plain evcxr, for tests)", "--plain");
    let places = [
        (project.venv().join("share/jupyter/kernels/eigengate/kernel.json"), ours),
        (test_kernels(project).join("kernels/eigengate-plain/kernel.json"), plain),
    ];
    let mut done = Done::Already;
    for (path, text) in places {
        if !std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            write(&path, &text)?;
            done = Done::Now;
        }
    }
    Ok(done)
}

fn specification(project: &Project, kernel: &Path, name: &str, mode: &str) -> String {
    let value = json!({
        "argv": [kernel, "--control_file", "{connection_file}", mode, project.root],
        "display_name": name,
        "language": "rust",
        // evcxr is interrupted by a message, not by a signal.
        "interrupt_mode": "message",
    });
    format!("{value:#}\n")
}
