//! Cross-validated principal components: the spectrum of the signal without that of the noise.

mod side;

use super::signal_spectrum::SignalSpectrum;
use crate::data::Recording;
use crate::error::{Error, Result};
use crate::numeric::{Precision, View, product};
use crate::seed::{Purpose, stream};
use ndarray::Array2;
use rayon::prelude::*;
use side::Side;
use std::sync::Arc;

/// Cross-validated principal components analysis (Stringer2019).
///
/// Of two responses `X1`, `X2` `(stimuli, neurons)` to the same S stimuli, the mean over stimuli subtracted from each, with the unit principal
/// directions `v_n` of `X1`, largest variance first:
///
/// ```text
/// signal_n = 1/S sum_i (X1 v_n)_i (X2 v_n)_i                     the variance that both repeats share
/// pca_n    = 1/S sum_i (X1 v_n)_i^2                              plain PCA: eigenvalues of the covariance of X1
/// noise_n  = 1/(2S) sum_i ((X1 v_n)_i - (X2 v_n)_i)^2            the variance of one repeat's noise
/// ```
///
/// Values beyond the rank of `X1` are 0. The noise of `X2` does not depend on the directions and cancels in `signal_n` on average, while all of the noise of `X1` is in `pca_n`. All
/// are divided by the number of stimuli, not one less. (The published code gives sums over stimuli, and divides spectra by their total; see
/// [`SignalSpectrum::normalised`].) `signal_n` may be negative.
///
/// **Shuffles.** All is computed for each of [`shuffles`](CvPca::shuffles) copies of the data, in which each stimulus exchanges its two
/// responses with probability 1/2, and averaged. The mean over stimuli is subtracted before, not again after, as in the published code. Without
/// shuffles the first repeat gives the directions.
///
/// **More than two repeats.** `X1` is the mean over the first half of the repeats, rounded down, `X2` that over the others, and
/// shuffles exchange these, as in the published code; `noise_n` is scaled to the noise of a single repeat. `pca_n` is that of such a mean.
///
/// **What is left of bias.** Directions are those of responses with noise, and catch less of a signal the smaller it is. In simulations of power laws
/// ([`PopulationSimulation`](crate::data::PopulationSimulation); 600 stimuli, 900 to 3000 neurons, independent noise, fits over 8..=90 or 11..=120) the exponent
/// 1 came out 0.01 too large with noise of a quarter of the signal's variance, 0.02 with half, 0.03 to 0.06 with as much, where plain PCA gave 0.14, 0.25 and 0.40
/// too little; steeper spectra have more (1.3: 0.03, 0.06, 0.10), flatter ones less. Simulate a population like yours before you trust the second digit. Intervals of
/// the bootstrap are of what the method estimates, and do not contain this.
///
/// **Bootstrap.** Stimuli are drawn with replacement, `S` of them, [`replicates`](CvPca::replicates) times, and `signal_n` is the mean of
/// `(X1 v_n)_i (X2 v_n)_i` over those, with the directions of all stimuli (the product averaged over shuffles). Directions are not found again: a
/// sample with replacement has only 63 % different stimuli, whose spectrum falls faster or slower than that of all (in simulations of 400
/// stimuli and 600 neurons at alpha 1 its alpha was 0.02 to 0.18 too small), while the products' own spread is that of new samples of stimuli.
///
/// The work is done on the smaller side: products of all trials with each other where there are more neurons than stimuli,
/// otherwise covariances of neurons. Products and sums are float64, and so are eigenvectors, but for shuffles with more than 1500
/// directions, whose eigenvectors are found in float32: 2.4 times as fast, and what it changes, a mixture of directions of nearly the same variance, is far below what
/// one shuffle differs from another. The same recording, settings and seed give the same bytes, whatever the number of threads.
///
/// ```
/// use eigengate::prelude::*;
///
/// let recording = PopulationSimulation::new(300, 400).run()?.recording;
/// let spectrum = CvPca::new().with_shuffles(4).with_seed(7).run(&recording)?;
/// let law = spectrum.power_law(5, 60)?;
/// let interval = spectrum.interval(5, 60, 0.95)?;
/// assert!(interval.low < law.alpha && law.alpha < interval.high);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CvPca {
    /// Shuffled copies that are averaged, 10 by default; 0 for the repeats as they are.
    pub shuffles: usize,
    /// Bootstrap replicates, 500 by default; 0 for none.
    pub replicates: usize,
    /// The seed of shuffles and bootstrap, 0 by default.
    pub seed: u64,
}

impl Default for CvPca {
    fn default() -> Self {
        Self { shuffles: 10, replicates: 500, seed: 0 }
    }
}

/// Directions from which on those of shuffles are found in float32.
const LARGE: usize = 1500;

/// [`CvPca`] with 10 shuffles, 500 bootstrap replicates and seed 0.
///
/// # Errors
/// Those of [`CvPca::run`].
pub fn cv_pca(recording: &Recording) -> Result<SignalSpectrum> {
    CvPca::new().run(recording)
}

impl CvPca {
    /// Ten shuffles, 500 bootstrap replicates, seed 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another number of shuffles; 0 for none.
    pub fn with_shuffles(mut self, shuffles: usize) -> Self {
        self.shuffles = shuffles;
        self
    }

