//! A connection that was found, with its checks.

use super::saddle::PlanarSaddle;
use super::section::SplitSection;
use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;
use ndarray::Array2;
use std::fmt;

/// A homoclinic or heteroclinic orbit of a one-parameter family.
#[derive(Clone)]
pub struct Connection {
    /// The parameter at which it exists.
    pub parameter: f64,
    /// The saddle that it leaves, there.
    pub from: PlanarSaddle,
    /// The saddle that it enters; the same one for a homoclinic orbit.
    pub to: PlanarSaddle,
    /// Whether both are the same saddle.
    pub homoclinic: bool,
    /// Sign of the branch of the unstable manifold, along `from.unstable_direction`.
    pub unstable_branch: f64,
    /// Sign of the branch of the stable manifold, along `to.stable_direction`.
    pub stable_branch: f64,
    /// The section on which the split vanishes.
    pub section: SplitSection,
    /// The split at `parameter`: rounding.
    pub split: f64,
    /// Its derivative by the parameter there.
    pub slope: f64,
    /// The parameter as it comes out on other sections.
    pub alternatives: Vec<f64>,
    /// On which side of `parameter` there is a cycle near the homoclinic orbit, 1 or -1: where the split has the sign that lets
    /// orbits return inside (or outside, by the loop's shape) of it. `None` for heteroclinic orbits.
    pub cycle_side: Option<f64>,
    /// The orbit, from the saddle to the saddle: `(points, 2)`.
    pub orbit: Array2<f64>,
    /// The split at the parameters of the search.
    pub curve: Vec<SplitPoint>,
}

/// The split at one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitPoint {
    /// The parameter.
    pub parameter: f64,
    /// The split, `None` where it is not defined.
    pub value: Option<f64>,
    /// Why it is not; empty where it is.
    pub reason: String,
}

impl Connection {
    /// `lambda_u + lambda_s` of a homoclinic orbit's saddle: below 0 the cycle attracts that is born from it, above 0 it repels. Of a
    /// heteroclinic orbit, the sum of the eigenvalues that it follows.
    pub fn saddle_quantity(&self) -> f64 {
        self.from.unstable + self.to.stable
    }

    /// Whether the cycle that is born from a homoclinic orbit attracts.
    pub fn cycle_is_stable(&self) -> bool {
        self.saddle_quantity() < 0.0
    }

    /// The split against the parameter as the search saw it: `parameter`, `split` (null where not defined), `reason`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        Frame::new()
            .with("parameter", self.curve.iter().map(|point| point.parameter))?
            .with("split", self.curve.iter().map(|point| point.value))?
            .with("reason", self.curve.iter().map(|point| point.reason.as_str()))
    }

    /// Shows the parameter, the saddle and the checks in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spread = self.alternatives.iter().map(|other| (other - self.parameter).abs()).fold(0.0, f64::max);
        let kind = if self.homoclinic { "homoclinic" } else { "heteroclinic" };
        let [x, y] = self.from.state;
        write!(
            f,
            "Connection({kind} at {:.12}, saddle ({x:.6}, {y:.6}), eigenvalues {:.6} and {:.6}, split {:.1e}, {} other sections \
             within {spread:.1e})",
            self.parameter,
            self.from.unstable,
            self.to.stable,
            self.split,
            self.alternatives.len()
        )
    }
}
