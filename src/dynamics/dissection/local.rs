//! The linear dynamics near a point.

use super::mode::{Mode, left};
use crate::dynamics::complex::Complex;
use crate::dynamics::field::VectorField;
use crate::dynamics::fixed_point::FixedPoint;
use crate::dynamics::gate::{sigmoid_and_slope, tanh_and_slope};
use crate::dynamics::gru::{GruWeights, Reset};
use crate::dynamics::spectrum::spectrum;
use crate::error::{Error, Result, finite};
use ndarray::{Array1, Array2, ArrayView2};
use std::fmt;

/// A GRU near a state `h*` and an input `x*`, to first order:
///
/// ```text
/// flow:  d delta / dt = f + J delta + B xi          map:  delta' = f + (1 + J) delta + B xi
/// ```
///
/// with the deviations `delta = h - h*` and `xi = x - x*`, the velocity `f` at the point (0 at a fixed point), `J = df/dh` and
/// `B = df/dx`. It is right within about [`radius`](Self::radius).
#[derive(Clone)]
pub struct LocalDynamics {
    /// `h*`.
    pub state: Array1<f64>,
    /// `x*`; empty for a system without inputs.
    pub input: Array1<f64>,
    /// `f(h*, x*)`.
    pub velocity: Array1<f64>,
    /// `J`, `(d, d)`.
    pub jacobian: Array2<f64>,
    /// `B`, `(d, m)`.
    pub input_jacobian: Array2<f64>,
    /// The modes of `J`, from the slowest to decay to the fastest: in the order of falling real parts of the eigenvalues.
    pub modes: Vec<Mode>,
    /// How far one can go along the first modes, to both sides, before the linear step is off by a tenth of the distance.
    pub radius: f64,
}

/// Modes along which the radius is measured.
const RADIUS_MODES: usize = 4;
/// What a linear step may be off, as a share of the distance.
const OFF: f64 = 0.1;
/// No state is farther from another than this many units of length per unit.
const FARTHEST: f64 = 2.0;

impl LocalDynamics {
    /// Near `state`, under the constant `input` of as many numbers as the system has inputs.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`]; [`Error::Numeric`] where eigenvalues cannot be computed.
    ///
    /// ```
    /// use eigengate::dynamics::{LocalDynamics, families};
    /// use ndarray::array;
    ///
    /// // At the origin of the rotation family the eigenvalues are (1.5 exp(+-i a) - 1) / 2.
    /// let near = LocalDynamics::new(&families::rotation(3.0, 0.9)?, &array![0.0, 0.0], &[])?;
    /// assert!((near.modes[0].rate.re - (1.5 * 0.9f64.cos() - 1.0) / 2.0).abs() < 1e-12);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn new(weights: &GruWeights, state: &Array1<f64>, input: &[f64]) -> Result<Self> {
        Self::with_spectrum(weights, state, input, None)
    }

    /// Near a fixed point under the input, whose eigenvalues have their signs however slow they are.
    pub(super) fn of_fixed_point(weights: &GruWeights, point: &FixedPoint, input: &[f64]) -> Result<Self> {
        let known = (point.eigenvalues.clone(), point.eigenvectors.clone());
        Self::with_spectrum(weights, &point.state, input, Some(known))
    }

    fn with_spectrum(
        weights: &GruWeights,
        state: &Array1<f64>,
        input: &[f64],
        known: Option<(Vec<Complex>, Vec<Vec<Complex>>)>,
    ) -> Result<Self> {
        let d = weights.units();
        if state.len() != d {
            return Err(Error::shape("state", d, state.len()));
        }
        finite("state", state)?;
        let constant = weights.with_input(input)?;
        let flow = constant.flow();
        let h = state.to_vec();
        let (mut velocity, mut jacobian) = (vec![0.0; d], vec![0.0; d * d]);
        flow.field(&h, &mut velocity);
        flow.jacobian(&h, &mut jacobian);
        let (values, vectors) = match known {
            Some(known) => known,
            None => spectrum(&vec![1.0; d], &jacobian).map(|own| (own.values, own.vectors))?,
        };
        let input_jacobian = input_jacobian(weights, &constant, &h);
        let of_inputs: Vec<f64> = input_jacobian.iter().copied().collect();
        let mut selections = left(&values, &vectors).map(Vec::into_iter);
        let pairs = values.into_iter().zip(vectors);
        let modes: Vec<Mode> = pairs
            .map(|(value, direction)| {
                let selection = selections.as_mut().and_then(Iterator::next);
                Mode::new(value, direction, selection, &of_inputs)
            })
            .collect();
        let jacobian = square(jacobian, d)?;
        let mut own = Self {
            state: state.clone(),
            input: Array1::from(input.to_vec()),
            velocity: Array1::from(velocity),
            jacobian,
            input_jacobian,
            modes,
            radius: 0.0,
        };
        own.radius = own.linear_radius(&flow);
        Ok(own)
    }

    /// `steps` steps of the linear map from `start`, with the input of the point: `(steps + 1, d)`, the start first.
    ///
    /// # Errors
    /// [`Error::Shape`] for a start of another size.
    pub fn predict(&self, start: &Array1<f64>, steps: usize) -> Result<Array2<f64>> {
        let constant = Array2::from_shape_fn((steps, self.input.len()), |(_, k)| self.input[k]);
        self.predict_driven(start, constant.view())
    }

    /// Steps of the linear map from `start` under these inputs, `(steps, m)`: `(steps + 1, d)`, the start first.
    ///
    /// # Errors
    /// [`Error::Shape`] for a start or inputs of other sizes.
    pub fn predict_driven(&self, start: &Array1<f64>, inputs: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let d = self.state.len();
        if start.len() != d {
            return Err(Error::shape("start", d, start.len()));
        }
        if inputs.ncols() != self.input.len() {
            return Err(Error::shape("inputs", format!("{} columns", self.input.len()), inputs.ncols()));
        }
        let mut states = Array2::zeros((inputs.nrows() + 1, d));
        let mut delta = start - &self.state;
        states.row_mut(0).assign(start);
        for (step, input) in inputs.rows().into_iter().enumerate() {
            let push = self.input_jacobian.dot(&(&input - &self.input));
            delta = &delta + &self.velocity + self.jacobian.dot(&delta) + push;
            states.row_mut(step + 1).assign(&(&self.state + &delta));
        }
        Ok(states)
    }

    /// The real directions of the first modes: one of a real mode, two of a pair.
    fn leading(&self) -> Vec<Vec<f64>> {
        let real = |mode: &Mode| -> Vec<f64> {
            let part = |v: &Complex| if mode.rate.im < 0.0 { v.im } else { v.re };
            let vector: Vec<f64> = mode.direction.iter().map(part).collect();
            let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            vector.into_iter().map(|v| v / length).collect()
        };
        self.modes.iter().take(RADIUS_MODES).map(real).collect()
    }

    fn linear_radius(&self, flow: &dyn VectorField) -> f64 {
        let d = self.state.len();
        let farthest = FARTHEST * (d as f64).sqrt();
        let mut field = vec![0.0; d];
        let mut off = |direction: &[f64], distance: f64| {
            let delta = Array1::from_iter(direction.iter().map(|u| distance * u));
            let there: Vec<f64> = self.state.iter().zip(&delta).map(|(h, delta)| h + delta).collect();
            flow.field(&there, &mut field);
            let linear = self.jacobian.dot(&delta) + &self.velocity;
            let square: f64 = field.iter().zip(&linear).map(|(f, l)| (f - l) * (f - l)).sum();
            square.sqrt() / distance
        };
        let mut radius = farthest;
        for direction in self.leading() {
            for side in [1.0, -1.0] {
                let direction: Vec<f64> = direction.iter().map(|u| side * u).collect();
                // The first distance of a fine ladder that is too far, then halving.
                let (mut near, mut far) = (0.0, 1e-6);
                while far < radius && off(&direction, far) <= OFF {
                    (near, far) = (far, 1.1 * far);
                }
                if far >= radius {
                    continue;
                }
                for _ in 0..30 {
                    let middle = 0.5 * (near + far);
                    if off(&direction, middle) <= OFF { near = middle } else { far = middle }
                }
                radius = near;
            }
        }
        radius
    }
}

