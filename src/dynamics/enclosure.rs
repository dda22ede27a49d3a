//! The gate-free residual of a small system over points and boxes, with bounds that hold every value.

use super::flow::GruFlow;
use super::gru::Reset;
use super::interval::{Interval, up};

/// A box: one interval for every unit.
pub(crate) type Cell<const D: usize> = [Interval; D];

/// `F(h) = h - T(h)`, where `T = n` is the candidate: a GRU of `D` units without its update gate.
pub(crate) struct System<const D: usize> {
    reset: Reset,
    ur: [[f64; D]; D],
    uh: [[f64; D]; D],
    br: [f64; D],
    bh: [f64; D],
    bhh: [f64; D],
}

/// What is known at a point.
pub(crate) struct AtPoint<const D: usize> {
    /// The argument of tanh.
    argument: [Interval; D],
    /// `F`.
    pub(crate) residual: [Interval; D],
}

/// What is known over a box.
pub(crate) struct OverBox<const D: usize> {
    /// `T`, which holds every fixed point of the box.
    pub(crate) candidate: Cell<D>,
    /// `F'`.
    pub(crate) jacobian: [[Interval; D]; D],
}

const ZERO: Interval = Interval { lo: 0.0, hi: 0.0 };

impl<const D: usize> System<D> {
    /// `None` for a flow of another dimension.
    pub(crate) fn new(flow: &GruFlow) -> Option<Self> {
        let matrix = |flat: &[f64]| {
            let mut rows = [[0.0; D]; D];
            for (row, flat) in rows.iter_mut().zip(flat.chunks_exact(D)) {
                row.copy_from_slice(flat);
            }
            rows
        };
        Some(Self {
            reset: flow.reset,
            br: flow.br.as_slice().try_into().ok()?,
            bh: flow.bh.as_slice().try_into().ok()?,
            bhh: flow.bhh.as_slice().try_into().ok()?,
            ur: matrix(&flow.ur),
            uh: matrix(&flow.uh),
        })
    }

    /// `F` at the point `m`.
    #[inline]
    pub(crate) fn at(&self, m: &[f64; D]) -> AtPoint<D> {
        let h = m.map(Interval::point);
        let gate: [Interval; D] = std::array::from_fn(|k| {
            // Narrow: the slope of a sigmoid is at most 1/4.
            let s = affine(&self.ur[k], self.br[k], &h);
            Interval::point(s.middle()).sigmoid().widened(0.25 * s.radius())
        });
        let product: [Interval; D] = match self.reset {
            Reset::Before => std::array::from_fn(|k| gate[k].scaled(m[k])),
            Reset::After => gate,
        };
        let argument: [Interval; D] = std::array::from_fn(|i| match self.reset {
            Reset::Before => affine(&self.uh[i], self.bh[i], &product),
            Reset::After => gate[i] * affine(&self.uh[i], self.bhh[i], &h) + Interval::point(self.bh[i]),
        });
        // The slope of tanh is at most 1.
        let residual = std::array::from_fn(|i| {
            let a = argument[i];
            h[i] - Interval::point(a.middle()).tanh().widened(a.radius())
        });
        AtPoint { argument, residual }
    }

    /// `T` and `F'` over the box `x`, which holds the point `m` of `at`.
    #[inline]
    pub(crate) fn over(&self, x: &Cell<D>, m: &[f64; D], at: &AtPoint<D>) -> OverBox<D> {
        let mut gate = [ZERO; D];
        let mut slope = [ZERO; D];
        for k in 0..D {
            (gate[k], slope[k]) = affine(&self.ur[k], self.br[k], x).sigmoid_and_slope();
        }
        let reach: [f64; D] = std::array::from_fn(|j| reach(x[j], m[j]));
        // The derivatives of r_k h_k, for a reset before the product.
        let mut products = [[ZERO; D]; D];
        if self.reset == Reset::Before {
            for k in 0..D {
                let weighted = x[k] * slope[k];
                products[k] = self.ur[k].map(|u| weighted.scaled(u));
                products[k][k] = products[k][k] + gate[k];
            }
        }
        let mut candidate = [ZERO; D];
        let mut jacobian = [[ZERO; D]; D];
        for i in 0..D {
            let mut derivative = [ZERO; D];
            let direct = match self.reset {
                Reset::Before => {
                    let mut direct = Interval::point(self.bh[i]);
                    for k in 0..D {
                        direct = direct + (gate[k] * x[k]).scaled(self.uh[i][k]);
                        for j in 0..D {
                            derivative[j] = derivative[j] + products[k][j].scaled(self.uh[i][k]);
                        }
                    }
                    direct
                }
                Reset::After => {
                    let inner = affine(&self.uh[i], self.bhh[i], x);
                    let weighted = inner * slope[i];
                    derivative = std::array::from_fn(|j| {
                        gate[i].scaled(self.uh[i][j]) + weighted.scaled(self.ur[i][j])
                    });
                    gate[i] * inner + Interval::point(self.bh[i])
                }
            };
            // The mean value form, a(m) + a'(x) (x - m), holds the argument too.
            let mut spread = 0.0;
            for j in 0..D {
                spread = up(spread + derivative[j].magnitude() * reach[j]);
            }
            let argument = at.argument[i].widened(spread).intersection(direct).unwrap_or(direct);
            let (value, sech2) = argument.tanh_and_slope();
            candidate[i] = value;
            for j in 0..D {
                jacobian[i][j] = -(sech2 * derivative[j]);
            }
            jacobian[i][i] = jacobian[i][i] + Interval::point(1.0);
        }
        OverBox { candidate, jacobian }
    }
}

/// `sum_j u_j x_j + b`.
#[inline]
fn affine<const D: usize>(u: &[f64; D], b: f64, x: &[Interval; D]) -> Interval {
    let mut sum = Interval::point(b);
    for (u, x) in u.iter().zip(x) {
        sum = sum + x.scaled(*u);
    }
    sum
}

/// How far the numbers of `x` are from `m`, at most.
#[inline]
pub(crate) fn reach(x: Interval, m: f64) -> f64 {
    up((x.hi - m).max(m - x.lo))
}
