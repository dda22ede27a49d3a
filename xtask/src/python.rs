//! The Python environment of the project: JupyterLab and what executes notebooks, at fixed versions.

use std::path::PathBuf;

use crate::project::{Project, Result, read, write};
use crate::steps::{Done, run};

/// Makes `target/venv` with the packages of `xtask/requirements.txt`.
pub fn environment(project: &Project) -> Result<Done> {
    let requirements = project.root.join("xtask/requirements.txt");
    let wanted = read(&requirements)?;
    let stamp = project.venv().join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Done::Already);
    }
    run(project.command("python3").args(["-m", "venv", "--clear"]).arg(project.venv()))?;
    let mut pip = project.command(project.venv_program("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements);
    run(&mut pip)?;
    write(&stamp, &wanted)?;
    Ok(Done::Now)
}

/// A Python program of this task runner.
pub fn script(project: &Project, name: &str) -> std::process::Command {
    let mut command = project.command(project.venv_program("python"));
    command.arg(project.root.join("xtask/python").join(name));
    // Test kernels are known to our programs only, not to the user's Jupyter.
    command.env("JUPYTER_PATH", test_kernels(project));
    command
}

/// Where kernelspecs for tests are.
pub fn test_kernels(project: &Project) -> PathBuf {
    project.output().join("jupyter")
}
