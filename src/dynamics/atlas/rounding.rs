//! Weights of few digits.

use super::genome::{self, rounded};
use super::{Atlas, AtlasEntry};
use crate::error::{Error, Result};
use rayon::prelude::*;

/// What a rounded example must keep of its cleanliness.
const KEPT: f64 = 0.9;

impl AtlasEntry {
    /// The same class with weights of the fewest significant digits, 1 to 3, that keep the class and 0.9 of the cleanliness; itself
    /// where none does. What came of rounding is worked out anew.
    pub fn rounded(&self) -> Self {
        let Some(genome) = genome::genome(&self.weights) else { return self.clone() };
        for digits in 1..=3 {
            let Ok(weights) = genome::weights(&rounded(&genome, digits)) else { continue };
            let Ok(anew) = AtlasEntry::new(&weights) else { continue };
            if anew.class == self.class && anew.margins.cleanliness() >= KEPT * self.margins.cleanliness() {
                return Self { seed: self.seed, index: self.index, origin: self.origin, ..anew };
            }
        }
        self.clone()
    }
}

impl Atlas {
    /// Every portrait with [rounded](AtlasEntry::rounded) weights.
    ///
    /// # Errors
    /// [`Error::Empty`] without portraits.
    pub fn rounded(&self) -> Result<Self> {
        if self.is_empty() {
            return Err(Error::empty("the atlas"));
        }
        Ok(Self { entries: self.entries.par_iter().map(AtlasEntry::rounded).collect() })
    }
}
