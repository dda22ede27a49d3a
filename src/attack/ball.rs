//! Balls around a clean image, cut by `[0, 1]`: the steepest step, and the way back inside.

use super::norm::Norm;
use super::projection;

/// How an image that left its ball or `[0, 1]` comes back. Results are inside both, whichever is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// In L-infinity and L2 as [`BallThenBox`](Projection::BallThenBox), in L1 as [`Exact`](Projection::Exact).
    #[default]
    Usual,
    /// The change is scaled down to the ball, then pixels are clipped: foolbox, torchattacks, AutoAttack in L2.
    BallThenBox,
    /// Pixels are clipped, then the change is scaled down to the ball: ART. The image may end farther out than by
    /// [`BallThenBox`](Projection::BallThenBox).
    BoxThenBall,
    /// The nearest point of the part of the ball in `[0, 1]`, in the Euclidean distance: in L1 that of Croce and Hein 2021.
    Exact,
}

/// The step of an attack in L1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum L1Step {
    /// The whole step on the pixel with the largest gradient, the first of equals: the steepest way in L1 without `[0, 1]`, as in
    /// ART. If that pixel is at the end of its range the step is lost.
    OnePixel,
    /// `g / |g|_1`, as in foolbox.
    Proportional,
    /// Equal steps on the share of all pixels, at least one pixel, that have the largest gradients among those not at the end of
    /// their range (Tramer and Boneh 2019). A share of 0 is the steepest step inside `[0, 1]`.
    Sparse(f32),
}

/// A ball of an attack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ball {
    pub(super) norm: Norm,
    pub(super) eps: f32,
    pub(super) projection: Projection,
}

impl Ball {
    /// Moves `x` into the ball around `clean` and into `[0, 1]`.
    pub(super) fn project(&self, x: &mut [f32], clean: &[f32]) {
        let eps = f64::from(self.eps);
        match (self.norm, self.projection) {
            // Clipping a box to a box: all are the same.
            (Norm::Linf, _) => x.iter_mut().zip(clean).for_each(|(x, c)| *x = into_box(*x, *c, self.eps)),
            (Norm::L1, Projection::Usual | Projection::Exact) => projection::l1(x, clean, eps),
            (Norm::L2, Projection::Exact) => projection::l2(x, clean, eps),
            (norm, Projection::BoxThenBall) => {
                clip(x);
                projection::scale(norm, x, clean, eps);
                clip(x);
            }
            (norm, _) => {
                projection::scale(norm, x, clean, eps);
                clip(x);
            }
        }
    }
}

/// `x <- x + step d`, with the `d` of size 1 along which the loss grows most by its gradient `g`: `sign(g)` in L-infinity, with
/// `sign(0) = 0`; `g / |g|_2` in L2; see [`L1Step`] in L1. Where `g` is zero, `x` stays.
pub(super) fn step_along(norm: Norm, l1: L1Step, x: &mut [f32], g: &[f32], step: f32) {
    match (norm, l1) {
        (Norm::Linf, _) => x.iter_mut().zip(g).for_each(|(x, g)| *x += step * sign(*g)),
        (Norm::L2, _) | (Norm::L1, L1Step::Proportional) => {
            let size = norm.of(g.iter().copied()).max(1e-12);
            let scale = f64::from(step) / size;
            x.iter_mut().zip(g).for_each(|(x, g)| *x = (f64::from(*x) + scale * f64::from(*g)) as f32);
        }
        (Norm::L1, L1Step::OnePixel) => {
            let largest = g
                .iter()
                .enumerate()
                .fold((0, 0.0f32), |best, (pixel, g)| if g.abs() > best.1 { (pixel, g.abs()) } else { best });
            if let (Some(x), Some(g)) = (x.get_mut(largest.0), g.get(largest.0)) {
                *x += step * sign(*g);
            }
        }
        (Norm::L1, L1Step::Sparse(share)) => {
            let room =
                |pixel: &usize| (g[*pixel] > 0.0 && x[*pixel] < 1.0) || (g[*pixel] < 0.0 && x[*pixel] > 0.0);
            let mut pixels: Vec<usize> = (0..x.len().min(g.len())).filter(room).collect();
            let count = ((share * x.len() as f32).ceil() as usize).max(1);
            if count < pixels.len() {
                // The first of equals, whatever the order in which they are compared.
                let larger = |a: &usize, b: &usize| g[*b].abs().total_cmp(&g[*a].abs()).then(a.cmp(b));
                pixels.select_nth_unstable_by(count, larger);
                pixels.truncate(count);
            }
            let each = step / pixels.len().max(1) as f32;
            pixels.into_iter().for_each(|pixel| x[pixel] += each * sign(g[pixel]));
        }
    }
}

/// `sign(0) = 0`.
pub(super) fn sign(value: f32) -> f32 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// The nearest value within `eps` of `clean` and in `[0, 1]`.
pub(super) fn into_box(value: f32, clean: f32, eps: f32) -> f32 {
    value.clamp((clean - eps).max(0.0), (clean + eps).min(1.0))
}

/// To `[0, 1]`.
pub(super) fn clip(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0));
}
