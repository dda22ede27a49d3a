//! Curves of codimension one in two parameters, as `(g, sigma)(h, p1, p2) = 0`.
//!
//! Each kind of point is one where a real matrix is singular; `sigma` is the number that borders give (see
//! [`null_vectors`](super::null_vectors)), smooth and 0 exactly there:
//!
//! | | matrix | eigenvalues |
//! |---|---|---|
//! | fold | `Dg` | those of `Df`, up to positive factors |
//! | Hopf | bialternate sum `2 J (.) I` | sums of two of `J` |
//! | flip | `2 + step J` | `1 +` multiplier |
//! | Neimark-Sacker | bialternate product `A (.) A - 1`, `A = 1 + step J` | products of two multipliers `- 1` |
//!
//! The curve of Hopf points goes on through Bogdanov-Takens points as one of neutral saddles, without a singularity. W. Govaerts,
//! *Numerical methods for bifurcations of dynamical equilibria*, 2000, sections 4.1 and 5.3.

use super::arclength::{Bound, Curve};
use super::family::ParameterFamily;
use super::null_vectors::{ComplexMatrix, bordered, null_vectors};
use super::special::Bifurcation;
use super::spectral_tests::eigenvalues;
use crate::dynamics::VectorField;
use crate::dynamics::complex::Complex;
use crate::error::{Error, Result};

/// Unknowns are `(h, p1, p2)`.
pub(crate) struct CriticalCurve {
    family: ParameterFamily,
    kind: Bifurcation,
    step: Option<f64>,
    scales: Vec<f64>,
    bounds: Vec<Bound>,
    borders: (Vec<Complex>, Vec<Complex>),
}

impl CriticalCurve {
    /// Of a kind of [`Bifurcation`] that has curves; `step` is that of a map.
    pub(crate) fn new(
        family: &ParameterFamily,
        kind: Bifurcation,
        step: Option<f64>,
        ranges: [(f64, f64); 2],
    ) -> Result<Self> {
        if family.parameters() != 2 {
            return Err(Error::parameter("parameters", family.parameters(), "a family of two parameters"));
        }
        let of_map = matches!(kind, Bifurcation::Flip | Bifurcation::NeimarkSacker);
        let fits = kind == Bifurcation::Fold
            || (of_map && step.is_some())
            || (kind == Bifurcation::Hopf && step.is_none());
        if !fits {
            let expected =
                "fold or hopf for a flow, fold, flip or neimark_sacker for a map: other kinds have no curves";
            return Err(Error::parameter("kind", kind.name(), expected));
        }
        let d = family.dimension();
        let mut scales = vec![1.0; d];
        let mut bounds = vec![];
        for (k, (low, high)) in ranges.into_iter().enumerate() {
            if !(low < high && (high - low).is_finite()) {
                return Err(Error::parameter("range", format!("[{low}, {high}]"), "finite low < high"));
            }
            scales.push(0.5 * (high - low));
            bounds.push(Bound { unknown: d + k, low, high });
        }
        Ok(Self { family: family.clone(), kind, step, scales, bounds, borders: (vec![], vec![]) })
    }

    pub(crate) fn dimension(&self) -> usize {
        self.scales.len() - 2
    }

    pub(crate) fn family(&self) -> &ParameterFamily {
        &self.family
    }

    pub(crate) fn kind(&self) -> Bifurcation {
        self.kind
    }

    /// The field at `(h, p1, p2)`.
    pub(crate) fn flow(&self, y: &[f64]) -> Result<Box<dyn VectorField>> {
        self.family.at(&y[self.dimension()..])
    }

    /// Eigenvalues of the flow at `(h, p1, p2)`.
    pub(crate) fn eigenvalues(&self, y: &[f64]) -> Result<Vec<Complex>> {
        let d = self.dimension();
        let flow = self.flow(y)?;
        eigenvalues(&*flow, &y[..d])
    }

