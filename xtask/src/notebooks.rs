//! Executing notebooks, one at a time, and checking what they give.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::counts::Counts;
use crate::outputs;
use crate::pictures;
use crate::project::{Project, Result, read};
use crate::python;
use crate::quickstart;
use crate::steps::run as run_command;

/// Executes the notebooks at `paths` (all, if there is none); says whether all of them passed.
pub fn run(project: &Project, paths: &[PathBuf], update: bool) -> Result<bool> {
    quickstart::prepare(project)?;
    Ok(verdict(run_all(project, paths, update)?))
}

/// Checks the outputs that the notebooks hold as they are.
pub fn check_committed(project: &Project, paths: &[PathBuf]) -> Result<bool> {
    Ok(verdict(committed(project, paths)?))
}

fn verdict(counts: Counts) -> bool {
    println!("{counts}");
    counts.failed == 0
}

/// Executes notebooks; without `paths` also the test of two kernels at the same time.
pub fn run_all(project: &Project, paths: &[PathBuf], update: bool) -> Result<Counts> {
    let mut counts = Counts::default();
    for notebook in find(project, paths)? {
        let relative = notebook.strip_prefix(&project.root).unwrap_or(&notebook);
        let executed = project.output().join("executed").join(relative);
        let start = Instant::now();
        let result = execute(project, &notebook, &executed)
            .and_then(|()| examine(project, &executed))
            .and_then(|()| {
                let keep = update && !is_test(project, &notebook);
                if keep { copy(&executed, &notebook) } else { Ok(()) }
            });
        counts += report(&relative.display().to_string(), start, result);
    }
    if paths.is_empty() {
        let start = Instant::now();
        let result = run_command(&mut python::script(project, "twins.py"));
        counts += report("two kernels at the same time", start, result);
        counts += committed(project, paths)?;
    }
    Ok(counts)
}

fn committed(project: &Project, paths: &[PathBuf]) -> Result<Counts> {
    let mut counts = Counts::default();
    for notebook in find(project, paths)?.iter().filter(|path| !is_test(project, path)) {
        let name = format!("outputs in {}", project.short(notebook));
        counts += report(&name, Instant::now(), examine(project, notebook));
    }
    if paths.is_empty() {
        let problems = pictures::problems(project)?;
        let result = if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) };
        counts += report("pictures of the notebooks in the README", Instant::now(), result);
    }
    Ok(counts)
}

fn report(name: &str, start: Instant, result: Result<()>) -> Counts {
    let seconds = start.elapsed().as_secs_f64();
    match &result {
        Ok(()) => println!("   ok      {name} ({seconds:.1} s)"),
        Err(error) => println!("   FAILED  {name} ({seconds:.1} s): {error}"),
    }
    Counts::one(result.is_ok())
}

/// Executes `notebook` in its own directory into the file `executed`.
pub fn execute(project: &Project, notebook: &Path, executed: &Path) -> Result<()> {
    run_command(python::script(project, "execute.py").arg(notebook).arg(executed))
}

/// Checks the outputs of one notebook.
pub fn examine(project: &Project, notebook: &Path) -> Result<()> {
    let name = project.short(notebook);
    let value =
        serde_json::from_str(&read(notebook)?).map_err(|e| format!("{name} is not a notebook: {e}"))?;
    let found = outputs::problems(&value);
    if found.is_empty() { Ok(()) } else { Err(format!("{name}: {}", found.join("; "))) }
}

/// Tests hold no outputs: what they show is whether they pass.
pub fn is_test(project: &Project, notebook: &Path) -> bool {
    notebook.starts_with(project.root.join("notebooks/tests"))
}

/// All notebooks at and below `paths`, or below `notebooks`, in the order of their names.
pub fn find(project: &Project, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if paths.is_empty() {
        collect(&project.root.join("notebooks"), &mut found);
    }
    for path in paths {
        let path = path.canonicalize().map_err(|e| format!("cannot find {}: {e}", path.display()))?;
        if path.is_dir() { collect(&path, &mut found) } else { found.push(path) }
    }
    found.sort();
    if found.is_empty() { Err("there is no notebook".to_owned()) } else { Ok(found) }
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "ipynb") {
            found.push(path);
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |e| format!("cannot write {}: {e}", to.display());
    // Written beside it, then renamed: an open JupyterLab never sees half a notebook.
    let beside = to.with_extension("ipynb.new");
    std::fs::copy(from, &beside).map_err(failed)?;
    std::fs::rename(&beside, to).map_err(failed)
}
