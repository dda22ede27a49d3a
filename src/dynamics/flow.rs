//! The flow of a GRU and its gate-free residual.

use super::bounds::planar_bounds;
use super::field::{VectorField, with_scratch};
use super::gate::{sigmoid, sigmoid_and_slope, tanh_and_slope};
use super::gru::{GruWeights, Reset};
use super::jets::Order;
use crate::error::{Error, Result, finite};
use crate::numeric::{View, product_here};
use ndarray::{Array1, Array2};
use std::fmt;

/// From so many units on, a product of matrices is left to the library.
const LARGE: usize = 24;

/// The flow `dh/dt = (1 - z) * g(h)` of a GRU, with the gate-free residual `g = n - h`.
///
/// The zeros of `g` are the fixed points. `1 - z` is computed as `sigmoid(-(Uz h + bz))`: it never vanishes before
/// underflow, so a closed gate does not make a fixed point. The Jacobian is that of the formula, term by term.
#[derive(Clone, PartialEq)]
pub struct GruFlow {
    pub(crate) d: usize,
    pub(crate) reset: Reset,
    pub(crate) uz: Vec<f64>,
    pub(crate) ur: Vec<f64>,
    pub(crate) uh: Vec<f64>,
    pub(crate) bz: Vec<f64>,
    pub(crate) br: Vec<f64>,
    pub(crate) bh: Vec<f64>,
    pub(crate) bhh: Vec<f64>,
}

impl GruFlow {
    pub(crate) fn new(weights: &GruWeights) -> Self {
        let matrix = |m: &Array2<f64>| m.iter().copied().collect();
        Self {
            d: weights.units(),
            reset: weights.reset(),
            uz: matrix(weights.uz()),
            ur: matrix(weights.ur()),
            uh: matrix(weights.uh()),
            bz: weights.bz().to_vec(),
            br: weights.br().to_vec(),
            bh: weights.bh().to_vec(),
            bhh: weights.bhh().to_vec(),
        }
    }

    /// The number of units.
    pub fn units(&self) -> usize {
        self.d
    }

    /// `dh/dt` at `h`, with a check of `h`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`].
    pub fn velocity(&self, h: &Array1<f64>) -> Result<Array1<f64>> {
        let h = self.checked(h)?;
        let mut out = vec![0.0; self.d];
        self.field(&h, &mut out);
        Ok(Array1::from(out))
    }

    /// The Jacobian of `dh/dt` at `h`, `(d, d)`, with a check of `h`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`].
    pub fn jacobian_at(&self, h: &Array1<f64>) -> Result<Array2<f64>> {
        let h = self.checked(h)?;
        let mut out = Array2::zeros((self.d, self.d));
        if let Some(out) = out.as_slice_mut() {
            self.jacobian(&h, out);
        }
        Ok(out)
    }

    pub(crate) fn checked(&self, h: &Array1<f64>) -> Result<Vec<f64>> {
        if h.len() != self.d {
            return Err(Error::shape("h", self.d, h.len()));
        }
        finite("h", h)?;
        Ok(h.to_vec())
    }

    /// The gate-free residual `g(h) = n - h`, `d` numbers.
    pub fn residual(&self, h: &[f64], out: &mut [f64]) {
        if self.wrong(h, out, 1) {
            return;
        }
        with_scratch(self.d, |rh| {
            self.reset_into(h, rh);
            for i in 0..self.d {
                out[i] = self.candidate(h, rh, i).tanh() - h[i];
            }
        });
    }

    /// The Jacobian of the gate-free residual, row-major, `d * d` numbers.
    pub fn residual_jacobian(&self, h: &[f64], out: &mut [f64]) {
        if self.wrong(h, out, self.d) {
            return;
        }
        with_scratch(3 * self.d, |scratch| {
            let (r, scratch) = scratch.split_at_mut(self.d);
            let (slope, candidate) = scratch.split_at_mut(self.d);
            self.residual_jacobian_with(h, out, r, slope, candidate);
        });
    }

