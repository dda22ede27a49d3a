//! Where responses lie, and how blocks of neurons are read.

use crate::error::{Error, Result};
use crate::exchange::RawArray;
use rayon::prelude::*;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Neurons that are read together: their numbers lie side by side in row-major files.
const GROUP: usize = 16;

/// The responses.
#[derive(Clone)]
pub(super) enum Store {
    /// `(neurons, repeats, stimuli)`, row-major.
    Memory(Arc<Vec<f64>>),
    /// `(repeats, stimuli, neurons)` in a file.
    File(Arc<RawArray>),
}

impl Store {
    /// Responses `(neurons, repeats, stimuli)`.
    pub fn memory(values: Vec<f64>) -> Self {
        Store::Memory(Arc::new(values))
    }

    pub fn is_mapped(&self) -> bool {
        matches!(self, Store::File(raw) if raw.is_mapped())
    }

    /// The responses `(neurons, repeats * stimuli)` of some neurons of an array of this shape, all finite.
    pub fn read(&self, shape: [usize; 3], neurons: Range<usize>) -> Result<Vec<f64>> {
        let [repeats, stimuli, all] = shape;
        let trials = repeats * stimuli;
        let mut block = vec![0.0; neurons.len() * trials];
        match self {
            Store::Memory(values) => {
                let part = values.get(neurons.start * trials..neurons.end * trials).unwrap_or_default();
                block.copy_from_slice(part);
            }
            Store::File(raw) if raw.fortran_order => {
                block.par_chunks_exact_mut(trials).zip(neurons.clone().into_par_iter()).for_each_init(
                    || vec![0.0; trials],
                    |one, (row, neuron)| {
                        raw.read(neuron * trials, one);
                        for (repeat, row) in row.chunks_exact_mut(stimuli).enumerate() {
                            let values = one.iter().skip(repeat).step_by(repeats);
                            row.iter_mut().zip(values).for_each(|(to, value)| *to = *value);
                        }
                    },
                );
            }
            Store::File(raw) => {
                let groups = block.par_chunks_mut(GROUP * trials).enumerate();
                groups.for_each(|(group, rows)| {
                    let first = neurons.start + group * GROUP;
                    let mut one = [0.0; GROUP];
                    for trial in 0..trials {
                        let one = &mut one[..rows.len() / trials];
                        raw.read(trial * all + first, one);
                        for (row, value) in rows.chunks_exact_mut(trials).zip(&*one) {
                            row[trial] = *value;
                        }
                    }
                });
            }
        }
        let bad = block.par_iter().position_first(|value| !value.is_finite());
        match bad.and_then(|place| block.get(place).map(|value| (place, *value))) {
            None => Ok(block),
            Some((place, value)) => {
                let (neuron, trial) = (neurons.start + place / trials, place % trials);
                let (repeat, stimulus) = (trial / stimuli, trial % stimuli);
                Err(Error::NotFinite {
                    what: format!(
                        "the response of neuron {neuron} to stimulus {stimulus} in repeat {repeat}"
                    ),
                    value,
                    index: trial * all + neuron,
                })
            }
        }
    }
}

/// Where they lie.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Store::Memory(_) => write!(f, "in memory"),
            Store::File(raw) => {
                let order = if raw.fortran_order { " in Fortran order" } else { "" };
                let place = if raw.is_mapped() { "a mapped file" } else { "a file" };
                write!(f, "{} from {place}{order}", raw.dtype())
            }
        }
    }
}
