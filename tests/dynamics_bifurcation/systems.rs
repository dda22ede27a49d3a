//! Families of flows of which bifurcations are known.

use eigengate::dynamics::{ParameterFamily, VectorField};

/// A family of one parameter.
pub fn family_of(
    dimension: usize,
    name: &str,
    of: impl Fn(f64) -> Box<dyn VectorField> + Send + Sync + 'static,
) -> ParameterFamily {
    ParameterFamily::of_fields(dimension, &[name], move |p| Ok(of(p[0])))
}

/// `v' = v - v^3/3 - w + I, w' = (v + a - b w) / tau` with a = 0.7, b = 0.8, tau = 12.5.
pub struct FitzHughNagumo {
    current: f64,
}

impl FitzHughNagumo {
    pub fn new(current: f64) -> Self {
        Self { current }
    }
}

impl VectorField for FitzHughNagumo {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (v, w) = (h[0], h[1]);
        out[0] = v - v * v * v / 3.0 - w + self.current;
        out[1] = (v + 0.7 - 0.8 * w) / 12.5;
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[1.0 - h[0] * h[0], -1.0, 1.0 / 12.5, -0.8 / 12.5]);
    }
}

/// A planar family of two parameters.
pub fn plane_of(
    first: &str,
    second: &str,
    of: impl Fn(f64, f64) -> Box<dyn VectorField> + Send + Sync + 'static,
) -> ParameterFamily {
    ParameterFamily::of_fields(2, &[first, second], move |p| Ok(of(p[0], p[1])))
}

/// `x' = y, y' = b1 + b2 x + x^2 + x y`.
pub struct BogdanovTakens {
    pub b1: f64,
    pub b2: f64,
}

impl VectorField for BogdanovTakens {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        out.copy_from_slice(&[y, self.b1 + self.b2 * x + x * x + x * y]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[0.0, 1.0, self.b2 + 2.0 * h[0] + h[1], h[0]]);
    }
}

/// `z' = (b1 + i omega) z + b2 z |z|^2 - z |z|^4`.
pub struct Bautin {
    pub b1: f64,
    pub b2: f64,
    pub omega: f64,
}

impl VectorField for Bautin {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let square = x * x + y * y;
        let rate = self.b1 + self.b2 * square - square * square;
        out.copy_from_slice(&[rate * x - self.omega * y, rate * y + self.omega * x]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let square = x * x + y * y;
        let rate = self.b1 + self.b2 * square - square * square;
        let slope = 2.0 * (self.b2 - 2.0 * square);
        out.copy_from_slice(&[
            rate + slope * x * x,
            slope * x * y - self.omega,
            slope * x * y + self.omega,
            rate + slope * y * y,
        ]);
    }
}

/// The unit circle of the plane of the first two, passed in the time 2 pi, with perturbations `u` of the radius and `v` of the third
/// that obey `(u, v)' = R(turn theta) (A (u, v) + turn J (u, v))`, so that in a frame that turns by `turn theta` they
/// obey `w' = (A + turn J) w`; a third-order term keeps them small.
pub struct Neimark {
    pub matrix: [f64; 4],
    pub turn: f64,
}

impl Neimark {
    fn value(&self, h: &[f64]) -> [f64; 3] {
        let (x, y, v) = (h[0], h[1], h[2]);
        let radius = x.hypot(y);
        let (u, theta) = (radius - 1.0, y.atan2(x));
        // The angle's half is fine: matrices in the frame are even in the sign of the frame.
        let (sin, cos) = (self.turn * theta).sin_cos();
        let w = [cos * u + sin * v, -sin * u + cos * v];
        let cubic = w[0] * w[0] + w[1] * w[1];
        let a = &self.matrix;
        let w = [a[0] * w[0] + a[1] * w[1] - cubic * w[0], a[2] * w[0] + a[3] * w[1] - cubic * w[1]];
        let own = [cos * w[0] - sin * w[1], sin * w[0] + cos * w[1]];
        let rate = own[0] / radius;
        [rate * x - y, rate * y + x, own[1]]
    }
}

impl VectorField for Neimark {
    fn dimension(&self) -> usize {
        3
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.value(h));
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        for j in 0..3 {
            let at = |step: f64| {
                let mut h = [h[0], h[1], h[2]];
                h[j] += step;
                self.value(&h)
            };
            let (a, b, c, d) = (at(1e-3), at(-1e-3), at(2e-3), at(-2e-3));
            for i in 0..3 {
                out[3 * i + j] = (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / 12e-3;
            }
        }
    }
}

/// `x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - 8/3 z`.
pub struct Lorenz {
    pub rho: f64,
    pub sigma: f64,
}

impl VectorField for Lorenz {
    fn dimension(&self) -> usize {
        3
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, z) = (h[0], h[1], h[2]);
        out.copy_from_slice(&[self.sigma * (y - x), x * (self.rho - z) - y, x * y - 8.0 / 3.0 * z]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, z) = (h[0], h[1], h[2]);
        out.copy_from_slice(&[-self.sigma, self.sigma, 0.0, self.rho - z, -1.0, -x, y, x, -8.0 / 3.0]);
    }
}

/// `x' = p x - x y, y' = x^2 - y`: on the centre manifold `y = x^2` a pitchfork, `x' = p x - x^3`.
pub struct CurvedPitchfork {
    pub p: f64,
}

impl VectorField for CurvedPitchfork {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[self.p * h[0] - h[0] * h[1], h[0] * h[0] - h[1]]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[self.p - h[1], -h[0], 2.0 * h[0], -1.0]);
    }
}

/// Homoclinic to the origin along `x^2 (1 - x) = y^2` at `mu = 0`, whatever `a` is; the demo `san` of AUTO, with b = 1.
pub struct Sandstede {
    pub mu: f64,
    pub a: f64,
}

impl VectorField for Sandstede {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, a, mu) = (h[0], h[1], self.a, self.mu);
        out[0] = a * x + y - a * x * x + mu * x * (2.0 - 3.0 * x);
        out[1] = x + a * y - 1.5 * x * x - 1.5 * a * x * y - 2.0 * mu * y;
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y, a, mu) = (h[0], h[1], self.a, self.mu);
        out[0] = a - 2.0 * a * x + mu * (2.0 - 6.0 * x);
        out[1] = 1.0;
        out[2] = 1.0 - 3.0 * x - 1.5 * a * y;
        out[3] = a - 1.5 * a * x - 2.0 * mu;
    }
}

/// `r' = p (r - 1) - (r - 1)^3`, `theta' = 1`.
pub struct Ring {
    pub p: f64,
}

impl VectorField for Ring {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let r = x.hypot(y);
        let rate = (self.p * (r - 1.0) - (r - 1.0).powi(3)) / r;
        out.copy_from_slice(&[rate * x - y, rate * y + x]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (x, y) = (h[0], h[1]);
        let r = x.hypot(y);
        let u = r - 1.0;
        let (rate, slope) = ((self.p * u - u.powi(3)) / r, self.p - 3.0 * u * u);
        // d rate / d r over r.
        let change = (slope - rate) / (r * r);
        out.copy_from_slice(&[
            rate + change * x * x,
            change * x * y - 1.0,
            change * x * y + 1.0,
            rate + change * y * y,
        ]);
    }
}
