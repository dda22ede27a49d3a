//! Floquet multipliers from the fundamental matrix of one period.

use crate::dynamics::complex::Complex;
use crate::dynamics::lu::determinant;
use crate::dynamics::spectrum::spectrum;
use crate::error::Result;

/// What the fundamental matrix `M` of one period says.
pub(super) struct Floquet {
    /// The eigenvalue of `M` that is nearest to 1, which is exactly 1 on a cycle.
    pub(super) trivial: Complex,
    /// The others, by falling size.
    pub(super) multipliers: Vec<Complex>,
    /// `|M f - f| / |f|`.
    pub(super) defect: f64,
    /// `det M`.
    pub(super) determinant: f64,
}

/// Of `matrix`, row-major, at a point where the field is `slope`; `divergence` is the integral of the divergence over the period.
///
/// The multipliers other than 1 are the eigenvalues of `M` on the space across the flow: with an orthonormal basis whose first
/// vector is `f / |f|`, `M` is block triangular. In the plane there is one, and `exp(divergence)` has it with all its digits, also where
/// it is far below rounding of `M`.
pub(super) fn floquet(matrix: &[f64], slope: &[f64], divergence: f64) -> Result<Floquet> {
    let d = slope.len();
    let speed = norm(slope);
    let image: Vec<f64> = (0..d).map(|i| (0..d).map(|j| matrix[i * d + j] * slope[j]).sum()).collect();
    let error: Vec<f64> = image.iter().zip(slope).map(|(a, b)| a - b).collect();
    let all = spectrum(&vec![1.0; d], matrix)?.values;
    let mut trivial = Complex::new(f64::INFINITY, 0.0);
    for value in &all {
        if distance_to_one(*value) < distance_to_one(trivial) {
            trivial = *value;
        }
    }
    let multipliers = match d {
        1 => vec![],
        2 => vec![Complex::new(divergence.exp(), 0.0)],
        _ => {
            let basis = basis(slope);
            let n = d - 1;
            let mut across = vec![0.0; n * n];
            for a in 0..n {
                for b in 0..n {
                    let (left, right) = (&basis[a + 1], &basis[b + 1]);
                    across[a * n + b] = (0..d)
                        .map(|i| left[i] * (0..d).map(|j| matrix[i * d + j] * right[j]).sum::<f64>())
                        .sum();
                }
            }
            let mut values = spectrum(&vec![1.0; n], &across)?.values;
            values.sort_by(|a, b| b.re.hypot(b.im).total_cmp(&a.re.hypot(a.im)));
            values
        }
    };
    Ok(Floquet { trivial, multipliers, defect: norm(&error) / speed, determinant: determinant(matrix, d) })
}

fn distance_to_one(value: Complex) -> f64 {
    (value.re - 1.0).hypot(value.im)
}

pub(in crate::dynamics) fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// An orthonormal basis whose first vector has the direction of `first`.
pub(in crate::dynamics) fn basis(first: &[f64]) -> Vec<Vec<f64>> {
    let d = first.len();
    let mut basis: Vec<Vec<f64>> = vec![first.iter().map(|x| x / norm(first)).collect()];
    // The unit vectors that are most across the flow.
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|a, b| first[*a].abs().total_cmp(&first[*b].abs()));
    for axis in order.into_iter().take(d - 1) {
        let mut v = vec![0.0; d];
        v[axis] = 1.0;
        for _ in 0..2 {
            for b in &basis {
                let along: f64 = v.iter().zip(b).map(|(x, y)| x * y).sum();
                for (x, y) in v.iter_mut().zip(b) {
                    *x -= along * y;
                }
            }
        }
        let size = norm(&v);
        basis.push(v.iter().map(|x| x / size).collect());
    }
    basis
}
