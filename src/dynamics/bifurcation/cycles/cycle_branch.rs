//! A branch of cycles.

use super::continuation::CycleContinuation;
use super::ends::CycleEnd;
use super::point::CyclePoint;
use crate::display::{Content, show};
use crate::dynamics::bifurcation::diagram::BifurcationDiagram;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::bifurcation::options::ContinuationOptions;
use crate::dynamics::bifurcation::special::{Bifurcation, SpecialPoint, write_numbered};
use crate::dynamics::cycles::Cycle;
use crate::error::{Error, Result};
use crate::frame::Frame;
use std::fmt;

/// A branch of cycles: its points in order, special points among them.
#[derive(Clone)]
pub struct CycleBranch {
    /// The name of the parameter.
    pub name: String,
    /// The cycles.
    pub points: Vec<CyclePoint>,
    /// Where it begins and where it ends.
    pub ends: [CycleEnd; 2],
}

impl CycleBranch {
    /// The branch on both sides of a cycle at `parameter`.
    ///
    /// # Errors
    /// As [`CycleContinuation::from_cycle`].
    pub fn through(
        family: &ParameterFamily,
        range: (f64, f64),
        parameter: f64,
        cycle: &Cycle,
        options: &ContinuationOptions,
    ) -> Result<Self> {
        let half = |sense: f64| {
            CycleContinuation::from_cycle(family, range, parameter, cycle, sense, options)?.run()
        };
        let forward = half(1.0)?;
        if let CycleEnd::Closed = forward.ends[1] {
            return Ok(Self { ends: [CycleEnd::Closed, CycleEnd::Closed], ..forward });
        }
        let backward = half(-1.0)?;
        let mut points = backward.points;
        points.reverse();
        points.pop();
        points.extend(forward.points);
        let ([_, first], [_, last]) = (backward.ends, forward.ends);
        Ok(Self { name: forward.name, points, ends: [first, last] })
    }

    /// The special points, in order.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        self.points.iter().filter_map(|point| point.special.clone()).collect()
    }

    /// One row per cycle: the parameter by its name, `period`, `low1`, `high1`, …, real and imaginary parts of the multipliers, `unstable`,
    /// `stable`, `special` (empty at an ordinary point), and the checks `trivial`, `defect`, `liouville`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        frame_of(&self.name, &[self])
    }

    /// Shows ends and special points in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The cycles of several branches, with the number of the branch in front.
pub(crate) fn frame_of(name: &str, branches: &[&CycleBranch]) -> Result<Frame> {
    let points = || branches.iter().flat_map(|branch| &branch.points);
    let d = points().next().map_or(0, |point| point.state.len());
    let numbers = branches.iter().enumerate().flat_map(|(k, branch)| vec![k as u32; branch.points.len()]);
    let mut frame = Frame::new()
        .with("branch", numbers)?
        .with(name, points().map(|point| point.parameter))?
        .with("period", points().map(|point| point.period))?;
    for i in 0..d {
        frame = frame
            .with(&format!("low{}", i + 1), points().map(|point| point.low[i]))?
            .with(&format!("high{}", i + 1), points().map(|point| point.high[i]))?;
    }
    for i in 0..d.saturating_sub(1) {
        frame = frame
            .with(&format!("re{}", i + 1), points().map(|point| point.multipliers[i].re))?
            .with(&format!("im{}", i + 1), points().map(|point| point.multipliers[i].im))?;
    }
    let special = |point: &CyclePoint| point.special.as_ref().map_or("", |special| special.kind.name());
    frame
        .with("unstable", points().map(|point| point.unstable as u32))?
        .with("stable", points().map(CyclePoint::is_stable))?
        .with("special", points().map(|point| special(point).to_owned()))?
        .with("trivial", points().map(|point| point.trivial))?
        .with("defect", points().map(|point| point.defect))?
        .with("liouville", points().map(|point| point.liouville))
}

impl fmt::Debug for CycleBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.points.first(), self.points.last());
        let at = |point: Option<&CyclePoint>| point.map_or(f64::NAN, |point| point.parameter);
        write!(
            f,
            "CycleBranch({} cycles, {} from {:.6} ({:?}) to {:.6} ({:?}))",
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

/// A Hopf point from which no branch can be followed, and why.
type Failure = (SpecialPoint, String);

/// A branch that ends this near to a Hopf point, beside the range, ends there.
const SAME: f64 = 1e-7;

impl BifurcationDiagram {
    /// The branches of cycles that are born at the diagram's Hopf points, each once: of two Hopf points that one branch joins, it starts at
    /// the first. A Hopf point from which no branch can be followed comes with the reason.
    ///
    /// # Errors
    /// As [`CycleContinuation::from_hopf`], where it is not one point that fails.
    pub fn cycle_branches(
        &self,
        family: &ParameterFamily,
        options: &ContinuationOptions,
    ) -> Result<(Vec<CycleBranch>, Vec<Failure>)> {
        let (mut branches, mut failures): (Vec<CycleBranch>, Vec<_>) = (vec![], vec![]);
        for hopf in self.specials_of(Bifurcation::Hopf) {
            let reached = branches.iter().any(|branch| {
                let CycleEnd::Hopf { parameter, state, .. } = &branch.ends[1] else { return false };
                let off = (parameter - hopf.parameter()).abs() / (self.range.1 - self.range.0);
                let far = state.iter().zip(&hopf.state).map(|(a, b)| (a - b).abs()).fold(off, f64::max);
                far < SAME
            });
            if reached {
                continue;
            }
            let walk =
                CycleContinuation::from_hopf(family, self.range, hopf.parameter(), &hopf.state, options);
            match walk.and_then(CycleContinuation::run) {
                Ok(branch) => branches.push(branch),
                Err(Error::Numeric { reason, .. }) => failures.push((hopf, reason)),
                Err(error) => return Err(error),
            }
        }
        Ok((branches, failures))
    }
}
