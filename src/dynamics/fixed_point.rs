//! One fixed point, with all that its linear part tells.

use super::classify::{Kind, TOLERANCE, of_flow, of_map};
use super::complex::Complex;
use super::flow::GruFlow;
use super::polish::{determinant, exact_residual, regularity};
use super::spectrum::spectrum;
use crate::display::{Content, show};
use crate::error::Result;
use ndarray::Array1;
use std::fmt;

/// A box, as two corners.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxRegion {
    /// The lower end of every side.
    pub lower: Vec<f64>,
    /// The upper end of every side.
    pub upper: Vec<f64>,
}

impl BoxRegion {
    /// The middle.
    pub fn center(&self) -> Vec<f64> {
        self.lower.iter().zip(&self.upper).map(|(lower, upper)| 0.5 * (lower + upper)).collect()
    }

    /// The longest side.
    pub fn width(&self) -> f64 {
        self.lower.iter().zip(&self.upper).fold(0.0, |width, (lower, upper)| (upper - lower).max(width))
    }

    /// Whether `h` is in it.
    pub fn contains(&self, h: &[f64]) -> bool {
        let sides = self.lower.iter().zip(&self.upper);
        h.len() == self.lower.len() && sides.zip(h).all(|((lower, upper), h)| lower <= h && h <= upper)
    }
}

/// A fixed point of a GRU: of its flow, its map and its Euler steps alike.
#[derive(Clone)]
pub struct FixedPoint {
    /// Where it is, to 1e-13 where it is certified.
    pub state: Array1<f64>,
    /// Its class for the flow; non-hyperbolic within [`TOLERANCE`](super::TOLERANCE), or where it is not certified and
    /// `Dg` is singular to 1e-6 of its size, as at a fold.
    pub kind: Kind,
    /// Eigenvalues of the flow, in the order of decreasing real part.
    pub eigenvalues: Vec<Complex>,
    /// Eigenvectors of length 1, in the same order. The largest component is positive.
    pub eigenvectors: Vec<Vec<Complex>>,
    /// How many eigenvalues have a positive real part.
    pub unstable: usize,
    /// The sign of `det(I - T')`, `T` being the candidate: its part in the sum that must be 1. 0 where the determinant vanishes.
    pub index: i32,
    /// `det Dg` of the gate-free residual; the sign of `det Df` is the same.
    pub determinant: f64,
    /// `1 - z` of every unit: how fast it moves.
    pub update_complement: Vec<f64>,
    /// The largest `|n - h|`, computed with 32 digits.
    pub residual: f64,
    /// Whether it is proved to exist, and to be the only one in `enclosure`.
    pub certified: bool,
    /// A box that holds it, where it is certified.
    pub enclosure: Option<BoxRegion>,
}

/// The regularity of `Dg` at a root that lies within rounding errors of a fold.
const NEARLY_SINGULAR: f64 = 1e-6;

impl FixedPoint {
    /// The fixed point at `h`, which is polished already.
    pub(crate) fn new(flow: &GruFlow, h: Vec<f64>, enclosure: Option<BoxRegion>) -> Result<Self> {
        let d = flow.d;
        let mut complement = vec![0.0; d];
        flow.update_complement(&h, &mut complement);
        let mut jacobian = vec![0.0; d * d];
        flow.residual_jacobian(&h, &mut jacobian);
        // At a fixed point the Jacobian has no term with the derivative of the update gate.
        let spectrum = spectrum(&complement, &jacobian)?;
        let determinant = determinant(&jacobian, d);
        let regularity = regularity(&jacobian, d);
        let (unstable, mut kind) = of_flow(&spectrum.values);
        // What no test certifies, and what is nearly singular, is a fold at the precision of the weights.
        if enclosure.is_none() && regularity <= NEARLY_SINGULAR {
            kind = Kind::NonHyperbolic;
        }
        let sign = if d.is_multiple_of(2) { determinant } else { -determinant };
        let singular = enclosure.is_none() && regularity <= TOLERANCE;
        let index = if singular { 0 } else { sign.signum() as i32 };
        let residual = exact_residual(flow, &h).iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        Ok(Self {
            state: Array1::from(h),
            kind,
            eigenvalues: spectrum.values,
            eigenvectors: spectrum.vectors,
            unstable,
            index,
            determinant,
            update_complement: complement,
            residual,
            certified: enclosure.is_some(),
            enclosure,
        })
    }

    /// Eigenvector `k` as a real direction, where eigenvalue `k` is real.
    pub fn direction(&self, k: usize) -> Option<Array1<f64>> {
        let (value, vector) = (self.eigenvalues.get(k)?, self.eigenvectors.get(k)?);
        (value.im == 0.0).then(|| vector.iter().map(|v| v.re).collect())
    }

    /// Multipliers `1 + step lambda` of the Euler step; those of the GRU as a map with step 1.
    pub fn multipliers(&self, step: f64) -> Vec<Complex> {
        self.eigenvalues.iter().map(|v| Complex::new(1.0 + step * v.re, step * v.im)).collect()
    }

    /// How many multipliers are outside of the unit circle.
    pub fn unstable_for_map(&self, step: f64) -> usize {
        of_map(&self.eigenvalues, step).0
    }

    /// The class for the Euler step; a point that is non-hyperbolic because of a fold is so for every step.
    pub fn kind_for_map(&self, step: f64) -> Kind {
        let of_fold = self.kind == Kind::NonHyperbolic && of_flow(&self.eigenvalues).1 != Kind::NonHyperbolic;
        if of_fold { Kind::NonHyperbolic } else { of_map(&self.eigenvalues, step).1 }
    }

    /// Shows place, class and eigenvalues in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for FixedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: Vec<String> = self.state.iter().map(|h| format!("{h:.6}")).collect();
        let values: Vec<String> = self.eigenvalues.iter().map(|v| format!("{v:.4}")).collect();
        let proved = if self.certified { "certified" } else { "not certified" };
        write!(
            f,
            "FixedPoint(({}), {}, eigenvalues {}, {proved})",
            state.join(", "),
            self.kind,
            values.join(", ")
        )
    }
}
