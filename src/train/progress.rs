//! Lines that tell how far a run is.

use super::checkpoint::State;
use super::training::Training;
use std::time::{Duration, Instant};

/// Prints whole lines, at most one a second: evcxr reads standard output line by line, and a flush in the middle
/// of a line would hang the cell.
pub(super) struct Progress {
    on: bool,
    epochs: usize,
    examples: usize,
    start: Instant,
    last: Instant,
    first_share: Option<f64>,
}

impl Progress {
    pub(super) fn new(settings: &Training, examples: usize) -> Self {
        let now = Instant::now();
        Self {
            on: settings.progress,
            epochs: settings.epochs,
            examples,
            start: now,
            last: now,
            first_share: None,
        }
    }

    pub(super) fn line(&mut self, state: &State) {
        let done = state.epochs_done() as f64 + state.examples_done as f64 / self.examples as f64;
        let share = done / self.epochs as f64;
        // A resumed run has done nothing yet in this call; the time left follows from what this call does.
        let first = *self.first_share.get_or_insert(share);
        if !self.on || self.last.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.last = Instant::now();
        let left = match share - first {
            gained if gained > 0.0 => {
                format!(", {:.0} s left", self.start.elapsed().as_secs_f64() * (1.0 - share) / gained)
            }
            _ => String::new(),
        };
        let loss = (state.sums.cross_entropy + state.sums.penalty) / state.examples_done.max(1) as f64;
        println!(
            "epoch {}/{}, {}/{} examples, loss {loss:.4}{left}",
            state.epochs_done() + 1,
            self.epochs,
            state.examples_done,
            self.examples
        );
    }
}
