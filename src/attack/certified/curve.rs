//! Guaranteed accuracy against eps.

use crate::display::{Content, show};

/// Share of examples whose label is proved for every image within eps, against eps: a lower bound of the accuracy under any
/// attack in the largest change of a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct CertifiedCurve {
    /// For the legend, e.g. `vanilla, certified`.
    pub name: String,
    /// Sizes of the ball, in units of the pixel range.
    pub eps: Vec<f64>,
    /// Guaranteed accuracy at each size, in `[0, 1]`.
    pub accuracy: Vec<f64>,
    /// Binomial standard error of that share over the examples.
    pub standard_error: Vec<f64>,
}

impl CertifiedCurve {
    pub(super) fn new(name: &str, examples: usize, counts: impl IntoIterator<Item = (f64, usize)>) -> Self {
        let mut curve = Self { name: name.to_owned(), eps: vec![], accuracy: vec![], standard_error: vec![] };
        for (eps, certified) in counts {
            let share = certified as f64 / examples as f64;
            curve.eps.push(eps);
            curve.accuracy.push(share);
            curve.standard_error.push((share * (1.0 - share) / examples as f64).sqrt());
        }
        curve
    }

    /// Shows the numbers in a notebook; [`plot::certified_curves`](crate::plot::certified_curves) draws them.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}
