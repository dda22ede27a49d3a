//! One step of the Rosenbrock method RODAS.

use crate::dynamics::VectorField;
use crate::dynamics::lu::Lu;

const GAMMA: f64 = 0.25;

/// Rows 2 to 5: where the stages stand.
const A: [[f64; 4]; 4] = [
    [1.544, 0.0, 0.0, 0.0],
    [0.9466785280815826, 0.2557011698983284, 0.0, 0.0],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895],
];

/// Rows 2 to 6: what earlier stages add to the right-hand side, over `h`.
const C: [[f64; 5]; 5] = [
    [-5.6688, 0.0, 0.0, 0.0, 0.0],
    [-2.430093356833875, -0.2063599157091915, 0.0, 0.0, 0.0],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616, 0.0, 0.0],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616, 0.0],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
];

/// The two last coefficients of the dense output.
const DENSE: [[f64; 5]; 2] = [
    [10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662],
    [-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872],
];

/// The linearly implicit method RODAS, of order 4(3) with six stages, L-stable and stiffly accurate, with dense output of
/// order 3: E. Hairer and G. Wanner, *Solving Ordinary Differential Equations II*, section IV.7 (autonomous form).
#[derive(Clone)]
pub(super) struct Rodas {
    d: usize,
    jacobian: Vec<f64>,
    matrix: Vec<f64>,
    lu: Lu,
    /// The six stages.
    u: Vec<f64>,
    stage: Vec<f64>,
    right: Vec<f64>,
    pub(super) next: Vec<f64>,
    pub(super) error: Vec<f64>,
}

impl Rodas {
    pub(super) fn new(d: usize) -> Self {
        Self {
            d,
            jacobian: vec![0.0; d * d],
            matrix: vec![0.0; d * d],
            lu: Lu::default(),
            u: vec![0.0; 6 * d],
            stage: vec![0.0; d],
            right: vec![0.0; d],
            next: vec![0.0; d],
            error: vec![0.0; d],
        }
    }

    /// Takes the Jacobian at `y`, from which the next attempts start.
    pub(super) fn linearise(&mut self, field: &dyn VectorField, y: &[f64]) {
        field.jacobian(y, &mut self.jacobian);
    }

    /// A step of size `h` from `y`, where the field is `slope`: fills `next` and `error`. Every stage solves
    ///
    /// ```text
    /// (I / (h gamma) - J) u_i = f(y + sum_j A_ij u_j) + sum_j C_ij u_j / h
    /// ```
    ///
    /// False where that matrix is singular or not finite.
    pub(super) fn attempt(&mut self, field: &dyn VectorField, y: &[f64], slope: &[f64], h: f64) -> bool {
        let d = self.d;
        for (i, entry) in self.matrix.iter_mut().enumerate() {
            *entry = -self.jacobian[i];
            if i % (d + 1) == 0 {
                *entry += 1.0 / (h * GAMMA);
            }
        }
        if !self.lu.factor(&self.matrix, d) {
            return false;
        }
        self.lu.solve(slope, &mut self.u[..d]);
        for stage in 1..6 {
            // The last stage starts at the fifth's result.
            if stage < 5 {
                let a = &A[stage - 1];
                for (i, (place, y)) in self.stage.iter_mut().zip(y).enumerate() {
                    *place = y + (0..stage).map(|j| a[j] * self.u[j * d + i]).sum::<f64>();
                }
            } else {
                for i in 0..d {
                    self.stage[i] += self.u[4 * d + i];
                }
            }
            field.field(&self.stage, &mut self.right);
            let c = &C[stage - 1];
            for i in 0..d {
                self.right[i] += (0..stage).map(|j| c[j] * self.u[j * d + i]).sum::<f64>() / h;
            }
            self.lu.solve(&self.right, &mut self.u[stage * d..(stage + 1) * d]);
        }
        for i in 0..d {
            self.error[i] = self.u[5 * d + i];
            self.next[i] = self.stage[i] + self.error[i];
        }
        true
    }

    /// The coefficients of the dense output of the last attempt.
    pub(super) fn dense(&self, y: &[f64], out: &mut [f64]) {
        let d = self.d;
        for i in 0..d {
            let sum =
                |h: &[f64; 5]| -> f64 { h.iter().enumerate().map(|(j, h)| h * self.u[j * d + i]).sum() };
            out[i] = y[i];
            out[d + i] = self.next[i] - y[i];
            out[2 * d + i] = sum(&DENSE[0]);
            out[3 * d + i] = sum(&DENSE[1]);
            out[4 * d + i] = 0.0;
        }
    }
}
