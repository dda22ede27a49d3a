//! Elementwise functions as loops that the compiler vectorises.
//!
//! Each body is compiled three times (AVX-512, AVX2, baseline) and chosen at run time. It uses only
//! separate multiplications and additions, never a fused one, so that all three give the same bits.

use rayon::prelude::*;

/// Values that one task handles: 64 KiB, two of which fit in a core's L2 cache.
const BLOCK: usize = 16 * 1024;

/// `exp(x)` for `x` in `[-88, 88]`, for [`tanh`] below, whose error is tested.
///
/// `x = n ln 2 + r` with ln 2 in two parts, then a polynomial of degree 6 in `r` (coefficients of Cephes
/// `expf`, S. L. Moshier, 1992).
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4;
    let r = r - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    f32::from_bits((p.to_bits() as i32).wrapping_add(exponent << 23) as u32)
}

/// `tanh(x)`; relative error below 2e-7, exactly odd, NaN for NaN.
///
/// Below 0.625 an odd polynomial (Cephes `tanhf`), above it `1 - 2 / (exp(2 |x|) + 1)`.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let s = x * x;
    let p = -5.704_988_7e-3;
    let p = p * s + 2.063_909e-2;
    let p = p * s + -5.373_971_6e-2;
    let p = p * s + 1.333_144_2e-1;
    let p = p * s + -3.333_328e-1;
    let small = p * s * x + x;
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

macro_rules! vectorised {
    ($(#[$doc:meta])* $name:ident, $x:ident => $body:expr) => {
        $(#[$doc])*
        pub(crate) fn $name(values: &mut [f32]) {
            #[inline(always)]
            fn body(values: &mut [f32]) {
                for value in values {
                    let $x = *value;
                    *value = $body;
                }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
            fn avx512(values: &mut [f32]) {
                body(values)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2(values: &mut [f32]) {
                body(values)
            }
            fn block(values: &mut [f32]) {
                #[cfg(target_arch = "x86_64")]
                {
                    if is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512dq")
                        && is_x86_feature_detected!("avx512bw")
                    {
                        // SAFETY: the processor has just said that it has these instructions.
                        return unsafe { avx512(values) };
                    }
                    if is_x86_feature_detected!("avx2") {
                        // SAFETY: as above.
                        return unsafe { avx2(values) };
                    }
                }
                body(values)
            }
            values.par_chunks_mut(BLOCK).for_each(block);
        }
    };
}

vectorised!(
    /// `x <- tanh(x)`, relative error below 2e-7.
    tanh_in_place, x => tanh(x)
);
vectorised!(
    /// `x <- max(0, x)`, NaN for NaN so that a diverged run is seen.
    relu_in_place, x => if x <= 0.0 { 0.0 } else { x }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_within_its_stated_error_everywhere() {
        // Every 97th positive float up to 20, and their negatives.
        let mut worst = 0.0f64;
        let inputs: Vec<f32> = (0..20f32.to_bits()).step_by(97).map(f32::from_bits).collect();
        let mut got = inputs.clone();
        tanh_in_place(&mut got);
        let mut mirrored: Vec<f32> = inputs.iter().map(|x| -x).collect();
        tanh_in_place(&mut mirrored);
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
    fn extremes_are_kept() {
        let mut x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 50.0, -1e-40];
        tanh_in_place(&mut x);
        assert!(x[0].is_nan());
        assert_eq!(&x[3..], &[0.0, 1.0, -1e-40]);
        assert_eq!((x[1], x[2]), (1.0, -1.0));
        let mut x = [f32::NAN, -1.0, 2.0, f32::NEG_INFINITY];
        relu_in_place(&mut x);
        assert!(x[0].is_nan());
        assert_eq!(&x[1..], &[0.0, 2.0, 0.0]);
    }
}
