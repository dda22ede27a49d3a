//! Complex numbers of eigenvalues and multipliers.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `re + i im`.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

impl Complex {
    /// `re + i im`.
    pub fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    /// The real number `re`.
    pub fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    /// The absolute value.
    pub fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    /// `re - i im`.
    pub fn conj(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// All of it times a real number.
    pub fn scaled(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self { re: -self.re, im: -self.im }
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

impl Div for Complex {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        // Scaled, so that squares neither overflow nor vanish.
        let scale = other.re.abs().max(other.im.abs());
        let unit = other.scaled(1.0 / scale);
        (self * unit.conj()).scaled(1.0 / (unit.re * unit.re + unit.im * unit.im) / scale)
    }
}

/// `re` alone where it is real.
impl fmt::Display for Complex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(6);
        write!(f, "{:.precision$}", self.re)?;
        if self.im != 0.0 { write!(f, "{:+.precision$}i", self.im) } else { Ok(()) }
    }
}

impl fmt::Debug for Complex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.im == 0.0 { write!(f, "{:?}", self.re) } else { write!(f, "{:?}{:+?}i", self.re, self.im) }
    }
}
