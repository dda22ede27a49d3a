//! Where two branches of equilibria cross.
//!
//! There the Jacobian `[g_h g_p]` loses a rank, and continuation alone locates it to half of the digits. The equations
//!
//! ```text
//! g(h, p) + beta w = 0,   g_h' w = 0,   g_p' w = 0,   w' w = 1
//! ```
//!
//! for `(h, p, beta, w)` are regular at a simple branch point, where `beta = 0` (G. Moore 1980).

use super::arclength::Curve;
use super::equilibrium_curve::EquilibriumCurve;
use crate::dynamics::lu::solved;
use crate::error::Result;

/// The branch point near `(h, p)`, if Newton's method converges to one nearby.
pub(crate) fn polished(curve: &EquilibriumCurve, y: &[f64]) -> Result<Option<Vec<f64>>> {
    let d = curve.dimension();
    let Some(w) = left_null_vector(curve, y)? else { return Ok(None) };
    let mut x: Vec<f64> = y.iter().copied().chain([0.0]).chain(w).collect();
    let n = x.len();
    let (mut residual, mut up, mut down) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut matrix = vec![0.0; n * n];
    for _ in 0..12 {
        equations(curve, &x, &mut residual)?;
        for j in 0..n {
            // Wide: the equations hold derivatives by the parameter that are differences themselves.
            let step = 1e-4 * if j == d { curve.scales()[d] } else { 1.0 };
            let own = x[j];
            x[j] = own + step;
            equations(curve, &x, &mut up)?;
            x[j] = own - step;
            equations(curve, &x, &mut down)?;
            x[j] = own;
            for i in 0..n {
                matrix[i * n + j] = (up[i] - down[i]) / (2.0 * step);
            }
        }
        residual.iter_mut().for_each(|r| *r = -*r);
        let Some(step) = solved(&matrix, &residual) else { return Ok(None) };
        for (x, step) in x.iter_mut().zip(&step) {
            *x += step;
        }
        if step.iter().fold(0.0, |size: f64, step| size.max(step.abs())) < 1e-11 {
            let near =
                x.iter().zip(y).zip(curve.scales()).all(|((x, y), scale)| (x - y).abs() < 1e-3 * scale);
            return Ok((near && x[d + 1].abs() < 1e-9).then(|| x[..=d].to_vec()));
        }
    }
    Ok(None)
}

fn equations(curve: &EquilibriumCurve, x: &[f64], out: &mut [f64]) -> Result<()> {
    let d = curve.dimension();
    let (y, beta, w) = (&x[..=d], x[d + 1], &x[d + 2..]);
    curve.residual(y, &mut out[..d])?;
    let derivatives = derivatives(curve, y)?;
    for i in 0..d {
        out[i] += beta * w[i];
    }
    for j in 0..=d {
        out[d + j] = (0..d).map(|i| w[i] * derivatives[i * (d + 1) + j]).sum();
    }
    out[2 * d + 1] = w.iter().map(|w| w * w).sum::<f64>() - 1.0;
    Ok(())
}

/// `[g_h g_p]`, the last column by a difference of fourth order, right to about 1e-12.
fn derivatives(curve: &EquilibriumCurve, y: &[f64]) -> Result<Vec<f64>> {
    let d = curve.dimension();
    let mut out = vec![0.0; d * (d + 1)];
    curve.jacobian(y, &mut out)?;
    let step = 3e-4 * curve.scales()[d];
    let mut sums = vec![0.0; d];
    let (mut place, mut value) = (y.to_vec(), vec![0.0; d]);
    for (side, weight) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
        place[d] = y[d] + side * step;
        curve.residual(&place, &mut value)?;
        for (sum, value) in sums.iter_mut().zip(&value) {
            *sum += weight * value / (12.0 * step);
        }
    }
    for (i, sum) in sums.into_iter().enumerate() {
        out[i * (d + 1) + d] = sum;
    }
    Ok(out)
}

/// The vector of length 1 with the smallest `|w' [g_h g_p]|`, by inverse iteration.
fn left_null_vector(curve: &EquilibriumCurve, y: &[f64]) -> Result<Option<Vec<f64>>> {
    let d = curve.dimension();
    let a = derivatives(curve, y)?;
    let mut square = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..d {
            let size = if i == j { 1e-14 } else { 0.0 };
            square[i * d + j] = size + (0..=d).map(|k| a[i * (d + 1) + k] * a[j * (d + 1) + k]).sum::<f64>();
        }
    }
    let mut w: Vec<f64> = (0..d).map(|k| 1.0 / (1.0 + k as f64)).collect();
    for _ in 0..8 {
        let Some(next) = solved(&square, &w) else { return Ok(None) };
        let length = next.iter().map(|w| w * w).sum::<f64>().sqrt();
        w = next.into_iter().map(|w| w / length).collect();
    }
    Ok(Some(w))
}
