//! What the adjoint of a nonlinearity passes back.

use super::vector::tanh_slope;
use crate::numeric::multiversion;

multiversion! {
    /// For `d = (1 - y^2) g` and a gradient `dd` by it: `dg += (1 - y^2) dd`, `dy += -2 y g dd`.
    pub(crate) fn tanh_adjoint_slopes(dg: &mut [f32], dy: &mut [f32], dd: &[f32], g: &[f32], y: &[f32]) {
        for ((((dg, dy), dd), g), y) in dg.iter_mut().zip(dy).zip(dd).zip(g).zip(y) {
            *dg = tanh_slope(*y).mul_add(*dd, *dg);
            *dy = (-2.0 * y * g).mul_add(*dd, *dy);
        }
    }
}
