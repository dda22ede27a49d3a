//! The exponent of a spectrum.

use crate::display::{Content, show};
use crate::error::{Error, Result};

/// `lambda_n = amplitude * n^-alpha`, fitted over `n = first..=last`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// Exponent: minus the slope on log-log axes. Close to 1 in mouse V1 (Stringer2019).
    pub alpha: f64,
    /// The fitted value at `n = 1`.
    pub amplitude: f64,
    /// First index of the fit, counted from 1.
    pub first: usize,
    /// Last index of the fit.
    pub last: usize,
    /// Goodness of the fit: the share of the variance of `log lambda_n` over the range, with weights `1 / n`, that the line explains. 1 is a
    /// perfect line; 0 for values that do not fall or rise at all.
    pub r_squared: f64,
}

impl PowerLaw {
    /// Weighted least squares of `log lambda_n` on `log n` with weights `1 / n`, so that every decade counts
    /// about alike (Stringer2019, whose usual range is 11..=500).
    ///
    /// `eigenvalues` stand in descending order; `first` and `last` count from 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `1 <= first < last <= len`, and for eigenvalues in the range that are not
    /// positive.
    pub fn fit(eigenvalues: &[f64], first: usize, last: usize) -> Result<Self> {
        let range = || format!("{first}..={last}");
        if first == 0 || first >= last || last > eigenvalues.len() {
            let expected = format!("1 <= first < last <= {}", eigenvalues.len());
            return Err(Error::parameter("fit range", range(), expected));
        }
        let inside = eigenvalues.get(first - 1..last).unwrap_or(&[]);
        if let Some(offset) = inside.iter().position(|&l| l.is_nan() || l <= 0.0) {
            let expected = format!("a range of positive eigenvalues; number {} is not", first + offset);
            return Err(Error::parameter("fit range", range(), expected));
        }
        let (mut w, mut x, mut y) = (0.0, 0.0, 0.0);
        let points: Vec<(f64, f64, f64)> =
            inside.iter().zip(first..).map(|(l, n)| (1.0 / n as f64, (n as f64).ln(), l.ln())).collect();
        for (weight, log_n, log_l) in &points {
            w += weight;
            x += weight * log_n;
            y += weight * log_l;
        }
        let (x, y) = (x / w, y / w);
        let covariance: f64 = points.iter().map(|(w, n, l)| w * (n - x) * (l - y)).sum();
        let variance: f64 = points.iter().map(|(w, n, _)| w * (n - x) * (n - x)).sum();
        let alpha = -covariance / variance;
        let spread: f64 = points.iter().map(|(w, _, l)| w * (l - y) * (l - y)).sum();
        let r_squared = if spread > 0.0 { covariance * covariance / (variance * spread) } else { 0.0 };
        Ok(Self { alpha, amplitude: (y + alpha * x).exp(), first, last, r_squared })
    }

    /// Shows exponent and range in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&self.to_string())]);
    }

    /// The fitted `lambda_n`, `n` counted from 1.
    pub fn value(&self, n: usize) -> f64 {
        self.amplitude * (n as f64).powf(-self.alpha)
    }
}

impl std::fmt::Display for PowerLaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "alpha = {:.3} (n = {}..={})", self.alpha, self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_power_law_is_found() -> Result<()> {
        let lambda: Vec<f64> = (1..=600).map(|n| 3.0 * f64::from(n).powf(-1.2)).collect();
        let fit = PowerLaw::fit(&lambda, 11, 500)?;
        assert!((fit.alpha - 1.2).abs() < 1e-12 && (fit.amplitude - 3.0).abs() < 1e-10, "{fit:?}");
        assert!((fit.r_squared - 1.0).abs() < 1e-12);
        assert!((fit.value(100) - lambda[99]).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn weights_are_one_over_n() -> Result<()> {
        // numpy: n = np.array([2., 3., 4.]); l = np.array([8., 2., 1.])
        // -np.polyfit(np.log(n), np.log(l), 1, w=np.sqrt(1 / n))[0]
        let fit = PowerLaw::fit(&[100.0, 8.0, 2.0, 1.0], 2, 4)?;
        assert!((fit.alpha - NUMPY).abs() < 1e-10, "{}", fit.alpha);
        // numpy: x, y, w = np.log(n), np.log(l), 1 / n; r = y - np.polyval(np.polyfit(x, y, 1, w=np.sqrt(w)), x)
        // 1 - (w * r**2).sum() / (w * (y - np.average(y, weights=w))**2).sum()
        assert!((fit.r_squared - GOODNESS).abs() < 1e-10, "{}", fit.r_squared);
        Ok(())
    }
    const NUMPY: f64 = 3.078_516_047_734_771_7;
    const GOODNESS: f64 = 0.992_635_004_400_189;

    #[test]
    fn bad_ranges_are_refused() {
        let lambda = [4.0, 2.0, 1.0, 0.0, -1e-9];
        for (first, last) in [(0, 3), (3, 3), (3, 2), (1, 6), (1, 4), (4, 5)] {
            let text = PowerLaw::fit(&lambda, first, last).unwrap_err().to_string();
            assert!(text.contains(&format!("{first}..={last}")), "{text}");
        }
        assert!(PowerLaw::fit(&[1.0, f64::NAN], 1, 2).is_err());
    }
}
