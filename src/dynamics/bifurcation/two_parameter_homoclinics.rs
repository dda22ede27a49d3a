//! The homoclinic orbits of a diagram of two parameters.

use super::cycles::CycleEnd;
use super::diagram::{BifurcationDiagram, DiagramOptions};
use super::family::ParameterFamily;
use super::homoclinic_curves::{HomoclinicContinuation, HomoclinicCurve};
use super::options::ContinuationOptions;
use super::two_parameter::{TwoParameterDiagram, inner_slices};
use crate::dynamics::Connection;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// A homoclinic orbit that lies this near to a curve, in units of the continuation, lies on it: curves are straight between their points
/// to about this.
const SAME: f64 = 2e-3;
/// Searches for cycles in each slice.
const SEARCHES: usize = 3;

impl TwoParameterDiagram {
    /// The diagram of a planar family with curves of homoclinic orbits. They start from the orbits in which branches of cycles end, in `slices`
    /// one-parameter diagrams along each parameter; 3 are a good number. A curve that lies between them is missed.
    ///
    /// # Errors
    /// As [`BifurcationDiagram::with_cycles`]; [`Error::Parameter`] for a map, and for no slices.
    pub fn with_homoclinics(
        mut self,
        family: &ParameterFamily,
        options: &DiagramOptions,
        slices: usize,
    ) -> Result<Self> {
        if options.continuation.system.step().is_some() {
            return Err(Error::parameter("system", "a map", "the flow: maps have no homoclinic orbits here"));
        }
        if slices == 0 {
            return Err(Error::parameter("slices", 0, "at least 1"));
        }
        let ranges = self.ranges;
        let found: Vec<Vec<([f64; 2], Connection)>> = inner_slices(ranges, slices)
            .par_iter()
            .map(|&(fixed, value)| orbits(family, ranges, options, fixed, value))
            .collect::<Result<_>>()?;
        let settings = ContinuationOptions::new().with_steps(1e-6, 0.05);
        for (at, connection) in found.into_iter().flatten() {
            if self.homoclinics.iter().any(|curve| self.distance_to(curve, at) < SAME) {
                continue;
            }
            match HomoclinicContinuation::both(family, ranges, &at, &connection, &settings) {
                Ok(curve) => self.homoclinics.push(curve),
                Err(Error::Numeric { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self)
    }

    /// How far a place is from the straight pieces of a curve, in units of the continuation.
    fn distance_to(&self, curve: &HomoclinicCurve, at: [f64; 2]) -> f64 {
        let scaled = |p: &[f64]| [0, 1].map(|k| 2.0 * p[k] / (self.ranges[k].1 - self.ranges[k].0));
        let place = scaled(&at);
        let pieces = curve.points.windows(2).map(|pair| {
            let (a, b) = (scaled(&pair[0].parameters), scaled(&pair[1].parameters));
            let way = [b[0] - a[0], b[1] - a[1]];
            let length = (way[0] * way[0] + way[1] * way[1]).max(f64::MIN_POSITIVE);
            let share = (((place[0] - a[0]) * way[0] + (place[1] - a[1]) * way[1]) / length).clamp(0.0, 1.0);
            (place[0] - a[0] - share * way[0]).hypot(place[1] - a[1] - share * way[1])
        });
        pieces.fold(f64::INFINITY, f64::min)
    }
}

/// The homoclinic orbits in which branches of cycles end where one parameter is fixed.
fn orbits(
    family: &ParameterFamily,
    ranges: [(f64, f64); 2],
    options: &DiagramOptions,
    fixed: usize,
    value: f64,
) -> Result<Vec<([f64; 2], Connection)>> {
    let free = 1 - fixed;
    let one = family.slice(&[value; 2], free)?;
    let diagram = BifurcationDiagram::new(&one, ranges[free], options)?;
    let diagram = diagram.with_cycles(&one, &ContinuationOptions::for_cycles(), SEARCHES)?;
    let mut found = vec![];
    for end in diagram.cycles.iter().flat_map(|branch| &branch.ends) {
        if let CycleEnd::Homoclinic { parameter, connection: Some(connection), .. } = end
            && (ranges[free].0..=ranges[free].1).contains(parameter)
        {
            let mut at = [value; 2];
            at[free] = *parameter;
            found.push((at, (**connection).clone()));
        }
    }
    Ok(found)
}
