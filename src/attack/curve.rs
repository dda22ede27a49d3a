//! Error against the size of an attack.

use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::spectra::mean_and_error;

/// Error rate against eps of one network under one attack.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorCurve {
    /// For the legend, e.g. `vanilla, FGSM`.
    pub name: String,
    /// Sizes of the attack, in units of the pixel range.
    pub eps: Vec<f64>,
    /// Share of misclassified examples at each size, in `[0, 1]`.
    pub error: Vec<f64>,
    /// Standard error of that share, the half-width of the band.
    pub standard_error: Vec<f64>,
}

impl ErrorCurve {
    /// From the number of misclassified ones among `examples` at each size, with the binomial standard error
    /// `sqrt(p (1 - p) / n)`.
    pub(super) fn from_counts(name: &str, eps: &[f64], counts: &[usize], examples: usize) -> Self {
        let n = examples.max(1) as f64;
        let error: Vec<f64> = counts.iter().map(|count| *count as f64 / n).collect();
        let standard_error = error.iter().map(|p| (p * (1.0 - p) / n).sqrt()).collect();
        Self { name: name.to_owned(), eps: eps.to_vec(), error, standard_error }
    }

    /// The curve of all sizes from minimal distances, those of failed searches being NaN: at every eps the share of distances of
    /// at most eps, to 1e-6 of it.
    ///
    /// ```
    /// use eigengate::attack::ErrorCurve;
    /// let curve = ErrorCurve::of_distances("DeepFool", &[0.0, 0.3, f64::NAN, 0.1], &[0.0, 0.1, 0.5]);
    /// assert_eq!(curve.error, [0.25, 0.5, 0.75]);
    /// ```
    pub fn of_distances(name: &str, distances: &[f64], eps: &[f64]) -> Self {
        let within = |eps: f64| distances.iter().filter(|d| **d <= eps * (1.0 + 1e-6)).count();
        let counts: Vec<usize> = eps.iter().map(|eps| within(*eps)).collect();
        Self::from_counts(name, eps, &counts, distances.len())
    }

    /// The mean over networks that differ in their seed, with the standard error between seeds: the sample standard deviation over the
    /// root of their number.
    ///
    /// # Errors
    /// [`Error::Empty`] for no curve, [`Error::Shape`] for curves over other eps.
    pub fn over_seeds(name: &str, curves: &[ErrorCurve]) -> Result<Self> {
        let first = curves.first().ok_or_else(|| Error::empty("the list of curves"))?;
        if let Some(other) =
            curves.iter().find(|curve| curve.eps != first.eps || curve.error.len() != first.eps.len())
        {
            let (expected, found) = (format!("{:?}", first.eps), format!("{:?}", other.eps));
            return Err(Error::shape("eps of the curves", expected, found));
        }
        let (mut error, mut standard_error) = (vec![], vec![]);
        for place in 0..first.eps.len() {
            let values: Vec<f64> = curves.iter().map(|curve| curve.error[place]).collect();
            let (mean, spread) = mean_and_error(&values);
            error.push(mean);
            standard_error.push(spread);
        }
        Ok(Self { name: name.to_owned(), eps: first.eps.clone(), error, standard_error })
    }

    /// Shows the numbers in a notebook; [`plot::error_curves`](crate::plot::error_curves) draws them.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// The 95 % interval of a share of `count` in `n` (Wilson 1927). Unlike the standard error it is not empty at 0 and 1.
pub(super) fn wilson(count: usize, n: usize) -> (f64, f64) {
    let z = 1.959_963_984_540_054;
    let (n, p) = (n.max(1) as f64, count as f64 / n.max(1) as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// The float64 number that is written like this float32 one: 0.1 rather than 0.10000000149.
pub(super) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
