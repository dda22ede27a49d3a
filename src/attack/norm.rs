//! The norms in which a change of an image is measured.

use std::fmt;

/// How the size of a change `d` of an image is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Norm {
    /// The largest change of a pixel, `max |d_i|`.
    #[default]
    Linf,
    /// The Euclidean length, `sqrt(sum d_i^2)`.
    L2,
    /// The sum of all changes, `sum |d_i|`.
    L1,
}

impl Norm {
    /// The size of a change, summed in float64.
    pub fn of(self, change: impl IntoIterator<Item = f32>) -> f64 {
        let sizes = change.into_iter().map(|d| f64::from(d).abs());
        match self {
            Norm::Linf => sizes.fold(0.0, f64::max),
            Norm::L2 => sizes.map(|d| d * d).sum::<f64>().sqrt(),
            Norm::L1 => sizes.sum(),
        }
    }

    /// The size of the way from one image to another, both of the same length.
    pub fn between(self, from: &[f32], to: &[f32]) -> f64 {
        // The difference in float64: in float32 it would round twice.
        let sizes = from.iter().zip(to).map(|(a, b)| (f64::from(*b) - f64::from(*a)).abs());
        match self {
            Norm::Linf => sizes.fold(0.0, f64::max),
            Norm::L2 => sizes.map(|d| d * d).sum::<f64>().sqrt(),
            Norm::L1 => sizes.sum(),
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Norm::Linf => "Linf",
            Norm::L2 => "L2",
            Norm::L1 => "L1",
        })
    }
}
