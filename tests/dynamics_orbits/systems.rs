//! Flows of which something is known exactly.

use eigengate::dynamics::VectorField;

/// `z' = (r + i w) z - z |z|^2` in the plane: the circle of radius `sqrt(r)` is a cycle of period `2 pi / w` with the
/// multiplier `exp(-2 r T)`.
pub struct StuartLandau {
    pub r: f64,
    pub w: f64,
}

impl StuartLandau {
    /// The exact state at time `t` of the trajectory through (x, 0).
    pub fn exact(&self, x: f64, t: f64) -> [f64; 2] {
        let square = self.r * x * x / (x * x + (self.r - x * x) * (-2.0 * self.r * t).exp());
        let (sin, cos) = (self.w * t).sin_cos();
        [square.sqrt() * cos, square.sqrt() * sin]
    }
}

impl VectorField for StuartLandau {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let g = self.r - x * x - y * y;
        out.copy_from_slice(&[g * x - self.w * y, self.w * x + g * y]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let g = self.r - x * x - y * y;
        out.copy_from_slice(&[g - 2.0 * x * x, -self.w - 2.0 * x * y, self.w - 2.0 * x * y, g - 2.0 * y * y]);
    }
}

/// `x' = y, y' = mu (1 - x^2) y - x`.
pub struct VanDerPol {
    pub mu: f64,
}

impl VectorField for VanDerPol {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        out.copy_from_slice(&[y, self.mu * (1.0 - x * x) * y - x]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        out.copy_from_slice(&[0.0, 1.0, -2.0 * self.mu * x * y - 1.0, self.mu * (1.0 - x * x)]);
    }
}

/// `h' = A h`, row-major.
pub struct Linear {
    pub a: Vec<f64>,
    pub d: usize,
}

impl VectorField for Linear {
    fn dimension(&self) -> usize {
        self.d
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = (0..self.d).map(|j| self.a[i * self.d + j] * h[j]).sum();
        }
    }
    fn jacobian(&self, _: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.a);
    }
}

/// `y' = 1`: the state is the time.
pub struct Clock;

impl VectorField for Clock {
    fn dimension(&self) -> usize {
        1
    }
    fn field(&self, _: &[f64], out: &mut [f64]) {
        out[0] = 1.0;
    }
    fn jacobian(&self, _: &[f64], out: &mut [f64]) {
        out[0] = 0.0;
    }
}

/// `y' = y^2`: at `1 / y(0)` it is infinite.
pub struct BlowUp;

impl VectorField for BlowUp {
    fn dimension(&self) -> usize {
        1
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out[0] = h[0] * h[0];
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out[0] = 2.0 * h[0];
    }
}
