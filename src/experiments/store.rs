//! Files of rows: one a run, and the table of all runs.

use super::rows;
use super::run::lock;
use crate::error::{Error, Result};
use crate::frame::Frame;
use polars::prelude::{BooleanChunked, DataFrame};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What [`merge`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Runs that the table did not have.
    pub added: usize,
    /// Runs that it had; they are as they were.
    pub kept: usize,
}

/// Reads a [table](super#the-table), of one run or of many.
///
/// # Errors
/// [`Error::Read`]; [`Error::Format`] where the file is damaged or holds something else.
pub fn read(path: impl AsRef<Path>) -> Result<Frame> {
    let path = path.as_ref();
    let table = Frame::read_parquet(path)?;
    rows::check(&table, path)?;
    Ok(table)
}

/// Keys of the runs in a table, sorted; none where there is no such file.
///
/// ```
/// use eigengate::experiments::store;
/// assert!(store::keys("no/such/table.parquet")?.is_empty());
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn keys(path: impl AsRef<Path>) -> Result<Vec<String>> {
    let path = path.as_ref();
    if !path.exists() {
        return Ok(vec![]);
    }
    Ok(split(&read(path)?, path)?.into_keys().collect())
}

/// Adds the runs of `files` to the table at `path`, which is made where it is missing. A folder stands for all
/// `.parquet` files below it.
///
/// The table is sorted by key, and its rows within a run are in the order in which they were measured, so that it does
/// not depend on the order of the files. A run that the table has already is kept as it is. The new table is written
/// beside the old one and takes its place as a whole.
///
/// # Errors
/// [`Error::Format`] for a file that is damaged, is no table of runs, or has a run with other settings or of another
/// scale than the table; [`Error::Read`] and [`Error::Write`]; [`Error::Busy`] while another process writes into that
/// folder. The table is as it was.
pub fn merge(path: impl AsRef<Path>, files: &[PathBuf]) -> Result<Merged> {
    let path = path.as_ref();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::writing(folder))?;
    let _lock = lock(folder, path)?;
    let mut runs = if path.exists() { split(&read(path)?, path)? } else { BTreeMap::new() };
    let mut sources = vec![];
    for file in files {
        collect(file, &mut sources)?;
    }
    sources.sort();
    let mut merged = Merged::default();
    for source in sources.iter().filter(|source| *source != path) {
        for (key, run) in split(&read(source)?, source)? {
            match runs.get(&key) {
                Some(there) => {
                    check_run(there, path, &key, &text(&run, "settings", source)?)?;
                    merged.kept += 1;
                }
                None => {
                    check_scale(&runs, &run, source)?;
                    merged.added += 1;
                    runs.insert(key, run);
                }
            }
        }
    }
    if merged.added > 0 {
        let mut table: Option<DataFrame> = None;
        for run in runs.into_values().map(Frame::into_inner) {
            match &mut table {
                Some(table) => {
                    table.vstack_mut(&run)?;
                }
                None => table = Some(run),
            }
        }
        Frame::from(table.unwrap_or_default()).write_parquet(path)?;
    }
    Ok(merged)
}

/// Refuses rows, read from `path`, that are not of the run of this key and these settings.
pub(super) fn check_run(table: &Frame, path: &Path, key: &str, settings: &str) -> Result<()> {
    for (column, expected) in [("run", key), ("settings", settings)] {
        let found = text(table, column, path)?;
        if found != expected {
            let found = format!("{found}; move the file away, or take other settings");
            return Err(Error::format(path, "table of runs", format!("{column} {expected}"), found));
        }
    }
    Ok(())
}

/// Quick runs and those of the paper do not go into one table.
fn check_scale(runs: &BTreeMap<String, Frame>, run: &Frame, source: &Path) -> Result<()> {
    let Some(there) = runs.values().next() else { return Ok(()) };
    let (there, new) = (text(there, "scale", source)?, text(run, "scale", source)?);
    if there == new {
        return Ok(());
    }
    let expected = format!("runs of the scale `{there}`, as in the table");
    Err(Error::format(source, "table of runs", expected, format!("the scale `{new}`; take another table")))
}

/// The one text in a column of a run.
fn text(run: &Frame, column: &str, path: &Path) -> Result<String> {
    let column_of = run.column(column)?.str()?;
    let first = column_of.first().unwrap_or_default();
    if first.is_empty() || column_of.iter().any(|value| value != Some(first)) {
        let expected = format!("one {column} in all rows of a run");
        return Err(Error::format(path, "table of runs", expected, "none, or several"));
    }
    Ok(first.to_owned())
}

/// The rows of every run of a table.
fn split(table: &Frame, path: &Path) -> Result<BTreeMap<String, Frame>> {
    let column = table.column("run")?.str()?;
    let mut runs = BTreeMap::new();
    for key in column.iter() {
        let Some(key) = key else {
            return Err(Error::format(path, "table of runs", "a run in every row", "a row without"));
        };
        if !runs.contains_key(key) {
            let own: BooleanChunked = column.iter().map(|other| other == Some(key)).collect();
            runs.insert(key.to_owned(), Frame::from(table.filter(&own)?));
        }
    }
    Ok(runs)
}

/// The files that `path` stands for.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(Error::reading(path))? {
        let entry = entry.map_err(Error::reading(path))?.path();
        // A temporary file of a run that was killed has no such ending.
        if entry.is_dir() || entry.extension().is_some_and(|ending| ending == "parquet") {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
