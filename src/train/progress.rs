//! Lines that tell how far a run is.

use super::checkpoint::State;
use super::training::Training;
use std::time::{Duration, Instant};

/// Prints whole lines, at most one a second: evcxr reads standard output line by line, and a flush in the middle
/// of a line would hang the cell.
pub(super) struct Progress {
    clock: Clock,
    epochs: usize,
    examples: usize,
}

impl Progress {
    pub(super) fn new(settings: &Training, examples: usize) -> Self {
        Self { clock: Clock::new(settings.progress), epochs: settings.epochs, examples }
    }

    /// Prints a line, if it is time for one.
    pub(super) fn line(&mut self, state: &State) {
        let mean = state.sums.loss() / state.examples_done.max(1) as f64;
        if let Some(text) = self.text(state.epochs_done(), state.examples_done, mean, Instant::now()) {
            println!("{text}");
        }
    }

    /// The line for a moment, or none within a second of the one before.
    fn text(&mut self, epochs: usize, examples: usize, loss: f64, now: Instant) -> Option<String> {
        let share = (epochs as f64 + examples as f64 / self.examples as f64) / self.epochs as f64;
        let left = self.clock.left(share, now)?;
        let (epoch, all) = (epochs + 1, self.epochs);
        Some(format!("epoch {epoch}/{all}, {examples}/{} examples, loss {loss:.4}{left}", self.examples))
    }
}

/// When the next line is due, and how long the rest takes.
pub(super) struct Clock {
    on: bool,
    start: Instant,
    last: Instant,
    first_share: Option<f64>,
}

impl Clock {
    pub(super) fn new(on: bool) -> Self {
        let now = Instant::now();
        Self { on, start: now, last: now, first_share: None }
    }

    /// The end of a line about the share of the work that is done: the time left, where something was done in this call. None
    /// within a second of the line before.
    pub(super) fn left(&mut self, share: f64, now: Instant) -> Option<String> {
        // A resumed run has done nothing yet in this call; the time left follows from what this call does.
        let gained = share - *self.first_share.get_or_insert(share);
        if !self.on || now.duration_since(self.last) < Duration::from_secs(1) {
            return None;
        }
        self.last = now;
        if gained <= 0.0 {
            return Some(String::new());
        }
        let elapsed = now.duration_since(self.start).as_secs_f64();
        Some(format!(", {:.0} s left", elapsed * (1.0 - share) / gained))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_a_line_a_second_with_the_time_left() {
        let mut progress = Progress::new(&Training::new(10, 50).with_progress(true), 200);
        let start = progress.clock.start;
        let mut at =
            |epochs, examples, ms| progress.text(epochs, examples, 0.25, start + Duration::from_millis(ms));
        // Resumed at a half: the first moment sets the mark.
        assert_eq!(at(5, 0, 10), None);
        assert_eq!(at(5, 50, 900), None);
        // A tenth of the whole in two seconds: four tenths are left.
        let text = at(6, 0, 2000);
        assert_eq!(text.as_deref(), Some("epoch 7/10, 0/200 examples, loss 0.2500, 8 s left"));
        assert_eq!(at(6, 50, 2999), None);
        assert!(at(6, 100, 3000).is_some());

        let mut quiet = Progress::new(&Training::new(10, 50).with_progress(false), 200);
        assert_eq!(quiet.text(1, 0, 0.25, start + Duration::from_secs(9)), None);
    }
}
