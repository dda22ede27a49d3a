//! Error against the size of an attack.

use crate::display::{Content, show};

/// Error rate against eps of one network under one attack.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorCurve {
    /// For the legend, e.g. `vanilla, FGSM`.
    pub name: String,
    /// Sizes of the attack, in units of the pixel range.
    pub eps: Vec<f64>,
    /// Share of misclassified examples at each size, in `[0, 1]`.
    pub error: Vec<f64>,
    /// Standard error of that share, the half-width of the band.
    pub standard_error: Vec<f64>,
}

impl ErrorCurve {
    /// Shows the numbers in a notebook; [`plot::error_curves`](crate::plot::error_curves) draws them.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}
