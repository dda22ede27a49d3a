//! Elementwise functions as loops that the compiler vectorises.

use crate::nn::ops::Activation;
use crate::numeric::multiversion;

/// Values that one task handles: 64 KiB, two of which fit in a core's L2 cache.
pub(crate) const BLOCK: usize = 16 * 1024;

/// `exp(x)` for `x` in `[-88, 88]`, for [`tanh`] below, whose error is tested.
///
/// `x = n ln 2 + r` with ln 2 in two parts, then a polynomial of degree 6 in `r` (coefficients of Cephes
/// `expf`, S. L. Moshier, 1992).
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = 1.987_569_1e-4f32;
    let p = p.mul_add(r, 1.398_199_9e-3);
    let p = p.mul_add(r, 8.333_452e-3);
    let p = p.mul_add(r, 4.166_579_6e-2);
    let p = p.mul_add(r, 1.666_666_5e-1);
    let p = p.mul_add(r, 0.5);
    let p = p.mul_add(r * r, r) + 1.0;
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    f32::from_bits((p.to_bits() as i32).wrapping_add(exponent << 23) as u32)
}

/// `tanh(x)`; relative error below 2e-7, exactly odd, NaN for NaN.
///
/// Below 0.625 an odd polynomial (Cephes `tanhf`), above it `1 - 2 / (exp(2 |x|) + 1)`.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let s = x * x;
    let p = -5.704_988_7e-3f32;
    let p = p.mul_add(s, 2.063_909e-2);
    let p = p.mul_add(s, -5.373_971_6e-2);
    let p = p.mul_add(s, 1.333_144_2e-1);
    let p = p.mul_add(s, -3.333_328e-1);
    let small = (p * s).mul_add(x, x);
    // From 9.02 on tanh rounds to 1.
    let large = (1.0 - 2.0 / (exp(2.0 * size.min(10.0)) + 1.0)).copysign(x);
    // `min` has turned NaN into a number.
    if x.is_nan() {
        x
    } else if size < 0.625 {
        small
    } else {
        large
    }
}

/// `1 / (1 + exp(-x))`; relative error below 3e-7 where it is above 1e-37, NaN for NaN.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    let value = 1.0 / (1.0 + exp(-x.clamp(-87.0, 87.0)));
    if x.is_nan() { x } else { value }
}

/// `max(0, x)`, NaN for NaN so that a diverged run is seen.
#[inline(always)]
pub(super) fn relu(x: f32) -> f32 {
    if x <= 0.0 { 0.0 } else { x }
}

/// The derivative of the tanh whose value is `y`.
#[inline(always)]
pub(super) fn tanh_slope(y: f32) -> f32 {
    (-y).mul_add(y, 1.0)
}

/// The derivative of the relu whose value is `y`.
#[inline(always)]
pub(super) fn relu_slope(y: f32) -> f32 {
    if y > 0.0 { 1.0 } else { 0.0 }
}

multiversion! {
    /// `x <- f(x)`.
    pub(crate) fn activate(activation: Activation, values: &mut [f32]) {
        match activation {
            Activation::Tanh => values.iter_mut().for_each(|x| *x = tanh(*x)),
            Activation::Relu => values.iter_mut().for_each(|x| *x = relu(*x)),
        }
    }
}

multiversion! {
    /// `x <- f(x + bias)` for every row of `rows`.
    pub(crate) fn activate_rows(activation: Activation, rows: &mut [f32], bias: &[f32]) {
        for row in rows.chunks_exact_mut(bias.len()) {
            match activation {
                Activation::Tanh => row.iter_mut().zip(bias).for_each(|(x, b)| *x = tanh(*x + b)),
                Activation::Relu => row.iter_mut().zip(bias).for_each(|(x, b)| *x = relu(*x + b)),
            }
        }
    }
}

