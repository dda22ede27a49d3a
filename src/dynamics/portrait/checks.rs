//! What holds of a portrait.

use super::super::{Branch, Cycle, Fate, Nullcline};
use super::{Plane, Portrait};

/// One number of a portrait beside what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The object, e.g. `cycle 1`.
    pub object: String,
    /// What is checked.
    pub check: String,
    /// The number found.
    pub value: f64,
    /// The largest that it may be; for counts and index sums what it must be.
    pub limit: f64,
    /// Whether it is as it must be.
    pub holds: bool,
}

impl Check {
    fn at_most(object: &str, check: &str, value: f64, limit: f64) -> Self {
        Self { object: object.to_owned(), check: check.to_owned(), value, limit, holds: value <= limit }
    }

    fn exactly(object: &str, check: &str, value: f64, limit: f64) -> Self {
        Self { object: object.to_owned(), check: check.to_owned(), value, limit, holds: value == limit }
    }
}

/// Edges between basins that no separatrix crosses, as a share: lines and cells are of finite size.
const STRAY: f64 = 0.02;

impl Portrait {
    /// Every check of every object, in the order of [`frame`](Self::frame).
    pub fn checks(&self) -> Vec<Check> {
        let points = &self.fixed_points;
        let all = "fixed points";
        let mut checks = vec![
            Check::exactly(all, "undecided regions", points.undecided.len() as f64, 0.0),
            Check::exactly(all, "index sum", f64::from(points.index_sum), 1.0),
        ];
        for (index, point) in points.points.iter().enumerate() {
            let object = format!("fixed point {}", index + 1);
            checks.push(Check::at_most(&object, "residual", point.residual, 1e-13));
        }
        if let Some(plane) = &self.plane {
            plane.checks(&mut checks);
        }
        checks
    }

    /// Whether the fixed points are proved to be all, each of them is hyperbolic, and every check holds.
    ///
    /// Never so for more than three units, where the search is heuristic.
    pub fn holds(&self) -> bool {
        let points = &self.fixed_points;
        points.complete
            && points.points.iter().all(|point| point.certified && point.index != 0)
            && points.points.iter().all(|point| point.kind != super::super::Kind::NonHyperbolic)
            && self.checks().iter().all(|check| check.holds)
    }
}

impl Plane {
    fn checks(&self, checks: &mut Vec<Check>) {
        for line in &self.nullclines {
            nullcline(line, checks);
        }
        let all = "cycles";
        checks.push(Check::exactly(all, "walks undecided", self.cycles.undecided.len() as f64, 0.0));
        checks.push(Check::exactly(all, "orbits not confirmed", self.cycles.unconfirmed.len() as f64, 0.0));
        for (index, (line, sum)) in self.cycles.cycles.iter().zip(&self.cycles.index_sums).enumerate() {
            cycle(&format!("cycle {}", index + 1), line, *sum, checks);
        }
        for (index, branch) in self.manifolds.iter().enumerate() {
            manifold(&format!("branch {}", index + 1), branch, checks);
        }
        if let Some(basins) = &self.basins {
            checks.push(Check::exactly("basins", "cells undecided", basins.undecided() as f64, 0.0));
            let stray = basins.edges.saturating_sub(basins.edges_on_separatrix) as f64;
            let share = stray / basins.edges.max(1) as f64;
            checks.push(Check::at_most("basins", "edges off separatrices, as a share", share, STRAY));
            let stray = basins.crossings.saturating_sub(basins.crossings_on_edge) as f64;
            let share = stray / basins.crossings.max(1) as f64;
            checks.push(Check::at_most("basins", "separatrices off edges, as a share", share, STRAY));
        }
    }
}

fn nullcline(line: &Nullcline, checks: &mut Vec<Check>) {
    let object = format!("nullcline {}", line.unit + 1);
    let missed = line.lines.saturating_sub(line.met) as f64;
    checks.push(Check::exactly(&object, "parallels that do not meet it", missed, 0.0));
    checks.push(Check::exactly(&object, "undecided cells", line.undecided.len() as f64, 0.0));
    checks.push(Check::at_most(&object, "residual", line.residual, 1e-9));
}

fn cycle(object: &str, cycle: &Cycle, index_sum: i32, checks: &mut Vec<Check>) {
    // Rounding errors of the trivial multiplier are as large as the other one.
    let size = cycle.leading().max(1.0);
    let trivial = (cycle.trivial.re - 1.0).hypot(cycle.trivial.im);
    checks.push(Check::at_most(object, "closure", cycle.residual, 1e-10));
    checks.push(Check::at_most(object, "trivial multiplier less 1", trivial, 1e-6 * size));
    checks.push(Check::at_most(object, "|M f - f| / |f|", cycle.defect, 1e-6 * size));
    checks.push(Check::at_most(object, "det M less exp(int div f)", cycle.liouville(), 1e-6));
    checks.push(Check::exactly(object, "index sum inside", f64::from(index_sum), 1.0));
}

fn manifold(object: &str, branch: &Branch, checks: &mut Vec<Check>) {
    let open = matches!(branch.end, Fate::Length | Fate::Undecided);
    checks.push(Check::exactly(object, "ends nowhere", f64::from(u8::from(open)), 0.0));
}
