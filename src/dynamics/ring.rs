//! Closed orbits as roots of a return map.

use super::capture::{Gate, closed, distance_of_crossing, nearest_crossing, open};
use super::planar::PlanarPoint;
use super::section::{Return, Section};
use super::walk::Walker;
use super::window::{Polyline, Window};

/// A closed orbit, found on a section through it.
#[derive(Clone)]
pub(crate) struct Ring {
    /// The orbit, in the order in which time runs forward.
    pub(crate) line: Polyline,
    /// Its period.
    pub(crate) period: f64,
    /// Whether it attracts in forward time.
    pub(crate) stable: bool,
}

/// The place near which `P(s) = s` on a section, from two places between which, or near which, it is.
pub(crate) fn settle(
    walker: &mut Walker<'_>,
    section: &Section,
    places: (f64, f64),
    bracketed: bool,
) -> Option<f64> {
    let mut defect = |s: f64| section.returned(walker, s, STEPS).map(|back| back.s - s);
    let (mut a, mut b) = places;
    let (mut fa, mut fb) = (defect(a)?, defect(b)?);
    let bracketed = bracketed && (fa < 0.0) != (fb < 0.0);
    let mut best = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
    let mut last = best.0;
    for step in 0..60 {
        if best.1.abs() < CLOSED || (bracketed && (b - a).abs() < 1e-13) {
            break;
        }
        let mut s = b - fb * (b - a) / (fb - fa);
        if bracketed && (step % 4 == 3 || !((s - a) * (s - b) < 0.0)) {
            s = 0.5 * (a + b);
        }
        if !s.is_finite() || s.abs() > section.reach() || (!bracketed && step > 20) {
            return None;
        }
        let f = defect(s)?;
        if f.abs() < best.1.abs() {
            best = (s, f);
        }
        if !bracketed {
            (a, fa, b, fb) = (b, fb, s, f);
        } else if (f < 0.0) == (fa < 0.0) {
            (a, fa) = (s, f);
            fb *= 0.5;
        } else {
            (b, fb) = (s, f);
            fa *= 0.5;
        }
        if (s - last).abs() < 1e-15 {
            break;
        }
        last = s;
    }
    // A strongly repelling orbit is found to rounding errors of s, and not of P.
    (best.1.abs() < 1e3 * CLOSED || (bracketed && (b - a).abs() < 1e-12)).then_some(best.0)
}

/// Return maps are followed for so many steps.
const STEPS: usize = 6000;
/// A return within this distance closes an orbit.
const CLOSED: f64 = 1e-10;

impl Ring {
    /// The closed orbit at the place `s` of a section; none where it is smaller than rounding errors make it.
    pub(crate) fn new(walker: &mut Walker<'_>, section: &Section, s: f64, window: &Window) -> Option<Self> {
        let back = section.returned(walker, s, STEPS)?;
        let mut points = back.way;
        let width = |axis: usize| {
            let values = points.iter().map(|h| h[axis]);
            values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
        };
        let size = width(0).max(width(1));
        if size < 1e-5 * window.diagonal() {
            return None;
        }
        let near = 1e-4 * size;
        let [above, below] = [near, -near].map(|shift| section.returned(walker, s + shift, STEPS));
        // One side is enough where the orbits of the other go elsewhere.
        let slopes = [(above, near), (below, -near)];
        let slopes: Vec<f64> =
            slopes.iter().filter_map(|(end, shift)| end.as_ref().map(|end| (end.s - s) / shift)).collect();
        let attracts =
            if slopes.is_empty() { false } else { slopes.iter().sum::<f64>() < slopes.len() as f64 };
        if !walker.field.forward {
            points.reverse();
        }
        let stable = attracts == walker.field.forward;
        Some(Ring { line: Polyline { points, closed: true }, period: back.time, stable })
    }

    /// The sum of the indices of the fixed points inside, which is 1.
    pub(crate) fn index_sum(&self, points: &[PlanarPoint]) -> i32 {
        points.iter().filter(|p| self.line.winding(p.state).round() != 0.0).map(PlanarPoint::index).sum()
    }

    /// Whether it is `other`: it crosses a section where that does, and is as stable.
    pub(crate) fn is(&self, other: &Ring, section: &Section, s: f64) -> bool {
        let near = 2e-3 * (self.line.length() / std::f64::consts::PI);
        let distance = distance_of_crossing(&other.line, section, s);
        self.stable == other.stable && distance < near
    }
}

/// The neighbourhood of a ring, in the direction of time in which it attracts.
pub(crate) struct Collar {
    /// The gate to both sides, where it could be opened.
    pub(crate) gate: Option<Gate>,
    pub(crate) section: Section,
    /// Places between which another closed orbit is.
    pub(crate) brackets: Vec<(f64, f64)>,
}

impl Collar {
    /// On a section where the ring moves fastest.
    pub(crate) fn new(
        walker: &mut Walker<'_>,
        window: &Window,
        rings: &[Polyline],
        own: usize,
        points: &[PlanarPoint],
    ) -> Option<Self> {
        let line = rings.get(own)?;
        let speed = |h: [f64; 2]| {
            let f = walker.field.at(h);
            f[0].hypot(f[1])
        };
        let at = *line.points.iter().max_by(|a, b| speed(**a).total_cmp(&speed(**b)))?;
        let reach = 0.5 * window.diagonal();
        let section = Section::across(&walker.field, at, reach)?;
        let around: Vec<f64> = points.iter().map(|p| line.winding(p.state).abs().round()).collect();
        let same = |back: &Return, section: &Section| {
            let way = closed(back, section);
            points.iter().zip(&around).all(|(p, n)| way.winding(p.state).abs().round() == *n)
        };
        let mut brackets = vec![];
        let mut ends = [0.0; 2];
        for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            let others = rings.iter().enumerate().filter(|(k, _)| *k != own);
            let limit =
                others.filter_map(|(_, ring)| nearest_crossing(ring, &section, sign)).fold(reach, f64::min);
            let (far, bracket) = open(walker, &section, sign, 1e-5 * reach, &same, 0.98 * limit);
            *end = far;
            brackets.extend(bracket);
        }
        let gate = (ends[0] < ends[1]).then_some(Gate { section, low: ends[0], high: ends[1] });
        Some(Collar { gate, section, brackets })
    }
}
