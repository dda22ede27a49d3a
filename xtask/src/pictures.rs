//! A picture of every notebook, for the table in the README: one of its figures, as it is.

use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::Value;

use crate::notebooks;
use crate::project::{Project, Result, read};

/// Notebooks whose picture is not their first figure: which one, counted from 0.
const FIGURES: [(&str, usize); 5] = [
    ("attacks", 1),
    ("quickstart", 1),
    ("your_gru", 1),
    ("jordan2021/learning", 5),
    ("jordan2021/bifurcations", 2),
];

/// Writes the pictures of all notebooks.
pub fn run(project: &Project) -> Result<bool> {
    for notebook in all(project)? {
        let (path, png) = picture(project, &notebook)?;
        let failed = |e: std::io::Error| format!("cannot write {}: {e}", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        std::fs::write(&path, png).map_err(failed)?;
        println!("{}", project.short(&path));
    }
    Ok(true)
}

/// What is wrong with the pictures and the README's table: every notebook has its figure there, and a link.
pub fn problems(project: &Project) -> Result<Vec<String>> {
    let readme = read(&project.root.join("README.md"))?;
    let mut found = vec![];
    for notebook in all(project)? {
        let name = project.short(&notebook).to_string();
        let (path, png) = match picture(project, &notebook) {
            Ok(picture) => picture,
            Err(error) => {
                found.push(error);
                continue;
            }
        };
        let shown = project.short(&path).to_string();
        if std::fs::read(&path).ok().as_deref() != Some(png.as_slice()) {
            found.push(format!("{shown} is not the figure of {name}: `cargo xtask pictures`"));
        }
        found.extend(
            [&name, &shown]
                .into_iter()
                .filter(|link| !readme.contains(link.as_str()))
                .map(|link| format!("README.md does not have {link}")),
        );
    }
    Ok(found)
}

fn all(project: &Project) -> Result<Vec<PathBuf>> {
    let found = notebooks::find(project, &[])?;
    Ok(found.into_iter().filter(|path| !notebooks::is_test(project, path)).collect())
}

/// The name of a notebook's picture, and its bytes.
fn picture(project: &Project, notebook: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let folder = project.root.join("notebooks");
    let name = notebook.strip_prefix(&folder).unwrap_or(notebook).with_extension("");
    let key = name.display().to_string();
    let which = FIGURES.iter().find(|(known, _)| *known == key).map_or(0, |(_, which)| *which);
    let book: Value =
        serde_json::from_str(&read(notebook)?).map_err(|e| format!("{key} is not a notebook: {e}"))?;
    let png =
        figures(&book).nth(which).ok_or_else(|| format!("{key}.ipynb has no figure number {}", which + 1))?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(png).map_err(|e| format!("{key}: {e}"))?;
    Ok((folder.join("pictures").join(key.replace('/', "_") + ".png"), bytes))
}

/// The figures of a notebook, in base64.
fn figures(book: &Value) -> impl Iterator<Item = String> + '_ {
    let cells = book["cells"].as_array().into_iter().flatten();
    let outputs = cells.flat_map(|cell| cell["outputs"].as_array().into_iter().flatten());
    outputs.filter_map(|output| match &output["data"]["image/png"] {
        Value::String(text) => Some(text.replace('\n', "")),
        Value::Array(lines) => {
            Some(lines.iter().filter_map(Value::as_str).collect::<String>().replace('\n', ""))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_in_order_and_whole() {
        let book = serde_json::json!({"cells": [
            {"outputs": [{"data": {"text/plain": "a"}}, {"data": {"image/png": "Zmly\nc3Q=\n"}}]},
            {"cell_type": "markdown"},
            {"outputs": [{"data": {"image/png": ["c2Vj\n", "b25k"]}}]},
        ]});
        assert_eq!(figures(&book).collect::<Vec<_>>(), ["Zmlyc3Q=", "c2Vjb25k"]);
    }
}
