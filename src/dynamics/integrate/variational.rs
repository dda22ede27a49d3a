//! The variational equation: how a small change of the start grows along a trajectory.

use super::{Integrator, Stepper};
use crate::dynamics::VectorField;
use crate::dynamics::field::with_scratch;
use crate::error::{Result, finite};

/// A flow with its fundamental matrix and the integral of its divergence, as one flow in `d + d^2 + 1` dimensions:
///
/// ```text
/// dh/dt = f(h),    dPhi/dt = J(h) Phi  (row-major),    dq/dt = div f(h)
/// ```
///
/// so that `det Phi = exp(q)` (Liouville) wherever `Phi` started at the identity.
pub struct Variational<'a> {
    flow: &'a dyn VectorField,
}

impl<'a> Variational<'a> {
    /// Of this flow.
    pub fn new(flow: &'a dyn VectorField) -> Self {
        Self { flow }
    }

    /// A start: the state `h`, the identity, 0.
    pub(crate) fn start(h: &[f64]) -> Vec<f64> {
        let d = h.len();
        let mut start = h.to_vec();
        start.extend((0..d * d).map(|i| if i % (d + 1) == 0 { 1.0 } else { 0.0 }));
        start.push(0.0);
        start
    }
}

impl VectorField for Variational<'_> {
    fn dimension(&self) -> usize {
        let d = self.flow.dimension();
        d + d * d + 1
    }

    fn field(&self, y: &[f64], out: &mut [f64]) {
        let d = self.flow.dimension();
        if y.len() != self.dimension() || out.len() != self.dimension() {
            out.fill(f64::NAN);
            return;
        }
        let (h, phi) = (&y[..d], &y[d..d + d * d]);
        self.flow.field(h, &mut out[..d]);
        with_scratch(d * d, |jacobian| {
            self.flow.jacobian(h, jacobian);
            for i in 0..d {
                for j in 0..d {
                    out[d + i * d + j] = (0..d).map(|k| jacobian[i * d + k] * phi[k * d + j]).sum();
                }
            }
            out[d + d * d] = jacobian.iter().step_by(d + 1).sum();
        });
    }

    /// Exact in the blocks of the diagonal; the derivatives of the Jacobian are central differences of it.
    fn jacobian(&self, y: &[f64], out: &mut [f64]) {
        let (d, n) = (self.flow.dimension(), self.dimension());
        out.fill(0.0);
        if y.len() != n || out.len() != n * n {
            out.fill(f64::NAN);
            return;
        }
        let (h, phi) = (&y[..d], &y[d..d + d * d]);
        let mut jacobian = vec![0.0; d * d];
        self.flow.jacobian(h, &mut jacobian);
        for i in 0..d {
            for k in 0..d {
                out[i * n + k] = jacobian[i * d + k];
                for j in 0..d {
                    out[(d + i * d + j) * n + d + k * d + j] = jacobian[i * d + k];
                }
            }
        }
        let (mut up, mut down, mut at) = (jacobian.clone(), jacobian, h.to_vec());
        let step = 1e-6;
        for m in 0..d {
            at[m] = h[m] + step;
            self.flow.jacobian(&at, &mut up);
            at[m] = h[m] - step;
            self.flow.jacobian(&at, &mut down);
            at[m] = h[m];
            let change = |i: usize, k: usize| (up[i * d + k] - down[i * d + k]) / (2.0 * step);
            for i in 0..d {
                for j in 0..d {
                    out[(d + i * d + j) * n + m] = (0..d).map(|k| change(i, k) * phi[k * d + j]).sum();
                }
                out[(n - 1) * n + m] += change(i, i);
            }
        }
    }
}

/// Where a trajectory arrives, and what a small change of its start becomes there.
#[derive(Clone, Debug, PartialEq)]
pub struct Fundamental {
    /// The state.
    pub state: Vec<f64>,
    /// `d state / d start`, row-major `(d, d)`.
    pub matrix: Vec<f64>,
    /// The integral of the divergence: `det matrix = exp(divergence)`.
    pub divergence: f64,
}

impl Integrator {
    /// The state after `time` (negative for backward time) with the fundamental matrix and the integral of the divergence.
    ///
    /// # Errors
    /// As [`Integrator::run`].
    pub fn fundamental(&self, flow: &dyn VectorField, start: &[f64], time: f64) -> Result<Fundamental> {
        finite("time of a fundamental matrix", &[time])?;
        let d = flow.dimension();
        let joint = Variational::new(flow);
        let mut stepper = Stepper::new(self, &joint, &Variational::start(start), 0.0, time)?;
        while stepper.time() != time {
            stepper.advance(&joint, time)?;
        }
        let end = stepper.state();
        Ok(Fundamental {
            state: end[..d].to_vec(),
            matrix: end[d..d + d * d].to_vec(),
            divergence: end[d + d * d],
        })
    }
}
