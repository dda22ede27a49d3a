//! A limit cycle with its checks.

use crate::display::{Content, show};
use crate::dynamics::complex::Complex;
use crate::error::Result;
use crate::frame::Frame;
use ndarray::{Array1, Array2};
use std::fmt;

/// A periodic orbit that shooting has confirmed.
#[derive(Clone)]
pub struct Cycle {
    /// A point of it.
    pub point: Array1<f64>,
    /// The least period.
    pub period: f64,
    /// The Floquet multipliers except the trivial one, by falling size: `d - 1` of them.
    pub multipliers: Vec<Complex>,
    /// The multiplier of the direction of the flow as it came out, to compare with 1.
    pub trivial: Complex,
    /// `|M f - f| / |f|`, to compare with 0: `M` is the fundamental matrix of one period, `f` the field at `point`.
    pub defect: f64,
    /// `det M`, to compare with `exp(divergence)`.
    pub determinant: f64,
    /// The integral of the divergence over one period. In the plane `exp(divergence)` is the multiplier, and that is what
    /// `multipliers` has: the determinant loses digits where the cycle attracts strongly.
    pub divergence: f64,
    /// The largest component of `phi_T(h) - h`.
    pub residual: f64,
    /// Whether all multipliers are inside of the unit circle.
    pub stable: bool,
    /// The orbit as a closed line, in the order of time: `(points, d)`, the last row is the first.
    pub points: Array2<f64>,
    /// Largest distance of two of its points along an axis.
    pub extent: f64,
    /// Newton iterations that shooting took.
    pub iterations: usize,
}

impl Cycle {
    /// How far `det M` is from `exp(divergence)`, relative to the size of `M`'s terms: rounding where all is well.
    pub fn liouville(&self) -> f64 {
        let exact = self.divergence.exp();
        (self.determinant - exact).abs() / exact.max(1.0)
    }

    /// The largest multiplier but the trivial one, in absolute value.
    pub fn leading(&self) -> f64 {
        self.multipliers.first().map_or(0.0, |m| m.re.hypot(m.im))
    }

    /// One row per point: `h1`, ..., `hd`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let mut frame = Frame::new();
        for (i, column) in self.points.columns().into_iter().enumerate() {
            frame = frame.with(&format!("h{}", i + 1), column.iter().copied())?;
        }
        Ok(frame)
    }

    /// One row per check: `check`, `value`, `expected`.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars), which would be a bug.
    pub fn checks(&self) -> Result<Frame> {
        let trivial = self.trivial.re.hypot(self.trivial.im);
        Frame::new()
            .with("check", ["residual", "trivial multiplier", "|Mf - f| / |f|", "det M"])?
            .with("value", [self.residual, trivial, self.defect, self.determinant])?
            .with("expected", [0.0, 1.0, 0.0, self.divergence.exp()])
    }

    /// Shows period, multipliers and checks in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let multipliers: Vec<String> = self
            .multipliers
            .iter()
            .map(
                |m| if m.im == 0.0 { format!("{:.6e}", m.re) } else { format!("{:.6e}{:+.6e}i", m.re, m.im) },
            )
            .collect();
        write!(
            f,
            "Cycle({}, period {:.9}, multipliers [{}], trivial {:.9}, residual {:.1e})",
            if self.stable { "stable" } else { "unstable" },
            self.period,
            multipliers.join(", "),
            self.trivial.re,
            self.residual
        )
    }
}
