//! The table of the runs.

use super::row::PlanarRow;
use crate::data::PlanarTask;
use crate::display::{Content, show};
use crate::dynamics::{GruWeights, Readout, Reset};
use crate::error::{Error, Result};
use crate::frame::Frame;
use ndarray::{Array1, Array2};
use polars::prelude::DataType;
use std::fmt;
use std::path::Path;

/// All rows, in the order of tasks and seeds.
///
/// ```
/// use eigengate::data::PlanarTask;
/// use eigengate::experiments::jordan2021::PlanarResults;
///
/// let results = PlanarResults::shipped()?;
/// let rings = results.of(PlanarTask::RingAttractor);
/// assert!(rings.len() >= 20 && rings.iter().all(|row| row.proved && row.fixed_points() < 10));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct PlanarResults {
    rows: Vec<PlanarRow>,
}

/// Columns of whole numbers that are always there.
const COUNTS: [&str; 6] =
    ["sinks", "saddles", "sources", "non_hyperbolic", "stable_cycles", "unstable_cycles"];
/// Numbers that may be missing.
const MEASURES: [&str; 8] = [
    "period",
    "memory",
    "pseudo_line",
    "pseudo_line_drift",
    "drift_first",
    "drift_median",
    "drift_never",
    "kept",
];
/// Tensors, with rows and columns; a vector has no columns.
const TENSORS: [(&str, usize, usize); 10] = [
    ("Uz", 2, 2),
    ("Ur", 2, 2),
    ("Uh", 2, 2),
    ("bz", 2, 0),
    ("br", 2, 0),
    ("bh", 2, 0),
    ("E", 2, 2),
    ("e", 2, 0),
    ("C", 2, 2),
    ("c", 2, 0),
];

/// The names of the numbers of all tensors, row by row.
fn weight_names() -> Vec<String> {
    let names = |(name, rows, columns): (&str, usize, usize)| -> Vec<String> {
        match columns {
            0 => (0..rows).map(|i| format!("{name}[{i}]")).collect(),
            _ => (0..rows).flat_map(|i| (0..columns).map(move |j| format!("{name}[{i},{j}]"))).collect(),
        }
    };
    TENSORS.into_iter().flat_map(names).collect()
}

/// Names and types of the columns, in order.
fn columns() -> Vec<(String, DataType)> {
    let of = |names: &[&str], dtype: DataType| {
        names.iter().map(|name| ((*name).to_owned(), dtype.clone())).collect::<Vec<_>>()
    };
    let mut all = of(&["task"], DataType::String);
    all.extend(of(&["seed"], DataType::Int64));
    all.extend(of(&["settings"], DataType::String));
    all.extend(of(&["loss", "error"], DataType::Float64));
    all.extend(of(&COUNTS, DataType::Int64));
    all.extend(of(&["proved"], DataType::Boolean));
    all.extend(of(&["on_attractor"], DataType::Int64));
    all.extend(of(&MEASURES, DataType::Float64));
    all.extend(weight_names().into_iter().map(|name| (name, DataType::Float64)));
    all
}

impl PlanarRow {
    fn counts(&self) -> [usize; 6] {
        let ([sinks, saddles, sources, other], [stable, unstable]) = (self.points, self.cycles);
        [sinks, saddles, sources, other, stable, unstable]
    }

    fn measures(&self) -> [Option<f64>; 8] {
        let pair = |pair: Option<[f64; 2]>| [pair.map(|p| p[0]), pair.map(|p| p[1])];
        let ([line, line_drift], [first, median], [never, kept]) =
            (pair(self.pseudo_line), pair(self.drift), pair(self.kept));
        [self.period, self.memory, line, line_drift, first, median, never, kept]
    }

    fn numbers(&self) -> Vec<f64> {
        let w = &self.weights;
        let matrices = [w.uz(), w.ur(), w.uh()].into_iter().flatten();
        let vectors = [w.bz(), w.br(), w.bh()].into_iter().flatten();
        let encoder = self.encoder.0.iter().chain(&self.encoder.1);
        let readout = self.readout.weight().iter().chain(self.readout.bias());
        matrices.chain(vectors).chain(encoder).chain(readout).copied().collect()
    }
}

impl PlanarResults {
    /// These rows, in the order of tasks and seeds; of two with one task and seed the first.
    pub fn new(mut rows: Vec<PlanarRow>) -> Self {
        let key = |row: &PlanarRow| (PlanarTask::ALL.iter().position(|task| *task == row.task), row.seed);
        rows.sort_by_key(key);
        rows.dedup_by_key(|row| key(row));
        Self { rows }
    }

    /// The results that come with the project: `data/results/jordan2021.parquet`.
    ///
    /// # Errors
    /// As [`PlanarResults::read`].
    pub fn shipped() -> Result<Self> {
        Self::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/results/jordan2021.parquet"))
    }

    /// All rows.
    pub fn rows(&self) -> &[PlanarRow] {
        &self.rows
    }

    /// The rows of a task.
    pub fn of(&self, task: PlanarTask) -> Vec<PlanarRow> {
        self.rows.iter().filter(|row| row.task == task).cloned().collect()
    }

