//! The state of a run, in memory and in a file.

use super::history::{EpochRecord, History};
use super::training::Training;
use crate::data::Dataset;
use crate::device::{Matrix, dims, matrix};
use crate::error::{Error, Result};
use crate::nn::tensors::Tensors;
use crate::nn::{Network, OptimiserState};
use serde_json::{Value, json};

/// Where a run is: all that the next step depends on, but for the parameters of the network.
pub(super) struct State {
    pub(super) optimiser: OptimiserState,
    pub(super) history: History,
    /// Batches done of the current epoch.
    pub(super) batches_done: usize,
    /// Examples in them.
    pub(super) examples_done: usize,
    pub(super) sums: Sums,
    /// Eigenvectors of the penalised taps, from the start of the epoch.
    pub(super) vectors: Vec<Matrix>,
    /// Wall time of the current epoch in earlier calls.
    pub(super) seconds: f64,
}

/// Sums over the examples of the current epoch.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) cross_entropy: f64,
    pub(super) spectral: f64,
    pub(super) jacobian: f64,
    pub(super) wrong: f64,
    /// Of adversarial copies, where there are some.
    pub(super) adversarial_wrong: Option<f64>,
}

impl Sums {
    pub(super) fn loss(&self) -> f64 {
        self.cross_entropy + self.spectral + self.jacobian
    }
}

impl State {
    fn start(optimiser: OptimiserState) -> Self {
        Self {
            optimiser,
            history: History::default(),
            batches_done: 0,
            examples_done: 0,
            sums: Sums::default(),
            vectors: vec![],
            seconds: 0.0,
        }
    }

    pub(super) fn epochs_done(&self) -> usize {
        self.history.records.len()
    }
}

/// Reads and writes the file of a run.
pub(super) struct Keeper<'a> {
    settings: &'a Training,
    /// What a file must agree with to be of this run.
    run: String,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(settings: &'a Training, train: &Dataset, validation: Option<&Dataset>) -> Self {
        let run = match settings.checkpoint {
            Some(_) => describe(settings, train, validation),
            None => String::new(),
        };
        Self { settings, run }
    }

    /// The state of the file, whose parameters `net` receives; or a fresh one where there is no file.
    pub(super) fn open(&self, net: &mut dyn Network, taps: &[usize]) -> Result<State> {
        let Some(path) = self.settings.checkpoint.as_deref().filter(|path| path.exists()) else {
            return Ok(State::start(OptimiserState::new(self.settings.optimiser, net)?));
        };
        let file = Tensors::read(path)?;
        let bad = |what: &str, found: &str| Error::format(path, "checkpoint", what, found);
        // Said on its own, because the two runs below may differ in little else and are long.
        let name = self.settings.optimiser.name();
        if let Some(other) = file.get("optimiser").filter(|&other| other != name) {
            let found = format!("one of {other}; use another path, or remove the file");
            return Err(bad(&format!("one of the optimiser {name}"), &found));
        }
        match file.get("run") {
            Some(run) if run == self.run => {}
            Some(run) => {
                let found = format!("{run}; use another path, or remove the file");
                return Err(bad(&format!("one of the run {}", self.run), &found));
            }
            None => return Err(bad("a file that training wrote", "another safetensors file")),
        }
        let mut state =
            State::start(OptimiserState::read(self.settings.optimiser, &file, &net.parameters(), path)?);
        let text = file.get("state").unwrap_or_default();
        let value: Value = serde_json::from_str(text).map_err(|e| bad("a state in JSON", &e.to_string()))?;
        fill(&mut state, &value).ok_or_else(|| bad("all fields of a state", text))?;
        if state.epochs_done() > self.settings.epochs {
            let expected = format!("at least the {} epochs of {}", state.epochs_done(), path.display());
            return Err(Error::parameter("epochs", self.settings.epochs, expected));
        }
        state.history.finished = state.epochs_done() == self.settings.epochs;
        if state.batches_done > 0 {
            let widths = net.taps();
            for (index, &tap) in taps.iter().enumerate() {
                let width = widths.get(tap).map_or(0, |(_, width)| *width);
                let values = file.values(&format!("vectors.{index}"), &[width, width], path)?;
                state.vectors.push(matrix(values, width, width)?);
            }
        }
        // Last, so that a file that does not fit leaves the network as it was.
        file.fill_parameters("net.", path, net)?;
        Ok(state)
    }

    /// Writes the file, where the settings name one.
    pub(super) fn save(&self, net: &dyn Network, state: &State) -> Result<()> {
        let Some(path) = self.settings.checkpoint.as_deref() else { return Ok(()) };
        let mut file = Tensors::default();
        file.set("run", &self.run);
        file.set("state", describe_state(state).to_string());
        file.put_parameters("net.", net);
        state.optimiser.put(&mut file, &net.parameters());
        for (index, vectors) in state.vectors.iter().enumerate() {
            let (rows, columns) = dims(vectors);
            file.put(format!("vectors.{index}"), &[rows, columns], vectors.as_vec());
        }
        file.write(path)
    }
}

