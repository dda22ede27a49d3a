//! Pseudo-line attractors: stretches along which nullclines almost meet.
//!
//! A line of fixed points would be a memory of a number. A GRU comes near it (Jordan2021): its nullclines run close to one another
//! for a while, so that the state is drawn to the stretch and drifts slowly along it.

use super::field::VectorField;
use super::nullclines::{Nullcline, require_planar};
use super::window::{Polyline, distance, dot, minus, norm};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use std::fmt;

/// A stretch of nullcline along which the state drifts slowly, and to which it is drawn.
#[derive(Clone)]
pub struct PseudoLine {
    /// The stretch.
    pub line: Polyline,
    /// Its arc length.
    pub length: f64,
    /// The mean and the largest speed `|dh/dt|` on it.
    pub mean_speed: f64,
    /// The largest speed.
    pub max_speed: f64,
    /// The mean distance to the other nullcline, by a Newton step across the stretch.
    pub mean_gap: f64,
    /// The largest distance.
    pub max_gap: f64,
    /// How long a state stays: `length / mean_speed`.
    pub drift_time: f64,
    /// How fast the stretch is reached: the mean of `1 / |lambda|` of the direction across it.
    pub relaxation_time: f64,
}

/// What counts as a pseudo-line attractor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PseudoLineSearch {
    /// The largest distance of the nullclines; 0.02 by default.
    pub max_gap: f64,
    /// The smallest arc length; 0.2 by default.
    pub min_length: f64,
    /// How many times faster the state must be drawn to the stretch than along it; 5 by default.
    pub min_ratio: f64,
}

impl Default for PseudoLineSearch {
    fn default() -> Self {
        PseudoLineSearch { max_gap: 0.02, min_length: 0.2, min_ratio: 5.0 }
    }
}

/// What is known of a point of a nullcline.
struct Local {
    speed: f64,
    gap: f64,
    relaxation: f64,
    fits: bool,
}

impl PseudoLineSearch {
    /// The stretches of `nullcline`, one of the two of a planar field, from the longest drift to the shortest. Both
    /// nullclines give the same stretches up to the gap between them.
    ///
    /// # Errors
    /// [`Error::Shape`] where the field is not planar, [`Error::Parameter`] for limits that are not above 0.
    pub fn run(&self, field: &dyn VectorField, nullcline: &Nullcline) -> Result<Vec<PseudoLine>> {
        require_planar(field)?;
        for (name, value) in
            [("max_gap", self.max_gap), ("min_length", self.min_length), ("min_ratio", self.min_ratio)]
        {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::parameter(name, value, "a finite number above 0"));
            }
        }
        let mut found = vec![];
        for branch in &nullcline.branches {
            let mut points = branch.points.clone();
            if let (true, Some(&first)) = (branch.closed, points.first()) {
                points.push(first);
            }
            let mut stretch: Vec<([f64; 2], Local)> = vec![];
            for (k, &h) in points.iter().enumerate() {
                let (before, after) = (points[k.saturating_sub(1)], points[(k + 1).min(points.len() - 1)]);
                let local = self.local(field, h, minus(after, before), 1 - nullcline.unit);
                if local.fits {
                    stretch.push((h, local));
                } else {
                    found.extend(self.scored(&std::mem::take(&mut stretch)));
                }
            }
            found.extend(self.scored(&stretch));
        }
        found.sort_by(|a, b| b.drift_time.total_cmp(&a.drift_time));
        Ok(found)
    }

    fn local(&self, field: &dyn VectorField, h: [f64; 2], tangent: [f64; 2], other: usize) -> Local {
        let (mut f, mut g, mut j) = ([0.0; 2], [0.0; 2], [0.0; 4]);
        field.field(&h, &mut f);
        field.gate_free(&h, &mut g);
        field.jacobian(&h, &mut j);
        let length = norm(tangent).max(f64::MIN_POSITIVE);
        let along = tangent.map(|t| t / length);
        let across = [-along[1], along[0]];
        // The other residual falls off across the stretch with this slope.
        let step = 1e-6;
        let mut beside = [0.0; 2];
        field.gate_free(&[h[0] + step * across[0], h[1] + step * across[1]], &mut beside);
        let slope = (beside[other] - g[other]) / step;
        let gap = (g[other] / slope).abs();
        let rate = |u: [f64; 2]| dot(u, [dot([j[0], j[1]], u), dot([j[2], j[3]], u)]);
        let (attraction, drift) = (-rate(across), rate(along).abs());
        let fits = gap <= self.max_gap && attraction > 0.0 && attraction >= self.min_ratio * drift;
        Local { speed: norm(f), gap, relaxation: 1.0 / attraction, fits }
    }

    fn scored(&self, stretch: &[([f64; 2], Local)]) -> Option<PseudoLine> {
        let points: Vec<[f64; 2]> = stretch.iter().map(|(h, _)| *h).collect();
        let line = Polyline { points, closed: false };
        let length = line.length();
        if length < self.min_length {
            return None;
        }
        // Means over the arc length, by the trapezoidal rule.
        let mean = |value: &dyn Fn(&Local) -> f64| {
            let pieces = stretch
                .windows(2)
                .map(|two| distance(two[0].0, two[1].0) * 0.5 * (value(&two[0].1) + value(&two[1].1)));
            pieces.sum::<f64>() / length
        };
        let largest =
            |value: &dyn Fn(&Local) -> f64| stretch.iter().map(|(_, l)| value(l)).fold(0.0, f64::max);
        let mean_speed = mean(&|l| l.speed);
        Some(PseudoLine {
            length,
            mean_speed,
            max_speed: largest(&|l| l.speed),
            mean_gap: mean(&|l| l.gap),
            max_gap: largest(&|l| l.gap),
            drift_time: length / mean_speed,
            relaxation_time: mean(&|l| l.relaxation),
            line,
        })
    }
}

impl PseudoLine {
    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for PseudoLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PseudoLine(length {:.3}, gap {:.1e}, speed {:.1e}, drift time {:.1}, relaxation time {:.2})",
            self.length, self.mean_gap, self.mean_speed, self.drift_time, self.relaxation_time
        )
    }
}