multiversion! {
    /// `dx += f'(x) dy`, where `y = f(x)`.
    pub(crate) fn slope(activation: Activation, dx: &mut [f32], dy: &[f32], y: &[f32]) {
        let all = dx.iter_mut().zip(dy).zip(y);
        match activation {
            Activation::Tanh => all.for_each(|((dx, dy), y)| *dx = tanh_slope(*y).mul_add(*dy, *dx)),
            Activation::Relu => all.for_each(|((dx, dy), y)| *dx = relu_slope(*y).mul_add(*dy, *dx)),
        }
    }
}

multiversion! {
    /// `dx = f'(x) dy`, where `y = f(x)`, for rows as wide as `sums`, to which the columns of `dx` are added.
    pub(crate) fn slope_rows(activation: Activation, dx: &mut [f32], dy: &[f32], y: &[f32], sums: &mut [f32]) {
        let width = sums.len();
        for ((dx, dy), y) in dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(y.chunks_exact(width)) {
            let all = dx.iter_mut().zip(dy).zip(y).zip(&mut *sums);
            match activation {
                Activation::Tanh => all.for_each(|(((dx, dy), y), sum)| {
                    *dx = tanh_slope(*y) * dy;
                    *sum += *dx;
                }),
                Activation::Relu => all.for_each(|(((dx, dy), y), sum)| {
                    *dx = relu_slope(*y) * dy;
                    *sum += *dx;
                }),
            }
        }
    }
}

multiversion! {
    /// Adds the sum of every row of `rows` to its place in `sums`.
    pub(crate) fn add_row_sums(sums: &mut [f32], rows: &[f32]) {
        let width = rows.len() / sums.len();
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(width)) {
            // Sixteen sums at a time; one after the other, every addition would wait for the last.
            let (blocks, rest) = row.as_chunks::<16>();
            let mut lanes = [0.0f32; 16];
            for block in blocks {
                lanes.iter_mut().zip(block).for_each(|(lane, x)| *lane += x);
            }
            *sum += lanes.iter().chain(rest).sum::<f32>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_within_its_stated_error_everywhere() {
        // Every 97th positive float up to 20, and their negatives.
        let mut worst = 0.0f64;
        let inputs: Vec<f32> = (0..20f32.to_bits()).step_by(97).map(f32::from_bits).collect();
        let mut got = inputs.clone();
        activate(Activation::Tanh, &mut got);
        let mut mirrored: Vec<f32> = inputs.iter().map(|x| -x).collect();
        activate(Activation::Tanh, &mut mirrored);
        for ((&x, &y), &m) in inputs.iter().zip(&got).zip(&mirrored) {
            assert_eq!(y, -m);
            let want = f64::from(x).tanh();
            if want > 1e-30 {
                worst = worst.max((f64::from(y) / want - 1.0).abs());
            }
        }
        assert!(worst < 2e-7, "relative error {worst:e}");
    }

    #[test]
    fn sigmoid_is_within_its_stated_error_everywhere() {
        let positive = (0..87f32.to_bits()).step_by(97).map(f32::from_bits);
        let worst = positive.flat_map(|x| [x, -x]).fold(0.0f64, |worst, x| {
            let want = 1.0 / (1.0 + (-f64::from(x)).exp());
            worst.max((f64::from(sigmoid(x)) / want - 1.0).abs())
        });
        assert!(worst < 3e-7, "relative error {worst:e}");
        assert!(sigmoid(f32::NAN).is_nan() && sigmoid(0.0) == 0.5 && sigmoid(f32::INFINITY) == 1.0);
        assert!(sigmoid(f32::NEG_INFINITY) < 2e-38);
    }

    #[test]
    fn extremes_are_kept() {
        let mut x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 50.0, -1e-40];
        activate(Activation::Tanh, &mut x);
        assert!(x[0].is_nan());
        assert_eq!(&x[3..], &[0.0, 1.0, -1e-40]);
        assert_eq!((x[1], x[2]), (1.0, -1.0));
        let mut x = [f32::NAN, -1.0, 2.0, f32::NEG_INFINITY];
        activate(Activation::Relu, &mut x);
        assert!(x[0].is_nan());
        assert_eq!(&x[1..], &[0.0, 2.0, 0.0]);
    }
}