    /// Another number of bootstrap replicates; 0 for none.
    pub fn with_replicates(mut self, replicates: usize) -> Self {
        self.replicates = replicates;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The spectra of a recording: as many values as the smaller of stimuli and neurons.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than two repeats or three stimuli, and where no response changes; [`Error::NotFinite`] with the
    /// place; [`Error::Numeric`].
    pub fn run(&self, recording: &Recording) -> Result<SignalSpectrum> {
        let sizes = recording.half_sizes()?;
        let stimuli = recording.stimuli();
        if stimuli < 3 {
            return Err(Error::parameter("stimuli", stimuli, "at least three stimuli"));
        }
        let side = Side::of(recording)?;
        let size = side.directions();
        let mut sums = Sums { products: vec![0.0; stimuli * size], ..Sums::default() };
        let copies = self.shuffles.max(1);
        let precision = if self.shuffles > 0 && size > LARGE { Precision::Single } else { Precision::Double };
        for shuffle in 0..copies {
            sums.add(&side.project(&self.exchanged(shuffle, stimuli), precision)?, size);
        }
        // The noise of a half is that of a repeat over the number of repeats in it.
        let per_repeat = 1.0 / (1.0 / sizes.0 as f64 + 1.0 / sizes.1 as f64);
        let mean =
            |sums: &[f64]| -> Vec<f64> { sums.iter().map(|sum| sum / (copies * stimuli) as f64).collect() };
        sums.products.par_iter_mut().for_each(|product| *product /= copies as f64);
        let signal = mean(&sums.signal);
        let deviation = deviations(&sums.of_copies, stimuli);
        Ok(SignalSpectrum {
            name: recording.name().to_owned(),
            pca: mean(&sums.first),
            noise: mean(&sums.difference).into_iter().map(|value| value * per_repeat).collect(),
            shuffle_deviation: deviation,
            bootstrap: Arc::new(self.bootstrap(&sums.products, stimuli, size)),
            stimuli,
            neurons: recording.neurons(),
            repeats: recording.repeats(),
            shuffles: self.shuffles,
            signal,
        })
    }

    /// Which stimuli exchange their responses.
    fn exchanged(&self, shuffle: usize, stimuli: usize) -> Vec<bool> {
        let mut rng = stream(self.seed, Purpose::RepeatShuffle, shuffle as u64);
        (0..stimuli).map(|_| self.shuffles > 0 && rng.below(2) == 1).collect()
    }

    /// Signals `(replicates, directions)` of stimuli drawn with replacement.
    fn bootstrap(&self, products: &[f64], stimuli: usize, size: usize) -> Array2<f64> {
        let mut signals = Array2::zeros((self.replicates, size));
        let mut shares = vec![0.0; self.replicates * stimuli];
        shares.par_chunks_mut(stimuli).enumerate().for_each(|(replicate, shares)| {
            let mut rng = stream(self.seed, Purpose::StimulusBootstrap, replicate as u64);
            for _ in 0..stimuli {
                if let Some(share) = shares.get_mut(rng.below(stimuli as u64) as usize) {
                    *share += 1.0 / stimuli as f64;
                }
            }
        });
        let shares = View::new(&shares, self.replicates, stimuli);
        if let Some(signals) = signals.as_slice_mut() {
            product(signals, false, shares, View::new(products, stimuli, size));
        }
        signals
    }
}

/// What is added up over copies of the data.
#[derive(Default)]
struct Sums {
    /// Products of the two projections of every stimulus, `(stimuli, directions)`.
    products: Vec<f64>,
    /// Sums over stimuli and copies of these products, of the squares of the first projection, and of those of the difference.
    signal: Vec<f64>,
    first: Vec<f64>,
    difference: Vec<f64>,
    /// The sums of products of every copy.
    of_copies: Vec<Vec<f64>>,
}

impl Sums {
    fn add(&mut self, found: &side::Projections, size: usize) {
        let rows = self.products.par_chunks_exact_mut(size);
        let pairs = found.first.par_chunks_exact(size).zip(found.second.par_chunks_exact(size));
        rows.zip(pairs).for_each(|(products, (first, second))| {
            products.iter_mut().zip(first.iter().zip(second)).for_each(|(sum, (a, b))| *sum += a * b);
        });
        let signal = column_sums(found, size, |a, b| a * b);
        add_to(&mut self.signal, &signal);
        add_to(&mut self.first, &column_sums(found, size, |a, _| a * a));
        add_to(&mut self.difference, &column_sums(found, size, |a, b| (a - b) * (a - b)));
        self.of_copies.push(signal);
    }
}

fn add_to(sums: &mut Vec<f64>, values: &[f64]) {
    sums.resize(values.len(), 0.0);
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// Sums over stimuli.
fn column_sums(found: &side::Projections, size: usize, of: fn(f64, f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; size];
    for (first, second) in found.first.chunks_exact(size).zip(found.second.chunks_exact(size)) {
        sums.iter_mut().zip(first.iter().zip(second)).for_each(|(sum, (a, b))| *sum += of(*a, *b));
    }
    sums
}

/// The standard deviation of every signal over copies; 0 for a single one.
fn deviations(copies: &[Vec<f64>], stimuli: usize) -> Vec<f64> {
    let count = copies.len() as f64;
    let size = copies.first().map_or(0, Vec::len);
    (0..size)
        .map(|n| {
            let values = || copies.iter().filter_map(|copy| copy.get(n)).map(|sum| sum / stimuli as f64);
            let mean = values().sum::<f64>() / count;
            let squares: f64 = values().map(|value| (value - mean) * (value - mean)).sum();
            if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { 0.0 }
        })
        .collect()
}
