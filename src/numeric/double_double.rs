//! Numbers of twice the precision of float64: unevaluated sums of two (Dekker 1971), about 32 digits.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo`, where `lo` is at most half a unit in the last place of `hi`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DoubleDouble {
    pub(crate) hi: f64,
    lo: f64,
}

/// Sum and rounding error (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The same for `|a| >= |b|` (Dekker).
fn quick_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// Product and rounding error.
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

const LN_2: DoubleDouble = DoubleDouble { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };

impl DoubleDouble {
    pub(crate) const ZERO: Self = Self { hi: 0.0, lo: 0.0 };
    pub(crate) const ONE: Self = Self { hi: 1.0, lo: 0.0 };

    /// The exact product of two numbers.
    pub(crate) fn product(a: f64, b: f64) -> Self {
        let (hi, lo) = two_product(a, b);
        Self { hi, lo }
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.hi + self.lo
    }

    pub(crate) fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    pub(crate) fn sqrt(self) -> Self {
        if self.hi <= 0.0 {
            return Self::ZERO;
        }
        let root = self.hi.sqrt();
        let rest = self - Self::product(root, root);
        Self::from(root) + Self::from(0.5 * rest.hi / root)
    }

    /// `exp(x)`; 0 below -700.
    pub(crate) fn exp(self) -> Self {
        if self.hi < -700.0 {
            return Self::ZERO;
        }
        // exp(x) = 2^k exp(y)^512 with |y| < 7e-4. The doublings keep m = exp(y) - 1, which is small.
        let k = (self.hi / LN_2.hi).round();
        let y = (self - LN_2 * k.into()).ldexp(-9);
        let mut m = Self::ZERO;
        for divisor in (1..=9).rev() {
            m = (m + Self::ONE) * y / Self::from(f64::from(divisor));
        }
        for _ in 0..9 {
            m = m * m + m.ldexp(1);
        }
        (m + Self::ONE).ldexp(k as i32)
    }

    /// Times `2^power`, exactly.
    fn ldexp(self, power: i32) -> Self {
        let (half, rest) = (2f64.powi(power / 2), 2f64.powi(power - power / 2));
        Self { hi: self.hi * half * rest, lo: self.lo * half * rest }
    }

    pub(crate) fn sigmoid(self) -> Self {
        let e = (-self.abs()).exp();
        let numerator = if self.hi < 0.0 { e } else { Self::ONE };
        numerator / (Self::ONE + e)
    }

    pub(crate) fn tanh(self) -> Self {
        let e = (-self.abs().ldexp(1)).exp();
        let positive = (Self::ONE - e) / (Self::ONE + e);
        if self.hi < 0.0 { -positive } else { positive }
    }
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        Self { hi: x, lo: 0.0 }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (sum, error) = two_sum(self.hi, other.hi);
        let (low, low_error) = two_sum(self.lo, other.lo);
        let (hi, lo) = quick_two_sum(sum, error + low);
        let (hi, lo) = quick_two_sum(hi, lo + low_error);
        Self { hi, lo }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (product, error) = two_product(self.hi, other.hi);
        let (hi, lo) = quick_two_sum(product, error + (self.hi * other.lo + self.lo * other.hi));
        Self { hi, lo }
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other * first.into();
        let second = rest.hi / other.hi;
        let rest = rest - other * second.into();
        let (hi, lo) = quick_two_sum(first, second);
        Self { hi, lo } + Self::from(rest.hi / other.hi)
    }
}
