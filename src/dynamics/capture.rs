//! Neighbourhoods of attractors that no orbit leaves.
//!
//! A sink has an ellipse in which a quadratic Lyapunov function falls. A focus and a cycle have a gate besides: a
//! stretch of a Poincare section whose orbits come back closer, and enclose no fixed point on the way, so that nothing
//! else can attract them (Poincare and Bendixson) than a cycle in the gate. Backward in time the attractors are sources
//! and unstable cycles.

use super::classify::Kind;
use super::field::VectorField;
use super::planar::PlanarPoint;
use super::section::{Return, Section};
use super::walk::{Oriented, Walker};
use super::window::{Polyline, Window, along, distance, dot, minus};

/// Where an orbit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// In the fixed point of this number.
    FixedPoint(usize),
    /// In the cycle of this number.
    Cycle(usize),
    /// It leaves the window.
    Left,
    /// A branch of a manifold that was followed for the arc length allowed.
    Length,
    /// It was followed for the number of steps allowed, and nothing captured it.
    Undecided,
}

/// All captures of a field in one direction of time.
#[derive(Clone, Default)]
pub(crate) struct Captures {
    ellipses: Vec<(Fate, Ellipse)>,
    /// Points without a linear part that tells, and how near is at one.
    folds: Vec<(Fate, [f64; 2], f64)>,
    gates: Vec<(Fate, Gate)>,
}

impl Captures {
    /// Ellipses of all points that attract, and gates of foci. `rings` are the cycles known.
    pub(crate) fn of_points(
        walker: &mut Walker<'_>,
        window: &Window,
        points: &[PlanarPoint],
        rings: &[Polyline],
    ) -> (Self, Vec<Option<Grown>>) {
        let mut captures = Captures::default();
        let mut grown = vec![];
        for (index, point) in points.iter().enumerate() {
            let attracts = if walker.field.forward { point.kind.is_stable() } else { point.kind.is_source() };
            let fate = Fate::FixedPoint(index);
            if attracts {
                captures
                    .ellipses
                    .extend(Ellipse::new(&walker.field, point, points, window).map(|e| (fate, e)));
            }
            if point.kind == Kind::NonHyperbolic {
                captures.folds.push((fate, point.state, 1e-6 * window.diagonal()));
            }
            let mut growth = None;
            // A Hopf point attracts in one direction of time, by the terms of third order.
            let turns = point.eigenvalues[0].im != 0.0;
            if turns && (attracts || point.kind == Kind::NonHyperbolic) {
                growth = focus_gate(walker, window, index, points, rings);
                captures.gates.extend(growth.as_ref().and_then(|g| g.gate).map(|gate| (fate, gate)));
            }
            grown.push(growth);
        }
        (captures, grown)
    }

    pub(crate) fn add_gate(&mut self, fate: Fate, gate: Gate) {
        self.gates.push((fate, gate));
    }

    /// What captured the walk in its last step, if anything. A fold captures what comes to rest at it.
    pub(crate) fn of(&self, walker: &mut Walker<'_>) -> Option<Fate> {
        let here = walker.here();
        if let Some(fate) = self.at(here) {
            return Some(fate);
        }
        let step = distance(walker.before(), here);
        let rest = self.folds.iter().find(|(_, at, near)| distance(*at, here) < *near && step < 0.1 * near);
        if let Some(&(fate, ..)) = rest {
            return Some(fate);
        }
        let hit = self
            .gates
            .iter()
            .find(|(_, gate)| gate.section.crossed(walker).is_some_and(|s| s > gate.low && s < gate.high));
        hit.map(|&(fate, _)| fate)
    }

    /// The sink whose ellipse holds a point.
    pub(crate) fn at(&self, h: [f64; 2]) -> Option<Fate> {
        self.ellipses.iter().find(|(_, ellipse)| ellipse.holds(h)).map(|&(fate, _)| fate)
    }
}

/// `|C (h - centre)|^2 < level`, with `P = C'C`.
#[derive(Clone, Copy, Debug)]
struct Ellipse {
    centre: [f64; 2],
    /// C_00, C_01, C_11.
    factor: [f64; 3],
    level: f64,
}

