//! A curve of bifurcations in two parameters.

use super::arclength::joined;
use super::equilibrium_branch::BranchEnd;
use super::special::{Bifurcation, SpecialPoint, write_numbered};
use crate::display::{Content, show};
use crate::dynamics::complex::Complex;
use crate::error::Result;
use crate::frame::Frame;
use ndarray::Array2;
use std::fmt;

/// A point of a curve of bifurcations.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    /// Both parameters.
    pub parameters: Vec<f64>,
    /// The state.
    pub state: Vec<f64>,
    /// Hopf: `omega`; Neimark-Sacker: the angle `theta`.
    pub frequency: Option<f64>,
    /// The coefficient of the normal form, as in [`SpecialPoint::coefficient`].
    pub coefficient: f64,
    /// Eigenvalues of the flow.
    pub eigenvalues: Vec<Complex>,
    /// The length of the curve from its start, in units of the continuation.
    pub arclength: f64,
    /// What happens here, at a point of codimension two.
    pub special: Option<SpecialPoint>,
}

/// A curve of bifurcations of one kind: its points in order, points of codimension two among them.
#[derive(Clone)]
pub struct BifurcationCurve {
    /// Of which bifurcations it is the curve.
    pub kind: Bifurcation,
    /// The names of the two parameters.
    pub names: Vec<String>,
    /// The points.
    pub points: Vec<CurvePoint>,
    /// Where it begins and where it ends.
    pub ends: [BranchEnd; 2],
}

impl BifurcationCurve {
    /// Two halves that begin at the same point, as one.
    pub(crate) fn joined(backward: Self, forward: Self) -> Self {
        let points = joined(backward.points, forward.points, |point| &mut point.arclength);
        let ([_, first], [_, last]) = (backward.ends, forward.ends);
        Self { kind: forward.kind, names: forward.names, points, ends: [first, last] }
    }

    /// The points of codimension two, in order.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        self.points.iter().filter_map(|point| point.special.clone()).collect()
    }

    /// One row per point: `kind`, both parameters by their names, `h1`, …, `frequency`, `coefficient`, `special`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        frame_of(&[self])
    }

    /// The points as an array for npy files: `(points, 2 + d)`, both parameters and the state.
    pub fn array(&self) -> Array2<f64> {
        let d = self.points.first().map_or(0, |point| point.state.len());
        Array2::from_shape_fn((self.points.len(), 2 + d), |(k, j)| match j {
            0 | 1 => self.points[k].parameters[j],
            _ => self.points[k].state[j - 2],
        })
    }

    /// Shows the points of codimension two in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The points of several curves, with the number of the curve in front.
pub(crate) fn frame_of(curves: &[&BifurcationCurve]) -> Result<Frame> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let d = points().next().map_or(0, |point| point.state.len());
    let numbers = curves.iter().enumerate().flat_map(|(k, curve)| vec![k as u32; curve.points.len()]);
    let kinds = curves.iter().flat_map(|curve| vec![curve.kind.name().to_owned(); curve.points.len()]);
    let mut frame = Frame::new().with("curve", numbers)?.with("kind", kinds)?;
    let names = curves.first().map_or(&[] as &[String], |curve| &curve.names);
    for (k, name) in names.iter().enumerate() {
        frame = frame.with(name, points().map(|point| point.parameters[k]))?;
    }
    for i in 0..d {
        frame = frame.with(&format!("h{}", i + 1), points().map(|point| point.state[i]))?;
    }
    let number = |value: f64| value.is_finite().then_some(value);
    let special = |point: &CurvePoint| point.special.as_ref().map_or("", |special| special.kind.name());
    frame
        .with("frequency", points().map(|point| point.frequency))?
        .with("coefficient", points().map(|point| number(point.coefficient)))?
        .with("special", points().map(|point| special(point).to_owned()))
}

impl fmt::Debug for BifurcationCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BifurcationCurve({}: {} points in ({}); ends: {}, {})",
            self.kind,
            self.points.len(),
            self.names.join(", "),
            self.ends[0],
            self.ends[1]
        )?;
        write_numbered(f, &self.specials())
    }
}
