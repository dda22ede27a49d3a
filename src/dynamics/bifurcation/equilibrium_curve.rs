//! The curve of equilibria of a one-parameter family: `g(h, p) = 0` with the gate-free residual.

use super::arclength::{Bound, Curve, difference_columns};
use super::family::ParameterFamily;
use super::spectral_tests::eigenvalues;
use crate::dynamics::complex::Complex;
use crate::error::Result;

/// Unknowns are the state and the parameter, `(h, p)`.
pub(crate) struct EquilibriumCurve {
    family: ParameterFamily,
    scales: Vec<f64>,
    bounds: Vec<Bound>,
}

impl EquilibriumCurve {
    /// For parameters from `low` to `high`.
    pub(crate) fn new(family: &ParameterFamily, (low, high): (f64, f64)) -> Self {
        let d = family.dimension();
        let mut scales = vec![1.0; d + 1];
        scales[d] = 0.5 * (high - low);
        Self { family: family.clone(), scales, bounds: vec![Bound { unknown: d, low, high }] }
    }

    /// The dimension of the state.
    pub(crate) fn dimension(&self) -> usize {
        self.scales.len() - 1
    }

    /// Eigenvalues of the flow at `(h, p)`, which is an equilibrium, by falling real part.
    pub(crate) fn eigenvalues(&self, y: &[f64]) -> Result<Vec<Complex>> {
        let d = self.dimension();
        let flow = self.family.at(&y[d..])?;
        eigenvalues(&*flow, &y[..d])
    }

    pub(crate) fn family(&self) -> &ParameterFamily {
        &self.family
    }
}

impl Curve for EquilibriumCurve {
    fn unknowns(&self) -> usize {
        self.scales.len()
    }

    fn residual(&self, y: &[f64], out: &mut [f64]) -> Result<()> {
        let d = self.dimension();
        self.family.at(&y[d..])?.gate_free(&y[..d], out);
        Ok(())
    }

    /// Exact by the state, by differences in the parameter.
    fn jacobian(&self, y: &[f64], out: &mut [f64]) -> Result<()> {
        let d = self.dimension();
        let mut jacobian = vec![0.0; d * d];
        self.family.at(&y[d..])?.gate_free_jacobian(&y[..d], &mut jacobian);
        for (row, own) in out.chunks_exact_mut(d + 1).zip(jacobian.chunks_exact(d)) {
            row[..d].copy_from_slice(own);
        }
        difference_columns(self, y, &[d], out)
    }

    fn scales(&self) -> &[f64] {
        &self.scales
    }

    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }
}
