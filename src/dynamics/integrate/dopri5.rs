//! One step of the Dormand-Prince pair.

use crate::dynamics::VectorField;

/// Rows 2 to 7 of the tableau; row 7 is the solution of order 5 too (first same as last).
const A: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// Order 5 minus order 4.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The last coefficient of the dense output.
const DENSE: [f64; 7] = [
    -12715105075.0 / 11282082432.0,
    0.0,
    87487479700.0 / 32700410799.0,
    -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0,
    -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
];

/// The explicit Runge-Kutta pair of order 5(4) with seven stages of Dormand and Prince, *A family of embedded Runge-Kutta
/// formulae*, J. Comput. Appl. Math. 6, 1980, with the dense output of order 4 of Hairer, Norsett and Wanner, section II.6.
#[derive(Clone)]
pub(super) struct DormandPrince {
    d: usize,
    /// The seven slopes.
    k: Vec<f64>,
    stage: Vec<f64>,
    pub(super) next: Vec<f64>,
    pub(super) error: Vec<f64>,
}

impl DormandPrince {
    pub(super) fn new(d: usize) -> Self {
        Self { d, k: vec![0.0; 7 * d], stage: vec![0.0; d], next: vec![0.0; d], error: vec![0.0; d] }
    }

    /// A step of size `h` from `y`, where the field is `slope`: fills `next` and `error`.
    pub(super) fn attempt(&mut self, field: &dyn VectorField, y: &[f64], slope: &[f64], h: f64) {
        let d = self.d;
        self.k[..d].copy_from_slice(slope);
        for (row, a) in A.iter().enumerate() {
            for (i, (stage, y)) in self.stage.iter_mut().zip(y).enumerate() {
                let mut sum = 0.0;
                for (j, a) in a.iter().enumerate().take(row + 1) {
                    sum += a * self.k[j * d + i];
                }
                *stage = y + h * sum;
            }
            field.field(&self.stage, &mut self.k[(row + 1) * d..(row + 2) * d]);
        }
        self.next.copy_from_slice(&self.stage);
        for i in 0..d {
            let sum: f64 = ERROR.iter().enumerate().map(|(j, e)| e * self.k[j * d + i]).sum();
            self.error[i] = h * sum;
        }
    }

    /// The field at `next`.
    pub(super) fn slope(&self) -> &[f64] {
        &self.k[6 * self.d..]
    }

    /// The coefficients of the dense output of the last attempt.
    pub(super) fn dense(&self, y: &[f64], h: f64, out: &mut [f64]) {
        let (d, k) = (self.d, &self.k);
        for i in 0..d {
            let rise = self.next[i] - y[i];
            let bend = h * k[i] - rise;
            let sum: f64 = DENSE.iter().enumerate().map(|(j, e)| e * k[j * d + i]).sum();
            out[i] = y[i];
            out[d + i] = rise;
            out[2 * d + i] = bend;
            out[3 * d + i] = rise - h * k[6 * d + i] - bend;
            out[4 * d + i] = h * sum;
        }
    }
}