impl Ellipse {
    /// The largest one, of those halved again and again, in which the form `u'Pu` falls in all places looked at; then with half
    /// of its size. None where it would be tiny.
    fn new(
        field: &Oriented<'_>,
        point: &PlanarPoint,
        others: &[PlanarPoint],
        window: &Window,
    ) -> Option<Self> {
        let mut j = [0.0; 4];
        field.jacobian(&point.state, &mut j);
        let (trace, determinant) = (j[0] + j[3], j[0] * j[3] - j[1] * j[2]);
        if !(trace < 0.0 && determinant > 0.0) {
            return None;
        }
        // J'P + PJ = -I is solved by P = -(det I + adj(J)' adj(J)) / (2 trace det). The factor is of no interest; with rows
        // of very different size det P = det (2 det + |J|^2) keeps its digits.
        let adjugate = [j[3], -j[1], -j[2], j[0]];
        let product = |a: usize, b: usize| adjugate[a] * adjugate[b] + adjugate[a + 2] * adjugate[b + 2];
        let (first, mixed, second) =
            (determinant + product(0, 0), product(0, 1), determinant + product(1, 1));
        let square: f64 = j.iter().map(|entry| entry * entry).sum();
        let scale = (first + second).sqrt();
        let c00 = first.sqrt();
        let c11 = (determinant * (2.0 * determinant + square) / first).sqrt();
        let factor = [c00 / scale, mixed / c00 / scale, c11 / scale];
        if !(factor[2] > 0.0 && factor.iter().all(|entry| entry.is_finite())) {
            return None;
        }
        let mut ellipse = Ellipse { centre: point.state, factor, level: 0.0 };
        let nearest = others
            .iter()
            .filter(|other| other.state != point.state)
            .map(|other| ellipse.value(other.state))
            .fold(f64::INFINITY, f64::min);
        // No larger than the window.
        let reach = window.diagonal();
        let widest = [[reach, 0.0], [0.0, reach]].map(|u| ellipse.value(along(point.state, 1.0, u)));
        ellipse.level = 0.9 * nearest.min(widest[0].max(widest[1]));
        for _ in 0..80 {
            if ellipse.falls(field) {
                ellipse.level *= 0.25;
                return Some(ellipse);
            }
            ellipse.level *= 0.5;
        }
        None
    }

    /// C u
    fn mapped(&self, u: [f64; 2]) -> [f64; 2] {
        [self.factor[0] * u[0] + self.factor[1] * u[1], self.factor[2] * u[1]]
    }

    fn value(&self, h: [f64; 2]) -> f64 {
        let w = self.mapped(minus(h, self.centre));
        dot(w, w)
    }

    fn holds(&self, h: [f64; 2]) -> bool {
        self.value(h) < self.level
    }

    /// Whether the form falls on ellipses of several sizes, in 48 directions each.
    fn falls(&self, field: &Oriented<'_>) -> bool {
        let [a, b, c] = self.factor;
        (0..48).all(|k| {
            let (sin, cos) = (std::f64::consts::TAU * (f64::from(k) + 0.5) / 48.0).sin_cos();
            let ray = [(cos - b * sin / c) / a, sin / c];
            [1.0, 0.8, 0.6, 0.4, 0.2, 0.05].iter().all(|&share| {
                let u = ray.map(|r| r * share * self.level.sqrt());
                let motion = self.mapped(field.at(along(self.centre, 1.0, u)));
                dot(self.mapped(u), motion) < 0.0
            })
        })
    }
}

/// A stretch of a section, `low < s < high`, whose orbits come back closer to its attractor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    pub(crate) section: Section,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// How far a gate could be opened to one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grown {
    pub(crate) gate: Option<Gate>,
    pub(crate) section: Section,
    /// The place beyond it from which the orbit came back farther away: a cycle is between, `(closer, farther)`.
    pub(crate) bracket: Option<(f64, f64)>,
}

