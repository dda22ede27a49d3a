//! Tables: polars data frames that show themselves in a notebook, and go to csv and parquet and back.
//!
//! ```
//! use eigengate::frame::Frame;
//!
//! let frame = Frame::new().with("layer", ["first", "second"])?.with("alpha", [0.9, 1.1])?;
//! assert_eq!(frame.shape(), (2, 2));
//! assert_eq!(frame.column("alpha")?.f64()?.get(1), Some(1.1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod csv;
mod html;
mod parquet;
mod summary;
mod value;

pub use value::Value;

use crate::display::{self, Content};
use crate::error::{Error, Result};
use polars::prelude::{Column, DataFrame};
use std::fmt;
use std::ops::Deref;

/// A table of named columns.
///
/// It is a polars [`DataFrame`], and has all methods that read one. Those give a `DataFrame` again, which
/// `Frame::from` makes into a frame.
#[derive(Clone, Default)]
pub struct Frame(DataFrame);

impl Frame {
    /// A table without columns, to add some [`with`](Frame::with) their names.
    pub fn new() -> Self {
        Frame(DataFrame::empty())
    }

    /// The table of these columns.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where a column is not as long as the first; [`Error::Parameter`] where a name
    /// comes twice.
    pub fn from_columns(columns: Vec<Column>) -> Result<Self> {
        columns.into_iter().try_fold(Frame::new(), Frame::push)
    }

    /// The table with one column more, on the right.
    ///
    /// `values` is a `Vec`, an array, an ndarray of one dimension, a view of one, or an iterator, of
    /// numbers, `bool`s, `String`s or `&str`s, or of `Option`s of them where values are missing; see
    /// [`Value`].
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where there are more or fewer values than the table has rows;
    /// [`Error::Parameter`] where there is a column of that name, or a `usize` above `i64::MAX`.
    pub fn with<T: Value>(self, name: &str, values: impl IntoIterator<Item = T>) -> Result<Self> {
        self.push(T::column(name, values.into_iter().collect())?)
    }

    fn push(mut self, column: Column) -> Result<Self> {
        let name = column.name();
        if self.0.get_column_index(name).is_some() {
            return Err(Error::parameter("name", name, "a name that no column of the table has"));
        }
        if self.0.width() > 0 && column.len() != self.0.height() {
            let (rows, values) = (self.0.height(), column.len());
            return Err(Error::shape(format!("the column {name}"), format!("{rows} values"), values));
        }
        self.0.with_column(column)?;
        Ok(self)
    }

    /// The polars data frame.
    pub fn into_inner(self) -> DataFrame {
        self.0
    }

    /// Shows the table: names, types, the first and the last 10 rows (and columns), and the size; where rows are left out,
    /// that opens to the [summary](Frame::summary) of the columns.
    pub fn evcxr_display(&self) {
        if display::in_notebook() {
            // A summary that fails is left out; the table is what was asked for.
            let summary = self.summary().ok().map(|summary| summary.0);
            let html = html::shown(&self.0, summary.as_ref());
            display::show(&[Content::Html(&html), Content::Plain(&self.0.to_string())]);
        }
    }

    /// polars panics on frames without columns.
    fn check_columns(&self) -> Result<()> {
        if self.0.width() == 0 {
            return Err(Error::shape("the frame", "at least 1 column", "0 columns"));
        }
        Ok(())
    }
}

impl Deref for Frame {
    type Target = DataFrame;

    fn deref(&self) -> &DataFrame {
        &self.0
    }
}

impl From<DataFrame> for Frame {
    fn from(frame: DataFrame) -> Self {
        Frame(frame)
    }
}

impl From<Frame> for DataFrame {
    fn from(frame: Frame) -> Self {
        frame.0
    }
}

/// The table as text, drawn by polars.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        let names = self.0.get_column_names();
        let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| name.as_str()).collect();
        let more = if names.len() > SHOWN { ", …" } else { "" };
        let (rows, columns) = self.0.shape();
        write!(f, "Frame({rows} rows x {columns} columns: {}{more})", shown.join(", "))
    }
}
