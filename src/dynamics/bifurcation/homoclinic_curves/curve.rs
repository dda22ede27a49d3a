//! A curve of homoclinic orbits.

use crate::display::{Content, show};
use crate::dynamics::bifurcation::arclength::joined;
use crate::dynamics::bifurcation::equilibrium_branch::BranchEnd;
use crate::dynamics::bifurcation::special::{SpecialPoint, write_numbered};
use crate::error::Result;
use crate::frame::Frame;
use ndarray::Array2;
use std::fmt;

/// A homoclinic orbit of a curve.
#[derive(Clone)]
pub struct HomoclinicPoint {
    /// Both parameters.
    pub parameters: Vec<f64>,
    /// The saddle.
    pub saddle: Vec<f64>,
    /// Its eigenvalue above 0.
    pub unstable: f64,
    /// Its eigenvalue below 0.
    pub stable: f64,
    /// The largest side of the box around the loop.
    pub extent: f64,
    /// The loop, from the saddle to the saddle: `(points, 2)`.
    pub orbit: Array2<f64>,
    /// The length of the curve from its start, in units of the continuation.
    pub arclength: f64,
    /// What happens here, at a point of codimension two.
    pub special: Option<SpecialPoint>,
}

impl HomoclinicPoint {
    /// The sum of the eigenvalues: below 0 the cycle attracts that is born from the orbit, above 0 it repels.
    pub fn saddle_quantity(&self) -> f64 {
        self.unstable + self.stable
    }
}

impl fmt::Debug for HomoclinicPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HomoclinicPoint({:.10?}, saddle {:.6?}, eigenvalues {:.6} and {:.6}, extent {:.6})",
            self.parameters, self.saddle, self.unstable, self.stable, self.extent
        )
    }
}

/// A curve of homoclinic orbits in two parameters: its points in order, points of codimension two among them.
#[derive(Clone)]
pub struct HomoclinicCurve {
    /// The names of the two parameters.
    pub names: Vec<String>,
    /// The points.
    pub points: Vec<HomoclinicPoint>,
    /// Where it begins and where it ends.
    pub ends: [BranchEnd; 2],
}

impl HomoclinicCurve {
    /// Two halves that begin at the same point, as one.
    pub(super) fn joined(backward: Self, forward: Self) -> Self {
        let points = joined(backward.points, forward.points, |point| &mut point.arclength);
        let ([_, first], [_, last]) = (backward.ends, forward.ends);
        Self { names: forward.names, points, ends: [first, last] }
    }

    /// The points of codimension two, in order.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        self.points.iter().filter_map(|point| point.special.clone()).collect()
    }

    /// One row per point: both parameters by their names, `h1`, `h2` (the saddle), `unstable`, `stable` (its eigenvalues),
    /// `saddle_quantity`, `extent`, `special` (empty at an ordinary point).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let points = || self.points.iter();
        let mut frame = Frame::new();
        for (k, name) in self.names.iter().enumerate() {
            frame = frame.with(name, points().map(|point| point.parameters[k]))?;
        }
        for i in 0..2 {
            frame = frame.with(&format!("h{}", i + 1), points().map(|point| point.saddle[i]))?;
        }
        let special =
            |point: &HomoclinicPoint| point.special.as_ref().map_or("", |special| special.kind.name());
        frame
            .with("unstable", points().map(|point| point.unstable))?
            .with("stable", points().map(|point| point.stable))?
            .with("saddle_quantity", points().map(HomoclinicPoint::saddle_quantity))?
            .with("extent", points().map(|point| point.extent))?
            .with("special", points().map(|point| special(point).to_owned()))
    }

    /// Shows ends and points of codimension two in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for HomoclinicCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HomoclinicCurve({} points in ({}); ends: {}, {})",
            self.points.len(),
            self.names.join(", "),
            self.ends[0],
            self.ends[1]
        )?;
        write_numbered(f, &self.specials())
    }
}
