//! What a search knows: the best example of every class, parents of new systems, and what searches for cycles came to.

use super::class::PortraitClass;
use super::entry::AtlasEntry;
use super::genome::Genome;
use super::moves::uniform;
use crate::seed::Stream;
use std::collections::BTreeMap;

/// A system with its fixed points, before a search for cycles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) genome: Genome,
    /// The cleanliness of the fixed points alone: that of the portrait is at most this.
    pub(super) cleanliness: f64,
    /// The class of the example that it was made from.
    pub(super) parent: Option<PortraitClass>,
}

/// What of a portrait no update gate changes: how many fixed points are no saddles, how many of these attract at any gate, and how
/// many repel at any.
pub(super) type Frame = (usize, usize, usize);

/// What a search for cycles is likely to find: sinks, sources, and the [open ends](super::estimate) of walks.
pub(super) type Clue = (usize, usize, [usize; 2]);

/// What a new class is worth, beside its cleanliness, and what a clue is that nobody has followed.
const NEW: f64 = 0.4;

/// Systems of one number of sinks and sources.
#[derive(Clone, Debug)]
struct Pool {
    cleanest: Known,
    /// The last few that came, so that a search drifts.
    recent: Vec<Known>,
    next: usize,
}

/// Systems that drift beside the cleanest of their kind, and systems of one frame.
const RECENT: usize = 8;
const CROWD: usize = 32;
/// Fixed points cleaner than this are clear of each other.
const CLEAR: f64 = 0.02;

#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    pub(super) examples: BTreeMap<PortraitClass, AtlasEntry>,
    pools: BTreeMap<(usize, usize), Pool>,
    /// However clean: what leads to other frames.
    crowds: BTreeMap<Frame, Vec<Known>>,
    /// What following a clue has won of late.
    values: BTreeMap<Clue, f64>,
}

impl Archive {
    /// Takes an example if it is the first of its class, or better than the one there; gives what is won in cleanliness, and more
    /// for a new class.
    pub(super) fn add(&mut self, entry: AtlasEntry) -> f64 {
        let (won, better) = match self.examples.get(&entry.class) {
            Some(known) => {
                (entry.margins.cleanliness() - known.margins.cleanliness(), entry.is_better_than(known))
            }
            None => (entry.margins.cleanliness() + NEW, true),
        };
        if better {
            self.examples.insert(entry.class, entry);
        }
        won.max(0.0)
    }

    /// Keeps a system as a parent.
    pub(super) fn pool(&mut self, sinks: usize, sources: usize, known: Known) {
        let pool = self.pools.entry((sinks, sources)).or_insert_with(|| Pool {
            cleanest: known,
            recent: vec![],
            next: 0,
        });
        if known.cleanliness > pool.cleanest.cleanliness {
            pool.cleanest = known;
        }
        if pool.recent.len() < RECENT {
            pool.recent.push(known);
        } else if let Some(oldest) = pool.recent.get_mut(pool.next) {
            *oldest = known;
            pool.next = (pool.next + 1) % RECENT;
        }
    }

    /// Keeps a system for its frame, in the place of another.
    pub(super) fn join(&mut self, frame: Frame, known: Known, index: u64) {
        let crowd = self.crowds.entry(frame).or_default();
        let place = index as usize % CROWD;
        match crowd.get_mut(place) {
            // A part of the places is for clean ones, the others drift.
            Some(other) if place.is_multiple_of(3) && known.cleanliness < other.cleanliness => {}
            Some(other) => *other = known,
            None => crowd.push(known),
        }
    }

    /// A system of some frame: of any, of one of those with the most fixed points, or of one with the fewest that attract or repel at
    /// any gate.
    pub(super) fn crowded(&self, numbers: &mut Stream) -> Option<Known> {
        let frames: Vec<(&Frame, &Vec<Known>)> = self.crowds.iter().collect();
        let at = |count: usize, numbers: &mut Stream| numbers.below(count as u64) as usize;
        // The most that are not all but one.
        let clear = |(_, crowd): &&(&Frame, &Vec<Known>)| crowd.iter().any(|known| known.cleanliness > CLEAR);
        let most = frames.iter().rev().find(clear).map_or(1, |(frame, _)| frame.0);
        let crowd = match numbers.below(5) {
            0 => frames.get(at(frames.len(), numbers))?.1,
            1..=3 => {
                let top: Vec<_> = frames.iter().filter(|(frame, _)| frame.0 + 1 >= most).collect();
                top.get(at(top.len(), numbers))?.1
            }
            _ => {
                let mut counts: Vec<usize> = frames.iter().map(|(frame, _)| frame.0).collect();
                counts.dedup();
                let count = counts.get(at(counts.len(), numbers))?;
                let alike = frames.iter().filter(|(frame, _)| frame.0 == *count);
                let fewest_attract = numbers.below(2) == 0;
                alike.min_by_key(|(frame, _)| if fewest_attract { frame.1 } else { frame.2 })?.1
            }
        };
        crowd.get(at(crowd.len(), numbers)).copied()
    }

    /// A system to make another from: an example of a class, or a system of some number of sinks and sources.
    pub(super) fn parent(&self, numbers: &mut Stream) -> Option<Known> {
        let (choice, place) = (uniform(numbers), uniform(numbers));
        let at = |count: usize| ((place * count as f64) as usize).min(count.saturating_sub(1));
        if choice < 0.6 && !self.examples.is_empty() {
            let (class, entry) = self.examples.iter().nth(at(self.examples.len()))?;
            let (genome, cleanliness) = (super::genome::genome(&entry.weights)?, entry.margins.cleanliness());
            return Some(Known { genome, cleanliness, parent: Some(*class) });
        }
        let pool = self.pools.values().nth(at(self.pools.len()))?;
        let which = numbers.below(pool.recent.len() as u64 + 2) as usize;
        Some(*pool.recent.get(which).unwrap_or(&pool.cleanest))
    }

