//! Named systems.

use super::gru::{GruWeights, Reset};
use crate::error::{Error, Result, finite};
use crate::seed::{Purpose, stream};
use ndarray::{Array1, Array2, array};

/// The rotation family of Jordan2021: two units, `Uh = beta R(alpha)` with the rotation `R(alpha) = [[cos, -sin], [sin, cos]]`,
/// all else zero, so that `dh/dt = (tanh(beta/2 R(alpha) h) - h) / 2`.
///
/// With `beta = 3` it has nine fixed points for `alpha < 0.1478220707`, a limit cycle up to the Hopf point
/// `cos(alpha) = 2/3`, and a sink beyond.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn rotation(beta: f64, alpha: f64) -> Result<GruWeights> {
    finite("beta and alpha", &[beta, alpha])?;
    let (sin, cos) = alpha.sin_cos();
    with_candidate(array![[beta * cos, -beta * sin], [beta * sin, beta * cos]])
}

/// One unit, `Uh = weight` and `bh = bias`, all else zero, so that `dh/dt = (tanh(weight h / 2 + bias) - h) / 2`.
///
/// With `w = weight / 2 > 1` it has a fold at `h = -sqrt(1 - 1/w)`, `bias = artanh(h) - w h`, and the mirror image of it; between the
/// two there are two sinks and a source.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn one_unit(weight: f64, bias: f64) -> Result<GruWeights> {
    finite("weight and bias", &[weight, bias])?;
    with_candidate(array![[weight]])?.with("bh", &[0], bias)
}

/// Two units that do not see each other, `Uh = diag(first, second)`, all else zero. A unit is bistable where its weight is above
/// 2; two of them have 9 fixed points, 4 of which are stable.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn two_bistable_units(first: f64, second: f64) -> Result<GruWeights> {
    finite("first and second", &[first, second])?;
    with_candidate(array![[first, 0.0], [0.0, second]])
}

fn with_candidate(uh: Array2<f64>) -> Result<GruWeights> {
    let (u, b) = (Array2::zeros(uh.dim()), Array1::zeros(uh.nrows()));
    GruWeights::new(Reset::Before, u.clone(), u, uh, b.clone(), b.clone(), b)
}

/// A random system: recurrent weights are normal with standard deviation `scale`, biases with standard deviation 1 (`bhh`
/// too, with [`Reset::After`]). Matrices and biases come from streams of their own, so seed and size alone fix them.
///
/// # Errors
/// [`Error::Parameter`] for no units or a scale that is not finite and at least 0.
pub fn random(units: usize, scale: f64, seed: u64, reset: Reset) -> Result<GruWeights> {
    if units == 0 {
        return Err(Error::parameter("units", units, "at least 1"));
    }
    if !(scale.is_finite() && scale >= 0.0) {
        return Err(Error::parameter("scale", scale, "a finite standard deviation of at least 0"));
    }
    let matrix = |index| {
        let mut numbers = stream(seed, Purpose::RandomSystem, index);
        Array2::from_shape_simple_fn((units, units), || scale * numbers.normal())
    };
    let bias = |index| {
        let mut numbers = stream(seed, Purpose::RandomSystem, index);
        Array1::from_shape_simple_fn(units, || numbers.normal())
    };
    let weights = GruWeights::new(reset, matrix(0), matrix(1), matrix(2), bias(3), bias(4), bias(5))?;
    match reset {
        Reset::Before => Ok(weights),
        Reset::After => weights.with_hidden_bias(bias(6)),
    }
}
