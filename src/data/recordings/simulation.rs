//! Populations whose signal has a known spectrum.

use super::Recording;
use super::store::Store;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::numeric::{View, orthonormal_columns, product};
use crate::seed::{Purpose, epoch_stream};
use ndarray::Array2;
use rayon::prelude::*;
use std::fmt;

/// Directions of shared noise, or as many as there are neurons.
const SHARED: usize = 256;

/// How a population is simulated: responses that are a signal with a power-law spectrum and trial noise.
///
/// ```text
/// x_r(i) = sum_k sqrt(lambda_k) z_k(i) u_k + noise,      lambda_k proportional to k^-alpha,  k = 1..K
/// ```
///
/// The latent `z_k` of the K dimensions are random, with mean 0, variance 1 and no correlation over exactly these stimuli, the `u_k` are random
/// orthonormal directions: eigenvalues of the signal's covariance (over the number of stimuli) are `lambda_k` to rounding, not on average. They
/// are scaled to add up to the number of neurons, so that the signal of a neuron has the variance 1 on average.
///
/// Noise is Gaussian and new in every trial: of variance `noise` (1 by default) in each neuron by itself, and, if
/// asked for, shared noise along 256 random orthonormal directions (or as many as there are neurons) with a power-law spectrum of its own.
///
/// ```
/// use eigengate::prelude::*;
///
/// // A fifth of the variance is noise.
/// let population = PopulationSimulation::new(500, 800).with_alpha(1.0).with_noise(0.25).with_seed(1).run()?;
/// let found = cv_pca(&population.recording)?;
/// let (signal, plain) = (found.power_law(6, 80)?, PowerLaw::fit(&found.pca, 6, 80)?);
/// assert!((signal.alpha - 1.0).abs() < 0.03, "{signal}");
/// assert!(plain.alpha < 0.9, "{plain}");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationSimulation {
    /// Stimuli, at least 3.
    pub stimuli: usize,
    /// Neurons, at least 2.
    pub neurons: usize,
    /// Repeats of every stimulus, 2 by default.
    pub repeats: usize,
    /// The exponent, 1 by default.
    pub alpha: f64,
    /// Dimensions K of the signal; `None` for as many as there can be, the smaller of neurons and stimuli less one.
    pub dimensions: Option<usize>,
    /// Variance of the independent noise of a neuron in a trial, 1 by default.
    pub noise: f64,
    /// Variance of the shared noise of a neuron on average, and the exponent of its spectrum; none by default.
    pub shared_noise: Option<(f64, f64)>,
    /// Points in time of spontaneous activity, which is noise alone; 0 by default.
    pub spontaneous: usize,
    /// The seed, 0 by default.
    pub seed: u64,
}

/// A simulated population and what is true of it.
#[derive(Clone)]
pub struct Population {
    /// The responses.
    pub recording: Recording,
    /// Eigenvalues of the signal's covariance over these stimuli, largest first.
    pub signal: Vec<f64>,
    /// Spontaneous activity `(1, time, neurons)`, if asked for.
    pub spontaneous: Option<Recording>,
    /// How it was simulated.
    pub settings: PopulationSimulation,
}

impl PopulationSimulation {
    /// Two repeats of `stimuli` stimuli, `neurons` neurons, alpha 1, noise of variance 1.
    pub fn new(stimuli: usize, neurons: usize) -> Self {
        Self {
            stimuli,
            neurons,
            repeats: 2,
            alpha: 1.0,
            dimensions: None,
            noise: 1.0,
            shared_noise: None,
            spontaneous: 0,
            seed: 0,
        }
    }

    /// Another exponent.
    pub fn with_alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Another number of repeats.
    pub fn with_repeats(mut self, repeats: usize) -> Self {
        self.repeats = repeats;
        self
    }

    /// Another number of dimensions.
    pub fn with_dimensions(mut self, dimensions: usize) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Another variance of the independent noise; that of the signal is 1 on average.
    pub fn with_noise(mut self, variance: f64) -> Self {
        self.noise = variance;
        self
    }

    /// Shared noise of this variance on average and this exponent.
    pub fn with_shared_noise(mut self, variance: f64, alpha: f64) -> Self {
        self.shared_noise = Some((variance, alpha));
        self
    }

