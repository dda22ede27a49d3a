//! Expectations of products of two units under a normal distribution.

use super::mixture::{Mixture, TERMS};
use crate::nn::Activation;
use crate::numeric::{erf, mirror_lower, multiversion};
use rayon::prelude::*;
use std::f64::consts::PI;

/// The nonlinearity of a wide network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Tanh,
    Relu,
    Erf,
}

impl From<Activation> for Unit {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Tanh => Unit::Tanh,
            Activation::Relu => Unit::Relu,
        }
    }
}

impl Unit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Unit::Tanh => "tanh",
            Unit::Relu => "relu",
            Unit::Erf => "erf",
        }
    }

    pub(super) fn value(self, x: f64) -> f64 {
        match self {
            Unit::Tanh => x.tanh(),
            // NaN stays.
            Unit::Relu => {
                if x <= 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Unit::Erf => erf(x),
        }
    }

    /// `E[f(u) f(v)]` of all pairs `(u, v)` of centred normal variables: from their covariances `(n, n)`, whose place it takes.
    pub(super) fn expect(self, covariance: &mut [f64], n: usize) {
        let variances: Vec<f64> = covariance.iter().step_by(n + 1).copied().collect();
        let mixture = Mixture::new();
        // Rows are as long as their number: tasks take them as they come.
        covariance.par_chunks_exact_mut(n).enumerate().with_max_len(1).for_each(|(i, row)| {
            let (row, variances) = (&mut row[..=i], &variances[..=i]);
            match self {
                Unit::Tanh => tanh_row(&mixture, row, variances),
                Unit::Relu => relu_row(row, variances),
                Unit::Erf => erf_row(row, variances),
            }
        });
        mirror_lower(covariance, n, 1.0);
    }
}

/// `a b - c^2`, which is not negative but for rounding.
#[inline(always)]
fn determinant(a: f64, b: f64, c: f64) -> f64 {
    let mean = (a * b).sqrt();
    ((mean - c) * (mean + c)).max(0.0)
}

/// `E[relu(u) relu(v)] = (sqrt(a b - c^2) + (pi - theta) c) / (2 pi)` for the variances `a`, `b`, the covariance `c` and the angle
/// `theta = arccos(c / sqrt(a b))`: the arc-cosine kernel of degree 1 (Cho and Saul 2009, twice as large there). The covariances
/// `row` with the last of the `variances` become expectations.
fn relu_row(row: &mut [f64], variances: &[f64]) {
    let a = variances.last().copied().unwrap_or_default();
    for (c, b) in row.iter_mut().zip(variances) {
        let sine = determinant(a, *b, *c).sqrt();
        *c = (sine + (PI - sine.atan2(*c)) * *c) / (2.0 * PI);
    }
}

/// `E[erf(u) erf(v)] = 2 / pi arcsin(2 c / sqrt((1 + 2 a) (1 + 2 b)))` (Williams 1997).
fn erf_row(row: &mut [f64], variances: &[f64]) {
    let a = variances.last().copied().unwrap_or_default();
    for (c, b) in row.iter_mut().zip(variances) {
        let roots = ((0.5 + a).sqrt(), (0.5 + b).sqrt());
        *c = 2.0 / PI * arcsine(*c, 0.25 + 0.5 * (a + b) + determinant(a, *b, *c), roots.0 * roots.1);
    }
}

multiversion! {
    /// `E[tanh(u) tanh(v)]`: with `tanh(x) = sum of w_i erf(x / (sqrt(2) s_i))`
    ///
    /// ```text
    /// 2 / pi sum over i and j of w_i w_j arcsin(c / sqrt((s_i^2 + a) (s_j^2 + b)))
    /// ```
    fn tanh_row(mixture: &Mixture, row: &mut [f64], variances: &[f64]) {
        let Mixture { weights, variances: own } = mixture;
        let a = variances.last().copied().unwrap_or_default();
        let left = own.map(|s| (s + a).sqrt());
        for (c, b) in row.iter_mut().zip(variances) {
            let rest = determinant(a, *b, *c);
            let sums = own.map(|s| s + b);
            let right = sums.map(f64::sqrt);
            let across = own.map(|s| s.mul_add(a, rest));
            let mut parts = [0.0; TERMS];
            for i in 0..TERMS {
                for j in 0..TERMS {
                    let angle = arcsine(*c, own[i].mul_add(sums[j], across[j]), left[i] * right[j]);
                    parts[j] = (weights[i] * weights[j]).mul_add(angle, parts[j]);
                }
            }
            *c = 2.0 / PI * parts.iter().sum::<f64>();
        }
    }
}

/// `arcsin(c / r)` where `rest = r^2 - c^2`, without loss of digits where `c` is close to `r`, and without branches.
#[inline(always)]
fn arcsine(c: f64, rest: f64, r: f64) -> f64 {
    // Tangents of a half and of a quarter of the angle; that is at most sqrt(2) - 1.
    let half = c / (rest.sqrt() + r);
    let quarter = half / (1.0 + half.mul_add(half, 1.0).sqrt());
    let square = quarter * quarter;
    // The series of the arctangent.
    let mut sum = 0.0;
    for k in (0..21).rev() {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum = square.mul_add(sum, sign / f64::from(2 * k + 1));
    }
    4.0 * quarter * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcsines_are_those_of_the_standard_library() {
        for i in -1000..=1000 {
            let c = f64::from(i) / 1000.0;
            let got = arcsine(3.0 * c, 9.0 * (1.0 - c) * (1.0 + c), 3.0);
            assert!((got - c.asin()).abs() <= 1e-15 * c.asin().abs(), "{c}: {got}");
        }
        assert_eq!(arcsine(0.0, 1.0, 1.0), 0.0);
    }
}
