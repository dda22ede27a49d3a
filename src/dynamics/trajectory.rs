//! A trajectory with its dense output and its events.

use super::integrate::{EventHit, Stepper};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use ndarray::{Array1, Array2};
use std::fmt;

/// Steps of an [`Integrator`](super::Integrator): times, states, what is between them, events.
#[derive(Clone)]
pub struct Trajectory {
    times: Vec<f64>,
    /// One row per time.
    states: Array2<f64>,
    /// Of every step, its interpolant.
    pieces: Vec<super::integrate::DenseStep>,
    events: Vec<EventHit>,
}

impl Trajectory {
    /// A trajectory that only has its start.
    pub(crate) fn at(time: f64, state: &[f64]) -> Self {
        let states = Array2::from_shape_fn((1, state.len()), |(_, i)| state[i]);
        Self { times: vec![time], states, pieces: vec![], events: vec![] }
    }

    /// Adds the last step of `stepper`, which may end before its interpolant does.
    pub(crate) fn push(&mut self, stepper: &Stepper) {
        self.times.push(stepper.time());
        // The dimension is that of the start.
        let _ = self.states.push_row(ndarray::aview1(stepper.state()));
        self.pieces.push(stepper.last().clone());
    }

    pub(crate) fn hits_mut(&mut self) -> &mut Vec<EventHit> {
        &mut self.events
    }

    /// The interpolants of the steps.
    pub(crate) fn pieces(&self) -> &[super::integrate::DenseStep] {
        &self.pieces
    }

    /// The times of the steps, the start's first; falling in backward time.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The states at those times: `(times, d)`.
    pub fn states(&self) -> &Array2<f64> {
        &self.states
    }

    /// The number of dimensions.
    pub fn dimension(&self) -> usize {
        self.states.ncols()
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.pieces.len()
    }

    /// The events, in the order in which they came.
    pub fn events(&self) -> &[EventHit] {
        &self.events
    }

    /// The time at which it ends.
    pub fn end_time(&self) -> f64 {
        self.times.last().copied().unwrap_or(f64::NAN)
    }

    /// The state at which it ends.
    pub fn end(&self) -> Array1<f64> {
        self.states.row(self.states.nrows() - 1).to_owned()
    }

    /// The state at `time`, by the dense output.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a time outside of the trajectory.
    pub fn state_at(&self, time: f64) -> Result<Array1<f64>> {
        let (first, last) = (self.times.first().copied().unwrap_or(f64::NAN), self.end_time());
        let backward = last < first;
        let inside = time >= first.min(last) && time <= first.max(last);
        if !inside {
            let expected = format!("a time from {first} to {last}");
            return Err(Error::parameter("time", time, expected));
        }
        let piece = self.pieces.partition_point(|p| if backward { p.end() > time } else { p.end() < time });
        let mut state = vec![0.0; self.dimension()];
        match self.pieces.get(piece) {
            Some(piece) => piece.state(time, &mut state),
            None => return Ok(self.end()),
        }
        Ok(Array1::from(state))
    }

    /// `n` states at equal distances in time, the start and the end among them: `(n, d)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for less than 2.
    pub fn sampled(&self, n: usize) -> Result<Array2<f64>> {
        if n < 2 {
            return Err(Error::parameter("n", n, "at least 2"));
        }
        let (first, last) = (self.times.first().copied().unwrap_or(f64::NAN), self.end_time());
        let mut out = Array2::zeros((n, self.dimension()));
        for (k, mut row) in out.rows_mut().into_iter().enumerate() {
            let time = if k + 1 == n { last } else { first + (last - first) * k as f64 / (n - 1) as f64 };
            row.assign(&self.state_at(time)?);
        }
        Ok(out)
    }

    /// One row per step: `t`, `h1`, ..., `hd`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let mut frame = Frame::new().with("t", self.times.iter().copied())?;
        for (i, column) in self.states.columns().into_iter().enumerate() {
            frame = frame.with(&format!("h{}", i + 1), column.iter().copied())?;
        }
        Ok(frame)
    }

    /// One row per event: `event`, `t`, `rising`, `h1`, ..., `hd`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn events_frame(&self) -> Result<Frame> {
        let mut frame = Frame::new()
            .with("event", self.events.iter().map(|hit| hit.event as i64))?
            .with("t", self.events.iter().map(|hit| hit.time))?
            .with("rising", self.events.iter().map(|hit| hit.rising))?;
        for i in 0..self.dimension() {
            let column = self.events.iter().map(|hit| hit.state.get(i).copied().unwrap_or(f64::NAN));
            frame = frame.with(&format!("h{}", i + 1), column)?;
        }
        Ok(frame)
    }

    /// Shows the frame in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl fmt::Debug for Trajectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Trajectory({} dimensions, t from {} to {}, {} steps, {} events)",
            self.dimension(),
            self.times.first().copied().unwrap_or(f64::NAN),
            self.end_time(),
            self.steps(),
            self.events.len()
        )
    }
}
