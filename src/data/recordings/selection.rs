//! Parts of recordings, and recordings from trials.

use super::Recording;
use super::store::Store;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Recording {
    /// The neurons at `neurons`, in that order, in memory.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Parameter`] for a neuron that is not there or comes twice, [`Error::NotFinite`].
    pub fn select_neurons(&self, neurons: &[usize]) -> Result<Self> {
        check("neurons", neurons, self.neurons)?;
        let mut all = Vec::with_capacity(neurons.len() * self.trials());
        for &neuron in neurons {
            all.extend(self.read(neuron..neuron + 1)?);
        }
        let numbers = self.neuron_numbers();
        let numbers = neurons.iter().filter_map(|&neuron| numbers.get(neuron).copied()).collect();
        Ok(self.with_memory([self.repeats, self.stimuli, neurons.len()], all, Some(Arc::new(numbers))))
    }

    /// The stimuli at `stimuli`, in that order, in memory.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Parameter`] for a stimulus that is not there or comes twice, [`Error::NotFinite`].
    pub fn select_stimuli(&self, stimuli: &[usize]) -> Result<Self> {
        check("stimuli", stimuli, self.stimuli)?;
        let mut all = Vec::with_capacity(self.neurons * self.repeats * stimuli.len());
        for block in self.blocks() {
            for repeat in self.read(block)?.chunks_exact(self.stimuli) {
                all.extend(stimuli.iter().filter_map(|&stimulus| repeat.get(stimulus)));
            }
        }
        Ok(self.with_memory([self.repeats, stimuli.len(), self.neurons], all, self.numbers.clone()))
    }

    /// The repeats of several recordings of the same stimuli and neurons, one after the other, in memory: for files of one
    /// repeat each.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] for other stimuli or neurons, [`Error::NotFinite`].
    pub fn stack(recordings: &[Recording]) -> Result<Self> {
        let Some(first) = recordings.first() else { return Err(Error::empty("the list of recordings")) };
        let size = |recording: &Recording| (recording.stimuli, recording.neurons);
        if let Some(other) = recordings.iter().find(|other| size(other) != size(first)) {
            let [need, is] =
                [first, other].map(|it| format!("{} stimuli x {} neurons", it.stimuli, it.neurons));
            return Err(Error::shape("a recording", need, is));
        }
        let repeats = recordings.iter().map(Recording::repeats).sum();
        let mut all = Vec::with_capacity(repeats * first.stimuli * first.neurons);
        for block in first.blocks() {
            let parts = recordings
                .iter()
                .map(|recording| Ok((recording.read(block.clone())?, recording.trials())))
                .collect::<Result<Vec<_>>>()?;
            for neuron in 0..block.len() {
                for (values, trials) in &parts {
                    all.extend_from_slice(
                        values.get(neuron * trials..(neuron + 1) * trials).unwrap_or_default(),
                    );
                }
            }
        }
        Ok(first.with_memory([repeats, first.stimuli, first.neurons], all, first.numbers.clone()))
    }

    /// Two repeats of every stimulus from a recording of one repeat, whose rows are trials `(trials, neurons)`, and the stimulus of
    /// every trial, as experiments are stored: the mean over the first half of a stimulus's trials, rounded down, and the mean over the
    /// others (Stringer2019). Stimuli are in the order of their numbers; those with a single trial are left out, and so are trials with
    /// a negative number, which blank ones may have.
    ///
    /// ```
    /// use eigengate::data::Recording;
    ///
    /// let trials = ndarray::array![[[1.0], [10.0], [2.0], [20.0], [99.0], [4.0]]];
    /// let recording = Recording::new(trials.view())?.by_stimulus(&[1, 3, 1, 3, -1, 1])?;
    /// assert_eq!(recording.responses()?, ndarray::array![[[1.0], [10.0]], [[3.0], [20.0]]]);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a recording of several repeats; [`Error::Shape`] unless there is one number for
    /// every trial; [`Error::Empty`] where no stimulus has two trials; [`Error::NotFinite`].
    pub fn by_stimulus(&self, stimuli: &[i64]) -> Result<Self> {
        if self.repeats != 1 {
            return Err(Error::parameter(
                "repeats",
                self.repeats,
                "a recording of one repeat, (trials, neurons)",
            ));
        }
        if stimuli.len() != self.stimuli {
            let need = format!("{} numbers, one for each trial", self.stimuli);
            return Err(Error::shape("stimuli", need, stimuli.len()));
        }
        let mut trials: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (trial, &stimulus) in stimuli.iter().enumerate().filter(|(_, stimulus)| **stimulus >= 0) {
            trials.entry(stimulus).or_default().push(trial);
        }
        trials.retain(|_, trials| trials.len() > 1);
        if trials.is_empty() {
            return Err(Error::empty("the list of stimuli with two trials"));
        }
        let halves: [Vec<&[usize]>; 2] = [
            trials.values().map(|all| all.split_at(all.len() / 2).0).collect(),
            trials.values().map(|all| all.split_at(all.len() / 2).1).collect(),
        ];
        let mut all = Vec::with_capacity(self.neurons * 2 * trials.len());
        for block in self.blocks() {
            for row in self.read(block)?.chunks_exact(self.stimuli) {
                for trials in halves.iter().flatten() {
                    let sum: f64 = trials.iter().filter_map(|&trial| row.get(trial)).sum();
                    all.push(sum / trials.len() as f64);
                }
            }
        }
        Ok(self.with_memory([2, trials.len(), self.neurons], all, self.numbers.clone()))
    }

    /// Other responses `(neurons, repeats, stimuli)` under the same name.
    pub(super) fn with_memory(
        &self,
        [repeats, stimuli, neurons]: [usize; 3],
        values: Vec<f64>,
        numbers: Option<Arc<Vec<usize>>>,
    ) -> Self {
        Self { name: self.name.clone(), repeats, stimuli, neurons, store: Store::memory(values), numbers }
    }
}

/// Refuses places that are not below `size`, or come twice.
fn check(name: &'static str, places: &[usize], size: usize) -> Result<()> {
    if places.is_empty() {
        return Err(Error::empty(name));
    }
    let mut seen = vec![false; size];
    for &place in places {
        match seen.get_mut(place) {
            None => return Err(Error::parameter(name, place, format!("places below {size}"))),
            Some(true) => return Err(Error::parameter(name, format!("{place} twice"), "each place once")),
            Some(seen) => *seen = true,
        }
    }
    Ok(())
}
