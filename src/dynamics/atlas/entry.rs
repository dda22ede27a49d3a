//! One portrait of an atlas.

use super::super::portrait::WHOLE;
use super::super::{FixedPoints, GruWeights, Kind, LimitCycles, PlanarPoint, limit_cycles};
use super::class::PortraitClass;
use super::margins::Margins;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use std::fmt;

/// How a search came to a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// All weights at random.
    Random,
    /// A system found before with some weights changed.
    Mutation,
    /// Gates and candidates of two systems found before.
    Crossover,
    /// A system found before with an update gate made for its fixed points.
    Gate,
    /// Given, not searched for.
    Given,
}

/// Origins and their names in tables.
const ORIGINS: [(Origin, &str); 5] = [
    (Origin::Random, "random"),
    (Origin::Mutation, "mutation"),
    (Origin::Crossover, "crossover"),
    (Origin::Gate, "gate"),
    (Origin::Given, "given"),
];

impl Origin {
    /// Its name in lower case, as in a table.
    pub fn name(self) -> &'static str {
        ORIGINS.iter().find(|(origin, _)| *origin == self).map_or("", |(_, name)| name)
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        ORIGINS.iter().find(|(_, other)| *other == name).map(|(origin, _)| *origin)
    }
}

/// One portrait of an atlas: its class, the weights that have it, and how far it is from another.
#[derive(Clone, PartialEq)]
pub struct AtlasEntry {
    /// How many sinks, saddles, sources and cycles it has.
    pub class: PortraitClass,
    /// The system: two units, reset gate before the product.
    pub weights: GruWeights,
    /// How many of its fixed points are stable nodes, stable foci, unstable nodes and unstable foci.
    pub kinds: [usize; 4],
    /// How far it is from the bifurcations that would change its class.
    pub margins: Margins,
    /// Periods of its cycles, from the longest orbit to the shortest.
    pub periods: Vec<f64>,
    /// Logarithms of their multipliers, in the same order: below 0 where a cycle attracts.
    pub log_multipliers: Vec<f64>,
    /// The seed of the search that found it.
    pub seed: u64,
    /// Which of the systems of that search it is, counted from 0.
    pub index: u64,
    /// How the search came to it.
    pub origin: Origin,
}

/// Boxes of a search for fixed points; clean systems take some hundreds.
pub(super) const BOXES: usize = 20_000;

/// In the order of [`AtlasEntry::kinds`].
pub(super) const KINDS: [Kind; 4] =
    [Kind::StableNode, Kind::StableFocus, Kind::UnstableNode, Kind::UnstableFocus];

impl AtlasEntry {
    /// Works out the portrait of a system of two units with the reset gate before the product: fixed points proved, cycles
    /// searched for and confirmed.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another system; [`Error::Numeric`] where a fixed point is not proved or not hyperbolic, or
    /// the search for cycles leaves something open: such a portrait has no class.
    pub fn new(weights: &GruWeights) -> Result<Self> {
        if super::genome::genome(weights).is_none() {
            let expected = "two units, Reset::Before, no inputs (take with_input first)";
            return Err(Error::parameter("weights", format!("{weights:?}"), expected));
        }
        let points = weights.fixed_points()?;
        if !is_proved(&points) {
            return Err(without_class(format!("{points:?}: not all are proved and hyperbolic")));
        }
        let cycles = cycles(weights, &points)?;
        if !cycles.is_clear() {
            return Err(without_class(format!("{cycles:?}: something is open")));
        }
        Ok(Self::of(weights.clone(), &points, &cycles, (0, 0, Origin::Given)))
    }

    /// From what is known: proved points, clear cycles; seed, index and origin.
    pub(super) fn of(
        weights: GruWeights,
        points: &FixedPoints,
        cycles: &LimitCycles,
        (seed, index, origin): (u64, u64, Origin),
    ) -> Self {
        let margins = Margins::of_points(&weights.flow(), points).with_cycles(points, cycles);
        Self {
            class: PortraitClass::of(points, cycles),
            kinds: KINDS.map(|kind| points.count(kind)),
            margins,
            periods: cycles.cycles.iter().map(|cycle| cycle.period).collect(),
            log_multipliers: cycles.cycles.iter().map(|cycle| cycle.divergence).collect(),
            weights,
            seed,
            index,
            origin,
        }
    }

    /// Works the portrait out anew and compares.
    ///
    /// # Errors
    /// As [`AtlasEntry::new`]; [`Error::Numeric`] where the class, the kinds of fixed points, a period (to 1e-6) or a margin (to
    /// 1e-6) is not what the entry says.
    pub fn verify(&self) -> Result<()> {
        let anew = Self::new(&self.weights)?;
        let close = |a: &f64, b: &f64| (a - b).abs() <= 1e-6 * (1.0 + b.abs());
        let all = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b));
        let what = if anew.class != self.class {
            format!("has {}, not {}", anew.class, self.class)
        } else if anew.kinds != self.kinds {
            format!("has nodes and foci {:?}, not {:?}", anew.kinds, self.kinds)
        } else if !all(&anew.periods, &self.periods) {
            format!("has the periods {:?}, not {:?}", anew.periods, self.periods)
        } else if !all(&anew.log_multipliers, &self.log_multipliers) {
            format!("has the multipliers {:?}, not {:?}", anew.log_multipliers, self.log_multipliers)
        } else if !all(&anew.margins.values(), &self.margins.values()) {
            format!("has {:?}, not {:?}", anew.margins, self.margins)
        } else {
            return Ok(());
        };
        let reason = format!("the system of {} {what}", self.class);
        Err(Error::Numeric { method: "the check of an atlas", reason })
    }

    /// Whether it is a better example of its class than another: cleaner, or as clean with smaller weights.
    pub fn is_better_than(&self, other: &Self) -> bool {
        let rank = |entry: &Self| {
            let size =
                super::genome::genome(&entry.weights).map_or(f64::INFINITY, |g| super::genome::largest(&g));
            (entry.margins.cleanliness(), -size)
        };
        rank(self) > rank(other)
    }

    /// Shows class, kinds and cycles in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Whether all fixed points are proved, none is near to not being hyperbolic, and the index sum is 1.
pub(super) fn is_proved(found: &FixedPoints) -> bool {
    let fine = |kind: Kind| kind == Kind::Saddle || KINDS.contains(&kind);
    found.complete
        && found.index_sum == 1
        && found.points.iter().all(|point| point.certified && point.index != 0 && fine(point.kind))
}

/// The cycles of a system whose fixed points are known.
pub(super) fn cycles(weights: &GruWeights, found: &FixedPoints) -> Result<LimitCycles> {
    let points = found.points.iter().map(PlanarPoint::try_from).collect::<Result<Vec<_>>>()?;
    limit_cycles(&weights.flow(), &WHOLE, &points)
}

fn without_class(reason: String) -> Error {
    Error::Numeric { method: "the classification of a portrait", reason }
}

impl fmt::Debug for AtlasEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [stable_nodes, stable_foci, unstable_nodes, unstable_foci] = self.kinds;
        write!(
            f,
            "AtlasEntry({}; {stable_nodes} + {stable_foci} stable and {unstable_nodes} + {unstable_foci} unstable nodes + \
             foci, cleanliness {:.3})",
            self.class,
            self.margins.cleanliness()
        )
    }
}
