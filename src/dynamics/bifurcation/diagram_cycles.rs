//! The cycles of a diagram.

use super::cycles::{CycleBranch, frame_of};
use super::diagram::{BifurcationDiagram, places};
use super::family::ParameterFamily;
use super::options::ContinuationOptions;
use crate::dynamics::{Cycle, GruWeights, PlanarPoint, Shooting, Window, limit_cycles};
use crate::error::{Error, Result};
use crate::frame::Frame;
use rayon::prelude::*;

/// A search for all limit cycles at one value of the parameter, beside what the branches have there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CycleSearch {
    /// The parameter.
    pub parameter: f64,
    /// Cycles that were found.
    pub cycles: usize,
    /// How many of them lie on a branch.
    pub on_branches: usize,
    /// Whether the search had no loose ends ([`LimitCycles::is_clear`](crate::dynamics::LimitCycles::is_clear)).
    pub clear: bool,
}

/// Periods of one cycle agree to this.
const SAME: f64 = 1e-6;
/// Where all cycles of two units are.
const WHOLE: Window = Window { low: [-1.04; 2], high: [1.04; 2] };

impl BifurcationDiagram {
    /// The diagram with branches of cycles: from every Hopf point, and, of GRUs with two units, from every cycle that lies on none of them and is
    /// found at one of `searches` values of the parameter (0 for none). Those are born in homoclinic orbits or saddle-nodes alone, or
    /// beyond the range. What could not be followed is in `cycle_failures`, with the reason.
    ///
    /// # Errors
    /// As [`CycleContinuation`](super::CycleContinuation), where it is not one branch that fails.
    pub fn with_cycles(
        mut self,
        family: &ParameterFamily,
        options: &ContinuationOptions,
        searches: usize,
    ) -> Result<Self> {
        let (branches, failures) = self.cycle_branches(family, options)?;
        self.cycles = branches;
        self.cycle_failures = failures.into_iter().map(|(hopf, reason)| (hopf.parameter(), reason)).collect();
        if family.dimension() != 2 || searches == 0 {
            return Ok(self);
        }
        let found: Vec<Option<(f64, Vec<Cycle>, bool)>> = inner_places(self.range, searches)
            .par_iter()
            .map(|&parameter| {
                let Some(weights) = family.weights_at(&[parameter])? else { return Ok(None) };
                all_cycles(&weights).map(|(cycles, clear)| Some((parameter, cycles, clear)))
            })
            .collect::<Result<_>>()?;
        for (parameter, cycles, clear) in found.into_iter().flatten() {
            for cycle in &cycles {
                if self.has(family, parameter, cycle)? {
                    continue;
                }
                match CycleBranch::through(family, self.range, parameter, cycle, options) {
                    Ok(branch) => self.cycles.push(branch),
                    Err(Error::Numeric { reason, .. }) => self.cycle_failures.push((parameter, reason)),
                    Err(error) => return Err(error),
                }
            }
            let mut on_branches = 0;
            for cycle in &cycles {
                on_branches += usize::from(self.has(family, parameter, cycle)?);
            }
            self.cycle_searches.push(CycleSearch { parameter, cycles: cycles.len(), on_branches, clear });
        }
        Ok(self)
    }

    /// Whether a cycle lies on a branch: shooting from where the branch passes the parameter comes to the same period.
    fn has(&self, family: &ParameterFamily, parameter: f64, cycle: &Cycle) -> Result<bool> {
        let flow = family.at(&[parameter])?;
        for pair in self.cycles.iter().flat_map(|branch| branch.points.windows(2)) {
            let (a, b) = (&pair[0], &pair[1]);
            if (a.parameter < parameter) == (b.parameter < parameter) {
                continue;
            }
            let near = if (a.parameter - parameter).abs() < (b.parameter - parameter).abs() { a } else { b };
            if let Ok(there) = Shooting::new().run(&*flow, &near.state, near.period)
                && (there.period / cycle.period - 1.0).abs() < SAME
                && there.stable == cycle.stable
                && (there.extent / cycle.extent - 1.0).abs() < 1e-2
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One row per cycle of a branch, as in [`CycleBranch::frame`].
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn cycle_frame(&self) -> Result<Frame> {
        frame_of(&self.name, &self.cycles.iter().collect::<Vec<_>>())
    }
}

/// Values inside of the range, off its ends and its middle.
fn inner_places((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let side = (high - low) / count as f64;
    places((low + 0.4871 * side, high - 0.5129 * side), count)
}

/// All limit cycles of a GRU with two units, and whether the search has no loose ends.
pub(crate) fn all_cycles(weights: &GruWeights) -> Result<(Vec<Cycle>, bool)> {
    let points = weights.fixed_points()?;
    let points: Vec<PlanarPoint> = points.points.iter().map(PlanarPoint::try_from).collect::<Result<_>>()?;
    let found = limit_cycles(&weights.flow(), &WHOLE, &points)?;
    let clear = found.is_clear();
    Ok((found.cycles, clear))
}