    /// `Dg` into `out`, the reset gate into `r`, its slope into `slope` and the candidate `n` into `candidate`.
    fn residual_jacobian_with(
        &self,
        h: &[f64],
        out: &mut [f64],
        r: &mut [f64],
        slope: &mut [f64],
        candidate: &mut [f64],
    ) {
        let d = self.d;
        for i in 0..d {
            (r[i], slope[i]) = sigmoid_and_slope(affine(&self.ur, &self.br, h, i));
        }
        let product = self.reset == Reset::Before && d >= LARGE;
        if product {
            self.through_reset(h, slope, out);
        }
        for i in 0..d {
            let uh = &self.uh[i * d..][..d];
            let row = &mut out[i * d..][..d];
            // The derivatives of the argument of tanh.
            let argument = match self.reset {
                Reset::Before => {
                    let mut argument = self.bh[i];
                    for j in 0..d {
                        argument += uh[j] * (r[j] * h[j]);
                        row[j] = uh[j] * r[j] + if product { row[j] } else { 0.0 };
                    }
                    for k in 0..if product { 0 } else { d } {
                        let through_gate = uh[k] * h[k] * slope[k];
                        for (value, u) in row.iter_mut().zip(&self.ur[k * d..]) {
                            *value += through_gate * u;
                        }
                    }
                    argument
                }
                Reset::After => {
                    let product = affine(&self.uh, &self.bhh, h, i);
                    for j in 0..d {
                        row[j] = r[i] * uh[j] + product * slope[i] * self.ur[i * d + j];
                    }
                    self.bh[i] + r[i] * product
                }
            };
            let (n, sech2) = tanh_and_slope(argument);
            candidate[i] = n;
            for value in row.iter_mut() {
                *value *= sech2;
            }
            row[i] -= 1.0;
        }
    }

    /// `Uh diag(h r') Ur` as one product, which is what the reset gate adds to the slopes of the candidate's argument.
    fn through_reset(&self, h: &[f64], slope: &[f64], out: &mut [f64]) {
        let d = self.d;
        let rows = self.ur.chunks_exact(d).zip(h.iter().zip(slope));
        let scaled: Vec<f64> = rows.flat_map(|(row, (h, s))| row.iter().map(move |u| h * s * u)).collect();
        product_here(out, false, View::new(&self.uh, d, d), View::new(&scaled, d, d));
    }

    /// The complement `1 - z` of the update gate, `d` numbers above 0: how fast each unit moves.
    pub fn update_complement(&self, h: &[f64], out: &mut [f64]) {
        if self.wrong(h, out, 1) {
            return;
        }
        for (i, out) in out.iter_mut().enumerate() {
            *out = sigmoid(-affine(&self.uz, &self.bz, h, i));
        }
    }

    /// `r * h` for a reset before the product, `r` for one after it.
    fn reset_into(&self, h: &[f64], out: &mut [f64]) {
        for i in 0..self.d {
            let r = sigmoid(affine(&self.ur, &self.br, h, i));
            out[i] = match self.reset {
                Reset::Before => r * h[i],
                Reset::After => r,
            };
        }
    }

    /// The argument of tanh in unit `i`, with what `reset_into` gave.
    fn candidate(&self, h: &[f64], reset: &[f64], i: usize) -> f64 {
        match self.reset {
            Reset::Before => affine(&self.uh, &self.bh, reset, i),
            Reset::After => self.bh[i] + reset[i] * affine(&self.uh, &self.bhh, h, i),
        }
    }

    /// Whether a slice has a wrong size; the result is then NaN.
    fn wrong(&self, h: &[f64], out: &mut [f64], columns: usize) -> bool {
        let wrong = h.len() != self.d || out.len() != self.d * columns;
        if wrong {
            out.fill(f64::NAN);
        }
        wrong
    }
}

/// `(U h + b)_i`.
#[inline]
fn affine(u: &[f64], b: &[f64], h: &[f64], i: usize) -> f64 {
    let d = h.len();
    u[i * d..][..d].iter().zip(h).fold(b[i], |sum, (u, h)| sum + u * h)
}

impl VectorField for GruFlow {
    fn dimension(&self) -> usize {
        self.d
    }

