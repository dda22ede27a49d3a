//! The atlas: clean examples of every class of planar portrait that a search over weights has found.
//!
//! The class of a portrait is how many sinks, saddles and sources it has, and how many stable and unstable cycles. That its fixed
//! points are all is proved, by intervals and the index sum. Its cycles are each confirmed by shooting and searched for wherever
//! the theorem of Poincare and Bendixson leaves room, with nothing left open; that they are all is not proved.

mod archive;
mod class;
mod entry;
mod estimate;
mod gate;
mod genome;
mod margins;
mod moves;
mod rounding;
mod search;
mod table;

pub use class::PortraitClass;
pub use entry::{AtlasEntry, Origin};
pub use margins::Margins;
pub use search::{AtlasProgress, AtlasSearch};

use super::GruWeights;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use std::fmt;

/// Portraits of two units, one of each class, in the order of the classes.
///
/// ```
/// use eigengate::dynamics::Atlas;
///
/// let atlas = Atlas::shipped()?;
/// let most = atlas.entries().last().ok_or("empty")?;
/// assert!(most.class.fixed_points() >= 13 && most.weights.fixed_points()?.complete);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Atlas {
    entries: Vec<AtlasEntry>,
}

impl Atlas {
    /// The best entry of every class.
    pub fn new(entries: Vec<AtlasEntry>) -> Self {
        let mut archive = archive::Archive::default();
        for entry in entries {
            archive.add(entry);
        }
        Self { entries: archive.examples.into_values().collect() }
    }

    /// The portraits, in the order of their classes.
    pub fn entries(&self) -> &[AtlasEntry] {
        &self.entries
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The weights of entry `index`, counted from 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an index that is not there.
    pub fn weights(&self, index: usize) -> Result<GruWeights> {
        let missing = || Error::parameter("index", index, format!("an index below {}", self.len()));
        self.entries.get(index).map(|entry| entry.weights.clone()).ok_or_else(missing)
    }

    /// The entry of a class, where there is one.
    pub fn find(&self, class: &PortraitClass) -> Option<&AtlasEntry> {
        self.entries.iter().find(|entry| entry.class == *class)
    }

    /// How many combinations of sinks, saddles and sources there are, whatever the cycles.
    pub fn topologies(&self) -> usize {
        let mut all: Vec<_> = self.entries.iter().map(|entry| entry.class.topology()).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The most fixed points of an entry.
    pub fn most_fixed_points(&self) -> usize {
        self.entries.iter().map(|entry| entry.class.fixed_points()).max().unwrap_or(0)
    }

    /// The most cycles of an entry.
    pub fn most_cycles(&self) -> usize {
        self.entries.iter().map(|entry| entry.class.cycles()).max().unwrap_or(0)
    }

    /// Shows the table and the counts in a notebook.
    pub fn evcxr_display(&self) {
        if let Ok(frame) = self.frame() {
            frame.evcxr_display();
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Atlas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Atlas({} classes, {} by fixed points alone; at most {} fixed points and {} cycles)",
            self.len(),
            self.topologies(),
            self.most_fixed_points(),
            self.most_cycles()
        )
    }
}
