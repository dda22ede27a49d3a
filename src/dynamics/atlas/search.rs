//! The search for portraits.

use super::super::{FixedPointSearch, FixedPoints, GruWeights};
use super::Atlas;
use super::archive::{Archive, Clue, Frame, Known};
use super::entry::{AtlasEntry, BOXES, Origin, cycles, is_proved};
use super::estimate::open_ends;
use super::gate::gated;
use super::genome::{self, Genome, rounded};
use super::margins::Margins;
use super::moves::{crossed, mutated, random, uniform};
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A search over the weights of two units (reset gate before the product) for portraits of many classes.
///
/// Systems come in generations. Some have random weights; the others are made from those found before, whose parents are the best
/// examples of all classes alike, systems of every number of sinks and sources, and those with the most fixed points: by changed
/// weights, by gates of two systems, and by update gates made so that chosen fixed points attract, repel or nearly do neither.
/// All fixed points of every system are proved (or it is dropped). A search for cycles costs a hundred times as much and is made
/// where it pays: rough walks say how many cycles there may be, and what earlier searches found there says what it is worth.
///
/// The same seed gives the same atlas, whatever the number of threads.
///
/// ```
/// use eigengate::dynamics::AtlasSearch;
///
/// let atlas = AtlasSearch::new(1).with_systems(4096).with_cycle_searches(8).run()?;
/// assert!(atlas.len() >= 3);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtlasSearch {
    /// Seed; every system has random numbers of its own, by its number.
    pub seed: u64,
    /// How many systems to make; 100 000 by default, rounded up to whole generations of 1024.
    pub systems: usize,
    /// How many searches for cycles in a generation; 12 by default.
    pub cycle_searches: usize,
}

/// Where a search stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtlasProgress {
    /// Systems made.
    pub systems: usize,
    /// Of these, systems whose fixed points were all proved.
    pub proved: usize,
    /// Searches for cycles made.
    pub cycle_searches: usize,
    /// Of these, searches that left something open; their systems were dropped.
    pub open: usize,
    /// The most fixed points of a system.
    pub most_fixed_points: usize,
    /// How many combinations of sinks, saddles and sources there were, whether in the atlas or not.
    pub topologies: usize,
}

/// Systems of a generation.
const GENERATION: usize = 1024;
/// Of these, how many rough walks look at, for each search for cycles.
const LOOKS: usize = 6;
/// Searches for cycles with the same clue in a generation.
const ALIKE: usize = 4;
/// What is worth less is not followed.
const IDLE: f64 = 0.01;
/// Fixed points less clean than this are neither parents nor examples.
const UNCLEAN: f64 = 0.005;

impl AtlasSearch {
    /// A search of 100 000 systems.
    pub fn new(seed: u64) -> Self {
        Self { seed, systems: 100_000, cycle_searches: 12 }
    }

    /// Another number of systems, at least 1.
    pub fn with_systems(mut self, systems: usize) -> Self {
        self.systems = systems;
        self
    }

    /// Another number of searches for cycles in a generation: 1 to 1024.
    pub fn with_cycle_searches(mut self, searches: usize) -> Self {
        self.cycle_searches = searches;
        self
    }

    /// Searches from nothing.
    ///
    /// # Errors
    /// As [`AtlasSearch::run_from`].
    pub fn run(&self) -> Result<Atlas> {
        self.run_from(&Atlas::default(), &mut |_, _| Ok(()))
    }

