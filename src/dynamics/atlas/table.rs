//! The table of an atlas, and its file.

use super::entry::{AtlasEntry, Origin};
use super::genome::{self, NAMES};
use super::{Atlas, Margins, PortraitClass};
use crate::error::{Error, Result};
use crate::frame::Frame;
use polars::prelude::DataType;
use std::path::Path;

/// Columns of whole numbers before the weights.
const COUNTS: [&str; 11] = [
    "fixed_points",
    "sinks",
    "saddles",
    "sources",
    "stable_cycles",
    "unstable_cycles",
    "stable_nodes",
    "stable_foci",
    "unstable_nodes",
    "unstable_foci",
    "cycles",
];
/// Columns after the weights, in the order of [`Margins::values`].
const MARGINS: [&str; 6] = ["separation", "fold", "hopf", "gate", "multiplier", "gap"];

/// Names and types of the columns, in order.
fn columns() -> Vec<(&'static str, DataType)> {
    let of = |names: &[&'static str], dtype: DataType| {
        names.iter().map(|name| (*name, dtype.clone())).collect::<Vec<_>>()
    };
    [
        of(&COUNTS, DataType::Int64),
        of(&["periods", "log_multipliers"], DataType::String),
        of(&["cleanliness"], DataType::Float64),
        of(&MARGINS, DataType::Float64),
        of(&["seed", "index"], DataType::UInt64),
        of(&["origin"], DataType::String),
        of(&NAMES, DataType::Float64),
    ]
    .concat()
}

impl Atlas {
    /// The atlas that comes with the project: `data/results/atlas.parquet`.
    ///
    /// # Errors
    /// As [`Atlas::read`].
    pub fn shipped() -> Result<Self> {
        Self::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/results/atlas.parquet"))
    }

    /// The atlas of a file that [`Atlas::write`] wrote. It is taken as it stands; [`AtlasEntry::verify`] works it out anew.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for a file that is damaged or no atlas.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let table = Frame::read_parquet(path)?;
        check(&table, path)?;
        let entries = (0..table.height()).map(|row| entry(&table, row, path)).collect::<Result<Vec<_>>>()?;
        let atlas = Atlas::new(entries);
        if atlas.len() != table.height() {
            let found = format!("{} rows of {} classes", table.height(), atlas.len());
            return Err(Error::format(path, "atlas", "one row for each class", found));
        }
        Ok(atlas)
    }

    /// Writes the table as a parquet file, whole or not at all. The same atlas gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.frame()?.write_parquet(path)
    }

    /// One row per class: its counts, numbers of nodes and foci of either stability, periods and logarithms of multipliers of its
    /// cycles (from the longest orbit to the shortest, with `;` between), cleanliness and [`Margins`], seed and number of the system in its
    /// search with its origin, and the weights (`uh12` is row 1, column 2 of `Uh`).
    ///
    /// # Errors
    /// [`Error::Polars`].
    pub fn frame(&self) -> Result<Frame> {
        let entries = self.entries();
        let mut frame = Frame::new();
        for (at, name) in COUNTS.iter().enumerate() {
            frame = frame.with(name, entries.iter().map(|entry| counts(entry)[at]))?;
        }
        frame = frame
            .with("periods", entries.iter().map(|entry| joined(&entry.periods)))?
            .with("log_multipliers", entries.iter().map(|entry| joined(&entry.log_multipliers)))?
            .with("cleanliness", entries.iter().map(|entry| entry.margins.cleanliness()))?;
        for (at, name) in MARGINS.iter().enumerate() {
            frame = frame.with(name, entries.iter().map(|entry| entry.margins.values()[at]))?;
        }
        frame = frame
            .with("seed", entries.iter().map(|entry| entry.seed))?
            .with("index", entries.iter().map(|entry| entry.index))?
            .with("origin", entries.iter().map(|entry| entry.origin.name()))?;
        let genomes: Vec<_> = entries.iter().filter_map(|entry| genome::genome(&entry.weights)).collect();
        for (at, name) in NAMES.iter().enumerate() {
            frame = frame.with(name, genomes.iter().map(|genome| genome[at]))?;
        }
        Ok(frame)
    }
}

fn counts(entry: &AtlasEntry) -> [usize; 11] {
    let class = &entry.class;
    let [stable_nodes, stable_foci, unstable_nodes, unstable_foci] = entry.kinds;
    [
        class.fixed_points(),
        class.sinks,
        class.saddles,
        class.sources,
        class.stable_cycles,
        class.unstable_cycles,
        stable_nodes,
        stable_foci,
        unstable_nodes,
        unstable_foci,
        class.cycles(),
    ]
}