/// The settings and data that fix a run. Epochs are not among them: a finished run can be lengthened.
fn describe(settings: &Training, train: &Dataset, validation: Option<&Dataset>) -> String {
    let penalties: Vec<String> = settings.penalties.iter().map(ToString::to_string).collect();
    // Only where there is one, so that files of runs without it stay valid.
    let augmentation = settings
        .augmentation
        .map_or(String::new(), |a| format!(", augmentation with padding {} and flip {}", a.padding, a.flip));
    let adversarial = settings.adversarial.map_or(String::new(), |a| format!(", adversarial training {a}"));
    format!(
        "batch_size {}, seed {}, optimiser {}, penalties {penalties:?}, training data {}, validation data {}\
         {augmentation}{adversarial}",
        settings.batch_size,
        settings.seed,
        settings.optimiser,
        checksum(train),
        validation.map_or("none".to_owned(), checksum),
    )
}

/// Number of examples and CRC-32 of images and labels.
fn checksum(data: &Dataset) -> String {
    let mut crc = flate2::Crc::new();
    for row in data.images().rows() {
        let bytes: Vec<u8> = row.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        crc.update(&bytes);
    }
    crc.update(data.labels());
    format!("{} examples {:08x}", data.len(), crc.sum())
}

/// Numbers go as bits: a run that goes on must have the very same ones.
fn describe_state(state: &State) -> Value {
    let bits = |value: f64| json!(value.to_bits().to_string());
    let records: Vec<Value> = state
        .history
        .records
        .iter()
        .map(|r| {
            json!([
                bits(r.cross_entropy),
                bits(r.penalty),
                bits(r.spectral),
                bits(r.jacobian),
                bits(r.loss),
                bits(r.train_error),
                r.validation_error.map(bits),
                bits(r.seconds),
                r.adversarial_error.map(bits)
            ])
        })
        .collect();
    json!({
        "batches_done": state.batches_done,
        "examples_done": state.examples_done,
        "sums": [
            bits(state.sums.cross_entropy),
            bits(state.sums.spectral),
            bits(state.sums.jacobian),
            bits(state.sums.wrong),
            state.sums.adversarial_wrong.map(bits),
        ],
        "seconds": bits(state.seconds),
        "records": records,
    })
}

fn fill(state: &mut State, value: &Value) -> Option<()> {
    let number = |value: &Value| value.as_str()?.parse().ok().map(f64::from_bits);
    // Files of runs before there were adversarial copies have no such place.
    let optional = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => number(value).map(Some),
    };
    let count = |key: &str| value.get(key)?.as_u64().map(|n| n as usize);
    state.batches_done = count("batches_done")?;
    state.examples_done = count("examples_done")?;
    let sums = value.get("sums")?;
    state.sums = Sums {
        cross_entropy: number(sums.get(0)?)?,
        spectral: number(sums.get(1)?)?,
        jacobian: number(sums.get(2)?)?,
        wrong: number(sums.get(3)?)?,
        adversarial_wrong: optional(sums.get(4))?,
    };
    state.seconds = number(value.get("seconds")?)?;
    for (index, record) in value.get("records")?.as_array()?.iter().enumerate() {
        state.history.records.push(EpochRecord {
            epoch: index + 1,
            cross_entropy: number(record.get(0)?)?,
            penalty: number(record.get(1)?)?,
            spectral: number(record.get(2)?)?,
            jacobian: number(record.get(3)?)?,
            loss: number(record.get(4)?)?,
            train_error: number(record.get(5)?)?,
            validation_error: optional(Some(record.get(6)?))?,
            seconds: number(record.get(7)?)?,
            adversarial_error: optional(record.get(8))?,
        });
    }
    Some(())
}
