//! Time series in memory and in files.

use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use crate::exchange::{self, Npz};
use crate::frame::Frame;
use ndarray::{Array0, Array3, ArrayView2, Axis, s};
use std::fmt;
use std::path::Path;

/// Trajectories of the same length, at equal distances in time: what was observed, and where it is known what was so.
/// All of it is finite, and there are at least one trajectory, two points and one variable.
#[derive(Clone, PartialEq)]
pub struct TimeSeries {
    observed: Array3<f32>,
    truth: Option<Array3<f32>>,
    time_step: f64,
}

impl TimeSeries {
    /// Trajectories `observed` `(trajectories, points, variables)`, `time_step` apart, e.g. recordings from a file.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than two points and unless `time_step` is above 0; [`Error::Empty`] without trajectories or
    /// variables; [`Error::NotFinite`].
    pub fn new(observed: Array3<f32>, time_step: f64) -> Result<Self> {
        let (trajectories, points, variables) = observed.dim();
        if trajectories == 0 || variables == 0 {
            return Err(Error::empty("time series"));
        }
        if points < 2 {
            return Err(Error::parameter("points", points, "at least two in every trajectory"));
        }
        if !(time_step > 0.0 && time_step.is_finite()) {
            return Err(Error::parameter("time_step", time_step, "a finite time above 0"));
        }
        finite("time series", &observed)?;
        let observed =
            if observed.is_standard_layout() { observed } else { observed.as_standard_layout().into_owned() };
        Ok(Self { observed, truth: None, time_step })
    }

    /// With what was so without noise, of the same size.
    ///
    /// # Errors
    /// [`Error::Shape`] for another size; [`Error::NotFinite`].
    pub fn with_truth(mut self, truth: Array3<f32>) -> Result<Self> {
        if truth.dim() != self.observed.dim() {
            let (need, is) = (format!("{:?}", self.observed.dim()), format!("{:?}", truth.dim()));
            return Err(Error::shape("true time series", need, is));
        }
        finite("true time series", &truth)?;
        self.truth = Some(truth.as_standard_layout().into_owned());
        Ok(self)
    }

    /// The number of trajectories.
    pub fn len(&self) -> usize {
        self.observed.dim().0
    }

    /// Always false: there is at least one trajectory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Points of every trajectory, its start among them.
    pub fn points(&self) -> usize {
        self.observed.dim().1
    }

    /// The number of variables.
    pub fn variables(&self) -> usize {
        self.observed.dim().2
    }

    /// Time between two points.
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// What was observed: `(trajectories, points, variables)`.
    pub fn observed(&self) -> &Array3<f32> {
        &self.observed
    }

    /// What was so without noise; what was observed where that is not known.
    pub fn truth(&self) -> &Array3<f32> {
        self.truth.as_ref().unwrap_or(&self.observed)
    }

    /// The points of a trajectory, `(points, variables)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one that is not there.
    pub fn trajectory(&self, index: usize) -> Result<ArrayView2<'_, f32>> {
        if index >= self.len() {
            return Err(Error::parameter("index", index, format!("a trajectory below {}", self.len())));
        }
        Ok(self.observed.index_axis(Axis(0), index))
    }

    /// The first `count` trajectories.
    ///
    /// # Errors
    /// [`Error::Parameter`] for none or more than there are.
    pub fn take(&self, count: usize) -> Result<Self> {
        if count == 0 || count > self.len() {
            return Err(Error::parameter("count", count, format!("1 to {}", self.len())));
        }
        let first = |all: &Array3<f32>| all.slice(s![..count, .., ..]).to_owned();
        Ok(Self {
            observed: first(&self.observed),
            truth: self.truth.as_ref().map(first),
            time_step: self.time_step,
        })
    }

    /// One row per point: `trajectory`, `t`, `x1`, …, and `true1`, … where the truth is known.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let (trajectories, points, variables) = self.observed.dim();
        let places = || (0..trajectories).flat_map(|i| (0..points).map(move |t| (i, t)));
        let mut frame = Frame::new()
            .with("trajectory", places().map(|(i, _)| i as i64))?
            .with("t", places().map(|(_, t)| t as f64 * self.time_step))?;
        for (name, all) in [("x", Some(&self.observed)), ("true", self.truth.as_ref())] {
            let Some(all) = all else { continue };
            for k in 0..variables {
                frame = frame
                    .with(&format!("{name}{}", k + 1), places().map(|(i, t)| f64::from(all[[i, t, k]])))?;
            }
        }
        Ok(frame)
    }

    /// Writes an npz file with the arrays `observed`, `truth` where it is known, and `time_step`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_npz(&self, path: impl AsRef<Path>) -> Result<()> {
        let time_step = Array0::from_elem((), self.time_step);
        let mut arrays: Vec<(&str, &dyn exchange::ToNpy)> =
            vec![("observed", &self.observed), ("time_step", &time_step)];
        if let Some(truth) = &self.truth {
            arrays.push(("truth", truth));
        }
        exchange::write_npz(path, &arrays)
    }

    /// Reads what [`TimeSeries::write_npz`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Format`]; those of [`TimeSeries::new`] and [`TimeSeries::with_truth`].
    pub fn read_npz(path: impl AsRef<Path>) -> Result<Self> {
        let file = Npz::open(path)?;
        let time_step: Array0<f64> = file.get("time_step")?;
        let series = Self::new(file.get("observed")?, time_step.into_scalar())?;
        match file.names().contains(&"truth") {
            true => series.with_truth(file.get("truth")?),
            false => Ok(series),
        }
    }

    /// Writes what was observed as one npy file, `(trajectories, points, variables)` in float32.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        exchange::write_npy(path, &self.observed)
    }

    /// Reads trajectories of an npy file, `time_step` apart.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Format`]; those of [`TimeSeries::new`].
    pub fn read_npy(path: impl AsRef<Path>, time_step: f64) -> Result<Self> {
        Self::new(exchange::read_npy(path)?, time_step)
    }

    /// Shows the sizes in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for TimeSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trajectories, points, variables) = self.observed.dim();
        let truth = if self.truth.is_some() { ", truth known" } else { "" };
        write!(
            f,
            "TimeSeries({trajectories} of {points} points, {variables} variables, {} apart{truth})",
            self.time_step
        )
    }
}
