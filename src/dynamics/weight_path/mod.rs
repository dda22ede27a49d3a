//! Training as a path of systems: what is born on it, and by which bifurcation.

mod birth;
mod event;
mod piece;
mod tables;

pub use birth::{Birth, Life};
pub use event::{Cause, Change, PathEvent};

use super::bifurcation::{BifurcationDiagram, ContinuationOptions, DiagramOptions};
use super::cycles::Cycle;
use super::fixed_points::FixedPoints;
use super::gru::GruWeights;
use crate::error::{Error, Result, finite};
use rayon::prelude::*;
use std::fmt;

/// What a path is followed with.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightPathOptions {
    /// The name of the place on the path; `step` by default.
    pub name: String,
    /// At how many places of every piece, both ends among them, all fixed points are searched for; 9 by default.
    pub searches: usize,
    /// Whether cycles are followed, from Hopf points and, of two units, from those that the systems of the path have; so by default.
    pub cycles: bool,
    /// Settings of the branches of equilibria.
    pub continuation: ContinuationOptions,
    /// Settings of the branches of cycles.
    pub cycle_continuation: ContinuationOptions,
}

impl Default for WeightPathOptions {
    fn default() -> Self {
        Self {
            name: "step".to_owned(),
            searches: 9,
            cycles: true,
            continuation: ContinuationOptions::new(),
            cycle_continuation: ContinuationOptions::for_cycles(),
        }
    }
}

impl WeightPathOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another number of searches in every piece, at least 2.
    pub fn with_searches(mut self, searches: usize) -> Self {
        self.searches = searches;
        self
    }

    /// Fixed points alone.
    pub fn without_cycles(mut self) -> Self {
        self.cycles = false;
        self
    }
}

/// A system on the path, with what it has.
#[derive(Clone)]
pub struct PathSystem {
    /// Its place, e.g. the step of the training.
    pub place: f64,
    /// Its weights.
    pub weights: GruWeights,
    /// All fixed points, proved for up to three units; for more what a heuristic search found.
    pub fixed_points: FixedPoints,
    /// The limit cycles of two units.
    pub cycles: Vec<Cycle>,
}

impl fmt::Debug for PathSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (points, cycles) = (self.fixed_points.points.len(), self.cycles.len());
        write!(f, "PathSystem({}: {points} fixed points, {cycles} cycles)", self.place)
    }
}

/// A path of GRUs, such as the snapshots of a training run, straight in all weights from each to the next: every fixed point and cycle is
/// followed along it, and every bifurcation on it located.
///
/// Between two snapshots training did not go straight, so that a bifurcation is located on the straight piece, not on the true
/// course of the training: it lies between the two snapshots all the same, where the true course met no others.
///
/// ```
/// use eigengate::dynamics::{Cause, Bifurcation, Birth, WeightPath, WeightPathOptions, families};
///
/// // From one fixed point to the nine of the rotation family at a small angle.
/// let systems = [(0.0, families::rotation(0.5, 0.1)?), (100.0, families::rotation(3.0, 0.1)?)];
/// let path = WeightPath::new(&systems, &WeightPathOptions::new().without_cycles())?;
/// assert_eq!(path.systems[1].fixed_points.points.len(), 9);
/// let born = path.points.iter().filter(|life| matches!(life.birth, Birth::Born { .. })).count();
/// assert_eq!(born, 8);
/// println!("{path:?}");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct WeightPath {
    /// The name of the place.
    pub name: String,
    /// The systems, in order.
    pub systems: Vec<PathSystem>,
    /// The diagram of the piece from each system to the next; its parameter is the place.
    pub pieces: Vec<BifurcationDiagram>,
    /// What happens on the path, in order.
    pub events: Vec<PathEvent>,
    /// The fixed points of the last system, in their order, with where they come from.
    pub points: Vec<Life>,
    /// The cycles that reach the last system, with where they come from.
    pub cycles: Vec<Life>,
    /// Whether in every piece all searches found proved fixed points that lie on branches, and no others.
    pub complete: bool,
}

impl WeightPath {
    /// Follows the path through these systems, each with its place; places rise.
    ///
    /// # Errors
    /// [`Error::Empty`] for less than two systems; [`Error::Parameter`] for places that do not rise, less than two searches, and for
    /// systems of both reset forms; [`Error::Shape`] for systems of other sizes; as [`BifurcationDiagram::new`].
    pub fn new(systems: &[(f64, GruWeights)], options: &WeightPathOptions) -> Result<Self> {
        let (Some((_, first)), true) = (systems.first(), systems.len() > 1) else {
            return Err(Error::empty("a path: it takes two systems or more, and the list"));
        };
        finite("places of a path", systems.iter().map(|(place, _)| place))?;
        for pair in systems.windows(2) {
            let (a, b) = (pair[0].0, pair[1].0);
            if !(a < b) {
                return Err(Error::parameter(
                    "systems",
                    format!("places {a} and then {b}"),
                    "places that rise",
                ));
            }
            first.towards(&pair[1].1, 0.5)?;
        }
        if options.searches < 2 {
            return Err(Error::parameter("searches", options.searches, "at least 2, the ends of a piece"));
        }
        options.continuation.check()?;
        options.cycle_continuation.check()?;
        let own: Vec<PathSystem> = systems
            .par_iter()
            .map(|(place, weights)| piece::system(*place, weights, options))
            .collect::<Result<_>>()?;
        let pieces: Vec<BifurcationDiagram> = (0..own.len() - 1)
            .into_par_iter()
            .map(|k| piece::diagram(&own[k], &own[k + 1], options))
            .collect::<Result<_>>()?;
        let events = event::events(&pieces);
        let points = birth::points(&own, &pieces);
        let cycles = birth::cycles(&pieces);
        let complete = pieces.iter().all(|piece| piece.complete);
        Ok(Self { name: options.name.clone(), systems: own, pieces, events, points, cycles, complete })
    }

    /// All pieces as one diagram, to draw.
    pub fn diagram(&self) -> BifurcationDiagram {
        let places = (self.systems.first(), self.systems.last());
        let range = (places.0.map_or(0.0, |s| s.place), places.1.map_or(1.0, |s| s.place));
        let mut whole = BifurcationDiagram {
            name: self.name.clone(),
            range,
            branches: vec![],
            searches: vec![],
            complete: self.complete,
            cycles: vec![],
            cycle_searches: vec![],
            cycle_failures: vec![],
        };
        for piece in self.pieces.iter().cloned() {
            whole.branches.extend(piece.branches);
            whole.searches.extend(piece.searches);
            whole.cycles.extend(piece.cycles);
            whole.cycle_failures.extend(piece.cycle_failures);
        }
        whole
    }
}

/// Further options of a diagram of a piece.
fn diagram_options(options: &WeightPathOptions) -> DiagramOptions {
    DiagramOptions::new().with_continuation(options.continuation.clone()).with_searches(options.searches)
}

impl fmt::Debug for WeightPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.complete { "complete" } else { "NOT complete" };
        write!(
            f,
            "WeightPath({} systems, {} events; at the end {} fixed points and {} cycles; {verdict} at all searches)",
            self.systems.len(),
            self.events.len(),
            self.points.len(),
            self.cycles.len()
        )?;
        for event in &self.events {
            write!(f, "\n  {} {event:?}", self.name)?;
        }
        Ok(())
    }
}