    fn field(&self, h: &[f64], out: &mut [f64]) {
        self.residual(h, out);
        if h.len() == self.d {
            for (i, out) in out.iter_mut().enumerate().take(self.d) {
                *out *= sigmoid(-affine(&self.uz, &self.bz, h, i));
            }
        }
    }

    /// `diag(1 - z) Dg + diag(g) D(1 - z)`, where `D(1 - z) = -diag(z (1 - z)) Uz`.
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        if self.wrong(h, out, self.d) {
            return;
        }
        let d = self.d;
        with_scratch(3 * d, |scratch| {
            let (r, scratch) = scratch.split_at_mut(d);
            let (slope, candidate) = scratch.split_at_mut(d);
            self.residual_jacobian_with(h, out, r, slope, candidate);
            for i in 0..d {
                let (complement, slope) = sigmoid_and_slope(-affine(&self.uz, &self.bz, h, i));
                let residual = candidate[i] - h[i];
                for j in 0..d {
                    let value = &mut out[i * d + j];
                    *value = complement * *value - residual * slope * self.uz[i * d + j];
                }
            }
        });
    }

    fn gate_free(&self, h: &[f64], out: &mut [f64]) {
        self.residual(h, out);
    }

    fn gate_free_jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.residual_jacobian(h, out);
    }

    fn gate_factors(&self, h: &[f64], out: &mut [f64]) {
        self.update_complement(h, out);
    }

    /// Exact.
    fn bilinear(&self, h: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        self.multilinear([h, u, v, &vec![0.0; self.d]], true, Order::Second, out);
    }

    /// Exact.
    fn trilinear(&self, h: &[f64], u: &[f64], v: &[f64], w: &[f64], out: &mut [f64]) {
        self.multilinear([h, u, v, w], true, Order::Third, out);
    }

    fn gate_free_bilinear(&self, h: &[f64], u: &[f64], v: &[f64], out: &mut [f64]) {
        self.multilinear([h, u, v, &vec![0.0; self.d]], false, Order::Second, out);
    }

    /// Divided by the sum of `1 - z`.
    fn rescaled(&self, h: &[f64], out: &mut [f64]) {
        self.residual(h, out);
        if h.len() != self.d {
            return;
        }
        with_scratch(self.d, |complement| {
            self.update_complement(h, complement);
            let scale = complement.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            for (out, complement) in out.iter_mut().zip(complement) {
                *out *= *complement / scale;
            }
        });
    }

    /// `J / s - f Ds / s^2`.
    fn rescaled_jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.jacobian(h, out);
        let d = self.d;
        if h.len() != d || out.len() != d * d {
            return;
        }
        with_scratch(2 * d, |scratch| {
            let (rescaled, gradient) = scratch.split_at_mut(d);
            self.rescaled(h, rescaled);
            let mut scale = 0.0;
            for i in 0..d {
                let (complement, slope) = sigmoid_and_slope(-affine(&self.uz, &self.bz, h, i));
                scale += complement;
                for (value, u) in gradient.iter_mut().zip(&self.uz[i * d..]) {
                    *value -= slope * u;
                }
            }
            let scale = scale.max(f64::MIN_POSITIVE);
            for i in 0..d {
                for j in 0..d {
                    let value = &mut out[i * d + j];
                    *value = (*value - rescaled[i] * gradient[j]) / scale;
                }
            }
        });
    }

    fn time_scale(&self, h: &[f64]) -> f64 {
        if h.len() != self.d {
            return f64::NAN;
        }
        let sum: f64 = (0..self.d).map(|i| sigmoid(-affine(&self.uz, &self.bz, h, i))).sum();
        sum.max(f64::MIN_POSITIVE)
    }

    /// For two units.
    fn gate_free_bounds(
        &self,
        low: &[f64],
        high: &[f64],
        i: usize,
        slopes: &mut [(f64, f64)],
    ) -> Option<(f64, f64)> {
        planar_bounds(self, low.try_into().ok()?, high.try_into().ok()?, i, slopes.try_into().ok()?)
    }
}

impl fmt::Debug for GruFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GruFlow({} units, reset {:?} the product)", self.d, self.reset)
    }
}
