//! The period of the cycle near a homoclinic orbit.

use super::Family;
use super::branch::Launch;
use super::connection::Connection;
use super::saddle::PlanarSaddle;
use super::split::precise_crossing;
use crate::display::{Content, show};
use crate::dynamics::VectorField;
use crate::error::{Error, Result};
use crate::frame::Frame;
use std::fmt;

/// Periods of cycles near a homoclinic orbit, which must grow as `T = -ln |mu - mu*| / lambda_u + const` where the cycle
/// attracts, with `|lambda_s|` in place of `lambda_u` where it repels: that is the time that it spends near the saddle.
#[derive(Clone, PartialEq)]
pub struct PeriodLaw {
    /// Distances `|mu - mu*|`, falling.
    pub distances: Vec<f64>,
    /// The period of the cycle there.
    pub periods: Vec<f64>,
    /// Slope of the period against the logarithm of the distance, by least squares over the smaller half of the distances.
    pub slope: f64,
    /// What it must come to: `-1 / lambda_u`, or `-1 / |lambda_s|`.
    pub expected: f64,
    /// Whether the cycles attract.
    pub stable: bool,
}

impl Connection {
    /// Computes the cycle at every one of these distances from the homoclinic orbit's parameter, on the side where it is; such as
    /// `[1e-4, 1e-5, 1e-6, 1e-7]`. The cycle is the fixed point of the return map of the section, near the first crossing of the
    /// manifold that it follows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for less than two distances above 0, or a heteroclinic orbit; [`Error::Numeric`] where there is no
    /// cycle, with the distance.
    pub fn period_law(&self, family: &Family<'_>, distances: &[f64]) -> Result<PeriodLaw> {
        let Some(side) = self.cycle_side.filter(|_| self.homoclinic) else {
            return Err(Error::parameter(
                "connection",
                "heteroclinic",
                "a homoclinic orbit with a split that is not flat",
            ));
        };
        let mut distances = distances.to_vec();
        distances.sort_by(|a, b| b.total_cmp(a));
        distances.dedup();
        if distances.len() < 2 || !distances.iter().all(|d| *d > 0.0 && d.is_finite()) {
            let value = format!("{distances:?}");
            return Err(Error::parameter("distances", value, "two different numbers above 0 or more"));
        }
        let periods: Vec<f64> = distances
            .iter()
            .map(|distance| self.period(&*family(self.parameter + side * distance)?, *distance))
            .collect::<Result<_>>()?;
        let half = distances.len().div_ceil(2).max(2);
        let from = distances.len() - half;
        let logs: Vec<f64> = distances.iter().skip(from).map(|d| d.ln()).collect();
        let slope = least_squares(&logs, periods.get(from..).unwrap_or_default());
        let stable = self.cycle_is_stable();
        let expected = if stable { -1.0 / self.from.unstable } else { 1.0 / self.from.stable };
        Ok(PeriodLaw { distances, periods, slope, expected, stable })
    }

    /// The period of the cycle of one flow near the homoclinic orbit.
    fn period(&self, flow: &dyn VectorField, distance: f64) -> Result<f64> {
        let saddle = PlanarSaddle::near(flow, self.from.state)?
            .signed_like(self.from.unstable_direction, self.from.stable_direction);
        let sense = if self.cycle_is_stable() { 1.0 } else { -1.0 };
        let start = match self.cycle_is_stable() {
            true => saddle.leaving(self.unstable_branch),
            false => saddle.entering(self.stable_branch),
        };
        let no = |reason: String| Error::Numeric {
            method: "the cycle near a homoclinic orbit",
            reason: format!(
                "{reason} (distance {distance:e} of the parameter); a loop that as a whole attracts where its saddle would repel, \
                 or the reverse, has its cycle at smaller distances only"
            ),
        };
        let first = precise_crossing(flow, Launch { start, sense }, &self.section, None)?.map_err(no)?;
        let back = |place: f64| -> Result<(f64, f64)> {
            let launch = Launch { start: self.section.point(place), sense };
            let crossing = precise_crossing(flow, launch, &self.section, Some(first.rising))?.map_err(no)?;
            Ok((crossing.place - place, crossing.time))
        };
        // Secant steps for the fixed point; the map itself contracts.
        let (mut a, mut fa) = (first.place, back(first.place)?.0);
        let mut b = a + fa;
        for _ in 0..60 {
            let (fb, time) = back(b)?;
            if fb.abs() < 1e-13 || (fb.abs() < 1e-11 && fb.abs() >= fa.abs()) {
                return Ok(time);
            }
            let slant = (fb - fa) / (b - a);
            let next = if slant < -0.1 && slant.is_finite() { b - fb / slant } else { b + fb };
            (a, fa, b) = (b, fb, next);
        }
        Err(no(format!("the return map does not settle: it moves the place {b} by {fa:.1e}")))
    }
}

fn least_squares(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let xy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let xx: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    xy / xx
}

impl PeriodLaw {
    /// `slope / expected - 1`, to compare with 0.
    pub fn mismatch(&self) -> f64 {
        self.slope / self.expected - 1.0
    }

    /// One row per cycle: `distance`, `period`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        Frame::new()
            .with("distance", self.distances.iter().copied())?
            .with("period", self.periods.iter().copied())
    }

    /// Shows the slope and what it must be in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for PeriodLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PeriodLaw({} {} cycles, dT/dln|mu - mu*| = {:.6}, expected {:.6})",
            self.distances.len(),
            if self.stable { "stable" } else { "unstable" },
            self.slope,
            self.expected
        )
    }
}
