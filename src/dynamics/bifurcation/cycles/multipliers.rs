//! Floquet multipliers from the fundamental matrices of arcs.

use super::orbit::{Arc, Orbit};
use crate::dynamics::complex::Complex;
use crate::dynamics::cycles::floquet::{basis, norm};
use crate::dynamics::lu::determinant;
use crate::dynamics::spectrum::spectrum;
use crate::error::Result;

/// What the arcs of a closed orbit say.
pub(super) struct Multipliers {
    /// Those across the flow, by falling size.
    pub(super) values: Vec<Complex>,
    /// That of the direction of the flow, to compare with 1.
    pub(super) trivial: f64,
    /// The largest `|M_k f_k - f_(k+1)| / |f_(k+1)|` of an arc.
    pub(super) defect: f64,
    /// The largest difference of `det M_k` and `exp` of the divergence's integral of an arc, over the larger of it and 1.
    pub(super) liouville: f64,
    /// The integral of the divergence over the period, forward in time.
    pub(super) divergence: f64,
}

/// With an orthonormal basis at every node whose first vector has the direction of the flow, the matrices of the arcs are block triangular;
/// the product of their lower blocks has the multipliers. In the plane there is one, `exp` of the divergence's integral.
pub(super) fn multipliers(orbit: &Orbit, arcs: &[Arc]) -> Result<Multipliers> {
    let (d, m) = (orbit.dimension(), orbit.nodes.len());
    // The field at a node is that at the end of the arc before.
    let slope = |k: usize| arcs[(k + m - 1) % m].slope.as_slice();
    let (mut trivial, mut defect, mut liouville, mut divergence) = (1.0, 0.0_f64, 0.0_f64, 0.0);
    for (k, arc) in arcs.iter().enumerate() {
        let (from, to) = (slope(k), arc.slope.as_slice());
        let image: Vec<f64> = (0..d).map(|i| (0..d).map(|j| arc.matrix[i * d + j] * from[j]).sum()).collect();
        let square: f64 = to.iter().map(|f| f * f).sum();
        trivial *= image.iter().zip(to).map(|(a, b)| a * b).sum::<f64>() / square;
        let off: Vec<f64> = image.iter().zip(to).map(|(a, b)| a - b).collect();
        defect = defect.max(norm(&off) / square.sqrt());
        let exact = arc.divergence.exp();
        liouville = liouville.max((determinant(&arc.matrix, d) - exact).abs() / exact.max(1.0));
        divergence += arc.divergence;
    }
    let mut values = match d {
        2 => vec![Complex::real(divergence.exp())],
        _ => across(arcs, &slope, d)?,
    };
    if orbit.sense < 0.0 {
        values = values.into_iter().rev().map(|value| Complex::real(1.0) / value).collect();
        (trivial, divergence) = (1.0 / trivial, -divergence);
    }
    Ok(Multipliers { values, trivial, defect, liouville, divergence })
}

/// The eigenvalues of the product of the blocks across the flow.
fn across<'a>(arcs: &'a [Arc], slope: &dyn Fn(usize) -> &'a [f64], d: usize) -> Result<Vec<Complex>> {
    let n = d - 1;
    let mut product: Vec<f64> = (0..n * n).map(|e| if e % (n + 1) == 0 { 1.0 } else { 0.0 }).collect();
    for (k, arc) in arcs.iter().enumerate() {
        let (from, to) = (basis(slope(k)), basis(slope((k + 1) % arcs.len())));
        let mut block = vec![0.0; n * n];
        for (a, left) in to.iter().skip(1).enumerate() {
            for (b, right) in from.iter().skip(1).enumerate() {
                block[a * n + b] = (0..d)
                    .map(|i| left[i] * (0..d).map(|j| arc.matrix[i * d + j] * right[j]).sum::<f64>())
                    .sum();
            }
        }
        product =
            (0..n * n).map(|e| (0..n).map(|k| block[e / n * n + k] * product[k * n + e % n]).sum()).collect();
    }
    let mut values = spectrum(&vec![1.0; n], &product)?.values;
    values.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    Ok(values)
}