impl fmt::Debug for LocalDynamics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let speed = self.velocity.iter().map(|v| v * v).sum::<f64>().sqrt();
        write!(
            f,
            "LocalDynamics({} units, speed {speed:.1e}, linear within {:.3}",
            self.state.len(),
            self.radius
        )?;
        match self.modes.first() {
            Some(mode) => write!(f, ", slowest {mode:?})"),
            None => f.write_str(")"),
        }
    }
}

fn square(values: Vec<f64>, d: usize) -> Result<Array2<f64>> {
    Array2::from_shape_vec((d, d), values).map_err(|e| Error::shape("Jacobian", format!("({d}, {d})"), e))
}

/// `df/dx` at `h` and the input that `constant` holds, `(d, m)`:
///
/// ```text
/// B = diag(1 - z) diag(1 - n^2) (Wh + Uh diag(h r (1 - r)) Wr) - diag((n - h) z (1 - z)) Wz        reset before
/// B = diag(1 - z) diag(1 - n^2) (Wh + diag((Uh h + bhh) r (1 - r)) Wr) - diag((n - h) z (1 - z)) Wz   reset after
/// ```
fn input_jacobian(weights: &GruWeights, constant: &GruWeights, h: &[f64]) -> Array2<f64> {
    let d = weights.units();
    let Some([wz, wr, wh]) = weights.input_matrices() else { return Array2::zeros((d, 0)) };
    let h = Array1::from(h.to_vec());
    let gate = |u: &Array2<f64>, b: &Array1<f64>| -> (Array1<f64>, Array1<f64>) {
        let argument = u.dot(&h) + b;
        (argument.mapv(|a| sigmoid_and_slope(a).0), argument.mapv(|a| sigmoid_and_slope(a).1))
    };
    let (r, r_slope) = gate(constant.ur(), constant.br());
    // 1 - z and its slope, which is that of z with the other sign.
    let argument = -(constant.uz().dot(&h) + constant.bz());
    let (complement, z_slope) =
        (argument.mapv(|a| sigmoid_and_slope(a).0), argument.mapv(|a| sigmoid_and_slope(a).1));
    let scaled = |factor: &Array1<f64>, matrix: &Array2<f64>| {
        Array2::from_shape_fn(matrix.dim(), |(i, j)| factor[i] * matrix[[i, j]])
    };
    let (argument, through_reset) = match weights.reset() {
        Reset::Before => {
            let argument = constant.uh().dot(&(&r * &h)) + constant.bh();
            (argument, constant.uh().dot(&scaled(&(&h * &r_slope), wr)))
        }
        Reset::After => {
            let product = constant.uh().dot(&h) + constant.bhh();
            (constant.bh() + &(&r * &product), scaled(&(&product * &r_slope), wr))
        }
    };
    let (n, n_slope) = (argument.mapv(|a| tanh_and_slope(a).0), argument.mapv(|a| tanh_and_slope(a).1));
    scaled(&(&complement * &n_slope), &(wh + &through_reset)) - scaled(&((n - &h) * &z_slope), wz)
}
