//! Intervals with outward rounding.

use super::gate::{sigmoid_and_slope, tanh_and_slope};
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// A closed interval `[lower, upper]`. The result of an operation holds every value that the operation has on the
/// operands: each bound is moved outward by more than the rounding error of its computation.
///
/// The bound of a sum or a product moves by 1.5 units in the last place. Sigmoid and hyperbolic tangent move by 8, which allows
/// the system's `exp` and `expm1` an error of 2 units.
///
/// ```
/// use eigengate::dynamics::Interval;
///
/// let x = Interval::new(-1.0, 2.0);
/// let square = x * x;
/// assert!(square.contains(-2.0) && square.contains(4.0));
/// assert!(square.lower() < -2.0 && square.upper() - 4.0 < 1e-14);
/// ```
#[derive(Clone, Copy, PartialEq)]
pub struct Interval {
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

/// 1.5 units in the last place of 1: a correctly rounded operation, and the outward step itself, err by half a unit each.
const STEP: f64 = 1.5 * f64::EPSILON;
/// Products that underflow err by less.
const TINY: f64 = f64::MIN_POSITIVE;
/// What sigmoid and tanh may err by, relatively.
const FUNCTION: f64 = 8.0 * f64::EPSILON;

/// Below every number that rounds to `x`.
#[inline]
pub(crate) fn down(x: f64) -> f64 {
    x - (x.abs() * STEP + TINY)
}

/// Above every number that rounds to `x`.
#[inline]
pub(crate) fn up(x: f64) -> f64 {
    x + (x.abs() * STEP + TINY)
}

impl Interval {
    /// The interval from `lower` to `upper`, or from `upper` to `lower` where they come the other way round.
    pub fn new(lower: f64, upper: f64) -> Self {
        Self { lo: lower.min(upper), hi: lower.max(upper) }
    }

    /// The interval of one number.
    pub fn point(x: f64) -> Self {
        Self { lo: x, hi: x }
    }

    /// The lower end.
    pub fn lower(&self) -> f64 {
        self.lo
    }

    /// The upper end.
    pub fn upper(&self) -> f64 {
        self.hi
    }

    /// Whether `x` is in it.
    pub fn contains(&self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// A number in the middle, up to rounding.
    #[inline]
    pub fn middle(&self) -> f64 {
        0.5 * (self.lo + self.hi)
    }

    /// `upper - lower`, up to rounding.
    #[inline]
    pub fn width(&self) -> f64 {
        self.hi - self.lo
    }

    /// The largest absolute value.
    #[inline]
    pub fn magnitude(&self) -> f64 {
        self.hi.max(-self.lo)
    }

    /// A bound on the distance of its numbers from [`middle`](Self::middle).
    #[inline]
    pub fn radius(&self) -> f64 {
        let middle = self.middle();
        up((self.hi - middle).max(middle - self.lo))
    }

    /// What both hold; `None` where they are disjoint.
    #[inline]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        (lo <= hi).then_some(Self { lo, hi })
    }

    /// Whether `other` is in it and touches neither end.
    #[inline]
    pub fn holds_inside(&self, other: Self) -> bool {
        self.lo < other.lo && other.hi < self.hi
    }

    /// All products with the number `factor`.
    #[inline]
    pub fn scaled(self, factor: f64) -> Self {
        let (a, b) = (self.lo * factor, self.hi * factor);
        Self { lo: down(a.min(b)), hi: up(a.max(b)) }
    }

    /// Every number within `margin` of it.
    #[inline]
    pub fn widened(self, margin: f64) -> Self {
        Self { lo: down(self.lo - margin), hi: up(self.hi + margin) }
    }

    /// The values of `1 / (1 + exp(-x))`.
    pub fn sigmoid(self) -> Self {
        self.sigmoid_and_slope().0
    }

    /// The values of the sigmoid, and those of its derivative.
    #[inline]
    pub fn sigmoid_and_slope(self) -> (Self, Self) {
        let ((low, low_slope), (high, high_slope)) = (sigmoid_and_slope(self.lo), sigmoid_and_slope(self.hi));
        (monotone(low, high, 0.0), self.unimodal(low_slope, high_slope, 0.25))
    }

    /// The values of the hyperbolic tangent.
    pub fn tanh(self) -> Self {
        self.tanh_and_slope().0
    }

    /// The values of the hyperbolic tangent, and those of its derivative.
    #[inline]
    pub fn tanh_and_slope(self) -> (Self, Self) {
        let ((low, low_slope), (high, high_slope)) = (tanh_and_slope(self.lo), tanh_and_slope(self.hi));
        (monotone(low, high, -1.0), self.unimodal(low_slope, high_slope, 1.0))
    }

    /// The values of an even function that falls on both sides of 0, from its values at the ends and its peak.
    #[inline]
    fn unimodal(self, at_lower: f64, at_upper: f64, peak: f64) -> Self {
        let lo = below(at_lower.min(at_upper)).max(0.0);
        let hi =
            if self.lo <= 0.0 && self.hi >= 0.0 { peak } else { above(at_lower.max(at_upper)).min(peak) };
        Self { lo, hi }
    }
}

/// Between the values at the two ends of a function that rises from `bottom` to 1.
#[inline]
fn monotone(at_lower: f64, at_upper: f64, bottom: f64) -> Interval {
    Interval { lo: below(at_lower).max(bottom), hi: above(at_upper).min(1.0) }
}

#[inline]
fn below(x: f64) -> f64 {
    x - (x.abs() * FUNCTION + TINY)
}

#[inline]
fn above(x: f64) -> f64 {
    x + (x.abs() * FUNCTION + TINY)
}

impl Add for Interval {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self { lo: down(self.lo + other.lo), hi: up(self.hi + other.hi) }
    }
}

impl Sub for Interval {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self { lo: down(self.lo - other.hi), hi: up(self.hi - other.lo) }
    }
}

impl Neg for Interval {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self { lo: -self.hi, hi: -self.lo }
    }
}

impl Mul for Interval {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.lo * other.lo, self.lo * other.hi);
        let (c, d) = (self.hi * other.lo, self.hi * other.hi);
        Self { lo: down(a.min(b).min(c.min(d))), hi: up(a.max(b).max(c.max(d))) }
    }
}

/// Both ends with all their digits.
impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}, {:?}]", self.lo, self.hi)
    }
}
