//! The spectrum of a population's signal, with its noise, plain PCA and bootstrap beside it.

use super::dimension::{effective_dimension, participation_ratio};
use super::power_law::PowerLaw;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::exchange;
use crate::frame::Frame;
use ndarray::Array2;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What [`CvPca`](super::CvPca) finds, which has the formulas: a value for every principal direction of half of the repeats, in descending order
/// of `pca`.
#[derive(Clone, PartialEq)]
pub struct SignalSpectrum {
    /// For the legend; the recording's name.
    pub name: String,
    /// Variance of the signal along every direction, the mean over shuffles. It need not fall from each to the next, and may be negative.
    pub signal: Vec<f64>,
    /// Plain PCA: eigenvalues of the covariance of half of the repeats, noise included, the mean over shuffles.
    pub pca: Vec<f64>,
    /// Variance along every direction of the noise of one repeat, the mean over shuffles.
    pub noise: Vec<f64>,
    /// Standard deviation of `signal` over shuffles (count less one); 0 without shuffles.
    pub shuffle_deviation: Vec<f64>,
    /// Signals of the bootstrap `(replicates, directions)`.
    pub bootstrap: Arc<Array2<f64>>,
    /// Number of stimuli.
    pub stimuli: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// Number of repeats.
    pub repeats: usize,
    /// Number of shuffles.
    pub shuffles: usize,
}

/// The exponent of a [`SignalSpectrum`] with its bootstrap interval.
#[derive(Clone, Copy, PartialEq)]
pub struct AlphaInterval {
    /// The fit to the signal itself.
    pub law: PowerLaw,
    /// Lower end of the interval of alpha.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Mass between the ends, e.g. 0.95.
    pub level: f64,
    /// Replicates that the ends are quantiles of.
    pub replicates: usize,
    /// Replicates that are left out, because their signal is not positive everywhere in the range.
    pub left_out: usize,
}

impl SignalSpectrum {
    /// Fits `signal_n = amplitude * n^-alpha` over `n = first..=last`, counted from 1, with weights 1/n: see [`PowerLaw::fit`].
    /// Stringer2019 uses 11..=500.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a range that is not inside `1..=len` or has values that are not positive, which are noise: end it
    /// before. (The published code takes their absolute value.)
    pub fn power_law(&self, first: usize, last: usize) -> Result<PowerLaw> {
        PowerLaw::fit(&self.signal, first, last)
    }

    /// [`SignalSpectrum::power_law`] and the interval of alpha over the bootstrap: the quantiles `(1 - level) / 2` and `(1 + level) / 2`, with
    /// linear interpolation, of the exponents of the replicates.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a level outside of 0 to 1, without a bootstrap, or where more than half of the replicates have values in the range that
    /// are not positive; those of [`SignalSpectrum::power_law`].
    pub fn interval(&self, first: usize, last: usize, level: f64) -> Result<AlphaInterval> {
        self.check(level)?;
        let law = self.power_law(first, last)?;
        let mut alphas: Vec<f64> = self
            .bootstrap
            .rows()
            .into_iter()
            .filter_map(|row| PowerLaw::fit(row.as_slice().unwrap_or_default(), first, last).ok())
            .map(|law| law.alpha)
            .collect();
        let all = self.bootstrap.nrows();
        if 2 * alphas.len() < all || alphas.is_empty() {
            let range = format!("{first}..={last}");
            let expected = format!(
                "a range that ends earlier: {} of {all} replicates are not positive in it",
                all - alphas.len()
            );
            return Err(Error::parameter("fit range", range, expected));
        }
        alphas.sort_by(f64::total_cmp);
        let [low, high] = [0.5 - level / 2.0, 0.5 + level / 2.0].map(|share| quantile(&alphas, share));
        Ok(AlphaInterval { law, low, high, level, replicates: alphas.len(), left_out: all - alphas.len() })
    }

    /// Lower and upper end of the bootstrap interval of every signal.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a level outside of 0 to 1, or without a bootstrap.
    pub fn band(&self, level: f64) -> Result<(Vec<f64>, Vec<f64>)> {
        self.check(level)?;
        let ends = self.bootstrap.columns().into_iter().map(|column| {
            let mut values = column.to_vec();
            values.sort_by(f64::total_cmp);
            (quantile(&values, 0.5 - level / 2.0), quantile(&values, 0.5 + level / 2.0))
        });
        Ok(ends.unzip())
    }

