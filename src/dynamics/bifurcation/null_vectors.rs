//! Right and left null vectors of a nearly singular matrix, real or complex, by bordering.
//!
//! ```text
//! [ M   a ] [ v     ]   [ 0 ]        [ M'  b ] [ w     ]   [ 0 ]
//! [ b'  0 ] [ sigma ] = [ 1 ]        [ a'  0 ] [ sigma ] = [ 1 ]
//! ```
//!
//! `sigma` vanishes where `M` is singular, and its derivative is `-w' dM v`. W. Govaerts, *Numerical methods for bifurcations of
//! dynamical equilibria*, 2000, chapter 3.

use crate::dynamics::complex::Complex;
use crate::dynamics::lu::solved;

/// A complex matrix `M`, `(d, d)` row-major, as its real and imaginary parts.
#[derive(Clone, Debug)]
pub(crate) struct ComplexMatrix {
    pub(crate) d: usize,
    pub(crate) entries: Vec<Complex>,
}

impl ComplexMatrix {
    /// `shift I + factor A` for a real matrix `A`.
    pub(crate) fn shifted(a: &[f64], d: usize, factor: f64, shift: Complex) -> Self {
        let entry = |(k, a): (usize, &f64)| {
            let own = Complex::real(factor * a);
            if k % (d + 1) == 0 { own + shift } else { own }
        };
        Self { d, entries: a.iter().enumerate().map(entry).collect() }
    }

    /// The solution of `M x = b`, as a real system of twice the size.
    pub(crate) fn solve(&self, b: &[Complex]) -> Option<Vec<Complex>> {
        let (d, n) = (self.d, 2 * self.d);
        let mut matrix = vec![0.0; n * n];
        for i in 0..d {
            for j in 0..d {
                let m = self.entries[i * d + j];
                matrix[i * n + j] = m.re;
                matrix[i * n + d + j] = -m.im;
                matrix[(d + i) * n + j] = m.im;
                matrix[(d + i) * n + d + j] = m.re;
            }
        }
        let right: Vec<f64> = b.iter().map(|b| b.re).chain(b.iter().map(|b| b.im)).collect();
        let x = solved(&matrix, &right)?;
        Some((0..d).map(|i| Complex::new(x[i], x[d + i])).collect())
    }

    /// The conjugate transpose.
    pub(crate) fn adjoint(&self) -> Self {
        let d = self.d;
        Self { d, entries: (0..d * d).map(|k| self.entries[k % d * d + k / d].conj()).collect() }
    }

    /// The matrix with a column, a row (conjugated) and a corner of 0.
    fn bordered(&self, column: &[Complex], row: &[Complex]) -> Self {
        let (d, n) = (self.d, self.d + 1);
        let mut entries = vec![Complex::default(); n * n];
        for i in 0..d {
            entries[i * n..i * n + d].copy_from_slice(&self.entries[i * d..(i + 1) * d]);
            entries[i * n + d] = column[i];
            entries[d * n + i] = row[i].conj();
        }
        Self { d: n, entries }
    }
}

/// The solution of one bordered system.
#[derive(Clone, Debug)]
pub(crate) struct Bordered {
    /// The vector, which is a null vector where `sigma` is 0.
    pub(crate) vector: Vec<Complex>,
    /// How far from singular the matrix is.
    pub(crate) sigma: Complex,
}

/// The first of the two systems above.
pub(crate) fn bordered(matrix: &ComplexMatrix, a: &[Complex], b: &[Complex]) -> Option<Bordered> {
    let mut right = vec![Complex::default(); matrix.d + 1];
    right[matrix.d] = Complex::real(1.0);
    let mut vector = matrix.bordered(a, b).solve(&right)?;
    let sigma = vector.pop()?;
    Some(Bordered { vector, sigma })
}

/// Up to this size all pairs of unit vectors are tried as borders.
const FEW: usize = 6;

/// Right and left null vectors `v`, `w` of a matrix that is singular to rounding: `|v| = |w| = 1`. The borders are improved
/// from the unit vectors that serve best.
pub(crate) fn null_vectors(matrix: &ComplexMatrix) -> Option<(Vec<Complex>, Vec<Complex>)> {
    let d = matrix.d;
    let adjoint = matrix.adjoint();
    // Borders to choose from: all pairs of unit vectors, or, of a large matrix, one that is in no special direction.
    let border = |k: usize, salt: f64| -> Vec<Complex> {
        let entry =
            |i: usize| if d > FEW { (1.0 + i as f64 * salt).cos() } else { f64::from(u8::from(i == k)) };
        (0..d).map(|i| Complex::real(entry(i))).collect()
    };
    let choices = if d > FEW { 1 } else { d };
    let mut best: Option<(f64, Vec<Complex>, Vec<Complex>)> = None;
    for i in 0..choices {
        for j in 0..choices {
            let (a, b) = (border(i, 1.7), border(j, 2.3));
            let Some(found) = bordered(matrix, &a, &b) else { continue };
            let Some(left) = bordered(&adjoint, &b, &a) else { continue };
            let size = length(&found.vector) * length(&left.vector);
            if size.is_finite() && best.as_ref().is_none_or(|(least, ..)| size < *least) {
                best = Some((size, found.vector, left.vector));
            }
        }
    }
    let (_, mut v, mut w) = best?;
    for _ in 0..3 {
        normalise(&mut v);
        normalise(&mut w);
        let next = bordered(matrix, &w, &v)?;
        let left = bordered(&adjoint, &v, &w)?;
        (v, w) = (next.vector, left.vector);
    }
    normalise(&mut v);
    normalise(&mut w);
    Some((v, w))
}

/// `sum conj(a_i) b_i`.
pub(crate) fn inner(a: &[Complex], b: &[Complex]) -> Complex {
    a.iter().zip(b).fold(Complex::default(), |sum, (a, b)| sum + a.conj() * *b)
}

pub(crate) fn length(a: &[Complex]) -> f64 {
    inner(a, a).re.sqrt()
}

fn normalise(a: &mut [Complex]) {
    let scale = 1.0 / length(a);
    a.iter_mut().for_each(|a| *a = a.scaled(scale));
}
