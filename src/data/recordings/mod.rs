//! Recordings: responses of many neurons to repeated stimuli.

mod selection;
mod simulation;
mod spontaneous;
mod store;

pub use simulation::{Population, PopulationSimulation};
pub use spontaneous::Spontaneous;

use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::exchange::{Npz, RawArray};
use ndarray::{Array3, ArrayView2, ArrayView3, Axis};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// Responses `(repeats, stimuli, neurons)` of a population, or of the units of a network.
///
/// [`CvPca`](crate::spectra::CvPca) finds the spectrum of their signal. A copy shares the responses.
///
/// ```
/// use eigengate::prelude::*;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("responses.npy");
/// let simulated = PopulationSimulation::new(60, 40).run()?.recording;
/// exchange::write_npy(&path, &simulated.responses()?)?;
///
/// let recording = Recording::open(&path)?;
/// assert_eq!((recording.repeats(), recording.stimuli(), recording.neurons()), (2, 60, 40));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Recording {
    name: String,
    repeats: usize,
    stimuli: usize,
    neurons: usize,
    store: Store,
    /// What each neuron was called in the recording that this one was made from; `None` for 0, 1, 2, ...
    numbers: Option<Arc<Vec<usize>>>,
}

impl Recording {
    /// Responses `(repeats, stimuli, neurons)` from memory.
    ///
    /// # Errors
    /// [`Error::Empty`] where a size is 0, [`Error::NotFinite`] with the place.
    pub fn new(responses: ArrayView3<'_, f64>) -> Result<Self> {
        let (repeats, stimuli, neurons) = responses.dim();
        let all = responses.permuted_axes([2, 0, 1]);
        Self::checked([repeats, stimuli, neurons], Store::memory(all.iter().copied().collect()))?.finite()
    }

    /// Repeats of one size, `(stimuli, neurons)` each, such as activations of a layer in several passes.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] for several sizes, [`Error::NotFinite`].
    pub fn from_repeats(repeats: &[ArrayView2<'_, f32>]) -> Result<Self> {
        let Some(first) = repeats.first() else { return Err(Error::empty("the list of repeats")) };
        if let Some(other) = repeats.iter().find(|repeat| repeat.dim() != first.dim()) {
            return Err(Error::shape("a repeat", format!("{:?}", first.dim()), format!("{:?}", other.dim())));
        }
        let (stimuli, neurons) = first.dim();
        let mut all = Vec::with_capacity(repeats.len() * stimuli * neurons);
        for neuron in 0..neurons {
            for repeat in repeats {
                all.extend(repeat.index_axis(Axis(1), neuron).iter().map(|&value| f64::from(value)));
            }
        }
        Self::checked([repeats.len(), stimuli, neurons], Store::memory(all))?.finite()
    }

    /// The responses in an npy file: `(repeats, stimuli, neurons)`, or `(stimuli, neurons)`, which is one repeat.
    ///
    /// Elements are float32, float64 or integers of 8 to 64 bits, of either order of bytes and in row-major (C) or
    /// column-major (Fortran) order. A file below 64 MiB is read at once. A larger one is mapped into memory: what is computed from
    /// it reads it in blocks of neurons, so that it may be larger than the memory, and it must stay as it is
    /// while there is a recording of it (the system ends a process that reads where a mapped file was cut off). Numbers of a file
    /// are checked for NaN and infinities when they are used.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for other files, elements and numbers of dimensions; [`Error::Empty`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self::from_raw(RawArray::open(path)?, path, "npy").map(|recording| recording.with_name(name))
    }

    /// The responses in the array `array` of an npz file, as [`Recording::open`]; mapped where it is large and was stored without
    /// compression (`numpy.savez`, [`write_npz`](crate::exchange::write_npz)).
    ///
    /// # Errors
    /// Those of [`Recording::open`], and [`Error::Parameter`] for a name that is not there, with those that are.
    pub fn open_npz(path: impl AsRef<Path>, array: &str) -> Result<Self> {
        let path = path.as_ref();
        Self::from_raw(Npz::open(path)?.raw(array)?, path, "npz").map(|recording| recording.with_name(array))
    }

    fn from_raw(raw: RawArray, path: &Path, format: &'static str) -> Result<Self> {
        let shape = match *raw.shape.as_slice() {
            [stimuli, neurons] => [1, stimuli, neurons],
            [repeats, stimuli, neurons] => [repeats, stimuli, neurons],
            _ => {
                let found = format!("the shape {:?}", raw.shape);
                return Err(Error::format(
                    path,
                    format,
                    "(repeats, stimuli, neurons) or (stimuli, neurons)",
                    found,
                ));
            }
        };
        Self::checked(shape, Store::File(Arc::new(raw)))
    }

