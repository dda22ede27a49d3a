//! Homoclinic orbits as the zeros of the split function of two parameters.

use crate::dynamics::bifurcation::arclength::{Bound, Curve};
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::homoclinic::{PlanarSaddle, SplitSection, orbit, split};
use crate::dynamics::{Connection, VectorField};
use crate::error::{Error, Result};
use ndarray::Array2;

/// Unknowns are the two parameters.
pub(super) struct SplitCurve {
    family: ParameterFamily,
    /// The saddle at the last point that was kept.
    saddle: PlanarSaddle,
    /// That point and its orbit.
    last: Option<(Vec<f64>, Loop)>,
    branches: (f64, f64),
    section: SplitSection,
    scales: [f64; 2],
    bounds: [Bound; 2],
}

/// A homoclinic orbit of the curve.
#[derive(Clone)]
pub(super) struct Loop {
    pub(super) saddle: PlanarSaddle,
    pub(super) orbit: Array2<f64>,
}

/// The farthest that a saddle may move from one point to the next.
const FAR: f64 = 0.2;
/// A section on which the split of a known homoclinic orbit is below this is one that it crosses.
const SAME: f64 = 1e-7;
/// Sections that are tried.
const TRIES: usize = 24;
/// Least sine of the angle between a section and the loop.
const STEEP: f64 = 0.3;

impl SplitCurve {
    pub(super) fn new(family: &ParameterFamily, ranges: [(f64, f64); 2], connection: &Connection) -> Self {
        let [first, second] = ranges;
        let bound = |unknown: usize, (low, high): (f64, f64)| Bound { unknown, low, high };
        Self {
            family: family.clone(),
            saddle: connection.from.clone(),
            last: None,
            branches: (connection.unstable_branch, connection.stable_branch),
            section: connection.section,
            scales: [0.5 * (first.1 - first.0), 0.5 * (second.1 - second.0)],
            bounds: [bound(0, first), bound(1, second)],
        }
    }

    /// The saddle near the last one.
    pub(super) fn saddle(&self, y: &[f64]) -> Result<PlanarSaddle> {
        let found = PlanarSaddle::near(&*self.family.at(y)?, self.saddle.state)?;
        let (a, b) = (found.state, self.saddle.state);
        if (a[0] - b[0]).hypot(a[1] - b[1]) > FAR {
            return Err(failed(format!("the saddle near {b:?} jumps to {a:?}")));
        }
        Ok(found.signed_like(self.saddle.unstable_direction, self.saddle.stable_direction))
    }

    /// The homoclinic orbit at a point of the curve.
    pub(super) fn homoclinic(&self, y: &[f64]) -> Result<Loop> {
        if let Some((at, known)) = &self.last
            && at == y
        {
            return Ok(known.clone());
        }
        let saddle = self.saddle(y)?;
        let flow = self.family.at(y)?;
        let orbit = orbit(&*flow, (&saddle, &saddle), self.branches, &self.section)?;
        Ok(Loop { saddle, orbit })
    }
}

impl Curve for SplitCurve {
    fn unknowns(&self) -> usize {
        2
    }

    fn residual(&self, y: &[f64], out: &mut [f64]) -> Result<()> {
        let saddle = self.saddle(y)?;
        let found = split(&*self.family.at(y)?, (&saddle, &saddle), self.branches, &self.section)?;
        let value = found.value.ok_or_else(|| failed(found.reason))?;
        out.fill(value);
        Ok(())
    }

    fn scales(&self) -> &[f64] {
        &self.scales
    }

    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    /// A new section: of those from the middle of the loop through points of it that both manifolds reach with few errors, the first that
    /// the loop crosses steeply.
    fn keep(&mut self, y: &[f64]) -> Result<()> {
        let found = self.homoclinic(y)?;
        let Loop { saddle, orbit } = &found;
        let flow = self.family.at(y)?;
        for section in sections(&*flow, orbit, saddle.state)? {
            let found = split(&*flow, (saddle, saddle), self.branches, &section)?;
            let (Some(value), Some(place)) = (found.value, found.unstable) else { continue };
            let mut f = [0.0; 2];
            flow.field(&section.point(place), &mut f);
            let normal = section.normal();
            let across = (f[0] * normal[0] + f[1] * normal[1]).abs() / f[0].hypot(f[1]);
            if value.abs() < SAME && across > STEEP {
                self.section = section;
                break;
            }
        }
        self.saddle = saddle.clone();
        self.last = Some((y.to_vec(), found));
        Ok(())
    }
}

/// Rays from the middle of a loop through points of it, the best first. Errors of the unstable manifold grow by `exp` of the integral
/// of `div f - f'Jf / |f|^2` up to the section, those of the stable one, backward in time, by that of its negative.
fn sections(flow: &dyn VectorField, orbit: &Array2<f64>, saddle: [f64; 2]) -> Result<Vec<SplitSection>> {
    let rows: Vec<[f64; 2]> = orbit.rows().into_iter().map(|h| [h[0], h[1]]).collect();
    let far = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    // Speed and growth across the flow.
    let local = |h: [f64; 2]| {
        let (mut f, mut j) = ([0.0; 2], [0.0; 4]);
        flow.field(&h, &mut f);
        flow.jacobian(&h, &mut j);
        let square = f[0] * f[0] + f[1] * f[1];
        let along = f[0] * (j[0] * f[0] + j[1] * f[1]) + f[1] * (j[2] * f[0] + j[3] * f[1]);
        (square.sqrt(), j[0] + j[3] - along / square.max(f64::MIN_POSITIVE))
    };
    let (mut grown, mut lengths) = (vec![0.0], vec![0.0]);
    for two in rows.windows(2) {
        let [a, b] = [two[0], two[1]];
        let ((speed, rate), (other, next)) = (local(a), local(b));
        let time = 2.0 * far(a, b) / (speed + other).max(f64::MIN_POSITIVE);
        grown.push(grown.last().unwrap_or(&0.0) + 0.5 * time * (rate + next));
        lengths.push(lengths.last().unwrap_or(&0.0) + far(a, b));
    }
    let least = |part: &[f64]| part.iter().copied().fold(f64::INFINITY, f64::min);
    let (centre, whole) = (middle(orbit), *lengths.last().unwrap_or(&0.0));
    let mut found = vec![];
    for k in 1..TRIES {
        let length = whole * k as f64 / TRIES as f64;
        let at = lengths.partition_point(|l| *l < length).min(rows.len().saturating_sub(1));
        let (before, after) = grown.split_at(at);
        let Some((&here, place)) = after.first().zip(rows.get(at)) else { continue };
        let cost = (here - least(before)).max(here - least(after));
        if far(*place, centre) > 0.0 && far(*place, saddle) > 0.0 {
            let section = SplitSection::ray(centre, [place[0] - centre[0], place[1] - centre[1]])?;
            found.push((cost, section));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(found.into_iter().map(|(_, section)| section).collect())
}

/// The middle of a closed line, with equal weight to equal lengths.
fn middle(orbit: &Array2<f64>) -> [f64; 2] {
    let (mut sum, mut weight) = ([0.0; 2], 0.0);
    let n = orbit.nrows();
    for k in 0..n {
        let (a, b) = (orbit.row(k), orbit.row((k + 1) % n));
        let length = (a[0] - b[0]).hypot(a[1] - b[1]);
        for i in 0..2 {
            sum[i] += 0.5 * length * (a[i] + b[i]);
        }
        weight += length;
    }
    sum.map(|s| s / weight)
}

pub(super) fn failed(reason: String) -> Error {
    Error::Numeric { method: "the continuation of homoclinic orbits", reason }
}
