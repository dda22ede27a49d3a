//! What the adjoint of a nonlinearity passes back.

use super::vector::{BLOCK, slope, tanh_slope};
use crate::device::{Contiguous, Device};
use crate::nn::ops::Activation;
use crate::numeric::multiversion;
use dfdx::prelude::{Gradients, HasErr};
use rayon::prelude::*;

/// For `d = f'(y) g` and a gradient `dd` by it: `dg += f'(y) dd`, and `dy += f''/f'(y) g dd`, which is `-2 y g dd` for
/// tanh and nothing for relu.
pub(crate) fn add_adjoint_slopes(
    gradients: &mut Gradients<f32, Device>,
    activation: Activation,
    g: &Contiguous,
    y: &Contiguous,
    dd: &[f32],
) -> Result<(), <Device as HasErr>::Err> {
    let dd = dd.par_chunks(BLOCK).zip(y.values().par_chunks(BLOCK));
    match activation {
        Activation::Tanh => {
            let mut dy = std::mem::take(&mut **gradients.get_or_alloc_mut(y.tensor())?);
            let dg = gradients.get_or_alloc_mut(g.tensor())?.par_chunks_mut(BLOCK);
            let all = dg.zip(dy.par_chunks_mut(BLOCK)).zip(dd).zip(g.values().par_chunks(BLOCK));
            all.for_each(|(((dg, dy), (dd, y)), g)| tanh_adjoint_slopes(dg, dy, dd, g, y));
            **gradients.get_or_alloc_mut(y.tensor())? = dy;
        }
        Activation::Relu => {
            let dg = gradients.get_or_alloc_mut(g.tensor())?.par_chunks_mut(BLOCK);
            dg.zip(dd).for_each(|(dg, (dd, y))| slope(activation, dg, dd, y));
        }
    }
    Ok(())
}

multiversion! {
    /// For `d = (1 - y^2) g` and a gradient `dd` by it: `dg += (1 - y^2) dd`, `dy += -2 y g dd`.
    fn tanh_adjoint_slopes(dg: &mut [f32], dy: &mut [f32], dd: &[f32], g: &[f32], y: &[f32]) {
        for ((((dg, dy), dd), g), y) in dg.iter_mut().zip(dy).zip(dd).zip(g).zip(y) {
            *dg = tanh_slope(*y).mul_add(*dd, *dg);
            *dy = (-2.0 * y * g).mul_add(*dd, *dy);
        }
    }
}
