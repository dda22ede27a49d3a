//! Boxes around what a layer may be given, and what the layer makes of them.
//!
//! A box is a centre and a radius for every number. Sums are float64, and every radius is widened by more than their
//! rounding, so that a box holds what exact arithmetic gives.

use super::affine::Affine;
use crate::data::ImageShape;
use crate::nn::Activation;
use crate::nn::ops::Convolution;
use crate::numeric::{View, multiversion, product_here};

/// Boxes of some rows of one width, row after row.
pub(super) struct Boxes {
    pub(super) width: usize,
    pub(super) centre: Vec<f64>,
    /// At least 0.
    pub(super) radius: Vec<f64>,
}

/// More than the rounding of a few operations on numbers of size 1.
pub(super) const ROUNDING: f64 = 8.0 * f64::EPSILON;

impl Boxes {
    /// The changes of an image by at most `eps` in every pixel that leave it in `[0, 1]`.
    ///
    /// Either end is the one in real numbers or, where that is wider, in float32, to which attacks cut their images.
    pub(super) fn around(images: &[f32], width: usize, eps: &[f32]) -> Self {
        let (mut centre, mut radius) = (Vec::with_capacity(images.len()), Vec::with_capacity(images.len()));
        for (image, &eps) in images.chunks_exact(width.max(1)).zip(eps) {
            for &pixel in image {
                let low = f64::from(pixel - eps).min(f64::from(pixel) - f64::from(eps)).max(0.0);
                let high = f64::from(pixel + eps).max(f64::from(pixel) + f64::from(eps)).min(1.0);
                push(&mut centre, &mut radius, low, high);
            }
        }
        Self { width, centre, radius }
    }

    /// `W` times the centre plus `b`, and `|W|` times the radius.
    pub(super) fn affine(&self, map: &Affine) -> Self {
        let (rows, outputs) = (self.centre.len() / self.width.max(1), map.outputs());
        let mut centre = vec![0.0; rows * outputs];
        let mut radius = vec![0.0; rows * outputs];
        let view = |values| View::new(values, rows, self.width);
        product_here(&mut centre, false, view(&self.centre), map.weight().t());
        product_here(&mut radius, false, view(&self.radius), map.absolute().t());
        let inputs = self.centre.chunks_exact(self.width).zip(self.radius.chunks_exact(self.width));
        let outputs_of = centre.chunks_exact_mut(outputs).zip(radius.chunks_exact_mut(outputs));
        for ((centre, radius), (c, r)) in outputs_of.zip(inputs) {
            let largest = largest(c, r);
            for (i, (centre, radius)) in centre.iter_mut().zip(radius).enumerate() {
                *centre += map.bias[i];
                *radius = widened(*radius, map.rounding(i, largest));
            }
        }
        Self { width: outputs, centre, radius }
    }

    /// The same for a convolution, image by image; `map` holds one row for every output channel.
    pub(super) fn convolve(&self, map: &Affine, sizes: &Convolution, output: ImageShape) -> Self {
        let width = output.pixels();
        let places = output.height * output.width;
        let rows = self.centre.len() / self.width.max(1);
        let (mut centre, mut radius) = (vec![0.0; rows * width], vec![0.0; rows * width]);
        let mut patches = vec![0.0; sizes.taps() * places];
        for row in 0..rows {
            let (from, to) = (row * self.width..(row + 1) * self.width, row * width..(row + 1) * width);
            for (values, weight, target) in [
                (&self.centre[from.clone()], map.weight(), &mut centre[to.clone()]),
                (&self.radius[from.clone()], map.absolute(), &mut radius[to.clone()]),
            ] {
                unroll(values, sizes, output, &mut patches);
                product_here(target, false, weight, View::new(&patches, sizes.taps(), places));
            }
            let largest = largest(&self.centre[from.clone()], &self.radius[from]);
            let channels =
                centre[to.clone()].chunks_exact_mut(places).zip(radius[to].chunks_exact_mut(places));
            for (channel, (centre, radius)) in channels.enumerate() {
                let rounding = map.rounding(channel, largest);
                centre.iter_mut().for_each(|c| *c += map.bias[channel]);
                radius.iter_mut().for_each(|r| *r = widened(*r, rounding));
            }
        }
        Self { width, centre, radius }
    }

    /// `slope (x - mean) + offset` of every unit.
    pub(super) fn scale(mut self, mean: &[f64], slope: &[f64], offset: &[f64]) -> Self {
        let rows = self.centre.chunks_exact_mut(self.width).zip(self.radius.chunks_exact_mut(self.width));
        for (centre, radius) in rows {
            for (i, (c, r)) in centre.iter_mut().zip(radius).enumerate() {
                let size = slope[i].abs() * (c.abs() + *r + mean[i].abs()) + offset[i].abs();
                *c = slope[i] * (*c - mean[i]) + offset[i];
                *r = widened(slope[i].abs() * *r, ROUNDING * size);
            }
        }
        self
    }

    /// The nonlinearity of both ends: it is monotone.
    pub(super) fn activate(mut self, activation: Activation) -> Self {
        match activation {
            Activation::Tanh => tanh_ends(&mut self.centre, &mut self.radius),
            Activation::Relu => self.centre.iter_mut().zip(&mut self.radius).for_each(|(c, r)| {
                let (low, high) = ends(*c, *r);
                (*c, *r) = middle(low.max(0.0), high.max(0.0));
            }),
        }
        self
    }

