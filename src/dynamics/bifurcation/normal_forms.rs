//! Normal forms on the centre manifold: the coefficients that tell one bifurcation from another.
//!
//! `B` and `C` are the second and third derivatives of the field, `A` its Jacobian. Y. A. Kuznetsov, *Elements of applied
//! bifurcation theory*, third edition: section 5.4 (flows), 5.4.2 (maps).

use super::null_vectors::{ComplexMatrix, inner, length, null_vectors};
use crate::dynamics::VectorField;
use crate::dynamics::complex::Complex;
use crate::error::{Error, Result};

/// The first Lyapunov coefficient of a Hopf point, in the three normalisations in use; all have the same sign. Below 0 the Hopf point
/// is supercritical: a stable cycle is born on the side where the equilibrium is unstable.
///
/// With `A q = i omega q`, `A' p = -i omega p`, `<q, q> = <p, q> = 1`:
///
/// ```text
/// c1 = 1/2 <p, C(q, q, q*) - 2 B(q, A^-1 B(q, q*)) + B(q*, (2 i omega - A)^-1 B(q, q))>
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstLyapunov {
    /// `Re c1`, with `dz/dt = i omega z + c1 z |z|^2` for states `h + z q + z* q*`: what BifurcationKit calls `b`.
    pub real_part: f64,
    /// `Re c1 / omega`, Kuznetsov's `l1`.
    pub kuznetsov: f64,
    /// `Re c1 / 2`, the `a` of Guckenheimer and Holmes (3.4.11) for `r' = a r^3` with amplitudes `r` of length `|Re q| = 1`
    /// times 2.
    pub guckenheimer_holmes: f64,
}

impl FirstLyapunov {
    /// Whether the cycle that is born is stable (in the plane of the critical eigenvectors).
    pub fn is_supercritical(&self) -> bool {
        self.real_part < 0.0
    }
}

/// The field at one place, with its Jacobian.
pub(crate) struct Local<'a> {
    pub(crate) field: &'a dyn VectorField,
    pub(crate) h: &'a [f64],
    jacobian: Vec<f64>,
    /// The size of the step of a map `h + step f(h)`; `None` for the flow.
    step: Option<f64>,
}

impl<'a> Local<'a> {
    pub(crate) fn new(field: &'a dyn VectorField, h: &'a [f64], step: Option<f64>) -> Self {
        let mut jacobian = vec![0.0; h.len() * h.len()];
        field.jacobian(h, &mut jacobian);
        Self { field, h, jacobian, step }
    }

    fn d(&self) -> usize {
        self.h.len()
    }

    /// `shift I + factor A`, where `A` is the Jacobian of the flow or of the map.
    fn matrix(&self, factor: f64, shift: Complex) -> ComplexMatrix {
        match self.step {
            None => ComplexMatrix::shifted(&self.jacobian, self.d(), factor, shift),
            Some(step) => {
                let shift = shift + Complex::real(factor);
                ComplexMatrix::shifted(&self.jacobian, self.d(), factor * step, shift)
            }
        }
    }

    /// `B(u, v)` of complex vectors.
    fn b(&self, u: &[Complex], v: &[Complex]) -> Vec<Complex> {
        let real = |u: &[f64], v: &[f64]| {
            let mut out = vec![0.0; u.len()];
            self.field.bilinear(self.h, u, v, &mut out);
            out
        };
        let ((ur, ui), (vr, vi)) = (parts(u), parts(v));
        let (rr, ii, ri, ir) = (real(&ur, &vr), real(&ui, &vi), real(&ur, &vi), real(&ui, &vr));
        let scale = self.step.unwrap_or(1.0);
        (0..u.len()).map(|k| Complex::new(rr[k] - ii[k], ri[k] + ir[k]).scaled(scale)).collect()
    }

    /// `C(u, v, w)` of complex vectors.
    fn c(&self, u: &[Complex], v: &[Complex], w: &[Complex]) -> Vec<Complex> {
        let d = self.d();
        let parts = [u, v, w].map(parts);
        let mut sum = vec![Complex::default(); d];
        for imaginary in 0..8_usize {
            let pick = |k: usize| {
                if imaginary >> k & 1 == 0 { parts[k].0.as_slice() } else { parts[k].1.as_slice() }
            };
            let mut out = vec![0.0; d];
            self.field.trilinear(self.h, pick(0), pick(1), pick(2), &mut out);
            // The power of i that the imaginary parts make.
            let factor = match imaginary.count_ones() {
                0 => Complex::new(1.0, 0.0),
                1 => Complex::new(0.0, 1.0),
                2 => Complex::new(-1.0, 0.0),
                _ => Complex::new(0.0, -1.0),
            };
            for (sum, out) in sum.iter_mut().zip(out) {
                *sum = *sum + factor.scaled(out * self.step.unwrap_or(1.0));
            }
        }
        sum
    }

    /// Null vectors of `A - value`, with `<w, v> = 1`.
    fn eigenvectors(&self, value: Complex) -> Result<(Vec<Complex>, Vec<Complex>)> {
        let (v, mut w) = null_vectors(&self.matrix(1.0, -value)).ok_or_else(degenerate)?;
        let product = inner(&w, &v);
        if !(product.abs() > 1e-14) {
            return Err(degenerate());
        }
        // <w / conj(c), v> = <w, v> / c.
        let scale = Complex::real(1.0) / product.conj();
        w.iter_mut().for_each(|w| *w = *w * scale);
        Ok((v, w))
    }

