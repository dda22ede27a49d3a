//! The two nonlinearities of a gated network, exact in their tails.

/// `1 / (1 + exp(-x))`. Small values keep their relative accuracy: `sigmoid(-800)` underflows, `sigmoid(-700)` is right.
///
/// The complement `1 - sigmoid(x)` is `sigmoid(-x)`; subtraction gives 0 from `x = 37` on.
#[inline]
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// `sigmoid(x)` and its derivative.
#[inline]
pub(crate) fn sigmoid_and_slope(x: f64) -> (f64, f64) {
    let e = (-x.abs()).exp();
    let large = 1.0 / (1.0 + e);
    let small = e * large;
    (if x < 0.0 { small } else { large }, small * large)
}

/// `tanh(x)` and its derivative `1 / cosh(x)^2`, both with full relative accuracy.
#[inline]
pub(crate) fn tanh_and_slope(x: f64) -> (f64, f64) {
    if x.abs() > 0.35 {
        // With e = exp(-2|x|): tanh|x| = (1 - e) / (1 + e), and sech^2 = 4 e / (1 + e)^2.
        let e = (-2.0 * x.abs()).exp();
        let inverse = 1.0 / (1.0 + e);
        (((1.0 - e) * inverse).copysign(x), 4.0 * e * inverse * inverse)
    } else {
        // The same by m = e - 1, which does not cancel near 0.
        let m = (-2.0 * x.abs()).exp_m1();
        let inverse = 1.0 / (m + 2.0);
        ((-m * inverse).copysign(x), 4.0 * (m + 1.0) * inverse * inverse)
    }
}
