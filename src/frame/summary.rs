//! What the columns of a table hold.

use super::Frame;
use crate::error::Result;
use polars::prelude::{Column, DataType};
use std::collections::BTreeSet;

/// What a column holds, in a few numbers.
struct Holds {
    missing: usize,
    distinct: Option<usize>,
    least: Option<f64>,
    mean: Option<f64>,
    largest: Option<f64>,
}

impl Frame {
    /// One row per column: its name (`column`), its `type`, how many values are `missing`, how many `distinct` ones a column of text or of
    /// truth values has, and the `least`, the `mean` and the `largest` of numbers (NaN left out, of truth values their share); null where that has no meaning.
    ///
    /// ```
    /// use eigengate::frame::Frame;
    ///
    /// let frame = Frame::new().with("layer", ["a", "b", "a"])?.with("alpha", [1.0, 2.0, 6.0])?;
    /// let summary = frame.summary()?;
    /// assert_eq!(summary.column("mean")?.f64()?.get(1), Some(3.0));
    /// assert_eq!(summary.column("distinct")?.i64()?.get(0), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn summary(&self) -> Result<Frame> {
        let columns = self.columns();
        let holds: Vec<Holds> = columns.iter().map(of).collect::<Result<_>>()?;
        Frame::new()
            .with("column", columns.iter().map(|column| column.name().to_string()))?
            .with("type", columns.iter().map(|column| column.dtype().to_string()))?
            .with("missing", holds.iter().map(|holds| holds.missing))?
            .with("distinct", holds.iter().map(|holds| holds.distinct))?
            .with("least", holds.iter().map(|holds| holds.least))?
            .with("mean", holds.iter().map(|holds| holds.mean))?
            .with("largest", holds.iter().map(|holds| holds.largest))
    }
}

fn of(column: &Column) -> Result<Holds> {
    let missing = column.null_count();
    let none = Holds { missing, distinct: None, least: None, mean: None, largest: None };
    match column.dtype() {
        DataType::String => {
            let distinct: BTreeSet<&str> = column.str()?.iter().flatten().collect();
            Ok(Holds { distinct: Some(distinct.len()), ..none })
        }
        DataType::Boolean => {
            let values: Vec<bool> = column.bool()?.iter().flatten().collect();
            let distinct: BTreeSet<bool> = values.iter().copied().collect();
            let share = values.iter().filter(|value| **value).count() as f64 / values.len() as f64;
            Ok(Holds { distinct: Some(distinct.len()), mean: share.is_finite().then_some(share), ..none })
        }
        dtype if dtype.is_primitive_numeric() => {
            let numbers = column.cast(&DataType::Float64)?;
            let values: Vec<f64> = numbers.f64()?.iter().flatten().filter(|value| !value.is_nan()).collect();
            if values.is_empty() {
                return Ok(none);
            }
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            Ok(Holds { least: Some(least), mean: Some(mean), largest: Some(largest), ..none })
        }
        _ => Ok(none),
    }
}
