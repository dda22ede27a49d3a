//! A root of a function of one number, between two signs.

use crate::error::Result;

/// The root of `f` between `a` and `b`, where it has the values `fa` and `fb` of different signs, by Brent's method: R. P. Brent,
/// *Algorithms for minimization without derivatives*, 1973, chapter 4. It ends when the bracket is `width` wide, or at
/// rounding, and gives the place and the value there.
pub(crate) fn brent(
    f: &mut dyn FnMut(f64) -> Result<f64>,
    (a, fa): (f64, f64),
    (b, fb): (f64, f64),
    width: f64,
) -> Result<(f64, f64)> {
    let (mut a, mut fa, mut b, mut fb) = (a, fa, b, fb);
    // `b` is the best place, `a` the one before it, `c` the other end of the bracket.
    let (mut c, mut fc) = (a, fa);
    let (mut step, mut before) = (b - a, b - a);
    for _ in 0..200 {
        if fb.signum() == fc.signum() {
            (c, fc) = (a, fa);
            step = b - a;
            before = step;
        }
        if fc.abs() < fb.abs() {
            (a, fa, b, fb, c, fc) = (b, fb, c, fc, b, fb);
        }
        let least = 2.0 * f64::EPSILON * b.abs() + 0.5 * width;
        let half = 0.5 * (c - b);
        if half.abs() <= least || fb == 0.0 {
            break;
        }
        if before.abs() >= least && fa.abs() > fb.abs() {
            let s = fb / fa;
            let (mut p, mut q) = if a == c {
                (2.0 * half * s, 1.0 - s)
            } else {
                let (q, r) = (fa / fc, fb / fc);
                (s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q
            } else {
                p = -p
            }
            if 2.0 * p < (3.0 * half * q - (least * q).abs()).min((before * q).abs()) {
                before = step;
                step = p / q;
            } else {
                step = half;
                before = half;
            }
        } else {
            step = half;
            before = half;
        }
        (a, fa) = (b, fb);
        b += if step.abs() > least { step } else { least.copysign(half) };
        fb = f(b)?;
    }
    Ok((b, fb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_in_few_calls() -> Result<()> {
        type Case<'a> = (&'a dyn Fn(f64) -> f64, f64, f64, f64);
        let cases: [Case; 4] = [
            (&|x| x * x - 2.0, 0.0, 2.0, 2.0_f64.sqrt()),
            (&|x: f64| x.exp() - 20.0, -5.0, 9.0, 20.0_f64.ln()),
            (&|x: f64| (x - 0.3) * (x * x + 0.01), -1.0, 3.0, 0.3),
            (&|x: f64| if x < 0.7 { -1.0 } else { 1.0 }, 0.0, 1.0, 0.7),
        ];
        for (f, a, b, exact) in cases {
            let mut calls = 0;
            let mut counted = |x: f64| {
                calls += 1;
                Ok(f(x))
            };
            let (root, _) = brent(&mut counted, (a, f(a)), (b, f(b)), 1e-14)?;
            assert!((root - exact).abs() < 1e-13, "{root} {exact}");
            // Bisection would take 47; a jump cannot be had for less.
            assert!(calls < if exact == 0.7 { 60 } else { 18 }, "{calls} calls for {exact}");
        }
        Ok(())
    }
}
