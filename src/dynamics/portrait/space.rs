//! What three units and more have beside fixed points: orbits, and a plane to look at them in.

use super::super::integrate::{Integrator, Stepper};
use super::super::{FixedPoints, GruWeights, Kind, SlowPoint};
use super::PortraitOptions;
use crate::error::Result;
use crate::numeric::symmetric_eigen;
use crate::seed::{Purpose, stream};
use ndarray::{Array1, Array2, ArrayView1};

/// One orbit, from its start on.
#[derive(Clone)]
pub struct Orbit {
    /// States at the steps of the integrator: `(steps, d)`.
    pub states: Array2<f64>,
    /// The fixed point that it leaves along an unstable direction, counted from 0; none for a start taken at random.
    pub leaves: Option<usize>,
}

impl std::fmt::Debug for Orbit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.leaves {
            Some(index) => {
                write!(f, "Orbit({} states, leaves fixed point {})", self.states.nrows(), index + 1)
            }
            None => write!(f, "Orbit({} states, from a random start)", self.states.nrows()),
        }
    }
}

/// Orbits of three units and more, and the directions in which they spread.
#[derive(Clone)]
pub struct Space {
    /// From both sides of every saddle and source along its unstable directions, then from states of the options, evenly chosen, or
    /// from random ones.
    pub orbits: Vec<Orbit>,
    /// States that are nearly at rest though nothing is fixed there, of more than three units.
    pub slow_points: Vec<SlowPoint>,
    /// The mean of the states of the options, or of all orbits.
    pub mean: Array1<f64>,
    /// Principal components of those states, one a row, in the order of falling variance: `(d, d)`.
    pub components: Array2<f64>,
    /// The share of the variance of each.
    pub shares: Vec<f64>,
}

/// Steps of one orbit at most.
const STEPS: usize = 4000;
/// Random starts.
const STARTS: u64 = 12;
/// Above so many units orbits are followed by the explicit method.
const EXPLICIT: usize = 12;
/// The distance from a fixed point at which an orbit begins.
const AWAY: f64 = 1e-4;

impl Space {
    pub(super) fn new(
        weights: &GruWeights,
        found: &FixedPoints,
        slow_points: Vec<SlowPoint>,
        options: &PortraitOptions,
    ) -> Result<Self> {
        let d = weights.units();
        let mut starts: Vec<(Vec<f64>, Option<usize>, f64)> = Vec::new();
        for (index, point) in found.points.iter().enumerate() {
            for k in (0..point.unstable).filter(|_| !matches!(point.kind, Kind::NonHyperbolic)) {
                let Some(vector) = point.eigenvectors.get(k) else { continue };
                for sign in [AWAY, -AWAY] {
                    let start = point.state.iter().zip(vector).map(|(h, v)| h + sign * v.re).collect();
                    // What it takes to come away, besides.
                    let rate = point.eigenvalues.get(k).map_or(1.0, |value| value.re);
                    starts.push((start, Some(index), options.time + 25.0 / rate));
                }
            }
        }
        for index in 0..STARTS {
            let start = match options.states.as_ref().filter(|states| states.nrows() > 0) {
                Some(states) => states.row(index as usize * states.nrows() / STARTS as usize).to_vec(),
                None => {
                    let mut numbers = stream(options.seed, Purpose::OrbitStart, index);
                    (0..d).map(|_| 1.8 * f64::from(numbers.uniform()) - 0.9).collect()
                }
            };
            starts.push((start, None, options.time));
        }
        let flow = weights.flow();
        // The steps of the method for stiff flows cost the third power of the units.
        let method = if d > EXPLICIT { Integrator::new() } else { Integrator::rosenbrock() };
        let method = method.with_tolerances(1e-8, 1e-10);
        let mut orbits = Vec::with_capacity(starts.len());
        for (start, leaves, time) in starts {
            let mut stepper = Stepper::new(&method, &flow, &start, 0.0, 1.0)?;
            let mut states = start;
            for _ in 0..STEPS {
                // A step that cannot be taken ends the orbit, not the portrait.
                if stepper.time() >= time || stepper.advance(&flow, time).is_err() {
                    break;
                }
                states.extend_from_slice(stepper.state());
            }
            let rows = states.len() / d.max(1);
            let states = Array2::from_shape_vec((rows, d), states).unwrap_or_else(|_| Array2::zeros((0, d)));
            orbits.push(Orbit { states, leaves });
        }
        let of_orbits = orbits.iter().flat_map(|orbit| orbit.states.outer_iter());
        let rows: Vec<ArrayView1<'_, f64>> = match &options.states {
            Some(states) if states.nrows() > 0 => states.outer_iter().collect(),
            _ => of_orbits.collect(),
        };
        let (mean, components, shares) = principal(&rows, d)?;
        Ok(Self { orbits, slow_points, mean, components, shares })
    }
    /// A state by its first two principal components.
    pub fn project(&self, state: &Array1<f64>) -> [f64; 2] {
        let along = |k: usize| match self.components.outer_iter().nth(k) {
            Some(component) if state.len() == self.mean.len() => {
                component.iter().zip(state.iter().zip(&self.mean)).map(|(c, (h, mean))| c * (h - mean)).sum()
            }
            _ => f64::NAN,
        };
        [along(0), along(1)]
    }
}

/// The mean of states, their principal components, one a row, and the share of the variance of each.
fn principal(rows: &[ArrayView1<'_, f64>], d: usize) -> Result<(Array1<f64>, Array2<f64>, Vec<f64>)> {
    let count = rows.len().max(1) as f64;
    let mut mean: Array1<f64> = Array1::zeros(d);
    for row in rows {
        mean += row;
    }
    mean /= count;
    let mut covariance = Array2::zeros((d, d));
    for row in rows {
        let away = row - &mean;
        for (i, a) in away.iter().enumerate() {
            for (j, b) in away.iter().enumerate() {
                covariance[[i, j]] += a * b / count;
            }
        }
    }
    let eigen = symmetric_eigen(covariance.view())?;
    let total: f64 = eigen.values.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let shares = eigen.values.iter().map(|value| value.max(0.0) / total).collect();
    // One component a row, its largest entry positive.
    let mut components = eigen.vectors.reversed_axes();
    for mut component in components.outer_iter_mut() {
        let largest = component.iter().fold(0.0f64, |most, c| if c.abs() > most.abs() { *c } else { most });
        component.mapv_inplace(|c| c * largest.signum());
    }
    Ok((mean, components, shares))
}

impl std::fmt::Debug for Space {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let two: f64 = self.shares.iter().take(2).sum();
        write!(
            f,
            "Space({} orbits, two components have {:.1} % of the variance)",
            self.orbits.len(),
            100.0 * two
        )
    }
}