    /// `c1` of the eigenvalue `i omega`.
    pub(crate) fn hopf(&self, omega: f64) -> Result<FirstLyapunov> {
        let (q, p) = self.eigenvectors(Complex::new(0.0, omega))?;
        let conj: Vec<Complex> = q.iter().map(|q| q.conj()).collect();
        let slow = self.matrix(1.0, Complex::default()).solve(&self.b(&q, &conj)).ok_or_else(degenerate)?;
        let fast = self
            .matrix(-1.0, Complex::new(0.0, 2.0 * omega))
            .solve(&self.b(&q, &q))
            .ok_or_else(degenerate)?;
        let cubic = inner(&p, &self.c(&q, &q, &conj));
        let through_slow = inner(&p, &self.b(&q, &slow)).scaled(2.0);
        let through_fast = inner(&p, &self.b(&conj, &fast));
        let c1 = (cubic - through_slow + through_fast).re / 2.0;
        Ok(FirstLyapunov { real_part: c1, kuznetsov: c1 / omega, guckenheimer_holmes: c1 / 2.0 })
    }

    /// Of a map with the multiplier `exp(i theta)`: `Re(exp(-i theta) c1)`, below 0 where a stable invariant circle is born.
    ///
    /// ```text
    /// c1 = 1/2 <p, C(q, q, q*) + 2 B(q, (I - A)^-1 B(q, q*)) + B(q*, (exp(2 i theta) - A)^-1 B(q, q))>
    /// ```
    pub(crate) fn neimark_sacker(&self, theta: f64) -> Result<f64> {
        let unit = |angle: f64| Complex::new(angle.cos(), angle.sin());
        let (q, p) = self.eigenvectors(unit(theta))?;
        let conj: Vec<Complex> = q.iter().map(|q| q.conj()).collect();
        let one = Complex::real(1.0);
        let slow = self.matrix(-1.0, one).solve(&self.b(&q, &conj)).ok_or_else(degenerate)?;
        let fast = self.matrix(-1.0, unit(2.0 * theta)).solve(&self.b(&q, &q)).ok_or_else(degenerate)?;
        let sum = inner(&p, &self.c(&q, &q, &conj))
            + inner(&p, &self.b(&q, &slow)).scaled(2.0)
            + inner(&p, &self.b(&conj, &fast));
        Ok((unit(-theta) * sum).re / 2.0)
    }

    /// Of a map with the multiplier -1: `c` in `x -> -x + c x^3`, above 0 where the doubled orbit is stable.
    ///
    /// ```text
    /// c = 1/6 <p, C(q, q, q) + 3 B(q, (I - A)^-1 B(q, q))>
    /// ```
    pub(crate) fn flip(&self) -> Result<f64> {
        let (q, p) = self.eigenvectors(Complex::real(-1.0))?;
        let back = self.matrix(-1.0, Complex::real(1.0)).solve(&self.b(&q, &q)).ok_or_else(degenerate)?;
        let cubic = inner(&p, &self.c(&q, &q, &q)).re;
        Ok((cubic + 3.0 * inner(&p, &self.b(&q, &back)).re) / 6.0)
    }

    /// Quadratic and cubic coefficient `a`, `b` of `x' = a x^2 + b x^3` on the centre manifold of an eigenvalue 0 (of a multiplier 1).
    /// The cubic one is that of a pitchfork, where `a = 0`.
    ///
    /// ```text
    /// a = 1/2 <p, B(q, q)>        b = 1/6 <p, C(q, q, q) - 3 B(q, A^inv B(q, q))>
    /// ```
    pub(crate) fn zero(&self) -> Result<(f64, f64)> {
        let value = Complex::real(if self.step.is_some() { 1.0 } else { 0.0 });
        let (q, p) = self.eigenvectors(value)?;
        let b = self.b(&q, &q);
        let a = inner(&p, &b).re;
        // A^inv on the part of B(q, q) that is in the range of A: the bordered system.
        let across: Vec<Complex> = b.iter().zip(&q).map(|(b, q)| *b - q.scaled(a)).collect();
        let d = self.d();
        let singular = self.matrix(1.0, -value);
        let mut entries = vec![Complex::default(); (d + 1) * (d + 1)];
        for i in 0..d {
            entries[i * (d + 1)..i * (d + 1) + d].copy_from_slice(&singular.entries[i * d..(i + 1) * d]);
            entries[i * (d + 1) + d] = q[i];
            entries[d * (d + 1) + i] = p[i].conj();
        }
        let mut right = across;
        right.push(Complex::default());
        let mut back = ComplexMatrix { d: d + 1, entries }.solve(&right).ok_or_else(degenerate)?;
        back.pop();
        let cubic = inner(&p, &self.c(&q, &q, &q)).re - 3.0 * inner(&p, &self.b(&q, &back)).re;
        Ok((0.5 * a, cubic / 6.0))
    }

    /// How large `B(q, q)` is for the null vector `q`: what a quadratic coefficient is small against.
    pub(crate) fn quadratic_size(&self) -> Result<f64> {
        let value = Complex::real(if self.step.is_some() { 1.0 } else { 0.0 });
        let (q, p) = self.eigenvectors(value)?;
        Ok(length(&self.b(&q, &q)) * length(&p))
    }
}

fn parts(u: &[Complex]) -> (Vec<f64>, Vec<f64>) {
    (u.iter().map(|u| u.re).collect(), u.iter().map(|u| u.im).collect())
}

fn degenerate() -> Error {
    Error::Numeric {
        method: "a normal form",
        reason: "the critical eigenvalue is not simple; the point is degenerate, vary another parameter too"
            .into(),
    }
}
