//! Functions of the eigenvalues that vanish at bifurcations.

use super::options::System;
use crate::dynamics::VectorField;
use crate::dynamics::complex::Complex;
use crate::dynamics::spectrum::spectrum;
use crate::error::Result;

/// Eigenvalues of a flow at its equilibrium `h`, by falling real part: those of `diag(c) Dg`, where the factors `c` may span many
/// orders of magnitude.
pub(crate) fn eigenvalues(flow: &dyn VectorField, h: &[f64]) -> Result<Vec<Complex>> {
    let d = h.len();
    let (mut factors, mut jacobian) = (vec![0.0; d], vec![0.0; d * d]);
    flow.gate_factors(h, &mut factors);
    flow.gate_free_jacobian(h, &mut jacobian);
    Ok(spectrum(&factors, &jacobian)?.values)
}

/// Of how many eigenvalues a state moves away.
pub(crate) fn unstable(values: &[Complex], system: System) -> usize {
    let grows = |v: &&Complex| match system {
        System::Flow => v.re > 0.0,
        // |1 + step v|^2 > 1 without cancellation.
        System::Map { step } => 2.0 * v.re + step * (v.re * v.re + v.im * v.im) > 0.0,
    };
    values.iter().filter(grows).count()
}

/// Vanishes where two eigenvalues have the sum 0 (two multipliers of a map the product 1): at Hopf (Neimark-Sacker) points and
/// neutral saddles. The product over all pairs, each relative to its size, so that it is between -1 and 1.
pub(crate) fn pairs(values: &[Complex], system: System) -> f64 {
    let mut product = Complex::real(1.0);
    for (i, a) in values.iter().enumerate() {
        for b in &values[i + 1..] {
            product = product * pair(*a, *b, system);
        }
    }
    product.re
}

/// The pair that is nearest to such a point.
pub(crate) fn critical_pair(values: &[Complex], system: System) -> Option<(Complex, Complex)> {
    let mut best: Option<(f64, (Complex, Complex))> = None;
    for (i, a) in values.iter().enumerate() {
        for b in &values[i + 1..] {
            let size = pair(*a, *b, system).abs();
            if best.is_none_or(|(least, _)| size < least) {
                best = Some((size, (*a, *b)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

fn pair(a: Complex, b: Complex, system: System) -> Complex {
    let (value, size) = match system {
        System::Flow => (a + b, a.abs() + b.abs()),
        // (1 + s a)(1 + s b) - 1 = s (a + b + s a b).
        System::Map { step } => (a + b + (a * b).scaled(step), a.abs() + b.abs() + step * (a * b).abs()),
    };
    value.scaled(1.0 / size.max(f64::MIN_POSITIVE))
}

/// Vanishes where a multiplier of the map is -1: the product of `2 + step v` over all eigenvalues, each relative to its size.
pub(crate) fn flip(values: &[Complex], step: f64) -> f64 {
    let factor = |v: &Complex| (*v + Complex::real(2.0 / step)).scaled(1.0 / (v.abs() + 2.0 / step));
    values.iter().fold(Complex::real(1.0), |product, v| product * factor(v)).re
}
