//! A path as tables.

use super::{Birth, Life, WeightPath};
use crate::display::{Content, show};
use crate::error::Result;
use crate::frame::Frame;

impl WeightPath {
    /// One row per event, in order: the place by its name, `cause`, `change`, the numbers of `unstable` directions on both sides, the state
    /// `h1`, …, `converged`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn events_frame(&self) -> Result<Frame> {
        let events = &self.events;
        let mut frame = Frame::new()
            .with(&self.name, events.iter().map(|event| event.place))?
            .with("cause", events.iter().map(|event| event.cause.name()))?
            .with("change", events.iter().map(|event| event.change.name()))?
            .with("unstable1", events.iter().map(|event| event.unstable[0]))?
            .with("unstable2", events.iter().map(|event| event.unstable[1]))?;
        for i in 0..self.units() {
            frame =
                frame.with(&format!("h{}", i + 1), events.iter().map(|event| event.state.get(i).copied()))?;
        }
        frame.with("converged", events.iter().map(|event| event.converged))
    }

    /// One row per fixed point and cycle of the last system: `class`, `period` (null for a fixed point), the place of its birth by the name of the
    /// place with `born_at_` before it (null where the first system has it, or where that is not known), `born_by` (`first` and `unknown` in
    /// these cases), how many times its stability `changed` on the way, the state `h1`, ….
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let lives: Vec<&Life> = self.points.iter().chain(&self.cycles).collect();
        let place = |life: &&Life| match life.birth {
            Birth::Born { place, .. } => Some(place),
            _ => None,
        };
        let cause = |life: &&Life| match life.birth {
            Birth::Born { cause, .. } => cause.name(),
            Birth::First => "first",
            Birth::Unknown(_) => "unknown",
        };
        let mut frame = Frame::new()
            .with("class", lives.iter().map(|life| life.class))?
            .with("period", lives.iter().map(|life| life.period))?
            .with(&format!("born_at_{}", self.name), lives.iter().map(place))?
            .with("born_by", lives.iter().map(cause))?
            .with("changed", lives.iter().map(|life| life.changes.len()))?;
        for i in 0..self.units() {
            frame =
                frame.with(&format!("h{}", i + 1), lives.iter().map(|life| life.state.get(i).copied()))?;
        }
        Ok(frame)
    }

    /// One row per system of the path: its place by its name, `sinks`, `saddles`, `sources`, `stable_cycles`, `unstable_cycles`, and whether the fixed
    /// points are proved to be all (`proved`).
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn systems_frame(&self) -> Result<Frame> {
        let systems = &self.systems;
        let counts = || systems.iter().map(|system| system.fixed_points.topology());
        let cycles = |stable: bool| {
            systems
                .iter()
                .map(move |system| system.cycles.iter().filter(|cycle| cycle.stable == stable).count())
        };
        Frame::new()
            .with(&self.name, systems.iter().map(|system| system.place))?
            .with("sinks", counts().map(|counts| counts.0))?
            .with("saddles", counts().map(|counts| counts.1))?
            .with("sources", counts().map(|counts| counts.2))?
            .with("stable_cycles", cycles(true))?
            .with("unstable_cycles", cycles(false))?
            .with("proved", systems.iter().map(|system| system.fixed_points.complete))
    }

    fn units(&self) -> usize {
        self.systems.first().map_or(0, |system| system.weights.units())
    }

    /// Shows where everything comes from, and the events, in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}
