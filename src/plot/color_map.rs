//! From numbers to colours.

use super::theme::Color;

/// How the values of a picture become colours.
///
/// ```
/// use eigengate::plot::{Color, ColorMap};
///
/// assert_eq!(ColorMap::Grey.at(0.0), Color::BLACK);
/// assert_eq!(ColorMap::Diverging.at(0.5), Color::new(247, 247, 247));
/// let (low, high) = (ColorMap::Diverging.at(0.0), ColorMap::Diverging.at(1.0));
/// assert!(low.blue > low.red && high.red > high.blue);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColorMap {
    /// Black to white.
    Grey,
    /// Dark blue over nearly white to dark red, for values of either sign: RdBu of ColorBrewer, turned round. All
    /// kinds of colour vision tell its two ends apart, and lightness tells the size.
    Diverging,
    /// Dark violet over green to yellow, for values of one sign: viridis of matplotlib. Lightness grows evenly, for all
    /// kinds of colour vision and in grey print.
    #[default]
    Sequential,
}

/// ColorBrewer 2.0, RdBu with 11 classes, last to first.
const DIVERGING: [u32; 11] = [
    0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7, 0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b,
    0x67001f,
];

/// matplotlib's viridis at nine even steps.
const SEQUENTIAL: [u32; 9] =
    [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21908c, 0x27ad81, 0x5dc863, 0xaadc32, 0xfde725];

impl ColorMap {
    /// The colour at a share of the way from the lowest value to the highest. What lies outside of 0 to 1 has the
    /// colour of the end, NaN that of the middle.
    pub fn at(self, share: f64) -> Color {
        match self {
            ColorMap::Grey => between(&[0x000000, 0xffffff], share),
            ColorMap::Diverging => between(&DIVERGING, share),
            ColorMap::Sequential => between(&SEQUENTIAL, share),
        }
    }
}

/// Straight from each colour to the next, in even steps.
fn between(colors: &[u32], share: f64) -> Color {
    let share = if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) };
    let place = share * colors.len().saturating_sub(1) as f64;
    let first = (place as usize).min(colors.len().saturating_sub(2));
    let part = place - first as f64;
    let (from, to) = (colors.get(first).copied().unwrap_or(0), colors.get(first + 1).copied().unwrap_or(0));
    let mix = |shift: u32| {
        let (from, to) = (f64::from(from >> shift & 255), f64::from(to >> shift & 255));
        (from + part * (to - from)).round() as u8
    };
    Color::new(mix(16), mix(8), mix(0))
}

/// Where `value` is on the way from `low` to `high`: half way if both are the same.
pub(super) fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    // Halves: a difference of the largest numbers would be infinite.
    let span = high / 2.0 - low / 2.0;
    if span > 0.0 { (value / 2.0 - low / 2.0) / span } else { 0.5 }
}
