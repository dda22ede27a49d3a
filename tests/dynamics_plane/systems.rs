//! Planar fields of which everything is known.

use eigengate::Result;
use eigengate::dynamics::{
    Attractors, Branch, GruFlow, GruWeights, LimitCycles, PlanarPoint, Reset, VectorField, Window,
    limit_cycles, saddle_manifolds,
};
use ndarray::{Array1, Array2};

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

/// A saddle at the origin, `x' = x`, `y' = x^2 - y`: its unstable manifold is `y = x^2 / 3`, its stable one `x = 0`.
pub const BENT_SADDLE: Planar =
    Planar { field: |[x, y]| [x, x * x - y], jacobian: |[x, _]| [1.0, 0.0, 2.0 * x, -1.0] };

/// The fixed points of a GRU of two units.
pub fn points_of(weights: &GruWeights) -> Result<Vec<PlanarPoint>> {
    weights.fixed_points()?.points.iter().map(PlanarPoint::try_from).collect()
}

/// All that is known of a planar system.
pub struct Known {
    pub flow: GruFlow,
    pub points: Vec<PlanarPoint>,
    pub cycles: LimitCycles,
    pub attractors: Attractors,
    pub branches: Vec<Branch>,
}

pub fn known(weights: &GruWeights) -> Result<Known> {
    let (flow, points) = (weights.flow(), points_of(weights)?);
    let cycles = limit_cycles(&flow, &Window::UNIT, &points)?;
    let attractors = Attractors::new(&flow, &Window::UNIT, &points, &cycles.cycles)?;
    let branches = saddle_manifolds(&flow, &attractors, 50.0)?;
    Ok(Known { flow, points, cycles, attractors, branches })
}

/// The reference cases of some sections that have cycles.
pub fn reference_cycles() -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string("tests/data/gru_oracle.json").unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["cycles"].is_array()).cloned().collect()
}

pub fn weights_of(system: &serde_json::Value) -> GruWeights {
    let list = |v: &serde_json::Value| -> Vec<f64> {
        v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let matrix = |name: &str| {
        let rows: Vec<f64> = system[name].as_array().unwrap().iter().flat_map(list).collect();
        Array2::from_shape_vec((2, 2), rows).unwrap()
    };
    let bias = |name: &str| Array1::from(list(&system[name]));
    let after = system["variant"] == "reset_after";
    let reset = if after { Reset::After } else { Reset::Before };
    let (uz, ur, uh) = (matrix("Uz"), matrix("Ur"), matrix("Uh"));
    let weights = GruWeights::new(reset, uz, ur, uh, bias("bz"), bias("br"), bias("bh")).unwrap();
    if after { weights.with_hidden_bias(bias("bhh")).unwrap() } else { weights }
}