    /// Goes on from an atlas: classes that are there are kept, or replaced by cleaner examples. `report` is called after every
    /// generation with what there is then; an error of it ends the search.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no systems and for numbers out of range; those of `report`.
    pub fn run_from(
        &self,
        start: &Atlas,
        report: &mut dyn FnMut(&AtlasProgress, &Atlas) -> Result<()>,
    ) -> Result<Atlas> {
        if self.systems == 0 {
            return Err(Error::parameter("systems", 0, "at least 1"));
        }
        if !(1..=GENERATION).contains(&self.cycle_searches) {
            let expected = format!("1 to {GENERATION} searches in a generation");
            return Err(Error::parameter("cycle_searches", self.cycle_searches, expected));
        }
        let mut archive = Archive::default();
        for entry in start.entries() {
            if let Some(genome) = genome::genome(&entry.weights) {
                let known = Known { genome, cleanliness: entry.margins.cleanliness(), parent: None };
                archive.pool(entry.class.sinks, entry.class.sources, known);
            }
            archive.add(entry.clone());
        }
        let mut progress = AtlasProgress {
            systems: 0,
            proved: 0,
            cycle_searches: 0,
            open: 0,
            most_fixed_points: 0,
            topologies: 0,
        };
        for generation in 0..self.systems.div_ceil(GENERATION) {
            self.generation(generation, &mut archive, &mut progress);
            let atlas = Atlas::new(archive.examples.values().cloned().collect());
            report(&progress, &atlas)?;
        }
        Ok(Atlas::new(archive.examples.into_values().collect()))
    }

    fn generation(&self, generation: usize, archive: &mut Archive, progress: &mut AtlasProgress) {
        let first = (generation * GENERATION) as u64;
        let made: Vec<Candidate> = (first..first + GENERATION as u64)
            .into_par_iter()
            .filter_map(|index| self.candidate(index, archive))
            .collect();
        progress.systems += GENERATION;
        progress.proved += made.len();
        for candidate in &made {
            let known = Known { parent: None, ..candidate.known };
            let bare = Known { cleanliness: candidate.bare, ..known };
            archive.join(candidate.frame, bare, candidate.index);
            if known.cleanliness > UNCLEAN {
                archive.pool(candidate.sinks, candidate.sources, known);
            }
        }
        let chosen = self.chosen(&made, archive, generation);
        let found: Vec<(Clue, Option<AtlasEntry>)> =
            chosen.par_iter().map(|(candidate, clue)| (*clue, self.entry(candidate))).collect();
        for (clue, entry) in found {
            progress.cycle_searches += 1;
            progress.open += usize::from(entry.is_none());
            let gain = entry.map_or(0.0, |entry| archive.add(entry));
            archive.remember(clue, gain);
        }
        progress.most_fixed_points = archive.most_fixed_points();
        progress.topologies = archive.topologies();
    }

    /// System number `index` with its fixed points, if they are proved.
    fn candidate(&self, index: u64, archive: &Archive) -> Option<Candidate> {
        let numbers = &mut stream(self.seed, Purpose::AtlasSearch, index);
        let choice = uniform(numbers);
        // Every second generation looks for other fixed points, the others for cleaner examples and other cycles.
        let crowded = if (index / GENERATION as u64) % 2 == 1 { 0.65 } else { 0.25 };
        let parent = match choice {
            ..0.05 => None,
            _ if uniform(numbers) < crowded => archive.crowded(numbers),
            _ => archive.parent(numbers),
        };
        let (genome, origin): (Genome, Origin) = match parent {
            None => (random(numbers), Origin::Random),
            Some(parent) if (0.05..0.7).contains(&choice) => {
                (mutated(&parent.genome, numbers), Origin::Mutation)
            }
            Some(parent) if (0.7..0.75).contains(&choice) => {
                (crossed(&parent.genome, &archive.parent(numbers)?.genome, numbers), Origin::Crossover)
            }
            Some(parent) => {
                let weights = genome::weights(&parent.genome).ok()?;
                let found = fixed_points(&weights)?;
                (gated(&parent.genome, &weights.flow(), &found, numbers)?, Origin::Gate)
            }
        };
        let genome = rounded(&genome, 3);
        let weights = genome::weights(&genome).ok()?;
        let points = fixed_points(&weights)?;
        let margins = Margins::of_points(&weights.flow(), &points);
        let (sinks, _, sources) = points.topology();
        let known = Known {
            genome,
            cleanliness: margins.cleanliness(),
            parent: parent.and_then(|parent| parent.parent),
        };
        let frame = frame(&weights, &points);
        let bare = margins.of_frame();
        Some(Candidate { known, bare, frame, weights, points, sinks, sources, index, origin })
    }

