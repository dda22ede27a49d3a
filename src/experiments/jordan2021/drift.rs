//! How long a network remembers where it was.

use crate::dynamics::{GruWeights, Readout};
use crate::error::{Error, Result};
use crate::nn::Gru;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// For every point of `points` `(points, variables)` the first step after which the output of `gru`, started there, is farther than
/// `distance` from it; none where it never is in `steps` steps. In float64.
///
/// On a continuous attractor a network that had learned it would stay for ever; what it does instead is to drift.
///
/// # Errors
/// [`Error::Parameter`] unless `distance` is finite and above 0; [`Error::Shape`] for a network with inputs or several layers, and for
/// points that it does not take; [`Error::NotFinite`]; [`Error::Empty`] for no points.
///
/// ```
/// use eigengate::dynamics::families;
/// use eigengate::experiments::jordan2021::drift_times;
/// use eigengate::nn::Gru;
/// use ndarray::array;
///
/// // Without any weights h' = h / 2: from 0.8 it is 0.4 away after one step, and 0.6 after two.
/// let halving = Gru::from_weights(&families::rotation(0.0, 0.0)?)?;
/// let points = array![[0.8, 0.0]];
/// assert_eq!(drift_times(&halving, &points, 0.3, 100)?, [Some(1)]);
/// assert_eq!(drift_times(&halving, &points, 0.5, 100)?, [Some(2)]);
/// assert_eq!(drift_times(&halving, &points, 1.0, 100)?, [None]);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn drift_times(
    gru: &Gru,
    points: &Array2<f64>,
    distance: f64,
    steps: usize,
) -> Result<Vec<Option<usize>>> {
    if !(distance > 0.0 && distance.is_finite()) {
        return Err(Error::parameter("distance", distance, "a finite distance above 0"));
    }
    if points.nrows() == 0 {
        return Err(Error::empty("points"));
    }
    if points.ncols() != gru.outputs() {
        return Err(Error::shape(
            "points",
            format!("{} columns, one for each output", gru.outputs()),
            points.ncols(),
        ));
    }
    let weights = gru.weights()?;
    if weights.inputs() > 0 {
        return Err(Error::shape("network", "0 inputs", weights.inputs()));
    }
    let readout = gru.readout()?;
    let starts = points
        .outer_iter()
        .map(|point| Ok((point.to_owned(), gru.encoded(&point.to_owned())?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(starts
        .par_iter()
        .map(|(point, state)| first_away(&weights, readout.as_ref(), point, state, distance, steps))
        .collect())
}

fn first_away(
    weights: &GruWeights,
    readout: Option<&Readout>,
    point: &Array1<f64>,
    state: &Array1<f64>,
    distance: f64,
    steps: usize,
) -> Option<usize> {
    let map = weights.map();
    let (mut h, mut next) = (state.clone(), state.clone());
    for step in 1..=steps {
        if let (Some(h), Some(next)) = (h.as_slice(), next.as_slice_mut()) {
            map.step(h, next);
        }
        std::mem::swap(&mut h, &mut next);
        let output = |h: &Array1<f64>| match readout {
            Some(readout) => readout.weight().dot(h) + readout.bias(),
            None => h.clone(),
        };
        let away = output(&h) - point;
        if away.dot(&away).sqrt() > distance {
            return Some(step);
        }
        // At a fixed point nothing will change any more.
        if h == next {
            return None;
        }
    }
    None
}