fn joined(values: &[f64]) -> String {
    values.iter().map(f64::to_string).collect::<Vec<_>>().join(";")
}

/// Refuses a frame that is no atlas; `path` is where it was read.
fn check(table: &Frame, path: &Path) -> Result<()> {
    let describe = |name: &str, dtype: &DataType| format!("{name}: {dtype}");
    let expected: Vec<String> = columns().iter().map(|(name, dtype)| describe(name, dtype)).collect();
    let found: Vec<String> =
        table.columns().iter().map(|column| describe(column.name(), column.dtype())).collect();
    let differs = expected.iter().zip(&found).position(|(a, b)| a != b);
    let differs =
        differs.or_else(|| (expected.len() != found.len()).then(|| expected.len().min(found.len())));
    let Some(at) = differs else { return Ok(()) };
    let text = |columns: &[String]| match columns.get(at) {
        Some(column) => format!("{column} as column {}", at + 1),
        None => format!("{} columns", columns.len()),
    };
    Err(Error::format(path, "atlas", text(&expected), text(&found)))
}

/// One row of a table of the right columns.
fn entry(table: &Frame, row: usize, path: &Path) -> Result<AtlasEntry> {
    let wrong = |expected: &str, found: String| {
        Error::format(path, "atlas", format!("{expected} in row {}", row + 1), found)
    };
    let count = |name: &str| -> Result<usize> {
        let value = table.column(name)?.i64()?.get(row);
        let count = value.and_then(|value| usize::try_from(value).ok());
        count.ok_or_else(|| wrong(&format!("a count {name}"), format!("{value:?}")))
    };
    let real = |name: &str| -> Result<f64> {
        let value = table.column(name)?.f64()?.get(row);
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| wrong(&format!("a number {name}"), format!("{value:?}")))
    };
    let whole = |name: &str| -> Result<u64> {
        let value = table.column(name)?.u64()?.get(row);
        value.ok_or_else(|| wrong(&format!("a number {name}"), "null".to_owned()))
    };
    let text = |name: &str| -> Result<String> {
        Ok(table.column(name)?.str()?.get(row).unwrap_or_default().to_owned())
    };
    let numbers = |name: &str| -> Result<Vec<f64>> {
        let text = text(name)?;
        let parts = text.split(';').filter(|part| !part.is_empty()).map(str::parse);
        parts
            .collect::<std::result::Result<_, _>>()
            .map_err(|_| wrong(&format!("numbers {name} with ; between"), text.clone()))
    };
    let class = PortraitClass {
        sinks: count("sinks")?,
        saddles: count("saddles")?,
        sources: count("sources")?,
        stable_cycles: count("stable_cycles")?,
        unstable_cycles: count("unstable_cycles")?,
    };
    let origin = text("origin")?;
    let mut genome = [0.0; 18];
    for (value, name) in genome.iter_mut().zip(NAMES) {
        *value = real(name)?;
    }
    let entry = AtlasEntry {
        class,
        weights: genome::weights(&genome)?,
        kinds: [
            count("stable_nodes")?,
            count("stable_foci")?,
            count("unstable_nodes")?,
            count("unstable_foci")?,
        ],
        margins: Margins {
            separation: real("separation")?,
            fold: real("fold")?,
            hopf: real("hopf")?,
            gate: real("gate")?,
            multiplier: real("multiplier")?,
            gap: real("gap")?,
        },
        periods: numbers("periods")?,
        log_multipliers: numbers("log_multipliers")?,
        seed: whole("seed")?,
        index: whole("index")?,
        origin: Origin::from_name(&origin)
            .ok_or_else(|| wrong("random, mutation, crossover, gate or given as origin", origin.clone()))?,
    };
    let [a, b, c, d] = entry.kinds;
    let fits = class.saddles + 1 == class.sinks + class.sources
        && (a + b, c + d) == (class.sinks, class.sources)
        && entry.periods.len() == class.cycles()
        && entry.log_multipliers.iter().filter(|m| **m < 0.0).count() == class.stable_cycles
        && entry.log_multipliers.len() == class.cycles()
        && (count("fixed_points")?, count("cycles")?) == (class.fixed_points(), class.cycles());
    if !fits {
        return Err(wrong(
            "counts that fit together",
            format!("{entry:?} with the periods {:?}", entry.periods),
        ));
    }
    Ok(entry)
}
