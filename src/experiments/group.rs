//! One variant of an experiment, with all of its seeds.

use crate::attack::ErrorCurve;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::spectra::{MeanSpectrum, Spectrum, mean_and_error};
use std::collections::BTreeMap;

/// All seeds of one variant.
#[derive(Clone)]
pub struct Group {
    /// `shallow`, `deep` or `cnn`.
    pub network: String,
    /// `mnist`, `cifar10` or `cifar10-augmented`.
    pub data: String,
    /// Whether it has a whitening layer.
    pub whitening: bool,
    /// `none`, `spectral-last`, `spectral-all` or `jacobian`.
    pub penalty: String,
    /// Beta of a spectral penalty, strength of a Jacobian one.
    pub strength: Option<f64>,
    /// Passes over the training set.
    pub epochs: i64,
    /// The seeds that are there, ascending.
    pub seeds: Vec<i64>,
    /// Numbers by measurement and tap.
    pub(super) numbers: BTreeMap<(String, Option<String>), Vec<Number>>,
}

#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) seed: i64,
    pub(super) index: Option<i64>,
    pub(super) parameter: Option<f64>,
    pub(super) value: f64,
}

/// A number over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Sample standard deviation over the root of `count`; 0 for one seed.
    pub standard_error: f64,
    /// How many seeds.
    pub count: usize,
}

impl Mean {
    /// The same in percent.
    pub fn percent(self) -> Self {
        Self { mean: 100.0 * self.mean, standard_error: 100.0 * self.standard_error, ..self }
    }

    /// Whether it is smaller by more than twice the standard error of the difference, the root of the sum of squares of
    /// both errors. For one seed, which has no spread, whether it is smaller.
    ///
    /// ```
    /// use eigengate::experiments::Mean;
    ///
    /// let of = |mean, standard_error| Mean { mean, standard_error, count: 3 };
    /// assert!(of(0.4, 0.03).is_below(of(0.51, 0.04)));
    /// assert!(!of(0.4, 0.03).is_below(of(0.49, 0.04)));
    /// ```
    pub fn is_below(self, other: Self) -> bool {
        other.mean - self.mean > 2.0 * self.standard_error.hypot(other.standard_error)
    }
}

/// Mean and standard error with the digits asked for, or 3: `5.12 ± 0.03`; the mean alone for one seed.
impl std::fmt::Display for Mean {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(3);
        write!(f, "{:.digits$}", self.mean)?;
        if self.count > 1 { write!(f, " ± {:.digits$}", self.standard_error) } else { Ok(()) }
    }
}

impl Group {
    /// What its runs have in common, in the order of a list of groups.
    pub(super) fn key(&self) -> (&str, &str, bool, usize, f64, i64) {
        let penalties = ["none", "spectral-last", "spectral-all", "jacobian"];
        let penalty = penalties.iter().position(|name| *name == self.penalty).unwrap_or(penalties.len());
        (&self.network, &self.data, self.whitening, penalty, self.strength.unwrap_or(0.0), self.epochs)
    }

    /// For a legend: `vanilla`, `β = 5`, `β = 5, all layers`, `Jacobian 0.01`, followed by `, whitened`.
    pub fn label(&self) -> String {
        let strength = self.strength.unwrap_or_default();
        let penalty = match self.penalty.as_str() {
            "none" => "vanilla".to_owned(),
            "spectral-last" if self.network == "shallow" => format!("β = {strength}"),
            "spectral-last" => format!("β = {strength}, last layer"),
            "spectral-all" => format!("β = {strength}, all layers"),
            "jacobian" => format!("Jacobian {strength}"),
            other => format!("{other} {strength}"),
        };
        if self.whitening { format!("{penalty}, whitened") } else { penalty }
    }

    /// Names of the hidden layers, first to last.
    pub fn taps(&self) -> Vec<String> {
        let names = self.numbers.keys().filter(|(measurement, _)| measurement == "eigenvalue");
        names.filter_map(|(_, tap)| tap.clone()).collect()
    }

    /// Mean over seeds of a measurement that is of no layer, such as `test_error`, or of `error_pgd` at one size.
    ///
    /// # Errors
    /// [`Error::Parameter`] where there are no such rows.
    pub fn mean(&self, measurement: &str, parameter: Option<f64>) -> Result<Mean> {
        self.mean_where(measurement, None, |number| number.parameter == parameter)
    }

    /// Mean over seeds of the exponent alpha of a hidden layer's spectrum.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a layer that it does not have.
    pub fn alpha(&self, tap: &str) -> Result<Mean> {
        self.mean_where("alpha", Some(tap), |_| true)
    }

    fn mean_where(
        &self,
        measurement: &str,
        tap: Option<&str>,
        wanted: impl Fn(&Number) -> bool,
    ) -> Result<Mean> {
        let rows = self.rows(measurement, tap)?.iter().filter(|number| wanted(number));
        let values: Vec<f64> = rows.map(|number| number.value).collect();
        if values.len() != self.seeds.len() {
            let expected = format!("one of {}, with a size that was measured", self.measurements());
            return Err(Error::parameter("measurement", measurement, expected));
        }
        let (mean, standard_error) = mean_and_error(&values);
        Ok(Mean { mean, standard_error, count: values.len() })
    }

