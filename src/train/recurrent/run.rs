//! The training loop on time series.

use super::checkpoint::Keeper;
use super::history::{GruHistory, GruRecord, Snapshot};
use super::prediction::prediction_error;
use super::settings::GruTraining;
use super::window::{Windows, draw};
use crate::data::TimeSeries;
use crate::error::{Error, Result};
use crate::nn::network::backward;
use crate::nn::ops::squared_error;
use crate::nn::{Gru, OptimiserState};
use crate::train::progress::Clock;
use dfdx::prelude::AsArray;
use std::time::Instant;

/// Where a run is: all that the next step depends on, but for the parameters of the network.
pub(super) struct State {
    pub(super) optimiser: OptimiserState,
    pub(super) history: GruHistory,
    /// Sums over the steps since the last record.
    pub(super) sums: Sums,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) steps: u64,
    pub(super) loss: f64,
    pub(super) norm: f64,
}

pub(super) fn run(
    settings: &GruTraining,
    gru: &mut Gru,
    train: &TimeSeries,
    test: Option<&TimeSeries>,
) -> Result<GruHistory> {
    let start = Instant::now();
    let keeper = Keeper::new(settings, gru, train, test);
    let mut state = keeper.open(gru)?;
    let mut clock = Clock::new(settings.progress);
    if state.history.steps == 0 {
        state.keep(settings, gru);
    }
    while state.history.steps < settings.steps {
        step(settings, gru, train, &mut state)?;
        let done = state.history.steps;
        if let Some(left) = clock.left(done as f64 / settings.steps as f64, Instant::now()) {
            let loss = state.sums.loss / state.sums.steps as f64;
            println!("step {done}/{}, loss {loss:.3e}{left}", settings.steps);
        }
        state.history.finished = done == settings.steps;
        state.keep(settings, gru);
        let up = settings.time_budget.is_some_and(|budget| start.elapsed() > budget);
        if done % settings.record_every == 0 || state.history.finished {
            state.record(settings, gru, test)?;
            keeper.save(gru, &state)?;
        } else if up {
            keeper.save(gru, &state)?;
        }
        if up {
            break;
        }
    }
    Ok(state.history)
}

/// One batch: loss, gradients, a step of the optimiser.
fn step(settings: &GruTraining, gru: &mut Gru, train: &TimeSeries, state: &mut State) -> Result<()> {
    let done = state.history.steps;
    let places = draw(train, settings.horizon, settings.batch_size, settings.seed, done);
    let windows = Windows::new(train.observed(), &places, settings.horizon, settings.feeding)?;
    let loss = squared_error(windows.predict(gru, settings.feeding)?, &windows.target)?;
    let value = f64::from(loss.array());
    let diverged = |value| Error::DivergedAtStep { step: done + 1, value };
    if !value.is_finite() {
        return Err(diverged(value));
    }
    let mut gradients = backward(loss)?;
    let factor = settings.schedule.factor(done, settings.steps);
    state.optimiser.set_learning_rate(settings.optimiser.learning_rate() * factor)?;
    let norm = state.optimiser.step_clipped(gru.parameters_mut(), &mut gradients, settings.clip);
    let norm = norm.map_err(|error| match error {
        Error::NotFinite { value, .. } => diverged(value),
        error => error,
    })?;
    state.sums.steps += 1;
    state.sums.loss += value;
    state.sums.norm += norm;
    state.history.steps += 1;
    Ok(())
}

impl State {
    pub(super) fn start(optimiser: OptimiserState) -> Self {
        Self { optimiser, history: GruHistory::default(), sums: Sums::default() }
    }

    /// Keeps the network, if it is time to.
    fn keep(&mut self, settings: &GruTraining, gru: &Gru) {
        let step = self.history.steps;
        let due =
            settings.snapshot_every.is_some_and(|every| step.is_multiple_of(every) || self.history.finished);
        if due {
            self.history.snapshots.push(Snapshot { step, gru: gru.clone() });
        }
    }

    fn record(&mut self, settings: &GruTraining, gru: &Gru, test: Option<&TimeSeries>) -> Result<()> {
        let error = |test| prediction_error(gru, test, settings.feeding, settings.horizon);
        let test_error = test.map(error).transpose()?.map(|error| error.overall());
        let steps = self.sums.steps.max(1) as f64;
        self.history.records.push(GruRecord {
            step: self.history.steps,
            loss: self.sums.loss / steps,
            gradient_norm: self.sums.norm / steps,
            learning_rate: self.optimiser.optimiser().learning_rate(),
            test_error,
        });
        self.sums = Sums::default();
        Ok(())
    }
}
