//! tanh as a mixture of error functions, which makes its kernel a sum of arcsines.

use std::f64::consts::PI;

/// Terms of the sum.
pub(super) const TERMS: usize = 24;

/// The rule that stands for the integral: its step, and its first node, on the axis of `log s`.
const STEP: f64 = 0.14;
const FIRST: f64 = -1.75;

/// `tanh(x) = sum over i of w_i erf(x / (sqrt(2) s_i))`, with a relative error below 1e-12 for every x.
///
/// The logistic distribution is a mixture of normal ones whose standard deviation follows Kolmogorov's distribution (Stefanski
/// 1991, Statistics and Probability Letters 11): so is tanh one of error functions,
///
/// ```text
/// tanh(x) = integral over s > 0 of erf(x / (sqrt(2) s)) f(s) ds
/// ```
///
/// The trapezoidal rule over `log s` converges geometrically. All weights are positive, so that the kernel of the sum is that
/// of a function, and where `|error(x)| <= e |tanh(x)|` its error is at most `(2 e + e^2) sqrt(K(x, x) K(y, y))`.
pub(super) struct Mixture {
    /// `w_i`.
    pub(super) weights: [f64; TERMS],
    /// `s_i^2`.
    pub(super) variances: [f64; TERMS],
}

impl Mixture {
    pub(super) fn new() -> Self {
        let node = |i: usize| (FIRST + STEP * i as f64).exp();
        Self {
            weights: std::array::from_fn(|i| STEP * node(i) * kolmogorov(node(i))),
            variances: std::array::from_fn(|i| node(i) * node(i)),
        }
    }
}

/// The density of Kolmogorov's distribution, by the one of its two theta series that converges fast.
fn kolmogorov(s: f64) -> f64 {
    if s > 1.0 {
        let term = |k: f64| k * k * (-2.0 * k * k * s * s).exp();
        return 8.0
            * s
            * (1..8).map(|k| if k % 2 == 1 { term(f64::from(k)) } else { -term(f64::from(k)) }).sum::<f64>();
    }
    // The derivative of sqrt(2 pi) / s * sum of exp(-q / s^2), q = ((2 k - 1) pi)^2 / 8.
    let term = |k: i32| {
        let q = (f64::from(2 * k - 1) * PI).powi(2) / 8.0;
        (2.0 * q / (s * s) - 1.0) * (-q / (s * s)).exp()
    };
    (2.0 * PI).sqrt() / (s * s) * (1..8).map(term).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::erf;

    #[test]
    fn the_mixture_is_tanh_to_its_stated_error() {
        let mixture = Mixture::new();
        let mut worst = 0.0f64;
        for i in 0..4000 {
            // From 1e-6 to 60, and there 1 to rounding.
            let x = 1e-6 * (f64::from(i) / 3999.0 * 6e7f64.ln()).exp();
            let terms = mixture.weights.iter().zip(&mixture.variances);
            let sum: f64 = terms.map(|(w, variance)| w * erf(x / (2.0 * variance).sqrt())).sum();
            worst = worst.max((sum / x.tanh() - 1.0).abs());
        }
        assert!(worst < 1e-12, "relative error {worst:e}");
        assert!(mixture.weights.iter().all(|w| *w > 0.0));
    }

    #[test]
    fn both_series_are_one_density() {
        assert!((kolmogorov(1.0) / kolmogorov(1.0 + 1e-12) - 1.0).abs() < 1e-10);
        // scipy.stats.kstwobign.pdf([0.5, 1, 2])
        for (s, want) in [(0.5, 0.639_582_85), (1.0, 1.071_948_56), (2.0, 0.005_367_4)] {
            assert!((kolmogorov(s) - want).abs() < 1e-7, "{s}: {}", kolmogorov(s));
        }
    }
}
