//! Spontaneous activity: the scale of responses, and the directions that are removed from them.

use super::Recording;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::numeric::{View, add_gram, leading_eigen, mirror_lower, multiply, product};
use ndarray::{Array2, ArrayView2};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What is added to every standard deviation, as in the published code of Stringer2019.
const FLOOR: f64 = 1e-6;

/// Spontaneous activity of a population: mean and standard deviation of every neuron, and the largest principal components of
/// the z-scored activity.
///
/// ```
/// use eigengate::prelude::*;
///
/// let noisy = PopulationSimulation::new(60, 40).with_shared_noise(2.0, 1.0).with_spontaneous(500).run()?;
/// if let Some(activity) = &noisy.spontaneous {
///     let spontaneous = Spontaneous::of(activity, 8)?;
///     let clean = noisy.recording.z_scored_by(&spontaneous)?;
///     assert_eq!((clean.neurons(), spontaneous.components().nrows()), (40, 8));
/// }
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Spontaneous {
    /// Points in time.
    times: usize,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    silent: Vec<usize>,
    /// `(components, neurons that are not silent)`, orthonormal rows.
    components: Array2<f64>,
    share: Vec<f64>,
}

impl Spontaneous {
    /// Mean, standard deviation (over the number of points, not one less) and the `components` largest principal components
    /// of spontaneous activity `(time, neurons)`, a [recording](Recording::open) of one repeat; of several, all points count alike.
    /// Stringer2019 removes 32 components; 0 leaves responses as they are but for their scale.
    ///
    /// The components are right singular vectors of the z-scored activity. Neurons whose activity does not change have no scale: they are
    /// [silent](Spontaneous::silent), have no part in the components, and are left out of z-scored recordings.
    ///
    /// Takes the smaller of points and neurons squared in memory, and the activity once.
    ///
    /// # Errors
    /// [`Error::Empty`] for fewer than two points or where all neurons are silent; [`Error::Parameter`] for more
    /// components than the smaller of neurons and points less one; [`Error::NotFinite`].
    pub fn of(activity: &Recording, components: usize) -> Result<Self> {
        let times = activity.trials();
        if times < 2 {
            return Err(Error::empty("spontaneous activity with fewer than two points"));
        }
        let (mut mean, mut deviation, mut silent) = (vec![], vec![], vec![]);
        for block in activity.blocks() {
            let values = activity.read(block.clone())?;
            for (neuron, row) in block.zip(values.chunks_exact(times)) {
                let (centre, spread) = moments(row);
                mean.push(centre);
                deviation.push(spread);
                if constant(row) {
                    silent.push(neuron);
                }
            }
        }
        let mut found =
            Self { times, mean, deviation, silent, components: Array2::zeros((0, 0)), share: vec![] };
        let rank = found.active().len().min(times - 1);
        if rank == 0 {
            return Err(Error::empty("the list of neurons with spontaneous activity that changes"));
        }
        if components > rank {
            let most =
                format!("at most {rank}, for {} active neurons and {times} points", found.active().len());
            return Err(Error::parameter("components", components, most));
        }
        found.find_components(activity, components)?;
        Ok(found)
    }

    fn find_components(&mut self, activity: &Recording, count: usize) -> Result<()> {
        let (times, neurons) = (self.times, self.active().len());
        if count == 0 {
            self.components = Array2::zeros((0, neurons));
            return Ok(());
        }
        let mut scores = Vec::with_capacity(neurons * times);
        for block in activity.blocks() {
            scores.extend(self.scores(block.clone(), &activity.read(block)?));
        }
        let scores = ArrayView2::from_shape((neurons, times), &scores);
        let scores =
            scores.map_err(|error| Error::shape("z-scores", format!("({neurons}, {times})"), error))?;
        let values = scores.as_slice().unwrap_or_default();
        let (eigenvalues, vectors) = if neurons <= times {
            let mut gram = Array2::zeros((neurons, neurons));
            let x = View::new(values, neurons, times);
            product(gram.as_slice_mut().unwrap_or_default(), false, x, x.t());
            leading_eigen(gram.view(), count)?
        } else {
            let mut gram = vec![0.0; times * times];
            add_gram(&mut gram, values, times);
            mirror_lower(&mut gram, times, 1.0);
            let gram = ArrayView2::from_shape((times, times), &gram)
                .map_err(|error| Error::shape("products", format!("({times}, {times})"), error))?;
            let (eigenvalues, vectors) = leading_eigen(gram, count)?;
            let mut directions = multiply(&scores, &vectors.view());
            for (mut column, eigenvalue) in directions.columns_mut().into_iter().zip(&eigenvalues) {
                column /= eigenvalue.max(f64::MIN_POSITIVE).sqrt();
            }
            (eigenvalues, directions)
        };
        let total: f64 = values.iter().map(|score| score * score).sum();
        // The rank may be lower than the sizes say.
        if eigenvalues.iter().any(|value| !(*value > 1e-12 * total)) {
            let rank = eigenvalues.iter().filter(|value| **value > 1e-12 * total).count();
            return Err(Error::parameter(
                "components",
                count,
                format!("at most {rank}, the rank of the activity"),
            ));
        }
        self.share = eigenvalues.iter().map(|value| value / total).collect();
        self.components = vectors.t().as_standard_layout().into_owned();
        Ok(())
    }

