//! The systems.

use super::Sampling;
use crate::display::{Content, show};
use crate::dynamics::VectorField;
use crate::error::{Error, Result};
use ndarray::Array2;
use std::fmt;

/// A planar flow whose attractors are known. Variables `(x, y)` are scaled so that trajectories from
/// [starting points](PlanarTask::start) stay within `(-1, 1)`.
///
/// ```
/// use eigengate::data::PlanarTask;
/// use eigengate::dynamics::Integrator;
///
/// // The flow itself is a vector field: it can be integrated, and drawn beside what a network has learned.
/// let end = Integrator::new().state_at(&PlanarTask::TwoBitMemory, &[0.1, -0.2], 0.0, 30.0)?;
/// assert!((end[0] - 0.6).abs() < 1e-6 && (end[1] + 0.6).abs() < 1e-6);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanarTask {
    /// FitzHugh-Nagumo with `a = 0.7`, `b = 0.8`, `tau = 12.5` and `I = 0.5`, which has one stable limit cycle of period 39.5 around
    /// an unstable fixed point: `dv/dt = v - v^3 / 3 - w + I`, `dw/dt = (v + a - b w) / tau`, with `v = 2.5 x`,
    /// `w = 0.5 + 1.5 y`.
    FitzHughNagumo,
    /// A line of fixed points through 0 at 30 degrees, which attracts at rate 1: `dp/dt = -(p . m) m` with the normal
    /// `m = (-1/2, sqrt(3)/2)`.
    LineAttractor,
    /// A circle of fixed points of radius 0.6, which attracts at rate 2: `dp/dt = p (1 - |p|^2 / 0.36)`.
    RingAttractor,
    /// Four sinks at `(+-0.6, +-0.6)`: `dx/dt = x (1 - x^2 / 0.36)`, and `y` alike. A source at 0, four saddles on the axes.
    TwoBitMemory,
    /// A stable focus at 0 with eigenvalues `-0.1 +- i`: `dx/dt = -0.1 x - y`, `dy/dt = x - 0.1 y`.
    DampedSpiral,
    /// Duffing's oscillator with damping, sinks at `x = +-1/2` and a saddle at 0: `dq/dt = p`, `dp/dt = q - q^3 - p / 2`, with
    /// `q = 2 x`, `p = 2 y`.
    DoubleWell,
}

/// The squared radius of the ring, and of the sinks of each bit.
const SQUARE: f64 = 0.36;
/// Of FitzHugh-Nagumo.
const A: f64 = 0.7;
const B: f64 = 0.8;
const TAU: f64 = 12.5;
const CURRENT: f64 = 0.5;

impl PlanarTask {
    /// All of them.
    pub const ALL: [PlanarTask; 6] = [
        PlanarTask::FitzHughNagumo,
        PlanarTask::LineAttractor,
        PlanarTask::RingAttractor,
        PlanarTask::TwoBitMemory,
        PlanarTask::DampedSpiral,
        PlanarTask::DoubleWell,
    ];