    /// The most that a system of so clean fixed points can add, before anything is known of its cycles.
    pub(super) fn promise(&self, sinks: usize, sources: usize, known: &Known) -> f64 {
        let of =
            |(class, _): &(&PortraitClass, &AtlasEntry)| (class.sinks, class.sources) == (sinks, sources);
        let gains =
            self.examples.iter().filter(of).map(|(_, entry)| known.cleanliness - entry.margins.cleanliness());
        let most = gains.fold(f64::NEG_INFINITY, f64::max);
        let own = known.parent.and_then(|class| self.examples.get(&class));
        let own = own.map_or(0.0, |entry| known.cleanliness - entry.margins.cleanliness());
        if most == f64::NEG_INFINITY { 1.0 + known.cleanliness } else { most + own.max(0.0) }
    }

    /// What following a clue is worth: what it came to before, where the fixed points are clean enough to better the example that the
    /// system was made from, or it was made from another class.
    pub(super) fn worth(&self, clue: &Clue, known: &Known) -> f64 {
        let own = known.parent.filter(|class| (class.sinks, class.sources) == (clue.0, clue.1));
        let own = own.and_then(|class| self.examples.get(&class));
        let better = own.is_none_or(|entry| known.cleanliness > 1.02 * entry.margins.cleanliness());
        let value = self.values.get(clue).copied().unwrap_or(NEW);
        value * (0.2 + known.cleanliness) * if better { 1.0 } else { 0.3 }
    }

    /// Remembers what following a clue won. What was won long ago counts less.
    pub(super) fn remember(&mut self, clue: Clue, won: f64) {
        let value = self.values.entry(clue).or_insert(NEW);
        *value += 0.12 * (won - *value);
    }

    /// The most fixed points of any system.
    pub(super) fn most_fixed_points(&self) -> usize {
        self.crowds.keys().next_back().map_or(0, |frame| 2 * frame.0 - 1)
    }

    /// How many numbers of sinks and sources there were.
    pub(super) fn topologies(&self) -> usize {
        self.pools.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::families;
    use crate::seed::{Purpose, stream};

    fn entry(angle: f64) -> AtlasEntry {
        AtlasEntry::new(&families::rotation(3.0, angle).unwrap()).unwrap()
    }

    #[test]
    fn what_an_example_wins_is_what_it_adds() {
        let mut archive = Archive::default();
        let (near, far) = (entry(0.9), entry(1.2));
        let cleanliness = |entry: &AtlasEntry| entry.margins.cleanliness();
        assert_eq!(archive.add(near.clone()), cleanliness(&near) + NEW);
        assert_eq!(archive.add(far.clone()), cleanliness(&far) - cleanliness(&near));
        assert_eq!(archive.add(near.clone()), 0.0);
        assert_eq!(archive.examples.len(), 1);
        assert!(archive.examples[&far.class] == far);
    }

    #[test]
    fn clues_that_come_to_nothing_are_worth_less_and_those_that_win_more() {
        let mut archive = Archive::default();
        let known = Known { genome: [0.0; 18], cleanliness: 0.8, parent: None };
        let (idle, rich) = ((1, 0, [0, 0]), (0, 1, [1, 0]));
        let new = archive.worth(&idle, &known);
        for _ in 0..40 {
            archive.remember(idle, 0.0);
            archive.remember(rich, 1.2);
        }
        assert!(archive.worth(&idle, &known) < 0.02 * new && archive.worth(&rich, &known) > 2.0 * new);
        // Cleaner fixed points promise more, and those of a child that cannot better its parent less.
        let unclean = Known { cleanliness: 0.1, ..known };
        assert!(archive.worth(&rich, &unclean) < archive.worth(&rich, &known));
        let parent = entry(0.7);
        archive.add(parent.clone());
        let child = |cleanliness: f64| Known { cleanliness, parent: Some(parent.class), ..known };
        let same = archive.worth(&rich, &child(parent.margins.cleanliness()));
        let better = archive.worth(&rich, &child(1.1 * parent.margins.cleanliness()));
        assert!(better > 2.0 * same, "{better} {same}");
    }

    #[test]
    fn crowds_keep_clean_systems_and_drift() {
        let mut archive = Archive::default();
        let known = |cleanliness: f64| Known { genome: [cleanliness; 18], cleanliness, parent: None };
        for index in 0..CROWD as u64 {
            archive.join((3, 1, 0), known(0.5), index);
        }
        for index in 0..CROWD as u64 {
            archive.join((3, 1, 0), known(0.1), index);
        }
        let crowd = &archive.crowds[&(3, 1, 0)];
        assert_eq!(crowd.len(), CROWD);
        assert_eq!(crowd.iter().filter(|known| known.cleanliness == 0.5).count(), CROWD.div_ceil(3));
        assert_eq!(archive.most_fixed_points(), 5);
        archive.join((4, 0, 0), known(0.0), 0);
        assert_eq!(archive.most_fixed_points(), 7);
        let numbers = &mut stream(0, Purpose::AtlasSearch, 0);
        assert!((0..50).all(|_| archive.crowded(numbers).is_some()));
        assert!(
            Archive::default().crowded(numbers).is_none() && Archive::default().parent(numbers).is_none()
        );
    }
}