    /// The neurons that are not silent.
    fn active(&self) -> Vec<usize> {
        let mut silent = self.silent.iter().peekable();
        (0..self.mean.len()).filter(|neuron| silent.next_if_eq(&neuron).is_none()).collect()
    }

    /// The z-scores of the active neurons of a block, whose values `(neurons, trials)` are given.
    fn scores(&self, block: Range<usize>, values: &[f64]) -> Vec<f64> {
        let trials = values.len() / block.len().max(1);
        let mut scores = Vec::with_capacity(values.len());
        for (neuron, row) in block.zip(values.chunks_exact(trials.max(1))) {
            if let (Err(_), Some(mean), Some(deviation)) =
                (self.silent.binary_search(&neuron), self.mean.get(neuron), self.deviation.get(neuron))
            {
                scores.extend(row.iter().map(|value| (value - mean) / (deviation + FLOOR)));
            }
        }
        scores
    }

    /// The mean of every neuron.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The standard deviation of every neuron: the root of the mean square of its distance from the mean.
    pub fn deviation(&self) -> &[f64] {
        &self.deviation
    }

    /// Neurons whose spontaneous activity does not change, ascending.
    pub fn silent(&self) -> &[usize] {
        &self.silent
    }

    /// The components `(components, neurons)` as orthonormal rows, largest variance first, over the neurons that are not silent.
    pub fn components(&self) -> &Array2<f64> {
        &self.components
    }

    /// The share of every component in the variance of the z-scored activity.
    pub fn share(&self) -> &[f64] {
        &self.share
    }

    /// Shows a summary.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl Recording {
    /// Responses in units of the spontaneous activity, without its components (Stringer2019):
    ///
    /// ```text
    /// z = (x - mean) / (deviation + 1e-6),      y = z - V' V z
    /// ```
    ///
    /// for every trial `x` `(neurons)`, with the components as rows of V. Neurons that are silent in the spontaneous activity are left out;
    /// [`Spontaneous::silent`] names them, and [`Recording::neuron_numbers`] those that stay. The mean over stimuli is subtracted by what is
    /// computed next.
    ///
    /// # Errors
    /// [`Error::Shape`] for other numbers of neurons; [`Error::NotFinite`].
    pub fn z_scored_by(&self, spontaneous: &Spontaneous) -> Result<Self> {
        if spontaneous.mean.len() != self.neurons {
            let need = format!("{} neurons, as in the responses", self.neurons);
            return Err(Error::shape("spontaneous activity", need, spontaneous.mean.len()));
        }
        let active = spontaneous.active();
        let trials = self.trials();
        let mut scores = Vec::with_capacity(active.len() * trials);
        for block in self.blocks() {
            scores.extend(spontaneous.scores(block.clone(), &self.read(block)?));
        }
        let count = spontaneous.components.nrows();
        if count > 0 {
            let components = spontaneous.components.as_slice().unwrap_or_default();
            let components = View::new(components, count, active.len());
            let mut along = vec![0.0; count * trials];
            product(&mut along, false, components, View::new(&scores, active.len(), trials));
            along.iter_mut().for_each(|value| *value = -*value);
            product(&mut scores, true, components.t(), View::new(&along, count, trials));
        }
        Ok(self.with_scores(&active, scores))
    }

    /// Responses of every neuron less their mean, in units of their standard deviation plus 1e-6, both over all trials: what
    /// Stringer2019 does without spontaneous activity. Neurons whose responses do not change are left out.
    ///
    /// # Errors
    /// [`Error::Empty`] where that leaves none, [`Error::NotFinite`].
    pub fn z_scored(&self) -> Result<Self> {
        let (mut active, mut scores) = (vec![], vec![]);
        for block in self.blocks() {
            for (neuron, row) in block.clone().zip(self.read(block)?.chunks_exact(self.trials())) {
                if !constant(row) {
                    let (mean, deviation) = moments(row);
                    active.push(neuron);
                    scores.extend(row.iter().map(|value| (value - mean) / (deviation + FLOOR)));
                }
            }
        }
        if active.is_empty() {
            return Err(Error::empty("the list of neurons with responses that change"));
        }
        Ok(self.with_scores(&active, scores))
    }

    /// Responses of the neurons at `active`.
    fn with_scores(&self, active: &[usize], scores: Vec<f64>) -> Self {
        let numbers = self.neuron_numbers();
        let numbers = active.iter().filter_map(|&neuron| numbers.get(neuron).copied()).collect();
        self.with_memory([self.repeats, self.stimuli, active.len()], scores, Some(Arc::new(numbers)))
    }
}

/// Mean and root of the mean square of the distance from it.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (mean, square.sqrt())
}

/// Whether all values are the same; a standard deviation would not be 0 by rounding.
fn constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

impl fmt::Debug for Spontaneous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Spontaneous({} points, {} neurons of which {} silent; {} components with {:.1} % of the variance)",
            self.times,
            self.mean.len(),
            self.silent.len(),
            self.components.nrows(),
            100.0 * self.share.iter().sum::<f64>()
        )
    }
}
