//! A branch of equilibria.

use super::arclength::{Closing, Curve, corrected, joined};
use super::equilibrium_curve::EquilibriumCurve;
use super::options::{ContinuationOptions, System};
use super::special::{Bifurcation, SpecialPoint, write_numbered};
use crate::display::{Content, show};
use crate::dynamics::complex::Complex;
use crate::error::Result;
use crate::frame::Frame;
use ndarray::Array2;
use std::fmt;

/// A point of a branch of equilibria.
#[derive(Clone, Debug, PartialEq)]
pub struct EquilibriumPoint {
    /// The parameter.
    pub parameter: f64,
    /// The state.
    pub state: Vec<f64>,
    /// Eigenvalues of the flow, by falling real part.
    pub eigenvalues: Vec<Complex>,
    /// In how many directions states move away from it, under the flow or the map of the options.
    pub unstable: usize,
    /// The length of the branch from its start, in units of the continuation.
    pub arclength: f64,
    /// What happens here, at a special point.
    pub special: Option<SpecialPoint>,
}

impl EquilibriumPoint {
    /// Whether it attracts.
    pub fn is_stable(&self) -> bool {
        self.unstable == 0
    }
}

/// Where a branch ends.
#[derive(Clone, Debug, PartialEq)]
pub enum BranchEnd {
    /// Where it was started; the other half goes on.
    Start,
    /// At an end of the range of a parameter.
    Range,
    /// Nowhere: it is a closed curve.
    Closed,
    /// At a point beyond which it is of another kind.
    At(Bifurcation),
    /// Where the continuation could not go on; with the reason.
    Stuck(String),
}

impl fmt::Display for BranchEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BranchEnd::Start => f.write_str("start"),
            BranchEnd::Range => f.write_str("end of the range"),
            BranchEnd::Closed => f.write_str("closed"),
            BranchEnd::At(kind) => write!(f, "{kind}"),
            BranchEnd::Stuck(reason) => write!(f, "stuck: {reason}"),
        }
    }
}

/// A branch of equilibria: its points in order, special points among them.
#[derive(Clone)]
pub struct EquilibriumBranch {
    /// The name of the parameter.
    pub name: String,
    /// What the stability is that of.
    pub system: System,
    /// The points.
    pub points: Vec<EquilibriumPoint>,
    /// Where it begins and where it ends.
    pub ends: [BranchEnd; 2],
    /// Stretches of the parameter in which the number of unstable directions changes and no special point was located.
    pub unexplained: Vec<(f64, f64)>,
}

impl EquilibriumBranch {
    /// Two halves that begin at the same point, as one.
    pub(crate) fn joined(backward: Self, forward: Self) -> Self {
        let points = joined(backward.points, forward.points, |point| &mut point.arclength);
        let [_, first] = backward.ends;
        let [_, last] = forward.ends;
        let mut unexplained = backward.unexplained;
        unexplained.extend(forward.unexplained);
        Self { name: forward.name, system: forward.system, points, ends: [first, last], unexplained }
    }

    /// The special points, in order.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        self.points.iter().filter_map(|point| point.special.clone()).collect()
    }

    /// The equilibria of the branch at one value of the parameter, in the order in which it passes them.
    pub(crate) fn states_at(
        &self,
        curve: &EquilibriumCurve,
        parameter: f64,
        options: &ContinuationOptions,
    ) -> Vec<Vec<f64>> {
        let d = curve.dimension();
        let mut found = vec![];
        for (k, pair) in self.points.windows(2).enumerate() {
            let (a, b) = (&pair[0], &pair[1]);
            let last = k + 2 == self.points.len();
            // The ends of a range are reached to rounding.
            let there =
                |point: &EquilibriumPoint| (point.parameter - parameter).abs() <= 1e-12 * curve.scales()[d];
            let share = if there(a) {
                0.0
            } else if there(b) {
                if !last {
                    continue;
                }
                1.0
            } else if (a.parameter < parameter) != (b.parameter < parameter) {
                (parameter - a.parameter) / (b.parameter - a.parameter)
            } else {
                continue;
            };
            let guess = a.state.iter().zip(&b.state).map(|(a, b)| a + share * (b - a));
            let guess: Vec<f64> = guess.chain([parameter]).collect();
            let state = corrected(curve, &Closing::Fixed(d, parameter), &guess, options);
            let state = state.map_or(guess, |(y, _)| y);
            found.push(state[..d].to_vec());
        }
        found
    }

    /// One row per point: the parameter by its name, `h1`, …, real and imaginary parts of the eigenvalues, `unstable`, `stable`, and
    /// `special` (empty at an ordinary point).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        frame_of(&self.name, &[self])
    }

    /// The points as an array for npy files: `(points, 1 + d)`, the parameter and the state.
    pub fn array(&self) -> Array2<f64> {
        let d = self.points.first().map_or(0, |point| point.state.len());
        Array2::from_shape_fn((self.points.len(), 1 + d), |(k, j)| match j {
            0 => self.points[k].parameter,
            _ => self.points[k].state[j - 1],
        })
    }

    /// Shows the special points in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The points of several branches, with the number of the branch in front.
pub(crate) fn frame_of(name: &str, branches: &[&EquilibriumBranch]) -> Result<Frame> {
    let points = || branches.iter().flat_map(|branch| &branch.points);
    let d = points().next().map_or(0, |point| point.state.len());
    let numbers = branches.iter().enumerate().flat_map(|(k, branch)| vec![k as u32; branch.points.len()]);
    let mut frame =
        Frame::new().with("branch", numbers)?.with(name, points().map(|point| point.parameter))?;
    for i in 0..d {
        frame = frame.with(&format!("h{}", i + 1), points().map(|point| point.state[i]))?;
    }
    for i in 0..d {
        frame = frame
            .with(&format!("re{}", i + 1), points().map(|point| point.eigenvalues[i].re))?
            .with(&format!("im{}", i + 1), points().map(|point| point.eigenvalues[i].im))?;
    }
    let special = |point: &EquilibriumPoint| point.special.as_ref().map_or("", |special| special.kind.name());
    frame
        .with("unstable", points().map(|point| point.unstable as u32))?
        .with("stable", points().map(EquilibriumPoint::is_stable))?
        .with("special", points().map(|point| special(point).to_owned()))
}

impl fmt::Debug for EquilibriumBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.points.first(), self.points.last());
        let at = |point: Option<&EquilibriumPoint>| point.map_or(f64::NAN, |point| point.parameter);
        write!(
            f,
            "EquilibriumBranch({} points, {} from {:.6} ({}) to {:.6} ({}))",
            self.points.len(),
            self.name,
            at(first),
            self.ends[0],
            at(last),
            self.ends[1]
        )?;
        write_numbered(f, &self.specials())
    }
}