    /// Those whose cycles are worth a search, with their clues.
    fn chosen<'a>(
        &self,
        made: &'a [Candidate],
        archive: &Archive,
        generation: usize,
    ) -> Vec<(&'a Candidate, Clue)> {
        let clean = made.iter().filter(|candidate| candidate.known.cleanliness > UNCLEAN);
        let mut looks: Vec<(f64, &Candidate)> = clean
            .map(|candidate| {
                (archive.promise(candidate.sinks, candidate.sources, &candidate.known), candidate)
            })
            .collect();
        let order = |a: &(f64, &Candidate), b: &(f64, &Candidate)| {
            b.0.total_cmp(&a.0).then(a.1.index.cmp(&b.1.index))
        };
        looks.sort_by(order);
        // Not all of one kind.
        let most = LOOKS * self.cycle_searches;
        let mut alike: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        looks.retain(|(_, candidate)| {
            let count = alike.entry((candidate.sinks, candidate.sources)).or_default();
            *count += 1;
            *count <= most.div_ceil(8)
        });
        looks.truncate(most);
        let mut clues: Vec<(f64, &Candidate, Clue)> = looks
            .par_iter()
            .filter_map(|(_, candidate)| {
                let ends = open_ends(&candidate.weights.flow(), &candidate.points).ok()??;
                let clue = (candidate.sinks, candidate.sources, ends);
                Some((archive.worth(&clue, &candidate.known), *candidate, clue))
            })
            .collect();
        clues.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.index.cmp(&b.1.index)));
        let mut alike: BTreeMap<Clue, usize> = BTreeMap::new();
        clues.retain(|(_, _, clue)| {
            let count = alike.entry(*clue).or_default();
            *count += 1;
            *count <= ALIKE
        });
        // Now and then what has long come to nothing is tried once more.
        let idle = if generation % 16 == 15 { 0.0 } else { IDLE };
        let worth = clues.into_iter().filter(|(worth, ..)| *worth > idle);
        worth.take(self.cycle_searches).map(|(_, candidate, clue)| (candidate, clue)).collect()
    }

    /// The portrait of a system, if nothing is open.
    fn entry(&self, candidate: &Candidate) -> Option<AtlasEntry> {
        let cycles = cycles(&candidate.weights, &candidate.points).ok().filter(|cycles| cycles.is_clear())?;
        let source = (self.seed, candidate.index, candidate.origin);
        let entry = AtlasEntry::of(candidate.weights.clone(), &candidate.points, &cycles, source);
        (entry.margins.cleanliness() > UNCLEAN).then_some(entry)
    }
}

/// All fixed points, proved and hyperbolic.
fn fixed_points(weights: &GruWeights) -> Option<FixedPoints> {
    let search = FixedPointSearch::new().with_max_boxes(BOXES);
    search.run(&weights.flow()).ok().filter(is_proved)
}

/// What no update gate changes.
fn frame(weights: &GruWeights, points: &FixedPoints) -> Frame {
    let flow = weights.flow();
    let (mut attract, mut repel, mut all) = (0, 0, 0);
    for point in points.points.iter().filter(|point| !point.kind.is_saddle()) {
        let mut dg = [0.0; 4];
        flow.residual_jacobian(point.state.as_slice().unwrap_or_default(), &mut dg);
        all += 1;
        attract += usize::from(dg[0] <= 0.0 && dg[3] <= 0.0);
        repel += usize::from(dg[0] >= 0.0 && dg[3] >= 0.0);
    }
    (all, attract, repel)
}

/// A system of a generation.
struct Candidate {
    known: Known,
    /// The cleanliness at the best update gate.
    bare: f64,
    frame: Frame,
    weights: GruWeights,
    points: FixedPoints,
    sinks: usize,
    sources: usize,
    index: u64,
    origin: Origin,
}