    /// The [table](super#the-table).
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let rows = &self.rows;
        let mut frame = Frame::new()
            .with("task", rows.iter().map(|row| row.task.name()))?
            .with("seed", rows.iter().map(|row| row.seed as i64))?
            .with("settings", rows.iter().map(|row| &row.settings))?
            .with("loss", rows.iter().map(|row| row.loss))?
            .with("error", rows.iter().map(|row| row.error))?;
        for (k, name) in COUNTS.iter().enumerate() {
            frame = frame.with(name, rows.iter().map(|row| row.counts()[k]))?;
        }
        frame = frame
            .with("proved", rows.iter().map(|row| row.proved))?
            .with("on_attractor", rows.iter().map(|row| row.on_attractor))?;
        for (k, name) in MEASURES.iter().enumerate() {
            frame = frame.with(name, rows.iter().map(|row| row.measures()[k]))?;
        }
        for (k, name) in weight_names().iter().enumerate() {
            let number = |row: &PlanarRow| row.numbers().get(k).copied();
            frame = frame.with(name, rows.iter().map(|row| number(row).unwrap_or(f64::NAN)))?;
        }
        Ok(frame)
    }

    /// Writes the table as parquet.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.frame()?.write_parquet(path)
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for a file that is damaged or another table.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let table = Frame::read_parquet(path)?;
        let describe = |name: &str, dtype: &DataType| format!("{name}: {dtype}");
        let expected: Vec<String> = columns().iter().map(|(name, dtype)| describe(name, dtype)).collect();
        let found: Vec<String> =
            table.columns().iter().map(|column| describe(column.name(), column.dtype())).collect();
        let refuse = |expected: String, found: String| Error::format(path, "planar results", expected, found);
        if expected != found {
            return Err(refuse(expected.join(", "), found.join(", ")));
        }
        let float =
            |name: &str, row: usize| -> Result<Option<f64>> { Ok(table.column(name)?.f64()?.get(row)) };
        let count = |name: &str, row: usize| -> Result<Option<usize>> {
            let value = table.column(name)?.i64()?.get(row);
            Ok(value.and_then(|value| usize::try_from(value).ok()))
        };
        let mut rows = vec![];
        for k in 0..table.height() {
            let missing =
                |name: &str| refuse(format!("a value of {name} in every row"), format!("none in row {k}"));
            let number = |name: &str| float(name, k)?.ok_or_else(|| missing(name));
            let text = |name: &str| -> Result<String> {
                table.column(name)?.str()?.get(k).map(str::to_owned).ok_or_else(|| missing(name))
            };
            let counts = COUNTS.map(|name| count(name, k)?.ok_or_else(|| missing(name)));
            let mut counted = [0; 6];
            for (place, value) in counted.iter_mut().zip(counts) {
                *place = value?;
            }
            let mut measures = [None; 8];
            for (place, name) in measures.iter_mut().zip(MEASURES) {
                *place = float(name, k)?;
            }
            let numbers = weight_names().iter().map(|name| number(name)).collect::<Result<Vec<f64>>>()?;
            let (weights, encoder, readout) = tensors(&numbers)?;
            let [period, memory, line, line_drift, first, median, never, kept] = measures;
            let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| [a, b]);
            let [sinks, saddles, sources, other, stable, unstable] = counted;
            rows.push(PlanarRow {
                task: PlanarTask::from_name(&text("task")?)?,
                seed: count("seed", k)?.ok_or_else(|| missing("seed"))? as u64,
                settings: text("settings")?,
                loss: number("loss")?,
                error: number("error")?,
                points: [sinks, saddles, sources, other],
                proved: table.column("proved")?.bool()?.get(k).ok_or_else(|| missing("proved"))?,
                on_attractor: count("on_attractor", k)?,
                cycles: [stable, unstable],
                period,
                memory,
                pseudo_line: both(line, line_drift),
                drift: both(first, median),
                kept: both(never, kept),
                weights,
                encoder,
                readout,
            });
        }
        Ok(Self::new(rows))
    }

    /// Shows the table in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

type Tensors = (GruWeights, (Array2<f64>, Array1<f64>), Readout);

/// The numbers of a row as tensors, in the order of [`TENSORS`].
fn tensors(numbers: &[f64]) -> Result<Tensors> {
    let mut rest = numbers.iter().copied();
    let mut matrix = || Array2::from_shape_simple_fn((2, 2), || rest.next().unwrap_or(f64::NAN));
    let (uz, ur, uh) = (matrix(), matrix(), matrix());
    let mut vector = || Array1::from_shape_simple_fn(2, || rest.next().unwrap_or(f64::NAN));
    let (bz, br, bh) = (vector(), vector(), vector());
    let weights = GruWeights::new(Reset::Before, uz, ur, uh, bz, br, bh)?;
    let mut pair = || {
        let matrix = Array2::from_shape_simple_fn((2, 2), || rest.next().unwrap_or(f64::NAN));
        (matrix, Array1::from_shape_simple_fn(2, || rest.next().unwrap_or(f64::NAN)))
    };
    let (encoder, (c, offset)) = (pair(), pair());
    Ok((weights, encoder, Readout::new(c, offset)?))
}

impl fmt::Debug for PlanarResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = PlanarTask::ALL
            .iter()
            .map(|task| (task, self.rows.iter().filter(|row| row.task == *task).count()));
        let parts: Vec<String> = tasks
            .filter(|(_, count)| *count > 0)
            .map(|(task, count)| format!("{} {count}", task.name()))
            .collect();
        write!(f, "PlanarResults({} runs: {})", self.rows.len(), parts.join(", "))
    }
}
