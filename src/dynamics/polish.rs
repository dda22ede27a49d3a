//! Roots to the last digit.

use super::flow::GruFlow;
use super::gru::Reset;
use super::lu::Lu;
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

/// Solves `A x = b`; `None` for a singular matrix.
pub(crate) fn solve(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let (mut lu, mut x) = (Lu::default(), b.to_vec());
    if !lu.factor(a, b.len()) {
        return None;
    }
    lu.solve(b, &mut x);
    x.iter().all(|x| x.is_finite()).then_some(x)
}

/// The determinant, by elimination with row pivots.
pub(crate) fn determinant(a: &[f64], d: usize) -> f64 {
    if d == 1 {
        return a[0];
    }
    if d == 2 {
        return (Double::product(a[0], a[3]) - Double::product(a[1], a[2])).to_f64();
    }
    let mut a = a.to_vec();
    let mut product = 1.0;
    for column in 0..d {
        let size = |row: usize| a[row * d + column].abs();
        let pivot = (column..d).fold(column, |best, row| if size(row) > size(best) { row } else { best });
        if size(pivot) == 0.0 {
            return 0.0;
        }
        if pivot != column {
            for j in 0..d {
                a.swap(pivot * d + j, column * d + j);
            }
            product = -product;
        }
        product *= a[column * d + column];
        for row in column + 1..d {
            let factor = a[row * d + column] / a[column * d + column];
            for j in column..d {
                a[row * d + j] -= factor * a[column * d + j];
            }
        }
    }
    product
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
        let Some(step) = solve(&jacobian, &residual) else { return };
        let size = step.iter().fold(0.0, |size: f64, step| size.max(step.abs()));
        // Steps that do not become smaller are rounding errors.
        if !(size < 0.5 * last) {
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

/// The point near `h` where the residual is smallest, by Levenberg's damped least squares with exact residuals: for roots that
/// are not simple. Gives the point and its largest residual.
pub(crate) fn least_squares(flow: &GruFlow, h: &[f64]) -> (Vec<f64>, f64) {
    let d = flow.d;
    let square = |residual: &[f64]| residual.iter().map(|g| g * g).sum::<f64>();
    let mut h = h.to_vec();
    let mut residual = exact_residual(flow, &h);
    let mut jacobian = vec![0.0; d * d];
    let mut damping = 1e-20;
    for _ in 0..200 {
        flow.residual_jacobian(&h, &mut jacobian);
        let mut normal = vec![0.0; d * d];
        let mut gradient = vec![0.0; d];
        for k in 0..d {
            for i in 0..d {
                gradient[i] += jacobian[k * d + i] * residual[k];
                for j in 0..d {
                    normal[i * d + j] += jacobian[k * d + i] * jacobian[k * d + j];
                }
            }
        }
        for i in 0..d {
            normal[i * d + i] += damping;
        }
        let Some(step) = solve(&normal, &gradient) else { break };
        let trial: Vec<f64> = h.iter().zip(&step).map(|(h, step)| h - step).collect();
        let there = exact_residual(flow, &trial);
        if square(&there) < square(&residual) {
            let size = step.iter().fold(0.0, |size: f64, step| size.max(step.abs()));
            (h, residual) = (trial, there);
            damping = (damping * 0.01).max(1e-30);
            if size < 1e-16 {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e3 {
                break;
            }
        }
    }
    let largest = residual.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    (h, largest)
}
