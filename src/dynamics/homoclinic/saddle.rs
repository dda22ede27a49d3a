//! A saddle of a planar flow, with the starts of its manifolds.

use crate::dynamics::VectorField;
use crate::dynamics::lu::solved;
use crate::dynamics::spectrum::spectrum;
use crate::error::{Error, Result};

/// A saddle of a planar flow and the linear and quadratic parts of its manifolds.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanarSaddle {
    /// Where it is.
    pub state: [f64; 2],
    /// The eigenvalue above 0.
    pub unstable: f64,
    /// The eigenvalue below 0.
    pub stable: f64,
    /// Unit vector along the unstable manifold. Along a family its sign stays, as does that of the other.
    pub unstable_direction: [f64; 2],
    /// Unit vector along the stable manifold.
    pub stable_direction: [f64; 2],
    /// `w` of `h(e) = state + e v + e^2 w + O(e^3)`, for both manifolds.
    bends: [[f64; 2]; 2],
}

/// How far from the saddle its manifolds are entered.
const START: f64 = 1e-6;
/// Step of the differences that give second derivatives.
const DIFFERENCE: f64 = 1e-5;

impl PlanarSaddle {
    /// The saddle that Newton's method finds from `guess`.
    ///
    /// # Errors
    /// [`Error::Shape`] for a flow that is not planar; [`Error::Numeric`] where the method does not converge, or to a fixed point that
    /// is no saddle.
    pub fn near(flow: &dyn VectorField, guess: [f64; 2]) -> Result<Self> {
        if flow.dimension() != 2 {
            return Err(Error::shape("flow of a planar saddle", "2 dimensions", flow.dimension()));
        }
        let state = polish(flow, guess)?;
        let mut jacobian = [0.0; 4];
        flow.jacobian(&state, &mut jacobian);
        let spectrum = spectrum(&[1.0, 1.0], &jacobian)?;
        let (&[first, second], [v, w]) = (spectrum.values.as_slice(), spectrum.vectors.as_slice()) else {
            return Err(failed(format!("the Jacobian at {state:?} has no two eigenvalues")));
        };
        if !(first.im == 0.0 && first.re > 0.0 && second.re < 0.0) {
            return Err(failed(format!(
                "the fixed point at {state:?} is no saddle: eigenvalues {first:?}, {second:?}"
            )));
        }
        let direction =
            |v: &[crate::dynamics::complex::Complex]| [0, 1].map(|i| v.get(i).map_or(f64::NAN, |z| z.re));
        let (unstable_direction, stable_direction) = (direction(v), direction(w));
        let bend = |v: [f64; 2], value: f64| bend(flow, state, &jacobian, v, value);
        Ok(Self {
            state,
            unstable: first.re,
            stable: second.re,
            unstable_direction,
            stable_direction,
            bends: [bend(unstable_direction, first.re), bend(stable_direction, second.re)],
        })
    }

    /// With directions that have the signs of these: the sign of an eigenvector alone says nothing.
    pub(in crate::dynamics) fn signed_like(mut self, unstable: [f64; 2], stable: [f64; 2]) -> Self {
        for (own, other) in [(&mut self.unstable_direction, unstable), (&mut self.stable_direction, stable)] {
            if own[0] * other[0] + own[1] * other[1] < 0.0 {
                *own = own.map(|x| -x);
            }
        }
        self
    }

    /// A point of the unstable manifold, on the branch of this sign.
    pub(super) fn leaving(&self, sign: f64) -> [f64; 2] {
        self.start(self.unstable_direction, self.bends[0], sign)
    }

    /// A point of the stable manifold, on the branch of this sign.
    pub(super) fn entering(&self, sign: f64) -> [f64; 2] {
        self.start(self.stable_direction, self.bends[1], sign)
    }

    fn start(&self, v: [f64; 2], w: [f64; 2], sign: f64) -> [f64; 2] {
        [0, 1].map(|i| self.state[i] + sign * START * v[i] + START * START * w[i])
    }

    /// The sum of the eigenvalues: below 0 the cycle that is born from a homoclinic orbit attracts, above 0 it repels.
    pub fn quantity(&self) -> f64 {
        self.unstable + self.stable
    }
}

/// The quadratic part of a manifold: `(2 lambda - J) w = D2f(v, v) / 2`, with differences of the Jacobian; zero where they say nothing.
fn bend(flow: &dyn VectorField, state: [f64; 2], jacobian: &[f64; 4], v: [f64; 2], value: f64) -> [f64; 2] {
    let (mut up, mut down) = ([0.0; 4], [0.0; 4]);
    flow.jacobian(&[0, 1].map(|i| state[i] + DIFFERENCE * v[i]), &mut up);
    flow.jacobian(&[0, 1].map(|i| state[i] - DIFFERENCE * v[i]), &mut down);
    let right: [f64; 2] = [0, 1]
        .map(|i| (0..2).map(|j| (up[2 * i + j] - down[2 * i + j]) * v[j]).sum::<f64>() / (4.0 * DIFFERENCE));
    let matrix = [2.0 * value - jacobian[0], -jacobian[1], -jacobian[2], 2.0 * value - jacobian[3]];
    match solved(&matrix, &right).as_deref() {
        // Beyond this the start is not in the quadratic range anyway.
        Some(&[a, b]) if a.hypot(b) * START < 1.0 => [a, b],
        _ => [0.0, 0.0],
    }
}

/// Newton's method for a zero of the field, to rounding.
pub(super) fn polish(flow: &dyn VectorField, guess: [f64; 2]) -> Result<[f64; 2]> {
    let (mut h, mut f, mut jacobian) = (guess, [0.0; 2], [0.0; 4]);
    let mut before = f64::INFINITY;
    for iteration in 0..60 {
        flow.field(&h, &mut f);
        flow.jacobian(&h, &mut jacobian);
        // Rows of nearly closed gates are as small as their field.
        for i in 0..2 {
            let size = jacobian[2 * i].abs().max(jacobian[2 * i + 1].abs());
            if size > 0.0 {
                f[i] /= size;
                jacobian[2 * i] /= size;
                jacobian[2 * i + 1] /= size;
            }
        }
        let Some(step) = solved(&jacobian, &f) else { break };
        let size = step[0].hypot(step[1]);
        // Far off, a step of half a unit at most.
        let share = (0.5 / size).min(1.0);
        h = [h[0] - share * step[0], h[1] - share * step[1]];
        let rounding = 1e-15 * (1.0 + h[0].abs() + h[1].abs());
        if size <= rounding || (size < 1e-11 && size >= 0.5 * before) || (iteration == 59 && size < 1e-11) {
            return Ok(h);
        }
        before = size;
    }
    Err(failed(format!("Newton's method does not converge from {guess:?} (last place {h:?})")))
}

pub(super) fn failed(reason: String) -> Error {
    Error::Numeric { method: "the search for a saddle", reason }
}
