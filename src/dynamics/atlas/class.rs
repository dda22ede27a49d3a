//! Classes of planar portraits.

use super::super::{FixedPoints, LimitCycles};
use std::cmp::Ordering;
use std::fmt;

/// What a planar portrait has: how many fixed points of each stability, and how many cycles.
///
/// Classes are ordered by the number of fixed points, then by that of sources, then by that of cycles.
///
/// ```
/// use eigengate::dynamics::PortraitClass;
///
/// let class = PortraitClass { sinks: 2, saddles: 2, sources: 1, stable_cycles: 1, unstable_cycles: 0 };
/// assert_eq!((class.fixed_points(), class.cycles()), (5, 1));
/// assert_eq!(class.to_string(), "2 sinks, 2 saddles, 1 source, 1 stable cycle");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortraitClass {
    /// Stable nodes and foci.
    pub sinks: usize,
    /// Saddles: one less than sinks and sources together.
    pub saddles: usize,
    /// Unstable nodes and foci.
    pub sources: usize,
    /// Cycles that attract.
    pub stable_cycles: usize,
    /// Cycles that repel.
    pub unstable_cycles: usize,
}

impl PortraitClass {
    /// The class of these fixed points and cycles, taken to be all.
    pub fn of(points: &FixedPoints, cycles: &LimitCycles) -> Self {
        let (sinks, saddles, sources) = points.topology();
        let stable_cycles = cycles.cycles.iter().filter(|cycle| cycle.stable).count();
        let unstable_cycles = cycles.cycles.len() - stable_cycles;
        Self { sinks, saddles, sources, stable_cycles, unstable_cycles }
    }

    /// How many fixed points it has.
    pub fn fixed_points(&self) -> usize {
        self.sinks + self.saddles + self.sources
    }

    /// How many cycles it has.
    pub fn cycles(&self) -> usize {
        self.stable_cycles + self.unstable_cycles
    }

    /// The numbers of sinks, saddles and sources.
    pub fn topology(&self) -> (usize, usize, usize) {
        (self.sinks, self.saddles, self.sources)
    }

    fn key(&self) -> [usize; 5] {
        [self.fixed_points(), self.sources, self.cycles(), self.unstable_cycles, self.saddles]
    }
}

impl Ord for PortraitClass {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for PortraitClass {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for PortraitClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.sinks, "sink"),
            (self.saddles, "saddle"),
            (self.sources, "source"),
            (self.stable_cycles, "stable cycle"),
            (self.unstable_cycles, "unstable cycle"),
        ];
        let some = parts.iter().filter(|(count, _)| *count > 0);
        let text = |(count, name): &(usize, &str)| {
            let plural = if *count == 1 { "" } else { "s" };
            format!("{count} {name}{plural}")
        };
        f.pad(&some.map(text).collect::<Vec<_>>().join(", "))
    }
}
