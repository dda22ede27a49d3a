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

/// `v' = v - v^3 / 3 - w + i, w' = (v + 0.7 - 0.8 w) / 12.5`.
pub struct FitzHughNagumo {
    pub i: f64,
}

impl VectorField for FitzHughNagumo {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (v, w) = (h[0], h[1]);
        out.copy_from_slice(&[v - v.powi(3) / 3.0 - w + self.i, (v + 0.7 - 0.8 * w) / 12.5]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[1.0 - h[0] * h[0], -1.0, 1.0 / 12.5, -0.8 / 12.5]);
    }
}

/// Stuart and Landau's plane with `w' = c w + x^2 w` minus its mean: the cycle is at `w = 0`, with the multiplier `exp(c T)`.
pub struct StuartLandauInSpace {
    pub plane: StuartLandau,
    pub c: f64,
}

impl VectorField for StuartLandauInSpace {
    fn dimension(&self) -> usize {
        3
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        self.plane.field(&h[..2], &mut out[..2]);
        out[2] = h[2] * (self.c + h[0] * h[1]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let mut plane = [0.0; 4];
        self.plane.jacobian(&h[..2], &mut plane);
        out.copy_from_slice(&[
            plane[0],
            plane[1],
            0.0,
            plane[2],
            plane[3],
            0.0,
            h[1] * h[2],
            h[0] * h[2],
            self.c + h[0] * h[1],
        ]);
    }
}

/// The flow with a homoclinic orbit at `mu = 0` exactly, on the curve `x^2 (1 - x) = y^2` (AUTO's demo `san`):
/// `x' = a x + b y - a x^2 + mu x (2 - 3 x)`, `y' = b x + a y - 1.5 b x^2 - 1.5 a x y - 2 mu y`, a = -0.5, b = 1.
pub struct Sandstede {
    pub mu: f64,
}

impl VectorField for Sandstede {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, a, b, mu) = (h[0], h[1], -0.5, 1.0, self.mu);
        out[0] = a * x + b * y - a * x * x + mu * x * (2.0 - 3.0 * x);
        out[1] = b * x + a * y - 1.5 * b * x * x - 1.5 * a * x * y - 2.0 * mu * y;
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, a, b, mu) = (h[0], h[1], -0.5, 1.0, self.mu);
        out.copy_from_slice(&[
            a - 2.0 * a * x + mu * (2.0 - 6.0 * x),
            b,
            b - 3.0 * b * x - 1.5 * a * y,
            a - 1.5 * a * x - 2.0 * mu,
        ]);
    }
}

/// Lorenz' flow with 10, 28, 8/3.
pub struct Lorenz;

impl VectorField for Lorenz {
    fn dimension(&self) -> usize {
        3
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, z) = (h[0], h[1], h[2]);
        out.copy_from_slice(&[10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, z) = (h[0], h[1], h[2]);
        out.copy_from_slice(&[-10.0, 10.0, 0.0, 28.0 - z, -1.0, -x, y, x, -8.0 / 3.0]);
    }
}