    fn checked([repeats, stimuli, neurons]: [usize; 3], store: Store) -> Result<Self> {
        for (size, what) in [(repeats, "repeats"), (stimuli, "stimuli"), (neurons, "neurons")] {
            if size == 0 {
                return Err(Error::empty(format!("a recording without {what}")));
            }
        }
        Ok(Self { name: "recording".to_owned(), repeats, stimuli, neurons, store, numbers: None })
    }

    /// Itself, if all responses are finite.
    fn finite(self) -> Result<Self> {
        for block in self.blocks() {
            self.read(block)?;
        }
        Ok(self)
    }

    /// The recording under another name, for legends; a file's is its own without the ending.
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often every stimulus was shown.
    pub fn repeats(&self) -> usize {
        self.repeats
    }

    /// The number of stimuli.
    pub fn stimuli(&self) -> usize {
        self.stimuli
    }

    /// The number of neurons.
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// Whether the responses are read from a mapped file.
    pub fn is_mapped(&self) -> bool {
        self.store.is_mapped()
    }

    /// Which neurons these are, counted from 0 in the recording that was read: some are left out by a
    /// [z-score](Recording::z_scored_by) or a [selection](Recording::select_neurons).
    pub fn neuron_numbers(&self) -> Vec<usize> {
        self.numbers.as_deref().cloned().unwrap_or_else(|| (0..self.neurons).collect())
    }

    /// All responses `(repeats, stimuli, neurons)`, in memory.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the place.
    pub fn responses(&self) -> Result<Array3<f64>> {
        let mut all = Array3::zeros((self.repeats, self.stimuli, self.neurons));
        for block in self.blocks() {
            let values = self.read(block.clone())?;
            let rows = values.chunks_exact(self.trials());
            for (neuron, row) in block.zip(rows) {
                let mut place = all.index_axis_mut(Axis(2), neuron);
                place.iter_mut().zip(row).for_each(|(to, value)| *to = *value);
            }
        }
        Ok(all)
    }

    /// Repeats times stimuli.
    pub(crate) fn trials(&self) -> usize {
        self.repeats * self.stimuli
    }

    /// Blocks of neurons that are read at a time.
    pub(crate) fn blocks(&self) -> Vec<Range<usize>> {
        /// 45 MB of 5600 trials.
        const BLOCK: usize = 1024;
        (0..self.neurons).step_by(BLOCK).map(|start| start..(start + BLOCK).min(self.neurons)).collect()
    }

    /// The responses of these neurons, `(neurons, repeats * stimuli)`, all finite.
    pub(crate) fn read(&self, neurons: Range<usize>) -> Result<Vec<f64>> {
        self.store.read([self.repeats, self.stimuli, self.neurons], neurons)
    }

    /// The two halves of the repeats of these neurons, `(neurons, 2 * stimuli)`: means over the first `repeats / 2`
    /// repeats and over the others, less their mean over the stimuli.
    ///
    /// Errors: fewer than two repeats.
    pub(crate) fn read_halves(&self, neurons: Range<usize>) -> Result<Vec<f64>> {
        let (first, _) = self.half_sizes()?;
        let values = self.read(neurons)?;
        let mut halves = Vec::with_capacity(values.len() / self.repeats * 2);
        for row in values.chunks_exact(self.trials()) {
            let (one, two) = row.split_at(first * self.stimuli);
            for repeats in [one, two] {
                let start = halves.len();
                mean_of(repeats, self.stimuli, &mut halves);
                centre(halves.get_mut(start..).unwrap_or_default());
            }
        }
        Ok(halves)
    }

    /// How many repeats are in either half.
    pub(crate) fn half_sizes(&self) -> Result<(usize, usize)> {
        if self.repeats < 2 {
            return Err(Error::parameter(
                "repeats",
                self.repeats,
                "at least two repeats of every stimulus: signal and noise cannot be told apart from one",
            ));
        }
        Ok((self.repeats / 2, self.repeats - self.repeats / 2))
    }

    /// Shows the sizes.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Appends the mean over repeats, one after the other in `repeats`, of `stimuli` values each.
pub(crate) fn mean_of(repeats: &[f64], stimuli: usize, into: &mut Vec<f64>) {
    let count = (repeats.len() / stimuli) as f64;
    for stimulus in 0..stimuli {
        let sum: f64 = repeats.iter().skip(stimulus).step_by(stimuli).sum();
        into.push(sum / count);
    }
}

/// Subtracts the mean. Equal values become 0, not rounding.
pub(crate) fn centre(values: &mut [f64]) {
    let mean = match &*values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => *first,
        values => values.iter().sum::<f64>() / values.len() as f64,
    };
    values.iter_mut().for_each(|value| *value -= mean);
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (repeats, stimuli, neurons) = (self.repeats, self.stimuli, self.neurons);
        write!(
            f,
            "Recording({}: {repeats} repeats x {stimuli} stimuli x {neurons} neurons, {})",
            self.name, self.store
        )
    }
}
