//! Planar fields of which everything is known.

use eigengate::dynamics::VectorField;

/// `x' = f(x, y), y' = g(x, y)` and the Jacobian by rows.
pub struct Planar {
    pub field: fn([f64; 2]) -> [f64; 2],
    pub jacobian: fn([f64; 2]) -> [f64; 4],
}

impl VectorField for Planar {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&(self.field)([h[0], h[1]]));
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&(self.jacobian)([h[0], h[1]]));
    }
}

/// A rotation with angular velocity 1 and `r' = r * radial(r^2)`; `radial` with its derivative by r^2.
fn rotating([x, y]: [f64; 2], radial: f64) -> [f64; 2] {
    [x * radial - y, y * radial + x]
}

fn rotating_jacobian([x, y]: [f64; 2], radial: f64, slope: f64) -> [f64; 4] {
    [
        radial + 2.0 * x * x * slope,
        2.0 * x * y * slope - 1.0,
        2.0 * x * y * slope + 1.0,
        radial + 2.0 * y * y * slope,
    ]
}

fn square([x, y]: [f64; 2]) -> f64 {
    x * x + y * y
}

/// Stuart-Landau: `r' = r (1 - r^2)`. One stable cycle, the unit circle: period 2 pi, multiplier exp(-4 pi).
pub const STUART_LANDAU: Planar = Planar {
    field: |h| rotating(h, 1.0 - square(h)),
    jacobian: |h| rotating_jacobian(h, 1.0 - square(h), -1.0),
};

/// `r' = r (1 - q) (4 - q) / 4` with `q = r^2`: a stable cycle at 1, an unstable one at 2. Multipliers: the derivative of
/// the radial speed by r is -3/2 at 1 and 6 at 2, times the period 2 pi.
pub const NESTED: Planar = Planar {
    field: |h| rotating(h, (1.0 - square(h)) * (4.0 - square(h)) / 4.0),
    jacobian: |h| {
        let q = square(h);
        rotating_jacobian(h, (1.0 - q) * (4.0 - q) / 4.0, (2.0 * q - 5.0) / 4.0)
    },
};

/// Van der Pol with mu = 1: period 6.6632868593 (the value of the literature, computed many times).
pub const VAN_DER_POL: Planar = Planar {
    field: |[x, y]| [y, (1.0 - x * x) * y - x],
    jacobian: |[x, y]| [0.0, 1.0, -2.0 * x * y - 1.0, 1.0 - x * x],
};
