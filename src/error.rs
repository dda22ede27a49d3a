//! One error type for the whole crate; every text says what was wrong, with the values, and what to do.

use std::path::{Path, PathBuf};

/// What can go wrong. `Display` is one line, so that a notebook cell ending in `?` shows one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error("cannot read {}: {source}; check that the path exists and is readable", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written. The file of that name, if there was one, is as it was.
    #[error("cannot write {}: {source}; check that the folder exists and is writable", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file was read but does not hold what its reader takes.
    #[error("{} is not the {format} file that is needed: expected {expected}, found {found}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that was asked for, e.g. `IDX images`.
        format: &'static str,
        /// What the reader takes.
        expected: String,
        /// What the file holds.
        found: String,
    },
    /// A parameter is outside of its range.
    #[error("{name} = {value} is out of range: take {expected}")]
    Parameter {
        /// The parameter's name as in the function's signature.
        name: &'static str,
        /// The value given.
        value: String,
        /// The values that are taken.
        expected: String,
    },
    /// Two sizes that must agree do not.
    #[error("{what} has the wrong size: expected {expected}, found {found}")]
    Shape {
        /// The array, tensor or file entry.
        what: String,
        /// The size needed.
        expected: String,
        /// The size given.
        found: String,
    },
    /// An input without a single row.
    #[error("{what} is empty: give at least one row")]
    Empty {
        /// The input.
        what: String,
    },
    /// A NaN or an infinity.
    #[error("{what} holds {value} at flat index {index}: remove or replace it first")]
    NotFinite {
        /// The input.
        what: String,
        /// The value found.
        value: f64,
        /// Its position in row-major order.
        index: usize,
    },
    /// Another process works on the same file.
    #[error("another process is at {}: wait until it ends, or end it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Training left the range of float32.
    #[error(
        "the loss became {loss} in epoch {epoch}, batch {batch}: lower the learning rate or the penalty strength; \
         the last checkpoint is as it was"
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: usize,
        /// Batch in that epoch, counted from 1.
        batch: usize,
        /// The loss.
        loss: f64,
    },
    /// Training that counts steps, not epochs, left the range of float32.
    #[error(
        "the loss or a number of the gradient became {value} in step {step}: lower the learning rate or the bound of the \
         gradient; the last checkpoint is as it was"
    )]
    DivergedAtStep {
        /// Step, counted from 1.
        step: u64,
        /// What is not finite.
        value: f64,
    },
    /// A network whose backward pass cannot be recorded.
    #[error("{network} has no adjoint pass, which a Jacobian penalty needs: {reason}")]
    NoAdjoint {
        /// The network's type.
        network: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A network that does not say which maps it is made of.
    #[error("{network} has no list of its layers, which bounds need: implement `Network::layers` for it")]
    NoLayers {
        /// The network's type.
        network: String,
    },
    /// A numerical method did not reach its tolerance.
    #[error("{method} failed: {reason}")]
    Numeric {
        /// The method.
        method: &'static str,
        /// What happened, and what to try.
        reason: String,
    },
    /// The library is in the process more than once, so that dfdx would give wrong gradients.
    #[error(
        "eigengate is linked twice into this process, and gradients would be wrong: in notebooks depend on \
         `eigengate-notebook` alone, never on `eigengate` or `dfdx` beside it"
    )]
    LinkedTwice,
    /// The device (memory, CUDA) refused.
    #[error("the device failed: {0}; use smaller batches, or the CPU")]
    Device(String),
    /// A figure could not be drawn.
    #[error("the figure cannot be drawn: {0}")]
    Draw(String),
    /// Something polars refused.
    #[error("polars: {0}")]
    Polars(#[from] polars::error::PolarsError),
}

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A parameter outside of its range; `expected` says which values are taken.
    pub(crate) fn parameter(
        name: &'static str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Error::Parameter { name, value: value.to_string(), expected: expected.into() }
    }

    /// Sizes that do not agree.
    pub(crate) fn shape(
        what: impl Into<String>,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Self {
        Error::Shape { what: what.into(), expected: expected.to_string(), found: found.to_string() }
    }

    /// An input without rows.
    pub(crate) fn empty(what: impl Into<String>) -> Self {
        Error::Empty { what: what.into() }
    }

    /// A file that does not hold what its reader takes.
    pub(crate) fn format(
        path: &Path,
        format: &'static str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Self {
        Error::Format {
            path: path.to_owned(),
            format,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    /// For `map_err` after a read.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Error::Read { path: path.to_owned(), source }
    }

    /// For `map_err` after a write.
    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Error::Write { path: path.to_owned(), source }
    }
}

/// Refuses NaN and infinities, naming the first.
pub(crate) fn finite<'a, T: Copy + Into<f64> + 'a>(
    what: &str,
    values: impl IntoIterator<Item = &'a T>,
) -> Result<()> {
    for (index, &value) in values.into_iter().enumerate() {
        let value: f64 = value.into();
        if !value.is_finite() {
            return Err(Error::NotFinite { what: what.to_owned(), value, index });
        }
    }
    Ok(())
}
