//! Proved bounds of one component of the gate-free residual of two units in a rectangle.

use super::enclosure::System;
use super::flow::GruFlow;
use super::interval::Interval;

/// Bounds of `g_i = n_i - h_i`, and of its two derivatives in `slopes`.
pub(crate) fn planar_bounds(
    flow: &GruFlow,
    low: [f64; 2],
    high: [f64; 2],
    i: usize,
    slopes: &mut [(f64, f64); 2],
) -> Option<(f64, f64)> {
    let system = System::<2>::new(flow)?;
    let x = [Interval::new(low[0], high[0]), Interval::new(low[1], high[1])];
    let m = x.map(|side| side.middle());
    let at = system.at(&m);
    let over = system.over(&x, &m, &at);
    // The mean value form, F(m) + F'(x) (x - m), of F = -g; and T(x) - x itself.
    let mut value = -*at.residual.get(i)?;
    for j in 0..2 {
        let slope = -over.jacobian[i][j];
        slopes[j] = (slope.lower(), slope.upper());
        value = value + slope * (x[j] - Interval::point(m[j]));
    }
    let direct = over.candidate[i] - x[i];
    let both = value.intersection(direct).unwrap_or(direct);
    Some((both.lower(), both.upper()))
}
