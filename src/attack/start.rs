//! Where attacks along gradients start.

use super::ball::{clip, into_box, sign};
use super::norm::Norm;
use crate::seed::Stream;

/// The first point of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The clean image; further restarts are [`Uniform`](Start::Uniform).
    Clean,
    /// A uniform random point of the ball, clipped to `[0, 1]`: every pixel by itself in L-infinity; in L2 a random direction at
    /// radius `eps u^(1/n)` with `n` pixels and `u` uniform; in L1 from exponential numbers.
    #[default]
    Uniform,
    /// In L2 a random direction at radius `eps u`, as in torchattacks: nearer to the clean image than a uniform point. In other norms
    /// as [`Uniform`](Start::Uniform).
    UniformRadius,
}

impl Start {
    /// Moves `x`, a clean image, to the start of a run.
    pub(super) fn place(self, norm: Norm, eps: f32, restart: usize, x: &mut [f32], mut random: Stream) {
        let start = if self == Start::Clean && restart > 0 { Start::Uniform } else { self };
        match (start, norm) {
            (Start::Clean, _) => {}
            (_, Norm::Linf) => uniform(eps, x, &mut random),
            (start, Norm::L2) => {
                let normal: Vec<f64> = x.iter().map(|_| random.normal()).collect();
                let length = normal.iter().map(|n| n * n).sum::<f64>().sqrt().max(1e-12);
                let u = f64::from(random.uniform());
                let radius = if start == Start::UniformRadius { u } else { u.powf(1.0 / x.len() as f64) };
                let scale = f64::from(eps) * radius / length;
                x.iter_mut().zip(normal).for_each(|(x, n)| *x = (f64::from(*x) + scale * n) as f32);
                clip(x);
            }
            (_, Norm::L1) => {
                // Exponential numbers over their sum, one more than pixels, are uniform in the simplex.
                let mut exponential = || -(1.0 - f64::from(random.uniform())).ln();
                let sizes: Vec<f64> = x.iter().map(|_| exponential()).collect();
                let total = sizes.iter().sum::<f64>() + exponential();
                let scale = f64::from(eps) / total.max(1e-12);
                for (x, size) in x.iter_mut().zip(sizes) {
                    let signed = if random.uniform() < 0.5 { -size } else { size };
                    *x = (f64::from(*x) + scale * signed) as f32;
                }
                clip(x);
            }
        }
    }
}

/// A uniform random point of the box around `x`, clipped to `[0, 1]`.
pub(super) fn uniform(eps: f32, x: &mut [f32], random: &mut Stream) {
    x.iter_mut().for_each(|x| *x = into_box(*x + random.uniform_in(-eps, eps), *x, eps));
}

/// `x + alpha sign(normal numbers)`, clipped to `[0, 1]`.
pub(super) fn normal_sign(alpha: f32, x: &mut [f32], random: &mut Stream) {
    x.iter_mut().for_each(|x| *x = into_box(*x + alpha * sign(random.normal() as f32), *x, alpha));
}
