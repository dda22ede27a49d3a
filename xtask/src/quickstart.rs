//! From a clone to an executed notebook, and on to JupyterLab.

use std::path::{Path, PathBuf};

use crate::project::{Project, Result};
use crate::steps::{Done, run as run_command, step};
use crate::{kernel, notebooks, python, tools};

/// Everything that a notebook needs. Steps that are done are skipped.
pub fn prepare(project: &Project) -> Result<()> {
    step("C compiler, Python", tools::check)?;
    step("JupyterLab in target/venv", || python::environment(project))?;
    step("sources of the standard library (rust-src)", || tools::rust_src(project))?;
    step("download of the dependencies", || kernel::fetch(project))?;
    let mut executable = PathBuf::new();
    step("kernel (the first time about 6 minutes)", || {
        executable = kernel::build(project)?;
        Ok(Done::Now)
    })?;
    step("library for notebooks (the first time about 10 minutes)", || kernel::seed(project, &executable))?;
    step("kernel `Rust (eigengate)` in target/venv", || kernel::register(project, &executable))
}

/// The whole way.
pub fn run(project: &Project) -> Result<()> {
    prepare(project)?;
    let notebook = project.root.join("notebooks/quickstart.ipynb");
    let executed = project.output().join("quickstart.ipynb");
    step("execution of notebooks/quickstart.ipynb", || {
        notebooks::execute(project, &notebook, &executed)?;
        notebooks::examine(project, &executed).map(|()| Done::Now)
    })?;
    step("target/notebooks/quickstart.html", || html(project, &executed))?;
    println!();
    println!("The quickstart notebook ran; its figures: target/notebooks/quickstart.html");
    println!("Go on in JupyterLab:                      cargo xtask lab");
    Ok(())
}

fn html(project: &Project, notebook: &Path) -> Result<Done> {
    let mut convert = project.command(project.venv_program("jupyter"));
    run_command(convert.args(["nbconvert", "--log-level", "WARN", "--to", "html"]).arg(notebook))?;
    Ok(Done::Now)
}

/// JupyterLab on the project's notebooks.
pub fn lab(project: &Project, arguments: &[String]) -> Result<()> {
    prepare(project)?;
    let mut jupyter = project.command(project.venv_program("jupyter"));
    run_command(jupyter.args(["lab", "--notebook-dir"]).arg(&project.root).args(arguments))
}
