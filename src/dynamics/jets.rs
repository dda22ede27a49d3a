//! Exact second and third derivatives, by numbers that carry three infinitesimals.

use super::flow::GruFlow;
use super::gate::{sigmoid, tanh_and_slope};
use super::gru::Reset;
use crate::error::Result;
use ndarray::Array1;
use std::ops::{Add, Mul, Sub};

/// A number with three infinitesimals whose squares vanish: coefficient `S` of the set of bits `S`. The function of
/// `h + a u + b v + c w` has `Df(u)`, `D2f(u, v)` and `D3f(u, v, w)` as the coefficients of `a`, `ab` and `abc`.
#[derive(Clone, Copy)]
struct Jet([f64; 8]);

impl Jet {
    fn constant(value: f64) -> Self {
        let mut jet = [0.0; 8];
        jet[0] = value;
        Self(jet)
    }

    fn scaled(self, factor: f64) -> Self {
        Self(self.0.map(|c| c * factor))
    }

    /// `phi` of it, from the value and the first three derivatives of `phi`.
    fn composed(self, [value, first, second, third]: [f64; 4]) -> Self {
        let mut infinitesimal = self;
        infinitesimal.0[0] = 0.0;
        let square = infinitesimal * infinitesimal;
        let cube = square * infinitesimal;
        let terms = infinitesimal.scaled(first) + square.scaled(second / 2.0) + cube.scaled(third / 6.0);
        Self::constant(value) + terms
    }

    fn sigmoid(self) -> Self {
        let (s, c) = (sigmoid(self.0[0]), sigmoid(-self.0[0]));
        let slope = s * c;
        self.composed([s, slope, slope * (c - s), slope * (1.0 - 6.0 * slope)])
    }

    fn tanh(self) -> Self {
        let (t, slope) = tanh_and_slope(self.0[0]);
        self.composed([t, slope, -2.0 * t * slope, slope * (4.0 * t * t - 2.0 * slope)])
    }
}

impl Add for Jet {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|s| self.0[s] + other.0[s]))
    }
}

impl Sub for Jet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|s| self.0[s] - other.0[s]))
    }
}

impl Mul for Jet {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        // All ways to share the infinitesimals of a set between the factors.
        let product = |set: usize| {
            (0..=set).filter(|part| part & set == *part).map(|part| self.0[part] * other.0[set ^ part]).sum()
        };
        Self(std::array::from_fn(product))
    }
}

/// Which derivative is taken of a jet: the coefficient of the infinitesimals that it is along.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    Second = 3,
    Third = 7,
}

impl GruFlow {
    /// `D2f(h)(u, v)`: the second derivative of `dh/dt` along `u` and `v`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::NotFinite`](crate::Error::NotFinite).
    pub fn second_derivative(
        &self,
        h: &Array1<f64>,
        u: &Array1<f64>,
        v: &Array1<f64>,
    ) -> Result<Array1<f64>> {
        self.derivative([h, u, v, &Array1::zeros(self.d)], true, Order::Second)
    }

    /// `D3f(h)(u, v, w)`: the third derivative of `dh/dt` along `u`, `v` and `w`.
    ///
    /// # Errors
    /// As [`second_derivative`](Self::second_derivative).
    pub fn third_derivative(
        &self,
        h: &Array1<f64>,
        u: &Array1<f64>,
        v: &Array1<f64>,
        w: &Array1<f64>,
    ) -> Result<Array1<f64>> {
        self.derivative([h, u, v, w], true, Order::Third)
    }

    /// `D2g(h)(u, v)` of the gate-free residual `g = n - h`.
    ///
    /// # Errors
    /// As [`second_derivative`](Self::second_derivative).
    pub fn residual_second_derivative(
        &self,
        h: &Array1<f64>,
        u: &Array1<f64>,
        v: &Array1<f64>,
    ) -> Result<Array1<f64>> {
        self.derivative([h, u, v, &Array1::zeros(self.d)], false, Order::Second)
    }

    /// `D3g(h)(u, v, w)` of the gate-free residual.
    ///
    /// # Errors
    /// As [`second_derivative`](Self::second_derivative).
    pub fn residual_third_derivative(
        &self,
        h: &Array1<f64>,
        u: &Array1<f64>,
        v: &Array1<f64>,
        w: &Array1<f64>,
    ) -> Result<Array1<f64>> {
        self.derivative([h, u, v, w], false, Order::Third)
    }

    fn derivative(
        &self,
        [h, u, v, w]: [&Array1<f64>; 4],
        with_gate: bool,
        order: Order,
    ) -> Result<Array1<f64>> {
        let (h, u, v, w) = (self.checked(h)?, self.checked(u)?, self.checked(v)?, self.checked(w)?);
        let mut out = vec![0.0; self.d];
        self.multilinear([&h, &u, &v, &w], with_gate, order, &mut out);
        Ok(Array1::from(out))
    }

    /// A derivative of the flow, or of the residual without the gate, along `u`, `v` and `w`; slices of a wrong size give NaN.
    pub(crate) fn multilinear(
        &self,
        [h, u, v, w]: [&[f64]; 4],
        with_gate: bool,
        order: Order,
        out: &mut [f64],
    ) {
        let d = self.d;
        if [h.len(), u.len(), v.len(), w.len(), out.len()] != [d; 5] {
            out.fill(f64::NAN);
            return;
        }
        let state: Vec<Jet> = (0..d).map(|i| Jet([h[i], u[i], v[i], 0.0, w[i], 0.0, 0.0, 0.0])).collect();
        let affine = |matrix: &[f64], bias: &[f64], x: &[Jet], i: usize| {
            let row = matrix.iter().skip(i * d);
            row.zip(x).fold(Jet::constant(bias[i]), |sum, (u, x)| sum + x.scaled(*u))
        };
        let gate: Vec<Jet> = (0..d).map(|k| affine(&self.ur, &self.br, &state, k).sigmoid()).collect();
        let gated: Vec<Jet> = gate.iter().zip(&state).map(|(r, h)| *r * *h).collect();
        for (i, out) in out.iter_mut().enumerate() {
            let argument = match self.reset {
                Reset::Before => affine(&self.uh, &self.bh, &gated, i),
                Reset::After => gate[i] * affine(&self.uh, &self.bhh, &state, i) + Jet::constant(self.bh[i]),
            };
            let residual = argument.tanh() - state[i];
            let jet = match with_gate {
                true => affine(&self.uz, &self.bz, &state, i).scaled(-1.0).sigmoid() * residual,
                false => residual,
            };
            *out = jet.0[order as usize];
        }
    }
}
