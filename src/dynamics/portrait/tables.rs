//! A portrait as tables, and in lines of text.

use super::super::{Fate, FixedPoint};
use super::{Check, Portrait};
use crate::error::Result;
use crate::frame::Frame;

/// One object of a portrait.
struct Row {
    object: String,
    class: String,
    state: Vec<f64>,
    measure: &'static str,
    value: Option<f64>,
    end: Option<String>,
}

impl Portrait {
    /// One row for every object: fixed points, nullclines, cycles, branches of manifolds, basins.
    ///
    /// `object`, `class`, `h1`, `h2`, … (a point of it), `measure` and `value` (largest real part of an eigenvalue, length,
    /// period, share of the cells), `end` (where a branch goes), `checks` (how many it has), `failed` (names of those that
    /// do not hold), `holds`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let rows = self.rows();
        let checks = self.checks();
        let of = |row: &Row| checks.iter().filter(|c| c.object == row.object).collect::<Vec<&Check>>();
        let failed = |row: &Row| -> Vec<String> {
            of(row).iter().filter(|c| !c.holds).map(|c| c.check.clone()).collect()
        };
        let mut frame = Frame::new()
            .with("object", rows.iter().map(|row| row.object.as_str()))?
            .with("class", rows.iter().map(|row| row.class.as_str()))?;
        for unit in 0..self.weights.units() {
            let name = format!("h{}", unit + 1);
            frame = frame.with(&name, rows.iter().map(|row| row.state.get(unit).copied()))?;
        }
        frame
            .with("measure", rows.iter().map(|row| row.measure))?
            .with("value", rows.iter().map(|row| row.value))?
            .with("end", rows.iter().map(|row| row.end.clone()))?
            .with("checks", rows.iter().map(|row| of(row).len()))?
            .with("failed", rows.iter().map(|row| failed(row).join("; ")))?
            .with("holds", rows.iter().map(|row| failed(row).is_empty()))
    }

    /// One row for every check: `object`, `check`, `value`, `limit`, `holds`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn checks_frame(&self) -> Result<Frame> {
        let checks = self.checks();
        Frame::new()
            .with("object", checks.iter().map(|c| c.object.as_str()))?
            .with("check", checks.iter().map(|c| c.check.as_str()))?
            .with("value", checks.iter().map(|c| c.value))?
            .with("limit", checks.iter().map(|c| c.limit))?
            .with("holds", checks.iter().map(|c| c.holds))
    }

    /// One line for every fixed point, in the manner of XPPAUT: how many eigenvalues are complex with a positive and a negative
    /// real part (`c+`, `c-`), imaginary (`im`), real and positive, real and negative (`r+`, `r-`).
    pub fn status(&self) -> String {
        let lines = self.fixed_points.points.iter().map(|point| {
            // No minus before what is 0 to six digits.
            let state: Vec<String> =
                point.state.iter().map(|h| format!("{:.6}", (1e6 * h).round() / 1e6 + 0.0)).collect();
            format!("({}) {}: {}", state.join(", "), point.kind, counts(point))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row {
            object: "fixed points".to_owned(),
            class: if self.fixed_points.complete { "certified complete" } else { "not certified" }.to_owned(),
            state: vec![],
            measure: "count",
            value: Some(self.fixed_points.points.len() as f64),
            end: None,
        }];
        for (index, point) in self.fixed_points.points.iter().enumerate() {
            rows.push(Row {
                object: format!("fixed point {}", index + 1),
                class: point.kind.name().to_owned(),
                state: point.state.to_vec(),
                measure: "largest real part",
                value: point.eigenvalues.first().map(|value| value.re),
                end: None,
            });
        }
        let Some(plane) = &self.plane else { return rows };
        for line in &plane.nullclines {
            rows.push(Row {
                object: format!("nullcline {}", line.unit + 1),
                class: format!("{} branches", line.branches.len()),
                state: vec![],
                measure: "length",
                value: Some(line.branches.iter().map(|branch| branch.length()).sum()),
                end: None,
            });
        }
        rows.push(Row {
            object: "cycles".to_owned(),
            class: if plane.cycles.is_clear() { "every walk ended" } else { "not clear" }.to_owned(),
            state: vec![],
            measure: "count",
            value: Some(plane.cycles.cycles.len() as f64),
            end: None,
        });
        for (index, cycle) in plane.cycles.cycles.iter().enumerate() {
            rows.push(Row {
                object: format!("cycle {}", index + 1),
                class: if cycle.stable { "stable" } else { "unstable" }.to_owned(),
                state: cycle.point.to_vec(),
                measure: "period",
                value: Some(cycle.period),
                end: None,
            });
        }
        for (index, branch) in plane.manifolds.iter().enumerate() {
            let kind = if branch.stable { "stable" } else { "unstable" };
            rows.push(Row {
                object: format!("branch {}", index + 1),
                class: format!("{kind}, of fixed point {}", branch.saddle + 1),
                state: branch.line.points.get(1).map(|h| h.to_vec()).unwrap_or_default(),
                measure: "length",
                value: Some(branch.length),
                end: Some(end_name(branch.end)),
            });
        }
        if let Some(basins) = &plane.basins {
            rows.push(Row {
                object: "basins".to_owned(),
                class: format!("{} attractors", basins.ends.len()),
                state: vec![],
                measure: "cells walked from",
                value: Some(basins.walked as f64),
                end: None,
            });
            for (index, end) in basins.ends.iter().enumerate() {
                rows.push(Row {
                    object: format!("basin {}", index + 1),
                    class: "basin".to_owned(),
                    state: vec![],
                    measure: "share of the cells",
                    value: Some(basins.share(index)),
                    end: Some(end_name(*end)),
                });
            }
        }
        rows
    }
}

/// By the numbers of the table, which begin with 1.
fn end_name(end: Fate) -> String {
    match end {
        Fate::FixedPoint(index) => format!("fixed point {}", index + 1),
        Fate::Cycle(index) => format!("cycle {}", index + 1),
        Fate::Left => "outside".to_owned(),
        Fate::Length => "given up at its length".to_owned(),
        Fate::Undecided => "undecided".to_owned(),
    }
}

fn counts(point: &FixedPoint) -> String {
    let count = |is: &dyn Fn(f64, f64) -> bool| point.eigenvalues.iter().filter(|v| is(v.re, v.im)).count();
    format!(
        "c+ = {}, c- = {}, im = {}, r+ = {}, r- = {}",
        count(&|re, im| im != 0.0 && re > 0.0),
        count(&|re, im| im != 0.0 && re < 0.0),
        count(&|re, im| im != 0.0 && re == 0.0),
        count(&|re, im| im == 0.0 && re > 0.0),
        count(&|re, im| im == 0.0 && re < 0.0),
    )
}
