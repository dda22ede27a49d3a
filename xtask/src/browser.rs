//! Notebooks in a real JupyterLab, on the page of a real browser.
//!
//! What the pages must show is checked in `xtask/python/browser.py`; here is all that it needs.

use std::path::{Path, PathBuf};

use crate::counts::Counts;
use crate::notebooks;
use crate::project::{Project, Result, read, write};
use crate::quickstart;
use crate::steps::{Done, capture, run as run_command, step};

/// The notebook that is executed in the browser; the others are looked at as they are.
const EXECUTED: &str = "quickstart.ipynb";
/// Names of a Chromium.
const CHROMIUMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Opens every notebook in JupyterLab and executes the quickstart there; says whether all is on the pages.
pub fn run(project: &Project) -> Result<bool> {
    let chromium = chromium(project).ok_or("there is no Chromium: `sudo apt install chromium`")?;
    quickstart::prepare(project)?;
    let counts = run_all(project, &chromium)?;
    println!("{counts}");
    Ok(counts.failed == 0)
}

/// The program of a Chromium, where there is one.
pub fn chromium(project: &Project) -> Option<PathBuf> {
    let works =
        |name: &&&str| project.command(name).arg("--version").output().is_ok_and(|o| o.status.success());
    CHROMIUMS.iter().find(works).map(PathBuf::from)
}

/// The checks, with the kernel prepared.
pub fn run_all(project: &Project, chromium: &Path) -> Result<Counts> {
    step("Playwright in target/venv-browser", || environment(project))?;
    let folder = project.output().join("browser");
    let names = copy(project, &folder.join("notebooks"))?;
    let mut command = project.command(venv(project).join("bin/python"));
    command
        .arg(project.root.join("xtask/python/browser.py"))
        .arg(project.venv_program("jupyter"))
        .args([folder.join("notebooks"), folder.join("pages")])
        .arg(which(project, chromium)?)
        .args(names.iter().map(|name| if name == EXECUTED { format!("run:{name}") } else { name.clone() }));
    let output = command.output().map_err(|e| format!("cannot start Python: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let starting = |word: &str| text.lines().filter(|line| line.trim_start().starts_with(word)).count();
    match (output.status.success(), starting("FAILED")) {
        (false, 0) => Err(format!("browser.py failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
        (_, failed) => Ok(Counts { passed: starting("ok "), failed }),
    }
}

fn venv(project: &Project) -> PathBuf {
    project.root.join("target/venv-browser")
}

/// A Python environment of its own: nobody who only uses notebooks needs it.
fn environment(project: &Project) -> Result<Done> {
    let requirements = project.root.join("xtask/requirements-browser.txt");
    let wanted = read(&requirements)?;
    let stamp = venv(project).join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Done::Already);
    }
    run_command(project.command("python3").args(["-m", "venv", "--clear"]).arg(venv(project)))?;
    let mut pip = project.command(venv(project).join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements);
    run_command(&mut pip)?;
    write(&stamp, &wanted)?;
    Ok(Done::Now)
}

/// The whole path: Playwright takes no other.
fn which(project: &Project, program: &Path) -> Result<String> {
    let find = format!("command -v {}", program.display());
    Ok(capture(project.command("sh").args(["-c", &find]))?.trim().to_owned())
}

/// A copy of the notebooks, which JupyterLab may save; their names from there, and what they read beside them.
fn copy(project: &Project, folder: &Path) -> Result<Vec<String>> {
    let failed = |e: std::io::Error| format!("cannot copy the notebooks to {}: {e}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    let source = project.root.join("notebooks");
    let mut names = vec![];
    for notebook in notebooks::find(project, &[])? {
        let relative = notebook.strip_prefix(&source).unwrap_or(&notebook).to_owned();
        if relative.starts_with("tests") {
            continue;
        }
        let target = folder.join(&relative);
        let parent = target.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).and_then(|()| std::fs::copy(&notebook, &target)).map_err(failed)?;
        names.push(relative.display().to_string());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_notebooks_stay_and_the_quickstart_comes() {
        let project = Project::find().unwrap();
        let folder = std::env::temp_dir().join(format!("eigengate-browser-{}", std::process::id()));
        let names = copy(&project, &folder).unwrap();
        assert!(names.iter().any(|name| name == EXECUTED), "{names:?}");
        assert!(
            names.iter().all(|name| !name.starts_with("tests/") && folder.join(name).is_file()),
            "{names:?}"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
