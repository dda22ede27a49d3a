//! Rows of the table: one number each, with the run that it is of.

use super::nassar2020::Run;
use crate::error::{Error, Result};
use crate::frame::Frame;
use polars::prelude::DataType;
use std::path::Path;

/// One number of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured.
    pub measurement: &'static str,
    /// The hidden layer it was measured at.
    pub tap: Option<String>,
    /// Number of an eigenvalue or an epoch, from 1.
    pub index: Option<usize>,
    /// Size of an attack, or standard deviation of the noise.
    pub parameter: Option<f64>,
    /// Images it was measured on.
    pub images: Option<usize>,
    /// The number.
    pub value: f64,
}

impl Row {
    pub(super) fn new(measurement: &'static str, value: f64) -> Self {
        Self { measurement, tap: None, index: None, parameter: None, images: None, value }
    }

    pub(super) fn at(self, tap: &str) -> Self {
        Self { tap: Some(tap.to_owned()), ..self }
    }

    pub(super) fn index(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    pub(super) fn parameter(self, parameter: f64) -> Self {
        Self { parameter: Some(parameter), ..self }
    }

    pub(super) fn over(self, images: usize) -> Self {
        Self { images: Some(images), ..self }
    }
}

pub(super) const TRAINING_SECONDS: &str = "training_seconds";
pub(super) const EVALUATION_SECONDS: &str = "evaluation_seconds";
pub(super) const PEAK_MEMORY: &str = "peak_memory";

/// Whether a measurement is of what the run took, which is another in every run, and not of what came out.
///
/// ```
/// use eigengate::experiments::rows::is_cost;
/// assert!(is_cost("training_seconds") && !is_cost("alpha"));
/// ```
pub fn is_cost(measurement: &str) -> bool {
    [TRAINING_SECONDS, EVALUATION_SECONDS, PEAK_MEMORY].contains(&measurement)
}

/// The part of a [table](super#the-table) that the same key always gives: all rows but those of [`is_cost`].
///
/// # Errors
/// [`Error::Polars`] where the frame has no column `measurement` of text.
pub fn without_costs(table: &Frame) -> Result<Frame> {
    let keep = table.column("measurement")?.str()?.iter().map(|name| !name.is_some_and(is_cost)).collect();
    Ok(table.filter(&keep)?.into())
}

/// Names and types of the columns, in order.
fn columns() -> [(&'static str, DataType); 17] {
    use DataType::{Boolean, Float64, Int64, String};
    [
        ("run", String),
        ("scale", String),
        ("experiment", Int64),
        ("network", String),
        ("data", String),
        ("penalty", String),
        ("strength", Float64),
        ("whitening", Boolean),
        ("seed", Int64),
        ("epochs", Int64),
        ("settings", String),
        ("measurement", String),
        ("tap", String),
        ("index", Int64),
        ("parameter", Float64),
        ("images", Int64),
        ("value", Float64),
    ]
}

/// Refuses a frame that is not a table of runs; `path` is where it was read.
pub(super) fn check(table: &Frame, path: &Path) -> Result<()> {
    let describe = |name: &str, dtype: &DataType| format!("{name}: {dtype}");
    let expected: Vec<String> = columns().iter().map(|(name, dtype)| describe(name, dtype)).collect();
    let found: Vec<String> =
        table.columns().iter().map(|column| describe(column.name(), column.dtype())).collect();
    if expected == found {
        return Ok(());
    }
    let list = |texts: &[String]| texts.join(", ");
    Err(Error::format(path, "table of runs", list(&expected), list(&found)))
}

/// The rows of a run as a table.
pub(super) fn frame(run: &Run, rows: &[Row]) -> Result<Frame> {
    let all = |text: String| std::iter::repeat_n(text, rows.len());
    let count = |number: usize| std::iter::repeat_n(number, rows.len());
    Frame::new()
        .with("run", all(run.key()))?
        .with("scale", all(run.scale.name.clone()))?
        .with("experiment", count(run.experiment))?
        .with("network", all(run.network.name().to_owned()))?
        .with("data", all(run.data.name().to_owned()))?
        .with("penalty", all(run.penalty.name().to_owned()))?
        .with("strength", std::iter::repeat_n(run.penalty.strength(), rows.len()))?
        .with("whitening", std::iter::repeat_n(run.whitening, rows.len()))?
        .with("seed", std::iter::repeat_n(run.seed as i64, rows.len()))?
        .with("epochs", count(run.epochs))?
        .with("settings", all(run.settings()))?
        .with("measurement", rows.iter().map(|row| row.measurement))?
        .with("tap", rows.iter().map(|row| &row.tap))?
        .with("index", rows.iter().map(|row| row.index))?
        .with("parameter", rows.iter().map(|row| row.parameter))?
        .with("images", rows.iter().map(|row| row.images))?
        .with("value", rows.iter().map(|row| row.value))
}
