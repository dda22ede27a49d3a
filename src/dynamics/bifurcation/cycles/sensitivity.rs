//! How the end of an arc depends on its start and on the parameter.

use crate::dynamics::VectorField;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::error::Result;

/// The flows at a parameter and on both sides of it.
pub(super) struct Flows {
    pub(super) at: Box<dyn VectorField>,
    up: Box<dyn VectorField>,
    down: Box<dyn VectorField>,
    step: f64,
}

impl Flows {
    /// At `parameter`; derivatives by it are central differences over `step`.
    pub(super) fn new(family: &ParameterFamily, parameter: f64, step: f64) -> Result<Self> {
        let at = |p: f64| family.at(&[p]);
        Ok(Self { at: at(parameter)?, up: at(parameter + step)?, down: at(parameter - step)?, step })
    }
}

/// A flow with its fundamental matrix, the derivative by the parameter and the integral of the divergence, as one flow in
/// `d + d^2 + d + 1` dimensions:
///
/// ```text
/// dh/dt = f,    dPhi/dt = J Phi  (row-major),    ds/dt = J s + df/dp,    dq/dt = div f
/// ```
pub(super) struct Sensitive<'a>(pub(super) &'a Flows);

impl Sensitive<'_> {
    /// A start: the state, the identity, zeros.
    pub(super) fn start(h: &[f64]) -> Vec<f64> {
        let d = h.len();
        let mut start = h.to_vec();
        start.extend((0..d * d).map(|i| if i % (d + 1) == 0 { 1.0 } else { 0.0 }));
        start.extend(std::iter::repeat_n(0.0, d + 1));
        start
    }
}

impl VectorField for Sensitive<'_> {
    fn dimension(&self) -> usize {
        let d = self.0.at.dimension();
        d + d * d + d + 1
    }

    fn field(&self, y: &[f64], out: &mut [f64]) {
        let d = self.0.at.dimension();
        if y.len() != self.dimension() || out.len() != self.dimension() {
            out.fill(f64::NAN);
            return;
        }
        let (h, phi, s) = (&y[..d], &y[d..d + d * d], &y[d + d * d..]);
        let mut jacobian = [0.0; 64];
        let mut large;
        let jacobian = match jacobian.get_mut(..d * d) {
            Some(few) => few,
            None => {
                large = vec![0.0; d * d];
                &mut large
            }
        };
        self.0.at.jacobian(h, jacobian);
        let (first, rest) = out.split_at_mut(d);
        let (matrix, rest) = rest.split_at_mut(d * d);
        let (by_parameter, last) = rest.split_at_mut(d);
        // The last place serves while the differences are taken.
        self.0.up.field(h, by_parameter);
        self.0.down.field(h, first);
        for i in 0..d {
            let own: f64 = (0..d).map(|k| jacobian[i * d + k] * s[k]).sum();
            by_parameter[i] = own + (by_parameter[i] - first[i]) / (2.0 * self.0.step);
            for j in 0..d {
                matrix[i * d + j] = (0..d).map(|k| jacobian[i * d + k] * phi[k * d + j]).sum();
            }
        }
        self.0.at.field(h, first);
        last[0] = jacobian.iter().step_by(d + 1).sum();
    }

    /// Exact in the blocks of the diagonal; second derivatives are central differences of the Jacobian.
    fn jacobian(&self, y: &[f64], out: &mut [f64]) {
        let (d, n) = (self.0.at.dimension(), self.dimension());
        out.fill(0.0);
        if y.len() != n || out.len() != n * n {
            out.fill(f64::NAN);
            return;
        }
        let (h, phi, s) = (&y[..d], &y[d..d + d * d], &y[d + d * d..n - 1]);
        let mut jacobian = vec![0.0; d * d];
        self.0.at.jacobian(h, &mut jacobian);
        let from = d + d * d;
        for i in 0..d {
            for k in 0..d {
                out[i * n + k] = jacobian[i * d + k];
                out[(from + i) * n + from + k] = jacobian[i * d + k];
                for j in 0..d {
                    out[(d + i * d + j) * n + d + k * d + j] = jacobian[i * d + k];
                }
            }
        }
        let (mut up, mut down, mut at) = (jacobian.clone(), jacobian, h.to_vec());
        self.0.up.jacobian(h, &mut up);
        self.0.down.jacobian(h, &mut down);
        for i in 0..d {
            for m in 0..d {
                out[(from + i) * n + m] = (up[i * d + m] - down[i * d + m]) / (2.0 * self.0.step);
            }
        }
        let step = 1e-6;
        for m in 0..d {
            at[m] = h[m] + step;
            self.0.at.jacobian(&at, &mut up);
            at[m] = h[m] - step;
            self.0.at.jacobian(&at, &mut down);
            at[m] = h[m];
            let change = |i: usize, k: usize| (up[i * d + k] - down[i * d + k]) / (2.0 * step);
            for i in 0..d {
                for j in 0..d {
                    out[(d + i * d + j) * n + m] = (0..d).map(|k| change(i, k) * phi[k * d + j]).sum();
                }
                out[(from + i) * n + m] += (0..d).map(|k| change(i, k) * s[k]).sum::<f64>();
                out[(n - 1) * n + m] += change(i, i);
            }
        }
    }
}
