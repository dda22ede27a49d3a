//! Which attractor a state goes to.

use super::capture::{Captures, Fate};
use super::cycles::Cycle;
use super::field::VectorField;
use super::integrate::Integrator;
use super::nullclines::require_planar;
use super::planar::PlanarPoint;
use super::ring::Collar;
use super::walk::{Oriented, Step, Walker};
use super::window::{Polyline, Window};
use crate::display::{Content, show};
use crate::error::Result;
use std::fmt;

/// The attractors of a planar field, with neighbourhoods that no orbit leaves; backward in time too, where sources and unstable
/// cycles attract.
///
/// ```
/// use eigengate::dynamics::{Attractors, Fate, PlanarPoint, Window, families};
///
/// let weights = families::two_bistable_units(3.0, 3.0)?;
/// let points: Vec<PlanarPoint> =
///     weights.fixed_points()?.points.iter().map(PlanarPoint::try_from).collect::<Result<_, _>>()?;
/// let flow = weights.flow();
/// let attractors = Attractors::new(&flow, &Window::UNIT, &points, &[])?;
/// let Fate::FixedPoint(sink) = attractors.fate(&flow, [0.2, -0.1])? else { panic!("it goes to a sink") };
/// assert!(points[sink].state[0] > 0.8 && points[sink].state[1] < -0.8);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Attractors {
    window: Window,
    points: Vec<PlanarPoint>,
    cycles: Vec<Polyline>,
    stable: Vec<bool>,
    /// Forward and backward in time.
    captures: [Captures; 2],
}

/// Neighbourhoods are widened with walks of this accuracy: it takes one to tell weak attraction from none.
fn fine() -> Integrator {
    Integrator::rosenbrock().with_tolerances(1e-8, 1e-11)
}

/// The accuracy of a walk to a neighbourhood.
fn coarse() -> Integrator {
    Integrator::rosenbrock().with_tolerances(1e-6, 1e-9)
}

/// Steps of a walk that looks for its attractor.
const STEPS: usize = 1000;

impl Attractors {
    /// Of all fixed points and all cycles of a field in a window.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) where the field is not planar.
    pub fn new(
        field: &dyn VectorField,
        window: &Window,
        points: &[PlanarPoint],
        cycles: &[Cycle],
    ) -> Result<Self> {
        require_planar(field)?;
        let lines: Vec<Polyline> = cycles.iter().map(outline).collect();
        let stable: Vec<bool> = cycles.iter().map(|cycle| cycle.stable).collect();
        let captures = |forward: bool| -> Result<Captures> {
            let mut walker =
                Walker::new(Oriented { field, forward }, window, &fine(), window.cell_centre(0, 0, 1, 1))?;
            let (mut captures, _) = Captures::of_points(&mut walker, window, points, &lines);
            for own in (0..lines.len()).filter(|&own| stable[own] == forward) {
                let collar = Collar::new(&mut walker, window, &lines, own, points);
                if let Some(gate) = collar.and_then(|collar| collar.gate) {
                    captures.add_gate(Fate::Cycle(own), gate);
                }
            }
            Ok(captures)
        };
        let captures = [captures(true)?, captures(false)?];
        Ok(Attractors { window: *window, points: points.to_vec(), cycles: lines, stable, captures })
    }

    /// The fixed points, by whose number [`Fate::FixedPoint`] goes.
    pub fn points(&self) -> &[PlanarPoint] {
        &self.points
    }

    /// The cycles as lines, by whose number [`Fate::Cycle`] goes.
    pub fn cycles(&self) -> &[Polyline] {
        &self.cycles
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// What attracts in forward time: sinks in the order of the fixed points, then stable cycles.
    pub fn list(&self) -> Vec<Fate> {
        let sinks = (0..self.points.len()).filter(|&k| self.points[k].kind.is_stable()).map(Fate::FixedPoint);
        let cycles = (0..self.cycles.len()).filter(|&k| self.stable[k]).map(Fate::Cycle);
        sinks.chain(cycles).collect()
    }

    /// Whether a cycle attracts in forward time.
    pub(crate) fn is_stable(&self, cycle: usize) -> bool {
        self.stable.get(cycle).copied().unwrap_or(false)
    }

    /// Where the orbit of a state ends.
    ///
    /// # Errors
    /// [`Error::NotFinite`](crate::Error::NotFinite) for a state that is not finite.
    pub fn fate(&self, field: &dyn VectorField, state: [f64; 2]) -> Result<Fate> {
        let mut walker = self.walker(field, true, state)?;
        self.follow(&mut walker, state, &|_| None)
    }

    /// Where it came from: the end of its orbit backward in time.
    ///
    /// # Errors
    /// As [`fate`](Attractors::fate).
    pub fn origin(&self, field: &dyn VectorField, state: [f64; 2]) -> Result<Fate> {
        let mut walker = self.walker(field, false, state)?;
        self.follow(&mut walker, state, &|_| None)
    }

    pub(crate) fn walker<'a>(
        &self,
        field: &'a dyn VectorField,
        forward: bool,
        start: [f64; 2],
    ) -> Result<Walker<'a>> {
        Walker::new(Oriented { field, forward }, &self.window, &coarse(), start)
    }

    /// The end of the walk from `start`; `known` knows it for some places.
    pub(crate) fn follow(
        &self,
        walker: &mut Walker<'_>,
        start: [f64; 2],
        known: &dyn Fn([f64; 2]) -> Option<Fate>,
    ) -> Result<Fate> {
        if let Some(fate) = self.captures(walker).at(start) {
            return Ok(fate);
        }
        walker.restart(start)?;
        for _ in 0..STEPS {
            match walker.step() {
                Step::Inside => {}
                Step::Left => return Ok(Fate::Left),
                Step::Stuck => break,
            }
            if let Some(fate) = self.captures(walker).of(walker).or_else(|| known(walker.here())) {
                return Ok(fate);
            }
        }
        Ok(Fate::Undecided)
    }

    pub(crate) fn captures(&self, walker: &Walker<'_>) -> &Captures {
        &self.captures[usize::from(!walker.field.forward)]
    }

    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// A cycle's points as a closed line.
pub(crate) fn outline(cycle: &Cycle) -> Polyline {
    let mut points: Vec<[f64; 2]> = cycle
        .points
        .rows()
        .into_iter()
        .filter_map(|row| row.iter().copied().collect::<Vec<_>>().try_into().ok())
        .collect();
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    Polyline { points, closed: true }
}

impl fmt::Debug for Attractors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cycles = self.stable.iter().filter(|&&stable| stable).count();
        write!(f, "Attractors: {} sinks, {cycles} stable cycles", self.list().len() - cycles)
    }
}