    /// Spontaneous activity of so many points in time.
    pub fn with_spontaneous(mut self, times: usize) -> Self {
        self.spontaneous = times;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Simulates; the same settings give the same responses, whatever the number of threads.
    ///
    /// # Errors
    /// [`Error::Parameter`] for settings out of their range.
    pub fn run(&self) -> Result<Population> {
        let dimensions = self.check()?;
        let (stimuli, neurons) = (self.stimuli, self.neurons);
        let signal = power_law(dimensions, self.alpha, neurons as f64);
        let mut latents = self.normals(stimuli, dimensions, 0);
        for mut column in latents.columns_mut() {
            let mean = column.sum() / stimuli as f64;
            column -= mean;
        }
        // Twice: the first pass alone leaves rounding of the size of the condition number squared.
        let latents = orthonormal_columns(orthonormal_columns(latents)?)?;
        let mut directions = self.directions(dimensions, 1)?;
        for (mut column, eigenvalue) in directions.columns_mut().into_iter().zip(&signal) {
            column *= (eigenvalue * stimuli as f64).sqrt();
        }
        let mut clean = vec![0.0; neurons * stimuli];
        let [left, right] = [&directions, &latents].map(|it| it.as_slice().unwrap_or_default());
        product(
            &mut clean,
            false,
            View::new(left, neurons, dimensions),
            View::new(right, stimuli, dimensions).t(),
        );
        let shared = self.shared()?;
        let trials = self.repeats * stimuli;
        let mut responses = self.noise(trials, 0, shared.as_ref());
        responses.par_chunks_mut(stimuli).enumerate().for_each(|(row, responses)| {
            let neuron = row / self.repeats;
            let clean = clean.get(neuron * stimuli..(neuron + 1) * stimuli).unwrap_or_default();
            responses.iter_mut().zip(clean).for_each(|(x, signal)| *x += signal);
        });
        let recording = Recording::checked([self.repeats, stimuli, neurons], Store::memory(responses))?;
        let spontaneous = if self.spontaneous > 0 {
            let activity = self.noise(self.spontaneous, 1, shared.as_ref());
            let activity = Recording::checked([1, self.spontaneous, neurons], Store::memory(activity))?;
            Some(activity.with_name("spontaneous activity"))
        } else {
            None
        };
        let recording = recording.with_name(format!("simulated, alpha {}", self.alpha));
        Ok(Population { recording, signal, spontaneous, settings: self.clone() })
    }

    fn check(&self) -> Result<usize> {
        for (name, value, least) in
            [("stimuli", self.stimuli, 3), ("neurons", self.neurons, 2), ("repeats", self.repeats, 1)]
        {
            if value < least {
                return Err(Error::parameter(name, value, format!("at least {least}")));
            }
        }
        let most = self.neurons.min(self.stimuli - 1);
        let dimensions = self.dimensions.unwrap_or(most);
        if dimensions == 0 || dimensions > most {
            let range = format!("1 to {most}, the smaller of neurons and stimuli less one");
            return Err(Error::parameter("dimensions", dimensions, range));
        }
        let (shared, shared_alpha) = self.shared_noise.unwrap_or_default();
        for (name, value) in [("alpha", self.alpha), ("shared noise's alpha", shared_alpha)] {
            if !(0.0..=10.0).contains(&value) {
                return Err(Error::parameter(name, value, "an exponent from 0 to 10"));
            }
        }
        for (name, value) in [("noise", self.noise), ("shared noise", shared)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::parameter(name, value, "a variance of 0 or more"));
            }
        }
        Ok(dimensions)
    }

    /// Random orthonormal columns `(neurons, count)`.
    fn directions(&self, count: usize, part: u64) -> Result<Array2<f64>> {
        orthonormal_columns(orthonormal_columns(self.normals(self.neurons, count, part))?)
    }

    /// Standard normal numbers, a stream for every row.
    fn normals(&self, rows: usize, columns: usize, part: u64) -> Array2<f64> {
        let mut all = Array2::zeros((rows, columns));
        let values = all.as_slice_mut().unwrap_or_default();
        values.par_chunks_mut(columns).enumerate().for_each(|(row, values)| {
            let mut rng = epoch_stream(self.seed, Purpose::Population, part, row as u64);
            values.iter_mut().for_each(|value| *value = rng.normal());
        });
        all
    }

    /// Directions of the shared noise `(neurons, count)`, as long as its standard deviations.
    fn shared(&self) -> Result<Option<Array2<f64>>> {
        let Some((variance, alpha)) = self.shared_noise.filter(|(variance, _)| *variance > 0.0) else {
            return Ok(None);
        };
        let count = SHARED.min(self.neurons);
        let mut directions = self.directions(count, 2)?;
        let spectrum = power_law(count, alpha, variance * self.neurons as f64);
        for (mut column, eigenvalue) in directions.columns_mut().into_iter().zip(&spectrum) {
            column *= eigenvalue.sqrt();
        }
        Ok(Some(directions))
    }

    /// Noise `(neurons, trials)` of part 0, the responses, or 1, the spontaneous activity.
    fn noise(&self, trials: usize, part: u64, shared: Option<&Array2<f64>>) -> Vec<f64> {
        let (neurons, deviation) = (self.neurons, self.noise.sqrt());
        let mut noise = vec![0.0; neurons * trials];
        noise.par_chunks_mut(trials).enumerate().for_each(|(neuron, row)| {
            let mut rng = epoch_stream(self.seed, Purpose::TrialNoise, 2 * part, neuron as u64);
            row.iter_mut().for_each(|value| *value = deviation * rng.normal());
        });
        if let Some(directions) = shared {
            let count = directions.ncols();
            let mut latents = vec![0.0; trials * count];
            latents.par_chunks_mut(count).enumerate().for_each(|(trial, row)| {
                let mut rng = epoch_stream(self.seed, Purpose::TrialNoise, 2 * part + 1, trial as u64);
                row.iter_mut().for_each(|value| *value = rng.normal());
            });
            let directions = View::new(directions.as_slice().unwrap_or_default(), neurons, count);
            product(&mut noise, true, directions, View::new(&latents, trials, count).t());
        }
        noise
    }
}

/// `k^-alpha` for `k = 1..=count`, scaled to this sum.
fn power_law(count: usize, alpha: f64, sum: f64) -> Vec<f64> {
    let values: Vec<f64> = (1..=count).map(|k| (k as f64).powf(-alpha)).collect();
    let scale = sum / values.iter().sum::<f64>();
    values.into_iter().map(|value| scale * value).collect()
}

impl Population {
    /// Shows a summary.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        write!(
            f,
            "Population({} repeats x {} stimuli x {} neurons; alpha {} in {} dimensions, noise {})",
            settings.repeats,
            settings.stimuli,
            settings.neurons,
            settings.alpha,
            self.signal.len(),
            settings.noise + settings.shared_noise.map_or(0.0, |(variance, _)| variance)
        )
    }
}
