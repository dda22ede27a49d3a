//! Roots to the last digit.

use super::flow::GruFlow;
use super::gru::Reset;
use super::lu::{self, Lu, solved};
use crate::numeric::DoubleDouble as Double;

/// The residual `g = n - h` with 32 digits, rounded at the end: relatively exact however small it is.
pub(crate) fn exact_residual(flow: &GruFlow, h: &[f64]) -> Vec<f64> {
    let d = flow.d;
    let affine = |u: &[f64], b: f64, h: &[Double]| {
        u.iter().zip(h).fold(Double::from(b), |sum, (u, h)| sum + Double::from(*u) * *h)
    };
    let row = |u: &[f64], i: usize| u[i * d..][..d].to_vec();
    let wide: Vec<Double> = h.iter().map(|&h| h.into()).collect();
    let gate: Vec<Double> = (0..d).map(|k| affine(&row(&flow.ur, k), flow.br[k], &wide).sigmoid()).collect();
    let gated: Vec<Double> = gate.iter().zip(&wide).map(|(r, h)| *r * *h).collect();
    let candidate = |i: usize| match flow.reset {
        Reset::Before => affine(&row(&flow.uh, i), flow.bh[i], &gated),
        Reset::After => gate[i] * affine(&row(&flow.uh, i), flow.bhh[i], &wide) + Double::from(flow.bh[i]),
    };
    (0..d).map(|i| (candidate(i).tanh() - wide[i]).to_f64()).collect()
}

/// The determinant; for two units with the products exact, so that its sign is right.
pub(crate) fn determinant(a: &[f64], d: usize) -> f64 {
    if d == 1 {
        return a[0];
    }
    if d == 2 {
        return (Double::product(a[0], a[3]) - Double::product(a[1], a[2])).to_f64();
    }
    lu::determinant(a, d)
}

/// Newton's method from `h`, which is close to a simple root. `exact` asks for residuals with 32 digits, for roots that rounding
/// errors of the residual would blur.
pub(crate) fn newton(flow: &GruFlow, h: &mut [f64], exact: bool) {
    let d = flow.d;
    let (mut residual, mut jacobian) = (vec![0.0; d], vec![0.0; d * d]);
    let mut last = f64::INFINITY;
    for _ in 0..20 {
        match exact {
            true => residual = exact_residual(flow, h),
            false => flow.residual(h, &mut residual),
        }
        flow.residual_jacobian(h, &mut jacobian);
        let Some(step) = solved(&jacobian, &residual) else { return };
        let size = step.iter().fold(0.0, |size: f64, step| size.max(step.abs()));
        // Steps that do not become smaller are rounding errors.
        if size.is_nan() || size >= 0.5 * last {
            return;
        }
        for (h, step) in h.iter_mut().zip(&step) {
            *h -= step;
        }
        if size < 1e-16 {
            return;
        }
        last = size;
    }
}

/// A local minimum of `|g|^2 / 2`.
pub(crate) struct Minimum {
    pub(crate) state: Vec<f64>,
    /// The largest `|g|` there.
    pub(crate) residual: f64,
}

/// The local minimum of `|g|^2 / 2` that Levenberg's damped least squares reach from `h`, `damping` being that of the first step. With
/// `exact`, residuals have 32 digits: for roots that are not simple.
pub(crate) fn least_squares(flow: &GruFlow, h: &[f64], mut damping: f64, exact: bool) -> Minimum {
    let d = flow.d;
    let square = |residual: &[f64]| residual.iter().map(|g| g * g).sum::<f64>();
    let largest = |vector: &[f64]| vector.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    let evaluate = |h: &[f64]| match exact {
        true => exact_residual(flow, h),
        false => {
            let mut residual = vec![0.0; d];
            flow.residual(h, &mut residual);
            residual
        }
    };
    let mut state = h.to_vec();
    let mut residual = evaluate(&state);
    let mut jacobian = vec![0.0; d * d];
    for _ in 0..200 {
        flow.residual_jacobian(&state, &mut jacobian);
        let (mut normal, mut gradient) = (vec![0.0; d * d], vec![0.0; d]);
        for (row, g) in jacobian.chunks_exact(d).zip(&residual) {
            for (i, a) in row.iter().enumerate() {
                gradient[i] += a * g;
                for (sum, b) in normal[i * d..].iter_mut().zip(row) {
                    *sum += a * b;
                }
            }
        }
        // Damping grows until the step goes down.
        let accepted = loop {
            let mut damped = normal.clone();
            damped.iter_mut().step_by(d + 1).for_each(|entry| *entry += damping);
            if let Some(step) = solved(&damped, &gradient) {
                let trial: Vec<f64> = state.iter().zip(&step).map(|(h, step)| h - step).collect();
                let there = evaluate(&trial);
                if square(&there) < square(&residual) {
                    (state, residual) = (trial, there);
                    damping = (damping * 0.01).max(1e-30);
                    break Some(largest(&step));
                }
            }
            damping = 10.0 * damping.max(1e-30);
            if damping > 1e6 {
                break None;
            }
        };
        if accepted.is_none_or(|size| size < 1e-16) {
            break;
        }
    }
    Minimum { residual: largest(&residual), state }
}

/// How far `Dg = Dn - I` is from singular: `1 / |Dg^-1|` as a share of the largest row sum of `|I| + |Dn|`; 0 for a singular one.
pub(crate) fn regularity(jacobian: &[f64], d: usize) -> f64 {
    let row_sum = |(i, row): (usize, &[f64])| {
        let entry = |(j, m): (usize, &f64)| if i == j { 1.0 + (m + 1.0).abs() } else { m.abs() };
        row.iter().enumerate().map(entry).sum::<f64>()
    };
    let size = jacobian.chunks_exact(d).enumerate().map(row_sum).fold(0.0, f64::max);
    let mut lu = Lu::default();
    if !lu.factor(jacobian, d) {
        return 0.0;
    }
    let (mut unit, mut column, mut sums) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    for j in 0..d {
        unit[j] = 1.0;
        lu.solve(&unit, &mut column);
        unit[j] = 0.0;
        sums.iter_mut().zip(&column).for_each(|(sum, c)| *sum += c.abs());
    }
    1.0 / (sums.into_iter().fold(0.0, f64::max) * size)
}
