//! All limit cycles of a planar field, searched for from its fixed points.
//!
//! Where every fixed point is known, the theorem of Poincare and Bendixson leaves few places for a cycle. Walks go along both
//! branches of all saddles, away from every source and, backward in time, from every sink, inwards from the border of the
//! window, and away from both sides of every cycle found. A walk that comes back to a section through itself gives
//! a return map; its root is a candidate, which shooting must confirm. Neighbourhoods of foci and cycles are widened until
//! orbits no longer come back closer: there another cycle is between. A walk ends where something captures it; one that
//! nothing captures is returned as undecided, never taken for a cycle.

use super::capture::{Captures, Fate};
use super::classify::Kind;
use super::field::VectorField;
use super::integrate::Integrator;
use super::nullclines::require_planar;
use super::planar::PlanarPoint;
use super::ring::{Collar, Ring, settle};
use super::section::Section;
use super::walk::{Oriented, Step, Walker};
use super::window::{Polyline, Window, along};
use crate::error::Result;

/// A walk that ended nowhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenWalk {
    /// Where it began.
    pub start: [f64; 2],
    /// Where it was given up.
    pub end: [f64; 2],
    /// Whether it went forward in time.
    pub forward: bool,
}

/// What a search found, before shooting.
pub(crate) struct Found {
    pub(crate) rings: Vec<Ring>,
    pub(crate) undecided: Vec<OpenWalk>,
}

/// Steps of one walk.
const STEPS: usize = 30_000;
/// Attempts of one walk to find a root of its return map.
const ATTEMPTS: usize = 8;

/// Walks of a search: as accurate as it takes to tell weak attraction from none.
fn method() -> Integrator {
    Integrator::rosenbrock().with_tolerances(1e-8, 1e-11).with_max_steps(STEPS + 1)
}

/// All rings in `window`.
pub(crate) fn search(field: &dyn VectorField, window: &Window, points: &[PlanarPoint]) -> Result<Found> {
    require_planar(field)?;
    let centre = window.cell_centre(0, 0, 1, 1);
    let walker = |forward| Walker::new(Oriented { field, forward }, window, &method(), centre);
    let mut search = Search {
        window,
        points,
        walkers: [walker(true)?, walker(false)?],
        captures: [Captures::default(), Captures::default()],
        rings: vec![],
        starts: vec![],
        undecided: vec![],
    };
    search.prepare();
    while let Some((start, forward)) = search.starts.pop() {
        search.follow(start, forward);
    }
    Ok(Found { rings: search.rings, undecided: search.undecided })
}

struct Search<'a> {
    window: &'a Window,
    points: &'a [PlanarPoint],
    /// Forward and backward in time.
    walkers: [Walker<'a>; 2],
    captures: [Captures; 2],
    rings: Vec<Ring>,
    starts: Vec<([f64; 2], bool)>,
    undecided: Vec<OpenWalk>,
}