    /// Errors against the size of an attack (`error_fgsm`, `error_pgd`) or of the noise (`error_noise`), mean and standard
    /// error over seeds, named by the [label](Group::label).
    ///
    /// # Errors
    /// [`Error::Parameter`] where there are no such rows.
    pub fn curve(&self, measurement: &str) -> Result<ErrorCurve> {
        let mut sizes: Vec<f64> = self.rows(measurement, None)?.iter().filter_map(|n| n.parameter).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let means =
            sizes.iter().map(|size| self.mean(measurement, Some(*size))).collect::<Result<Vec<_>>>()?;
        Ok(ErrorCurve {
            name: self.label(),
            eps: sizes,
            error: means.iter().map(|mean| mean.mean).collect(),
            standard_error: means.iter().map(|mean| mean.standard_error).collect(),
        })
    }

    /// The spectrum of a hidden layer, mean and standard error over seeds, named by the [label](Group::label).
    ///
    /// # Errors
    /// [`Error::Parameter`] for a layer that it does not have.
    pub fn spectrum(&self, tap: &str) -> Result<MeanSpectrum> {
        let numbers = self.rows("eigenvalue", Some(tap))?;
        let of_seed = |seed: &i64| {
            let mut own: Vec<&Number> = numbers.iter().filter(|number| number.seed == *seed).collect();
            own.sort_by_key(|number| number.index);
            Spectrum::new(tap, own.iter().map(|number| number.value).collect())
        };
        MeanSpectrum::of(self.label(), &self.seeds.iter().map(of_seed).collect::<Result<Vec<_>>>()?)
    }

    fn rows(&self, measurement: &str, tap: Option<&str>) -> Result<&[Number]> {
        let key = (measurement.to_owned(), tap.map(str::to_owned));
        let name = tap.map_or(measurement.to_owned(), |tap| format!("{measurement} of {tap}"));
        let missing = || Error::parameter("measurement", name, format!("one of {}", self.measurements()));
        self.numbers.get(&key).map(Vec::as_slice).ok_or_else(missing)
    }

    fn measurements(&self) -> String {
        let name = |(measurement, tap): &(String, Option<String>)| match tap {
            Some(tap) => format!("{measurement} of {tap}"),
            None => measurement.clone(),
        };
        self.numbers.keys().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Shows its label and seeds in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The [curve](Group::curve) of every variant.
///
/// # Errors
/// As for each.
pub fn curves(groups: &[Group], measurement: &str) -> Result<Vec<ErrorCurve>> {
    groups.iter().map(|group| group.curve(measurement)).collect()
}

/// The [spectrum](Group::spectrum) of one hidden layer of every variant.
///
/// # Errors
/// As for each.
pub fn spectra(groups: &[Group], tap: &str) -> Result<Vec<MeanSpectrum>> {
    groups.iter().map(|group| group.spectrum(tap)).collect()
}

/// A table of variants: seeds, epochs, alpha of the last hidden layer, and errors in percent, clean, under FGSM and PGD of
/// size `eps` and with Gaussian noise of standard deviation `noise`; all as mean ± standard error over seeds.
///
/// # Errors
/// [`Error::Empty`] without groups; [`Error::Parameter`] for a size that was not measured.
pub fn comparison(groups: &[Group], eps: f64, noise: f64) -> Result<Frame> {
    if groups.is_empty() {
        return Err(Error::empty("the list of variants"));
    }
    let column =
        |value: &dyn Fn(&Group) -> Result<String>| groups.iter().map(value).collect::<Result<Vec<_>>>();
    let percent = |group: &Group, measurement: &str, parameter: Option<f64>| {
        Ok(format!("{:.1}", group.mean(measurement, parameter)?.percent()))
    };
    Frame::new()
        .with("network", groups.iter().map(Group::label))?
        .with("seeds", groups.iter().map(|group| group.seeds.len()))?
        .with("epochs", groups.iter().map(|group| group.epochs))?
        .with(
            "alpha",
            column(&|group| match group.taps().last() {
                Some(tap) => Ok(format!("{:.2}", group.alpha(tap)?)),
                None => Ok(String::new()),
            })?,
        )?
        .with("clean error (%)", column(&|group| percent(group, "test_error", None))?)?
        .with(&format!("FGSM {eps} (%)"), column(&|group| percent(group, "error_fgsm", Some(eps)))?)?
        .with(&format!("PGD {eps} (%)"), column(&|group| percent(group, "error_pgd", Some(eps)))?)?
        .with(&format!("noise {noise} (%)"), column(&|group| percent(group, "error_noise", Some(noise)))?)
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Group({} {}: {}, seeds {:?}, {} epochs)",
            self.network,
            self.data,
            self.label(),
            self.seeds,
            self.epochs
        )
    }
}
