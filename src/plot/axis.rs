//! Axes: what a notebook says about them, and where values come to lie.

use crate::error::{Error, Result};

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths (log10); values must be positive.
    Log,
}

/// One axis of a panel.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The label, with the unit, e.g. `Time (s)`; superscripts as Unicode (`10⁻³`).
    pub label: String,
    /// Linear or log10.
    pub scale: Scale,
    /// Ends of the axis, the lower first; `None` takes them from the data with 4 % of padding.
    pub range: Option<(f64, f64)>,
    /// Whether ticks are whole numbers only, as for epochs. Not by default.
    pub whole: bool,
    /// Names instead of numbers, of the stretches 0 to 1, 1 to 2, and so on, such as the rows of a matrix. None by default.
    pub names: Vec<String>,
}

impl Axis {
    /// A linear axis whose range comes from the data.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None, whole: false, names: vec![] }
    }

    /// A log10 axis whose range comes from the data.
    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Log, range: None, whole: false, names: vec![] }
    }

    /// The axis from `low` to `high` whatever the data are; what lies outside is cut off.
    ///
    /// Drawing fails unless both are finite, `low < high`, and on a log axis `low > 0`.
    pub fn with_range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// The axis with ticks at whole numbers only.
    pub fn with_whole_ticks(mut self) -> Self {
        self.whole = true;
        self
    }

    /// The axis with these names in the middle of the stretches 0 to 1, 1 to 2, and so on, and no other ticks.
    pub fn with_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether `value` has a place on the axis.
    pub(super) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// Ends of the axis: the fixed range, or one around the data (`(lowest, highest)` of what it shows), without
    /// padding where they have `filled` it.
    pub(super) fn ends(&self, data: Option<(f64, f64)>, filled: bool) -> Result<(f64, f64)> {
        if let Some((low, high)) = self.range {
            let positive = self.scale == Scale::Linear || low > 0.0;
            if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite() && positive) {
                let above = if self.scale == Scale::Log { ", both positive on a log axis" } else { "" };
                return Err(Error::parameter(
                    "range",
                    format!("({low}, {high})"),
                    format!("two finite numbers, the lower first{above} (axis `{}`)", self.label),
                ));
            }
            return Ok((low, high));
        }
        let Some((low, high)) = data else {
            return Err(Error::Draw(format!(
                "axis `{}` has no data to take its range from; add a line or points, or give with_range",
                self.label
            )));
        };
        let (low, high) = match self.scale {
            _ if filled => (low, high),
            Scale::Linear => pad_linear(low, high),
            Scale::Log => pad_log(low, high),
        };
        if (high - low).is_finite() && low < high {
            Ok((low, high))
        } else {
            Err(Error::Draw(format!(
                "the data on axis `{}` span more than floating-point numbers can, or less; rescale them",
                self.label
            )))
        }
    }
}

const PADDING: f64 = 0.04;

fn pad_linear(low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    let size = low.abs().max(high.abs());
    // Equal but for rounding: there is no span to take a share of.
    if span <= size * 1e-12 {
        let pad = if size == 0.0 { 1.0 } else { size * 0.1 };
        return (low - pad, high + pad);
    }
    (low - PADDING * span, high + PADDING * span)
}

fn pad_log(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = (low.log10(), high.log10());
    let span = high - low;
    let pad = if span < 1e-9 { 0.5 } else { PADDING * span };
    // Near the ends of the range of floating-point numbers the padding must not leave it.
    (10f64.powf((low - pad).max(-307.0)), 10f64.powf((high + pad).min(307.0)))
}

/// An axis laid along a stretch of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    scale: Scale,
    /// Ends in values.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Where `low` and `high` lie, in logical pixels.
    start: f64,
    end: f64,
}

impl Mapping {
    pub(super) fn new(scale: Scale, (low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { scale, low, high, start, end }
    }

    /// Where `value` lies. Values the axis does not show must have been left out before.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            // Differences of logarithms: the ratio of the ends may be more than a number can hold.
            Scale::Log => (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10()),
        };
        // Far outside it does not matter where; what matters is that lengths stay finite.
        self.start + share.clamp(-1e6, 1e6) * (self.end - self.start)
    }

    /// The value at a share of the axis' length, 0 to 1.
    pub(super) fn value(&self, share: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.low + share * (self.high - self.low),
            Scale::Log => {
                let (low, high) = (self.low.log10(), self.high.log10());
                10f64.powf(low + share * (high - low))
            }
        }
    }

    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}
