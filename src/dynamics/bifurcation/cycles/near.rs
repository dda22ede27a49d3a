//! Fixed points and folds near a cycle or a loop.

use crate::dynamics::bifurcation::arclength::{Closing, Curve, corrected};
use crate::dynamics::bifurcation::critical::CriticalCurve;
use crate::dynamics::bifurcation::equilibrium_curve::EquilibriumCurve;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::bifurcation::options::ContinuationOptions;
use crate::dynamics::bifurcation::special::Bifurcation;
use crate::dynamics::complex::Complex;
use crate::error::Result;

/// Equilibria of a family, asked for one by one.
pub(in crate::dynamics::bifurcation) struct Near {
    family: ParameterFamily,
    equilibria: EquilibriumCurve,
    range: (f64, f64),
    options: ContinuationOptions,
}

/// A fold, with what tells how fast orbits pass it.
pub(in crate::dynamics::bifurcation) struct Fold {
    pub(in crate::dynamics::bifurcation) state: Vec<f64>,
    pub(in crate::dynamics::bifurcation) parameter: f64,
    /// `b` of the time `b / sqrt|p - parameter|` that one passage takes: `pi / sqrt(alpha beta)` with the normal form
    /// `y' = alpha (p - p*) + beta y^2`.
    pub(in crate::dynamics::bifurcation) passage: f64,
}

impl Near {
    pub(in crate::dynamics::bifurcation) fn new(family: &ParameterFamily, range: (f64, f64)) -> Self {
        let options = ContinuationOptions { iterations: 30, tolerance: 1e-11, ..ContinuationOptions::new() };
        Self { family: family.clone(), equilibria: EquilibriumCurve::new(family, range), range, options }
    }

    /// The fixed point that Newton's method finds from `guess`, where it converges.
    pub(in crate::dynamics::bifurcation) fn fixed_point(
        &self,
        guess: &[f64],
        parameter: f64,
    ) -> Option<Vec<f64>> {
        let d = guess.len();
        let start: Vec<f64> = guess.iter().copied().chain([parameter]).collect();
        let (mut y, _) =
            corrected(&self.equilibria, &Closing::Fixed(d, parameter), &start, &self.options).ok()?;
        y.truncate(d);
        Some(y)
    }

    /// Its eigenvalues, by falling real part.
    pub(in crate::dynamics::bifurcation) fn eigenvalues(
        &self,
        state: &[f64],
        parameter: f64,
    ) -> Result<Vec<Complex>> {
        let y: Vec<f64> = state.iter().copied().chain([parameter]).collect();
        self.equilibria.eigenvalues(&y)
    }

    /// The fold that Newton's method finds from `guess` and `parameter`, where it converges.
    pub(in crate::dynamics::bifurcation) fn fold(&self, guess: &[f64], parameter: f64) -> Option<Fold> {
        let d = guess.len();
        // The curve of folds takes two parameters: nothing depends on the second one, which is held.
        let own = self.family.clone();
        let name = own.names().first().cloned().unwrap_or_default();
        let family =
            ParameterFamily::of_fields(d, &[&name, ""], move |p| own.at(p.get(..1).unwrap_or_default()));
        let mut curve =
            CriticalCurve::new(&family, Bifurcation::Fold, None, [self.range, (-1.0, 1.0)]).ok()?;
        let start: Vec<f64> = guess.iter().copied().chain([parameter, 0.0]).collect();
        curve.keep(&start).ok()?;
        let (y, _) = corrected(&curve, &Closing::Fixed(d + 1, 0.0), &start, &self.options).ok()?;
        let passage = self.passage(&curve, &y)?;
        Some(Fold { state: y.get(..d)?.to_vec(), parameter: *y.get(d)?, passage })
    }

    fn passage(&self, curve: &CriticalCurve, y: &[f64]) -> Option<f64> {
        let d = curve.dimension();
        let (state, p) = (y.get(..d)?, *y.get(d)?);
        let flow = self.family.at(&[p]).ok()?;
        let (v, left) = curve.vectors(y).ok()?;
        // A left null vector of the flow is one of `Dg` over the factors of the gates.
        let mut factors = vec![1.0; d];
        flow.gate_factors(state, &mut factors);
        let w: Vec<f64> = left.iter().zip(&factors).map(|(w, c)| w / c).collect();
        let norm: f64 = w.iter().zip(&v).map(|(w, v)| w * v).sum();
        let mut bend = vec![0.0; d];
        flow.bilinear(state, &v, &v, &mut bend);
        let step = 1e-5 * (self.range.1 - self.range.0);
        let (mut up, mut down) = (vec![0.0; d], vec![0.0; d]);
        self.family.at(&[p + step]).ok()?.field(state, &mut up);
        self.family.at(&[p - step]).ok()?.field(state, &mut down);
        let alpha: f64 = (0..d).map(|i| w[i] * (up[i] - down[i]) / (2.0 * step)).sum::<f64>() / norm;
        let beta: f64 = 0.5 * (0..d).map(|i| w[i] * bend[i]).sum::<f64>() / norm;
        let passage = std::f64::consts::PI / (alpha * beta).abs().sqrt();
        passage.is_finite().then_some(passage)
    }
}
