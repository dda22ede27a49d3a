//! A cycle of a branch.

use super::corrector::{Corrected, Corrector};
use super::multipliers::multipliers;
use crate::display::{Content, show};
use crate::dynamics::bifurcation::special::SpecialPoint;
use crate::dynamics::complex::Complex;
use crate::error::Result;
use ndarray::Array2;
use std::fmt;

/// A cycle of a branch of cycles, with its checks.
#[derive(Clone, PartialEq)]
pub struct CyclePoint {
    /// The parameter.
    pub parameter: f64,
    /// The period.
    pub period: f64,
    /// A point of the cycle.
    pub state: Vec<f64>,
    /// The Floquet multipliers except the trivial one, by falling size: `d - 1` of them.
    pub multipliers: Vec<Complex>,
    /// The multiplier of the direction of the flow, to compare with 1.
    pub trivial: f64,
    /// The largest `|M f - f'| / |f'|` of an arc with the fundamental matrix `M` and the fields `f` and `f'` at its ends, to
    /// compare with 0.
    pub defect: f64,
    /// The largest difference of `det M` of an arc and `exp` of its integral of the divergence, to compare with 0.
    pub liouville: f64,
    /// The integral of the divergence over the period. In the plane the multiplier is `exp` of it.
    pub divergence: f64,
    /// The largest gap between two arcs.
    pub residual: f64,
    /// How many multipliers are on the unit circle or outside.
    pub unstable: usize,
    /// The least value of every coordinate.
    pub low: Vec<f64>,
    /// The greatest.
    pub high: Vec<f64>,
    /// The largest difference of the two.
    pub extent: f64,
    /// Least speed `|f|` on the cycle over the greatest one: 0 at a homoclinic orbit and at a fold on the cycle.
    pub slowness: f64,
    /// The place of the least speed.
    pub slowest: Vec<f64>,
    /// The orbit as a closed line, in the order of time: `(points, d)`, the last row is the first.
    pub points: Array2<f64>,
    /// Arcs of the multiple shooting.
    pub arcs: usize,
    /// Newton iterations.
    pub iterations: usize,
    /// What happens here, at a special point.
    pub special: Option<SpecialPoint>,
}

impl CyclePoint {
    /// Of a corrected orbit.
    pub(super) fn of(corrector: &Corrector, found: &Corrected) -> Result<Self> {
        let orbit = &found.orbit;
        let d = orbit.dimension();
        let all = multipliers(orbit, &found.arcs)?;
        let flows = corrector.flows(orbit.parameter)?;
        let outline = orbit.outline(&flows, &corrector.method)?;
        let points = Array2::from_shape_fn((outline.len(), d), |(k, i)| outline[k].0[i]);
        let of = |fold: fn(f64, f64) -> f64, from: f64| {
            (0..d).map(|i| points.column(i).iter().copied().fold(from, fold)).collect::<Vec<f64>>()
        };
        let (low, high) = (of(f64::min, f64::INFINITY), of(f64::max, f64::NEG_INFINITY));
        let extent = high.iter().zip(&low).fold(0.0, |most: f64, (high, low)| most.max(high - low));
        let fastest = outline.iter().map(|(_, speed)| *speed).fold(0.0, f64::max);
        let slowest = outline.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let (slowest, least) = slowest.cloned().unwrap_or((vec![f64::NAN; d], f64::NAN));
        let unstable = all.values.iter().filter(|m| m.abs() >= 1.0).count();
        Ok(Self {
            parameter: orbit.parameter,
            period: orbit.period,
            state: orbit.nodes.first().cloned().unwrap_or_default(),
            multipliers: all.values,
            trivial: all.trivial,
            defect: all.defect,
            liouville: all.liouville,
            divergence: all.divergence,
            residual: found.residual,
            unstable,
            low,
            high,
            extent,
            slowness: least / fastest,
            slowest,
            points,
            arcs: orbit.nodes.len(),
            iterations: found.iterations,
            special: None,
        })
    }

    /// Whether it attracts.
    pub fn is_stable(&self) -> bool {
        self.unstable == 0
    }

    /// The middle of the box around it.
    pub(super) fn middle(&self) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(low, high)| 0.5 * (low + high)).collect()
    }

    /// Shows parameter, period, multipliers and checks in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for CyclePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let multipliers: Vec<String> = self.multipliers.iter().map(|m| format!("{m:.6}")).collect();
        write!(
            f,
            "CyclePoint({} at {:.10}, period {:.9}, multipliers [{}], extent {:.6}, trivial {:.9}, residual {:.1e})",
            if self.is_stable() { "stable" } else { "unstable" },
            self.parameter,
            self.period,
            multipliers.join(", "),
            self.extent,
            self.trivial,
            self.residual
        )
    }
}
