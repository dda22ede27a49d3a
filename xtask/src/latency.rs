//! How long a notebook waits, and how much memory its kernel takes.
//!
//! `xtask/python/latency.py` types cells into a fresh kernel; here the numbers are compared with their bounds and written
//! into `benches/RESULTS.md`, between two marks, so that `cargo xtask bench` leaves them as they are.

use serde_json::Value;

use crate::project::{Project, Result, read, write};
use crate::steps::capture;
use crate::{python, quickstart};

const BEGIN: &str = "<!-- latency: written by `cargo xtask latency` -->\n";
const END: &str = "<!-- end of latency -->\n";

/// The command line.
#[derive(Debug, PartialEq, clap::Args)]
pub struct Options {
    /// Fresh kernels, one after the other; the median of each number is written
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    kernels: u64,
    /// Print the numbers and write nothing
    #[arg(long)]
    dry: bool,
}

/// A number, its name in the script's JSON, its bound.
const BOUNDS: [(&str, &str, f64); 5] = [
    ("start of the kernel (s)", "start", f64::INFINITY),
    ("first cell, `use eigengate::prelude::*;` (s)", "first_cell", 10.0),
    ("first `let` (s)", "first_let", 5.0),
    ("later cells, median (s)", "median", 1.0),
    ("memory of the kernel and its cells, at most (MB)", "memory", 1500.0),
];

/// Measures; says whether every bound is met.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    quickstart::prepare(project)?;
    let mut runs = vec![];
    for _ in 0..options.kernels {
        let text = capture(&mut python::script(project, "latency.py"))?;
        let line = text.lines().last().unwrap_or_default();
        runs.push(
            serde_json::from_str::<Value>(line).map_err(|e| format!("latency.py printed {line:?}: {e}"))?,
        );
    }
    let rows: Vec<(&str, f64, f64)> = BOUNDS
        .iter()
        .map(|&(name, key, bound)| Ok((name, median(&runs, key)?, bound)))
        .collect::<Result<_>>()?;
    let section = section(&rows, &cells(&runs));
    println!("{section}");
    if !options.dry {
        let path = project.root.join("benches/RESULTS.md");
        write(&path, &replaced(&read(&path)?, &section))?;
    }
    Ok(rows.iter().all(|(_, value, bound)| value <= bound))
}

/// The median over all kernels; memory in megabytes.
fn median(runs: &[Value], key: &str) -> Result<f64> {
    let unit = if key == "memory" { 1e-6 } else { 1.0 };
    let mut values: Vec<f64> =
        runs.iter().filter_map(|run| run[key].as_f64()).map(|value| unit * value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().ok_or_else(|| format!("latency.py has no number {key}"))
}

/// Each cell with its median.
fn cells(runs: &[Value]) -> Vec<(String, f64)> {
    let names = runs.first().and_then(|run| run["cells"].as_object()).map(|cells| cells.keys().cloned());
    let value = |name: &str| {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run["cells"][name].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    names.into_iter().flatten().filter_map(|name| value(&name).map(|seconds| (name, seconds))).collect()
}

fn section(rows: &[(&str, f64, f64)], cells: &[(String, f64)]) -> String {
    let mut text =
        format!("{BEGIN}## What a notebook waits for\n\n| | measured | at most |\n|---|--:|--:|\n");
    for (name, value, bound) in rows {
        let digits = if *value < 100.0 { 2 } else { 0 };
        let limit = if bound.is_finite() { format!("{bound}") } else { "–".to_owned() };
        let value = format!("{value:.digits$}");
        let value = if rows.iter().any(|row| row.0 == *name && row.1 > *bound) {
            format!("**{value}**")
        } else {
            value
        };
        text += &format!("| {name} | {value} | {limit} |\n");
    }
    let listed: Vec<String> = cells.iter().map(|(name, seconds)| format!("{name} {seconds:.2}")).collect();
    text += &format!(
        "\nCell by cell, in seconds: {}.\n\nAgain: `cargo xtask latency`.\n{END}",
        listed.join(", ")
    );
    text
}

/// The document with this section in place of the one that it has, or at its end.
pub fn replaced(document: &str, section: &str) -> String {
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{section}{after}"),
        None => format!("{}\n\n{section}", document.trim_end()),
    }
}

/// The section that a document has.
pub fn kept(document: &str) -> Option<String> {
    let (_, rest) = document.split_once(BEGIN)?;
    let (inner, _) = rest.split_once(END)?;
    Some(format!("{BEGIN}{inner}{END}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_nothing_else() {
        let (one, two) = (section(&[("a (s)", 1.0, 2.0)], &[]), section(&[("a (s)", 3.0, 2.0)], &[]));
        let document = replaced("# Times\n", &one);
        assert_eq!(kept(&document).as_deref(), Some(one.as_str()));
        assert!(document.starts_with("# Times\n\n<!--"), "{document}");
        let more = format!("{document}\nMore.\n");
        assert_eq!(replaced(&more, &two), more.replace(&one, &two));
        assert_eq!(kept("# Times\n"), None);
        assert!(one.contains("| a (s) | 1.00 | 2 |") && two.contains("| a (s) | **3.00** | 2 |"), "{two}");
    }

    #[test]
    fn medians_are_over_kernels() {
        let run = |x: f64| serde_json::json!({"median": x, "memory": 1e9 * x, "cells": {"b": x, "a": 2.0}});
        let runs = [run(3.0), run(1.0), run(2.0)];
        assert_eq!((median(&runs, "median").unwrap(), median(&runs, "memory").unwrap()), (2.0, 2000.0));
        assert!(median(&runs, "none").unwrap_err().contains("none"));
        assert_eq!(cells(&runs), [("a".to_owned(), 2.0), ("b".to_owned(), 2.0)]);
    }
}