    /// Its name in tables and files, e.g. `fitzhugh_nagumo`.
    pub fn name(self) -> &'static str {
        match self {
            PlanarTask::FitzHughNagumo => "fitzhugh_nagumo",
            PlanarTask::LineAttractor => "line_attractor",
            PlanarTask::RingAttractor => "ring_attractor",
            PlanarTask::TwoBitMemory => "two_bit_memory",
            PlanarTask::DampedSpiral => "damped_spiral",
            PlanarTask::DoubleWell => "double_well",
        }
    }

    /// The task of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|task| task.name() == name);
        found.ok_or_else(|| Error::parameter("task", name, format!("one of {}", names())))
    }

    /// Time between two observations: 0.8 for FitzHugh-Nagumo (49 in a period), 0.2 for the others.
    pub fn time_step(self) -> f64 {
        if self == PlanarTask::FitzHughNagumo { 0.8 } else { 0.2 }
    }

    /// Starting points are uniform in the square of this half-width around 0.
    pub fn start(self) -> f64 {
        match self {
            PlanarTask::LineAttractor | PlanarTask::DampedSpiral => 0.65,
            PlanarTask::DoubleWell => 0.7,
            PlanarTask::FitzHughNagumo | PlanarTask::RingAttractor => 0.8,
            PlanarTask::TwoBitMemory => 0.9,
        }
    }

    /// Points spread evenly over a continuous attractor, `(count, 2)`: on the line from -0.6 to 0.6, both ends among them, or around the
    /// ring. None for the other tasks, whose attractors are points and a cycle.
    pub fn continuous_attractor(self, count: usize) -> Option<Array2<f64>> {
        let share = |k: usize, of: usize| k as f64 / of.max(1) as f64;
        let point: Box<dyn Fn(usize) -> [f64; 2]> = match self {
            PlanarTask::LineAttractor => Box::new(move |k| {
                let along = SQUARE.sqrt() * (2.0 * share(k, count - 1) - 1.0);
                [along * 0.75f64.sqrt(), along * 0.5]
            }),
            PlanarTask::RingAttractor => Box::new(move |k| {
                let angle = std::f64::consts::TAU * share(k, count);
                [SQUARE.sqrt() * angle.cos(), SQUARE.sqrt() * angle.sin()]
            }),
            _ => return None,
        };
        Some(Array2::from_shape_fn((count, 2), |(k, i)| point(k)[i]))
    }

    /// Time series of this system, with the defaults of [`Sampling`].
    pub fn sampling(self) -> Sampling {
        Sampling::new(self)
    }

    /// Shows the task in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }

    /// The flow and its Jacobian, row-major, at `(x, y)`.
    fn at(self, x: f64, y: f64) -> ([f64; 2], [f64; 4]) {
        match self {
            PlanarTask::FitzHughNagumo => {
                let (v, w) = (2.5 * x, 0.5 + 1.5 * y);
                let field = [(v - v.powi(3) / 3.0 - w + CURRENT) / 2.5, (v + A - B * w) / (1.5 * TAU)];
                (field, [1.0 - v * v, -1.5 / 2.5, 2.5 / (1.5 * TAU), -B / TAU])
            }
            PlanarTask::LineAttractor => {
                let (m, n) = (-0.5, 0.75f64.sqrt());
                let away = m * x + n * y;
                ([-away * m, -away * n], [-m * m, -m * n, -m * n, -n * n])
            }
            PlanarTask::RingAttractor => {
                let rate = 1.0 - (x * x + y * y) / SQUARE;
                let [xx, xy, yy] = [x * x, x * y, y * y].map(|product| 2.0 * product / SQUARE);
                ([x * rate, y * rate], [rate - xx, -xy, -xy, rate - yy])
            }
            PlanarTask::TwoBitMemory => {
                let bit = |x: f64| x * (1.0 - x * x / SQUARE);
                let slope = |x: f64| 1.0 - 3.0 * x * x / SQUARE;
                ([bit(x), bit(y)], [slope(x), 0.0, 0.0, slope(y)])
            }
            PlanarTask::DampedSpiral => ([-0.1 * x - y, x - 0.1 * y], [-0.1, -1.0, 1.0, -0.1]),
            PlanarTask::DoubleWell => {
                ([y, x - 4.0 * x.powi(3) - 0.5 * y], [0.0, 1.0, 1.0 - 12.0 * x * x, -0.5])
            }
        }
    }
}

impl VectorField for PlanarTask {
    fn dimension(&self) -> usize {
        2
    }

    fn field(&self, h: &[f64], out: &mut [f64]) {
        let (&[x, y], [first, second]) = (h, &mut *out) else { return out.fill(f64::NAN) };
        ([*first, *second], _) = self.at(x, y);
    }

    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        let (&[x, y], true) = (h, out.len() == 4) else { return out.fill(f64::NAN) };
        out.copy_from_slice(&self.at(x, y).1);
    }
}

impl fmt::Debug for PlanarTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanarTask({})", self.name())
    }
}