    fn check(&self, level: f64) -> Result<()> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::parameter("level", level, "a share between 0 and 1, e.g. 0.95"));
        }
        if self.bootstrap.nrows() == 0 {
            return Err(Error::parameter(
                "replicates",
                0,
                "at least one bootstrap replicate (`CvPca::with_replicates`)",
            ));
        }
        Ok(())
    }

    /// The share of the signal in all variance of half of the repeats: `sum signal / sum pca`.
    pub fn signal_share(&self) -> f64 {
        self.signal.iter().sum::<f64>() / self.pca.iter().sum::<f64>()
    }

    /// The participation ratio `(sum signal)^2 / sum signal^2`.
    pub fn participation_ratio(&self) -> f64 {
        participation_ratio(&self.signal)
    }

    /// The effective dimension `exp(-sum p log p)`, `p` the share of a signal in the sum of all positive ones.
    pub fn effective_dimension(&self) -> f64 {
        effective_dimension(&self.signal)
    }

    /// The same spectra as shares of the signal's total variance, as published figures show them.
    ///
    /// # Errors
    /// [`Error::Numeric`] where that is not positive.
    pub fn normalised(&self) -> Result<Self> {
        let total: f64 = self.signal.iter().sum();
        if !(total > 0.0) {
            let reason = format!("the signal's total variance is {total:.3e}, no more than noise");
            return Err(Error::Numeric { method: "normalising a spectrum", reason });
        }
        let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value / total).collect() };
        Ok(Self {
            signal: scaled(&self.signal),
            pca: scaled(&self.pca),
            noise: scaled(&self.noise),
            shuffle_deviation: scaled(&self.shuffle_deviation),
            bootstrap: Arc::new(self.bootstrap.mapv(|value| value / total)),
            ..self.clone()
        })
    }

    /// One row per direction: `n`, `signal`, `shuffle_deviation`, `pca`, `noise`, and `low` and `high` of the 95 % bootstrap interval if there is
    /// one.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let frame = Frame::new()
            .with("n", 1..=self.signal.len())?
            .with("signal", &self.signal)?
            .with("shuffle_deviation", &self.shuffle_deviation)?
            .with("pca", &self.pca)?
            .with("noise", &self.noise)?;
        if self.bootstrap.nrows() == 0 {
            return Ok(frame);
        }
        let (low, high) = self.band(0.95)?;
        frame.with("low", low)?.with("high", high)
    }

    /// Writes an npz file with the arrays `signal`, `shuffle_deviation`, `pca`, `noise` and `bootstrap`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write_npz(&self, path: impl AsRef<Path>) -> Result<()> {
        exchange::write_npz(
            path,
            &[
                ("signal", &self.signal),
                ("shuffle_deviation", &self.shuffle_deviation),
                ("pca", &self.pca),
                ("noise", &self.noise),
                ("bootstrap", &*self.bootstrap),
            ],
        )
    }

    /// Shows a summary; [`plot::signal_spectra`](crate::plot::signal_spectra) draws it.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Of sorted values, with linear interpolation (numpy's default).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().max(1) - 1) as f64;
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or(f64::NAN);
    let below = place.floor();
    let (low, high) = (at(below as usize), at(below as usize + 1));
    low + (place - below) * (high - low)
}

impl fmt::Debug for SignalSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SignalSpectrum({}: {} directions of {} stimuli x {} neurons, {} repeats, {} shuffles; signal {:.1} % of the variance, \
             participation ratio {:.1})",
            self.name,
            self.signal.len(),
            self.stimuli,
            self.neurons,
            self.repeats,
            self.shuffles,
            100.0 * self.signal_share(),
            self.participation_ratio()
        )
    }
}

impl AlphaInterval {
    /// Shows the exponent and its interval.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&self.to_string())]);
    }
}

impl fmt::Display for AlphaInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PowerLaw { alpha, first, last, r_squared, .. } = self.law;
        let percent = 100.0 * self.level;
        write!(
            f,
            "alpha = {alpha:.3} ({percent:.0} %: {:.3} to {:.3}; n = {first}..={last}, R² = {r_squared:.4}",
            self.low, self.high
        )?;
        if self.left_out > 0 {
            write!(f, "; {} of {} replicates left out", self.left_out, self.left_out + self.replicates)?;
        }
        write!(f, ")")
    }
}

impl fmt::Debug for AlphaInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlphaInterval({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.975, 1])
        let wanted = [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.975, 7.7), (1.0, 8.0)];
        for (share, want) in wanted {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], share) - want).abs() < 1e-12, "{share}");
        }
        assert_eq!(quantile(&[5.0], 0.3), 5.0);
    }
}
