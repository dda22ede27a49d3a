//! First orbits of a branch.

use super::corrector::{Tangent, failed};
use super::orbit::Orbit;
use crate::dynamics::VectorField;
use crate::dynamics::complex::Complex;
use crate::dynamics::spectrum::spectrum;
use crate::error::Result;

/// The fixed point of a Hopf point as an orbit of no size, and the direction in which cycles grow from it: `Re q exp(i omega t)` with the
/// eigenvector `q` of the eigenvalue `i omega`, of length 1 in the mean over the nodes.
pub(super) fn from_hopf(flow: &dyn VectorField, state: &[f64], parameter: f64) -> Result<(Orbit, Tangent)> {
    let d = state.len();
    let mut jacobian = vec![0.0; d * d];
    flow.jacobian(state, &mut jacobian);
    let spectrum = spectrum(&vec![1.0; d], &jacobian)?;
    let pairs = spectrum.values.iter().zip(&spectrum.vectors).filter(|(value, _)| value.im > 0.0);
    let nearest = pairs.min_by(|a, b| a.0.re.abs().total_cmp(&b.0.re.abs()));
    let Some((value, vector)) = nearest.filter(|(value, _)| value.re.abs() < 1e-4 * value.im) else {
        return Err(failed(format!(
            "the fixed point {state:?} at the parameter {parameter} is no Hopf point: eigenvalues {:?}",
            spectrum.values
        )));
    };
    let nodes = 8;
    let size = vector.iter().map(|q| q.re * q.re + q.im * q.im).sum::<f64>().sqrt();
    let direction = |k: usize| -> Vec<f64> {
        let (sin, cos) = (std::f64::consts::TAU * k as f64 / nodes as f64).sin_cos();
        let turn = Complex::new(cos, sin).scaled(std::f64::consts::SQRT_2 / size);
        vector.iter().map(|q| (*q * turn).re).collect()
    };
    let orbit = Orbit {
        nodes: vec![state.to_vec(); nodes],
        shares: vec![1.0 / nodes as f64; nodes],
        period: std::f64::consts::TAU / value.im,
        parameter,
        sense: 1.0,
    };
    let tangent = Tangent { nodes: (0..nodes).map(direction).collect(), log_period: 0.0, parameter: 0.0 };
    Ok((orbit, tangent))
}