impl Search<'_> {
    fn lines(&self) -> Vec<Polyline> {
        self.rings.iter().map(|ring| ring.line.clone()).collect()
    }

    /// Captures of the fixed points, and where to walk from.
    fn prepare(&mut self) {
        for low in [true, false] {
            for k in 0..3 {
                // Near the corners and the middles of two sides, but on no axis of symmetry: its orbits end in saddles.
                let share = 0.031 + 0.4637 * f64::from(k);
                let [width, height] = self.window.sides();
                let at = if low { [share, 0.0] } else { [1.0 - share, 1.0] };
                let h = [self.window.low[0] + at[0] * width, self.window.low[1] + at[1] * height];
                self.starts.push((h, true));
            }
        }
        let small = 1e-5 * self.window.diagonal();
        for point in self.points {
            let directions = match point.kind {
                Kind::Saddle => {
                    point.directions.map(|d| vec![(d[0], true), (d[1], false)]).unwrap_or_default()
                }
                // Around a weak focus orbits hardly move; its neighbourhood, found below, is left instead.
                _ if point.eigenvalues[0].im != 0.0 => vec![],
                Kind::NonHyperbolic => [true, false]
                    .iter()
                    .flat_map(|&forward| [([0.8, 0.6], forward), ([-0.6, 0.8], forward)])
                    .collect(),
                // A source is left forward, a sink backward in time.
                kind => {
                    let forward = kind.is_source();
                    vec![([0.8, 0.6], forward), ([-0.6, 0.8], forward)]
                }
            };
            for (direction, forward) in directions {
                for sign in [1.0, -1.0] {
                    self.starts.push((along(point.state, sign * small, direction), forward));
                }
            }
        }
        let mut brackets = vec![];
        for (side, forward) in [true, false].into_iter().enumerate() {
            let (captures, grown) =
                Captures::of_points(&mut self.walkers[side], self.window, self.points, &[]);
            self.captures[side] = captures;
            for (point, grown) in self.points.iter().zip(grown) {
                let Some(grown) = grown else { continue };
                match grown.gate {
                    Some(gate) => self.starts.push((gate.section.place(gate.high), !forward)),
                    None => self.starts.push((along(point.state, small, [0.8, 0.6]), !forward)),
                }
                brackets.extend(grown.bracket.map(|bracket| (side, grown.section, bracket)));
            }
        }
        for (side, section, bracket) in brackets {
            self.settle(side, &section, bracket, true);
        }
    }

    /// Looks for a root of a return map, and gives the ring there, which may be a new one.
    fn settle(
        &mut self,
        side: usize,
        section: &Section,
        places: (f64, f64),
        bracketed: bool,
    ) -> Option<Settled> {
        let walker = &mut self.walkers[side];
        let s = settle(walker, section, places, bracketed)?;
        let ring = Ring::new(walker, section, s, self.window)?;
        if self.rings.iter().any(|known| ring.is(known, section, s)) {
            return Some(Settled { new: false, s });
        }
        if ring.index_sum(self.points) != 1 {
            return None;
        }
        self.add(ring);
        Some(Settled { new: true, s })
    }

    /// A new ring: what it captures, what is beside it, and walks away from it.
    fn add(&mut self, ring: Ring) {
        let (own, attracting) = (self.rings.len(), usize::from(!ring.stable));
        self.rings.push(ring);
        let lines = self.lines();
        let collar = Collar::new(&mut self.walkers[attracting], self.window, &lines, own, self.points);
        let Some(collar) = collar else { return };
        let away = attracting == 1;
        // Away from where orbits still come closer; from nearby where no such stretch was found.
        let near = 1e-3 * collar.section.reach();
        let mut ends = [-near, near];
        if let Some(gate) = collar.gate {
            self.captures[attracting].add_gate(Fate::Cycle(own), gate);
            ends = [gate.low.min(-near), gate.high.max(near)];
        }
        self.starts.extend(ends.map(|s| (collar.section.place(s), away)));
        for bracket in collar.brackets {
            self.settle(attracting, &collar.section, bracket, true);
        }
    }

    /// Walks until something captures it, and looks for a cycle whenever it comes back.
    fn follow(&mut self, start: [f64; 2], forward: bool) {
        let side = usize::from(!forward);
        if self.walkers[side].restart(start).is_err() {
            return;
        }
        let (mut anchor, mut next, mut attempts): (Option<Anchor>, usize, usize) = (None, 32, 0);
        for step in 1..=STEPS {
            match self.walkers[side].step() {
                Step::Inside => {}
                Step::Left => return,
                Step::Stuck => break,
            }
            if self.captures[side].of(&mut self.walkers[side]).is_some() {
                return;
            }
            let here = self.walkers[side].here();
            if let Some(anchor) = anchor.as_mut()
                && let Some(s) = anchor.section.crossed(&mut self.walkers[side])
            {
                anchor.returns.push(s);
                if attempts < ATTEMPTS
                    && let Some(places) = anchor.guess()
                {
                    attempts += 1;
                    let section = anchor.section;
                    match self.settle(side, &section, places, false) {
                        // What was found may capture it.
                        Some(settled) if settled.new => attempts = 0,
                        // It is as good as there, and that could not be given a gate.
                        Some(settled) if (settled.s - s).abs() < 1e-6 => return,
                        _ => {}
                    }
                    if self.walkers[side].restart(here).is_err() {
                        return;
                    }
                }
            }
            if step == next {
                // As in Brent's search for cycles of maps: ever later, so that any period fits.
                anchor = Anchor::new(&self.walkers[side], self.window);
                next *= 2;
            }
        }
        self.undecided.push(OpenWalk { start, end: self.walkers[side].here(), forward });
    }
}

/// Where a return map settled.
struct Settled {
    new: bool,
    s: f64,
}

/// A section through a place of a walk, and where the walk has come back to it.
struct Anchor {
    section: Section,
    returns: Vec<f64>,
}

impl Anchor {
    fn new(walker: &Walker<'_>, window: &Window) -> Option<Self> {
        let section = Section::across(&walker.field, walker.here(), 0.25 * window.diagonal())?;
        Some(Anchor { section, returns: vec![0.0] })
    }

    /// Two places near the limit of the returns, where they have one.
    fn guess(&self) -> Option<(f64, f64)> {
        let &[.., a, b, c] = self.returns.as_slice() else { return None };
        let (before, last) = (b - a, c - b);
        if last.abs() < 1e-9 {
            return Some((c, c + 1e-6));
        }
        let ratio = last / before;
        if !(ratio < 0.9999) {
            return None;
        }
        // Aitken's extrapolation of a geometric sequence.
        let limit = c + last * ratio.max(0.0) / (1.0 - ratio.max(0.0));
        Some((c, limit)).filter(|(c, limit)| (c - limit).abs() > 1e-12 && limit.abs() < self.section.reach())
    }
}
