//! The file of a training run on time series.

use super::history::{GruRecord, Snapshot};
use super::run::{State, Sums};
use super::settings::GruTraining;
use crate::data::TimeSeries;
use crate::error::{Error, Result};
use crate::nn::tensors::Tensors;
use crate::nn::{Decay, Gru, OptimiserState};
use serde_json::{Value, json};

/// Reads and writes it.
pub(super) struct Keeper<'a> {
    settings: &'a GruTraining,
    /// What a file must agree with to be of this run.
    run: String,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        settings: &'a GruTraining,
        gru: &Gru,
        train: &TimeSeries,
        test: Option<&TimeSeries>,
    ) -> Self {
        let run = match settings.checkpoint {
            Some(_) => describe(settings, gru, train, test),
            None => String::new(),
        };
        Self { settings, run }
    }

    /// The state of the file, whose parameters `gru` receives; or a fresh one where there is no file.
    pub(super) fn open(&self, gru: &mut Gru) -> Result<State> {
        let optimiser = self.settings.optimiser;
        let Some(path) = self.settings.checkpoint.as_deref().filter(|path| path.exists()) else {
            return Ok(State::start(OptimiserState::of(optimiser, &gru.parameters())?));
        };
        let file = Tensors::read(path)?;
        let bad = |what: &str, found: &str| Error::format(path, "checkpoint", what, found);
        match file.get("run") {
            Some(run) if run == self.run => {}
            Some(run) => {
                let found = format!("{run}; use another path, or remove the file");
                return Err(bad(&format!("one of the run {}", self.run), &found));
            }
            None => return Err(bad("a file that training on time series wrote", "another safetensors file")),
        }
        let text = file.get("state").unwrap_or_default();
        let value: Value = serde_json::from_str(text).map_err(|e| bad("a state in JSON", &e.to_string()))?;
        // A copy, so that a file that does not fit leaves the network as it was.
        let mut filled = gru.clone();
        let mut state = State::start(filled.fill_checkpoint(optimiser, &file, path)?);
        let snapshots = fill(&mut state, &value).ok_or_else(|| bad("all fields of a state", text))?;
        if state.history.steps > self.settings.steps {
            let expected = format!("at least the {} steps of {}", state.history.steps, path.display());
            return Err(Error::parameter("steps", self.settings.steps, expected));
        }
        for step in snapshots {
            let mut snapshot = gru.clone();
            file.fill(&prefix(step), path, snapshot.parameters_mut())?;
            state.history.snapshots.push(Snapshot { step, gru: snapshot });
        }
        state.history.finished = state.history.steps == self.settings.steps;
        *gru = filled;
        Ok(state)
    }

    /// Writes the file, where the settings name one.
    pub(super) fn save(&self, gru: &Gru, state: &State) -> Result<()> {
        let Some(path) = self.settings.checkpoint.as_deref() else { return Ok(()) };
        let mut file = Tensors::default();
        file.set("run", &self.run);
        file.set("state", describe_state(state).to_string());
        gru.put_checkpoint(&state.optimiser, &mut file)?;
        for Snapshot { step, gru } in &state.history.snapshots {
            file.put_all(&prefix(*step), &gru.parameters());
        }
        file.write(path)
    }
}

/// What stands before the names of a snapshot's parameters.
fn prefix(step: u64) -> String {
    format!("snapshot.{step}.")
}

/// The settings and data that fix a run. The number of steps is among them only where the learning rate follows it: other
/// runs can be lengthened.
fn describe(settings: &GruTraining, gru: &Gru, train: &TimeSeries, test: Option<&TimeSeries>) -> String {
    let steps = match settings.schedule.decay {
        Decay::Constant | Decay::Steps { .. } => String::new(),
        Decay::Exponential { .. } | Decay::Cosine { .. } => format!("{} steps, ", settings.steps),
    };
    format!(
        "{gru:?}, {steps}batch_size {}, horizon {}, {}, optimiser {}, schedule {}, clip {:?}, seed {}, records every {}, \
         snapshots every {:?}, training series {}, test series {}",
        settings.batch_size,
        settings.horizon,
        settings.feeding,
        settings.optimiser,
        settings.schedule,
        settings.clip,
        settings.seed,
        settings.record_every,
        settings.snapshot_every,
        checksum(train),
        test.map_or("none".to_owned(), checksum),
    )
}

/// Sizes and CRC-32 of what was observed and of the truth.
fn checksum(series: &TimeSeries) -> String {
    let mut crc = flate2::Crc::new();
    for all in [series.observed(), series.truth()] {
        let bytes: Vec<u8> = all.iter().flat_map(|value| value.to_le_bytes()).collect();
        crc.update(&bytes);
    }
    format!("{} of {} points {:08x}", series.len(), series.points(), crc.sum())
}

/// Numbers go as bits: a run that goes on must have the very same ones.
fn describe_state(state: &State) -> Value {
    let bits = |value: f64| json!(value.to_bits().to_string());
    let record = |r: &GruRecord| {
        json!([r.step, bits(r.loss), bits(r.gradient_norm), bits(r.learning_rate), r.test_error.map(bits)])
    };
    json!({
        "steps": state.history.steps,
        "sums": [state.sums.steps, bits(state.sums.loss), bits(state.sums.norm)],
        "records": state.history.records.iter().map(record).collect::<Vec<_>>(),
        "snapshots": state.history.snapshots.iter().map(|s| s.step).collect::<Vec<_>>(),
    })
}

/// Fills the state, and gives the steps of its snapshots.
fn fill(state: &mut State, value: &Value) -> Option<Vec<u64>> {
    let number = |value: &Value| value.as_str()?.parse().ok().map(f64::from_bits);
    state.history.steps = value.get("steps")?.as_u64()?;
    let sums = value.get("sums")?;
    state.sums =
        Sums { steps: sums.get(0)?.as_u64()?, loss: number(sums.get(1)?)?, norm: number(sums.get(2)?)? };
    for record in value.get("records")?.as_array()? {
        let test_error = match record.get(4)? {
            Value::Null => None,
            value => Some(number(value)?),
        };
        state.history.records.push(GruRecord {
            step: record.get(0)?.as_u64()?,
            loss: number(record.get(1)?)?,
            gradient_norm: number(record.get(2)?)?,
            learning_rate: number(record.get(3)?)?,
            test_error,
        });
    }
    value.get("snapshots")?.as_array()?.iter().map(Value::as_u64).collect()
}