    /// The matrix that is singular on the curve.
    fn matrix(&self, flow: &dyn VectorField, h: &[f64]) -> ComplexMatrix {
        let d = h.len();
        let mut jacobian = vec![0.0; d * d];
        if self.kind == Bifurcation::Fold {
            flow.gate_free_jacobian(h, &mut jacobian);
            return ComplexMatrix::shifted(&jacobian, d, 1.0, Complex::default());
        }
        flow.jacobian(h, &mut jacobian);
        match (self.kind, self.step) {
            (Bifurcation::Flip, Some(step)) => ComplexMatrix::shifted(&jacobian, d, step, Complex::real(2.0)),
            (Bifurcation::NeimarkSacker, Some(step)) => {
                let map: Vec<f64> = jacobian
                    .iter()
                    .enumerate()
                    .map(|(k, j)| step * j + if k % (d + 1) == 0 { 1.0 } else { 0.0 })
                    .collect();
                let product = bialternate(d, |p, q, r, s| {
                    map[p * d + r] * map[q * d + s] - map[p * d + s] * map[q * d + r]
                });
                ComplexMatrix::shifted(&product, pairs(d), 1.0, Complex::real(-1.0))
            }
            _ => {
                let entry = |p: usize, q: usize, r: usize, s: usize| {
                    let at = |i: usize, j: usize| jacobian[i * d + j];
                    let same = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
                    at(p, r) * same(q, s) + same(p, r) * at(q, s)
                        - at(p, s) * same(q, r)
                        - same(p, s) * at(q, r)
                };
                ComplexMatrix::shifted(&bialternate(d, entry), pairs(d), 1.0, Complex::default())
            }
        }
    }

    /// Right and left vectors at a point, which are null vectors on the curve; continuous as long as the borders are the same.
    pub(crate) fn vectors(&self, y: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let matrix = self.matrix(&*self.flow(y)?, &y[..self.dimension()]);
        let (a, b) = &self.borders;
        let right = bordered(&matrix, a, b).ok_or_else(singular)?;
        let left = bordered(&matrix.adjoint(), b, a).ok_or_else(singular)?;
        let real = |v: Vec<Complex>| v.iter().map(|v| v.re).collect();
        Ok((real(right.vector), real(left.vector)))
    }
}

impl Curve for CriticalCurve {
    fn unknowns(&self) -> usize {
        self.scales.len()
    }

    fn residual(&self, y: &[f64], out: &mut [f64]) -> Result<()> {
        let d = self.dimension();
        let flow = self.flow(y)?;
        flow.gate_free(&y[..d], &mut out[..d]);
        let (a, b) = &self.borders;
        out[d] = bordered(&self.matrix(&*flow, &y[..d]), a, b).ok_or_else(singular)?.sigma.re;
        Ok(())
    }

    fn scales(&self) -> &[f64] {
        &self.scales
    }

    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    /// The null vectors there are the best borders near it.
    fn keep(&mut self, y: &[f64]) -> Result<()> {
        let matrix = self.matrix(&*self.flow(y)?, &y[..self.dimension()]);
        let (v, w) = null_vectors(&matrix).ok_or_else(singular)?;
        self.borders = (w, v);
        Ok(())
    }
}

/// How many pairs of different indices there are.
fn pairs(d: usize) -> usize {
    d * (d - 1) / 2
}

/// The matrix with the entry `of(p, q, r, s)` in the row of the pair `p > q` and the column of the pair `r > s`.
fn bialternate(d: usize, of: impl Fn(usize, usize, usize, usize) -> f64) -> Vec<f64> {
    let all: Vec<(usize, usize)> = (0..d).flat_map(|p| (0..p).map(move |q| (p, q))).collect();
    all.iter()
        .flat_map(|&(p, q)| all.iter().map(move |&(r, s)| (p, q, r, s)))
        .map(|(p, q, r, s)| of(p, q, r, s))
        .collect()
}

fn singular() -> Error {
    Error::Numeric {
        method: "the continuation of a curve of bifurcations",
        reason: "the bordered matrix is singular: more than one eigenvalue is critical; start elsewhere"
            .into(),
    }
}
