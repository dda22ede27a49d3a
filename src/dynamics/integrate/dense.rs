//! The interpolant of one step.

use super::polynomial::sign_changes;

/// Value `y(t)` inside one step, a polynomial in `s = (t - start) / step`, with `q = 1 - s`:
///
/// ```text
/// y = c0 + s (c1 + q (c2 + s (c3 + q c4)))
/// ```
///
/// the form of Hairer, Norsett and Wanner, *Solving Ordinary Differential Equations I*, section II.6. It has order 4 for
/// Dormand-Prince; for the Rosenbrock method `c4 = 0` and the order is 3.
#[derive(Clone, Default)]
pub struct DenseStep {
    pub(super) start: f64,
    pub(super) step: f64,
    /// `c0`, ..., `c4`, one after the other.
    pub(super) coefficients: Vec<f64>,
}

impl DenseStep {
    /// The time at which the step starts.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// The time at which it ends; before [`start`](DenseStep::start) in backward time.
    pub fn end(&self) -> f64 {
        self.start + self.step
    }

    /// Writes the state at time `t` into `out`, which has as many entries as the state.
    pub fn state(&self, t: f64, out: &mut [f64]) {
        let s = if self.step == 0.0 { 0.0 } else { (t - self.start) / self.step };
        evaluate(&self.coefficients, s, out);
    }

    /// The times at which `normal . y - offset` changes its sign, in order, and whether it rises there.
    pub(crate) fn crossings(&self, normal: &[f64], offset: f64) -> Vec<(f64, bool)> {
        let mut line = along(&self.coefficients, normal);
        line[0] -= offset;
        let bend: f64 = line.iter().skip(1).map(|c| c.abs()).sum();
        if line[0].abs() > bend {
            return vec![];
        }
        let mut rising = line[0] < 0.0;
        let mut found = vec![];
        for s in sign_changes(&line) {
            found.push((self.start + s * self.step, rising));
            rising = !rising;
        }
        found
    }
}

/// The polynomial at `s`; `coefficients` has five times as many entries as `out`.
pub(crate) fn evaluate(coefficients: &[f64], s: f64, out: &mut [f64]) {
    let (d, q) = (out.len(), 1.0 - s);
    let c = |k: usize, i: usize| coefficients[k * d + i];
    for (i, out) in out.iter_mut().enumerate() {
        *out = c(0, i) + s * (c(1, i) + q * (c(2, i) + s * (c(3, i) + q * c(4, i))));
    }
}

/// The coefficients of `s^0`, ..., `s^4` of `normal . y(s)`.
pub(crate) fn along(coefficients: &[f64], normal: &[f64]) -> [f64; 5] {
    let d = normal.len();
    let c = |k: usize| -> f64 { (0..d).map(|i| normal[i] * coefficients[k * d + i]).sum() };
    let (c0, c1, c2, c3, c4) = (c(0), c(1), c(2), c(3), c(4));
    [c0, c1 + c2, c3 + c4 - c2, -c3 - 2.0 * c4, c4]
}