    /// The largest lower end and the largest upper end of every 2x2 pixels.
    pub(super) fn pool(&self, image: ImageShape) -> Self {
        let pooled = ImageShape { height: image.height / 2, width: image.width / 2, ..image };
        let (mut centre, mut radius) = (Vec::new(), Vec::new());
        let planes = image.height * image.width;
        let rows = self.centre.chunks_exact(planes).zip(self.radius.chunks_exact(planes));
        for (c, r) in rows {
            for (y, x) in (0..pooled.height).flat_map(|y| (0..pooled.width).map(move |x| (y, x))) {
                let first = 2 * y * image.width + 2 * x;
                let window = [first, first + 1, first + image.width, first + image.width + 1];
                let all = window.map(|at| ends(c[at], r[at]));
                let low = all.iter().fold(f64::NEG_INFINITY, |most, end| most.max(end.0));
                let high = all.iter().fold(f64::NEG_INFINITY, |most, end| most.max(end.1));
                push(&mut centre, &mut radius, low, high);
            }
        }
        Self { width: pooled.pixels(), centre, radius }
    }
}

/// `radius`, the sum of products that are all at least 0, made larger than it is in exact arithmetic by `rounding`.
fn widened(radius: f64, rounding: f64) -> f64 {
    radius + (radius * ROUNDING + rounding)
}

/// The largest absolute value of a row of boxes.
fn largest(centre: &[f64], radius: &[f64]) -> f64 {
    centre.iter().zip(radius).fold(0.0, |most, (c, r)| most.max(c.abs() + r))
}

/// Both ends, or a little beyond.
#[inline(always)]
fn ends(centre: f64, radius: f64) -> (f64, f64) {
    let beyond = f64::EPSILON * (centre.abs() + radius);
    (centre - radius - beyond, centre + radius + beyond)
}

/// Centre and radius of an interval, or of one a little larger.
#[inline(always)]
fn middle(low: f64, high: f64) -> (f64, f64) {
    let centre = 0.5 * (low + high);
    (centre, 0.5 * (high - low) + f64::EPSILON * (low.abs() + high.abs()))
}

fn push(centre: &mut Vec<f64>, radius: &mut Vec<f64>, low: f64, high: f64) {
    let (c, r) = middle(low, high);
    centre.push(c);
    radius.push(r);
}

/// Patches `(taps, places)` of one image: row `(channel, ky, kx)`, column `(y, x)` of the output.
fn unroll(image: &[f64], sizes: &Convolution, output: ImageShape, patches: &mut [f64]) {
    let (height, width) = (sizes.image.height, sizes.image.width);
    let inside = |at: usize, size: usize| at.checked_sub(sizes.padding).filter(|at| *at < size);
    let places = output.height * output.width;
    for (tap, row) in patches.chunks_exact_mut(places.max(1)).enumerate() {
        let kernel = sizes.kernel;
        let (channel, ky, kx) = (tap / (kernel * kernel), tap / kernel % kernel, tap % kernel);
        for (place, value) in row.iter_mut().enumerate() {
            let (y, x) = (place / output.width, place % output.width);
            let y = inside(y * sizes.stride + ky, height);
            let x = inside(x * sizes.stride + kx, width);
            *value = match (y, x) {
                (Some(y), Some(x)) => image[(channel * height + y) * width + x],
                _ => 0.0,
            };
        }
    }
}

multiversion! {
    /// tanh of both ends, in place.
    fn tanh_ends(centre: &mut [f64], radius: &mut [f64]) {
        for (c, r) in centre.iter_mut().zip(radius.iter_mut()) {
            let (low, high) = ends(*c, *r);
            let (low, high) = (tanh(low), tanh(high));
            let (centre, radius) = middle(low, high);
            (*c, *r) = (centre, radius + 2.0 * TANH);
        }
    }
}

/// More than the error of [`tanh`].
const TANH: f64 = 1e-15;

/// `tanh x` to 1e-15, in steps that the compiler makes vectors of: `1 - 2 / (e^(2x) + 1)`, where `e^y = 2^n e^r` with
/// `|r| <= ln 2 / 2` and the series of `e^r` up to `r^13 / 13!`.
#[inline(always)]
fn tanh(x: f64) -> f64 {
    // Beyond 20 it is 1 to rounding. NaN stays NaN.
    let y = 2.0 * x.clamp(-20.0, 20.0);
    /// 1.5 * 2^52: what is added to it is rounded to a whole number, which its last bits then hold.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = y * std::f64::consts::LOG2_E + SHIFT;
    let n = shifted - SHIFT;
    // ln 2 in two parts, of which n times the first is exact.
    let r = (y - n * 0.693_147_180_369_123_8) - n * 1.908_214_929_270_587_7e-10;
    let mut sum = 0.0;
    for k in (1..=13).rev() {
        sum = (sum + 1.0) * r / f64::from(k);
    }
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    1.0 - 2.0 / ((sum + 1.0) * power + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_has_the_error_that_is_allowed_for() {
        for i in -500_000..=500_000 {
            let x = f64::from(i) * 5e-5;
            assert!((tanh(x) - x.tanh()).abs() < 0.5 * TANH, "{x}: {} {}", tanh(x), x.tanh());
        }
        for x in [0.0, -0.0, 1e-300, f64::MIN_POSITIVE, 20.0, -700.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert!((tanh(x) - x.tanh()).abs() < 0.5 * TANH, "{x}");
        }
        assert!(tanh(f64::NAN).is_nan());
    }
}