/// How far to the side of `sign` orbits come to the attractor at `s = 0`: from `least` on, where they are taken to come
/// closer, every next place is followed until it is back inside of the last one. The orbit and the section then enclose
/// a region that none leaves, and `encloses` says whether it is free of other fixed points. Where attraction is so weak that this takes
/// many turns, places a tenth farther out are taken, and one turn that comes closer has to do.
///
/// Gives the farthest such place; and two places between which another closed orbit is, where the next place came back
/// farther away.
pub(crate) fn open(
    walker: &mut Walker<'_>,
    section: &Section,
    sign: f64,
    least: f64,
    encloses: &dyn Fn(&Return, &Section) -> bool,
    limit: f64,
) -> (f64, Option<(f64, f64)>) {
    let (mut best, mut size, mut returns, mut weak) = (0.0, least, 0, false);
    'wider: while size < limit {
        let mut now = size;
        for _ in 0..TURNS {
            let Some(back) = section.returned(walker, sign * now, MAX_RETURN) else { break 'wider };
            let next = sign * back.s;
            returns += 1;
            // A return to the other side is a rounding error of a strong contraction.
            if next < -least || !encloses(&back, section) || returns > MAX_RETURNS {
                break 'wider;
            }
            // Well above what walks err by in a turn.
            let margin = (1e-4 * least).max(3e-8);
            if next > now + margin {
                return (sign * best, (best > 0.0).then_some((sign * best, sign * now)));
            }
            // The first place has only the linear part to go by.
            if next <= best || ((best == 0.0 || weak) && next < now - margin) {
                best = size;
                size *= if weak {
                    WEAK
                } else if size < 1e-2 * limit {
                    3.0
                } else {
                    1.5
                };
                continue 'wider;
            }
            now = next;
        }
        if best == 0.0 || weak {
            break;
        }
        weak = true;
        size = WEAK * best;
    }
    (sign * best, None)
}

/// Turns within which an orbit must be closer than the last place, and what is done otherwise.
const TURNS: usize = 10;
const WEAK: f64 = 1.1;
/// Turns in all.
const MAX_RETURNS: usize = 160;
/// Steps within which an orbit must come back.
const MAX_RETURN: usize = 3000;

/// The gate of a focus.
fn focus_gate(
    walker: &mut Walker<'_>,
    window: &Window,
    index: usize,
    points: &[PlanarPoint],
    rings: &[Polyline],
) -> Option<Grown> {
    let centre = points.get(index)?.state;
    let mut j = [0.0; 4];
    walker.field.jacobian(&centre, &mut j);
    let counterclockwise = j[2] > j[1];
    // Along the direction in which the turning is fastest the section is crossed best.
    let side = if j[2].abs() > j[1].abs() { [1.0, 0.0] } else { [0.0, 1.0] };
    let reach = window.diagonal();
    let section = Section::ray(centre, side, counterclockwise, reach);
    let limit = rings.iter().filter_map(|ring| nearest_crossing(ring, &section, 1.0)).fold(reach, f64::min);
    let only = |back: &Return, section: &Section| {
        let line = closed(back, section);
        points.iter().enumerate().all(|(k, p)| k == index || line.winding(p.state).round() == 0.0)
    };
    // Around a weak focus orbits come back measurably closer from some distance on.
    let mut least = 1e-5 * reach;
    let (mut high, mut bracket) = (0.0, None);
    while high == 0.0 && bracket.is_none() && least < 5e-2 * reach {
        (high, bracket) = open(walker, &section, 1.0, least, &only, 0.98 * limit);
        least *= 4.0;
    }
    let gate = (high > 0.0).then_some(Gate { section, low: 0.0, high });
    Some(Grown { gate, section, bracket })
}

/// The way of a return, closed along the section.
pub(crate) fn closed(back: &Return, section: &Section) -> Polyline {
    let mut points = back.way.clone();
    points.push(section.place(back.s));
    Polyline { points, closed: true }
}

/// The places at which a line crosses a section.
fn crossings<'a>(line: &'a Polyline, section: &'a Section) -> impl Iterator<Item = f64> + 'a {
    line.segments().into_iter().filter_map(|piece| section.crossing_of(piece))
}

/// The smallest `sign s > 0` at which a line crosses a section.
pub(crate) fn nearest_crossing(line: &Polyline, section: &Section, sign: f64) -> Option<f64> {
    crossings(line, section).map(|s| sign * s).filter(|&s| s > 0.0).min_by(f64::total_cmp)
}

/// How far from the place `at` a line crosses a section.
pub(crate) fn distance_of_crossing(line: &Polyline, section: &Section, at: f64) -> f64 {
    crossings(line, section).map(|s| (s - at).abs()).fold(f64::INFINITY, f64::min)
}
