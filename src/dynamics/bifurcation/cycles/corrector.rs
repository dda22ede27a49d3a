//! Newton's method for a cycle on a hyperplane of the space of orbits, periods and parameters.

use super::orbit::{Arc, Orbit};
use super::sensitivity::Flows;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::integrate::Integrator;
use crate::dynamics::lu::Lu;
use crate::error::{Error, Result};

/// A direction, or a difference, in the space of `(nodes, ln T, p)`.
#[derive(Clone, Debug)]
pub(super) struct Tangent {
    pub(super) nodes: Vec<Vec<f64>>,
    pub(super) log_period: f64,
    pub(super) parameter: f64,
}

/// What orbits and parameters are measured by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// A length in the space of states.
    pub(super) state: f64,
    /// One of the parameter.
    pub(super) parameter: f64,
}

/// A plane `<u - origin, normal> = 0`, or a value of the parameter.
pub(super) enum Plane<'a> {
    Across(&'a Tangent),
    Parameter,
}

/// An orbit that closes.
#[derive(Clone, Debug)]
pub(super) struct Corrected {
    pub(super) orbit: Orbit,
    pub(super) arcs: Vec<Arc>,
    /// The unit tangent of the branch there.
    pub(super) tangent: Tangent,
    pub(super) residual: f64,
    pub(super) iterations: usize,
}

impl Metric {
    /// The inner product.
    pub(super) fn product(&self, a: &Tangent, b: &Tangent) -> f64 {
        self.nodes(a, b)
            + a.log_period * b.log_period
            + a.parameter * b.parameter / (self.parameter * self.parameter)
    }

    /// The part of the orbit in it.
    fn nodes(&self, a: &Tangent, b: &Tangent) -> f64 {
        let m = a.nodes.len().max(1) as f64;
        let sum: f64 =
            a.nodes.iter().zip(&b.nodes).flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| a * b).sum();
        sum / (m * self.state * self.state)
    }

    /// The length of that part.
    pub(super) fn of_nodes(&self, a: &Tangent) -> f64 {
        self.nodes(a, a).sqrt()
    }

    pub(super) fn norm(&self, a: &Tangent) -> f64 {
        self.product(a, a).sqrt()
    }
}

impl Tangent {
    pub(super) fn scaled(mut self, factor: f64) -> Self {
        self.nodes.iter_mut().flatten().for_each(|x| *x *= factor);
        self.log_period *= factor;
        self.parameter *= factor;
        self
    }

    fn of(step: &[f64], d: usize, m: usize) -> Self {
        Self {
            nodes: step.chunks_exact(d).take(m).map(<[f64]>::to_vec).collect(),
            log_period: step.get(m * d).copied().unwrap_or(f64::NAN),
            parameter: step.get(m * d + 1).copied().unwrap_or(f64::NAN),
        }
    }
}

impl Orbit {
    /// The orbit moved along a direction.
    pub(super) fn moved(&self, along: &Tangent, distance: f64) -> Self {
        let mut orbit = self.clone();
        for (node, direction) in orbit.nodes.iter_mut().zip(&along.nodes) {
            for (h, direction) in node.iter_mut().zip(direction) {
                *h += distance * direction;
            }
        }
        orbit.period *= (distance * along.log_period).exp();
        orbit.parameter += distance * along.parameter;
        orbit
    }
}

/// Options of the iteration.
#[derive(Clone)]
pub(super) struct Corrector {
    pub(super) family: ParameterFamily,
    pub(super) method: Integrator,
    /// The more accurate one, of special cycles.
    pub(super) fine: Integrator,
    pub(super) metric: Metric,
    /// Largest Newton step of a solution, in the metric; the next one would be about its square.
    pub(super) tolerance: f64,
    /// Largest gap between an arc and the next before that step.
    pub(super) gap: f64,
    pub(super) iterations: usize,
}

impl Corrector {
    /// The same, as accurate as it can be.
    pub(super) fn refined(&self) -> Self {
        Self { method: self.fine.clone(), tolerance: 1e-12, ..self.clone() }
    }

    /// The flows at a parameter.
    pub(super) fn flows(&self, parameter: f64) -> Result<Flows> {
        Flows::new(&self.family, parameter, 1e-5 * self.metric.parameter.max(1e-3 * parameter.abs()))
    }

    /// Solves, from `guess` on,
    ///
    /// ```text
    /// phi(x_k; T s_k, p) - x_(k+1) = 0,    sum_k <f(guess_k), x_k - guess_k> = 0,    <u - guess, normal> = 0
    /// ```
    ///
    /// with the unknowns `u = (x_1, ..., x_m, ln T, p)`. `before` is a direction on the side of which the new tangent is.
    pub(super) fn run(&self, guess: &Orbit, plane: &Plane<'_>, before: &Tangent) -> Result<Corrected> {
        let mut orbit = guess.clone();
        let slopes = self.phase(guess)?;
        let mut last = f64::INFINITY;
        for iteration in 1..=self.iterations {
            let flows = self.flows(orbit.parameter)?;
            let arcs = orbit.arcs(&flows, &self.method)?;
            let residual = gap(&orbit, &arcs);
            let System { lu, right } = self
                .system(guess, &orbit, &arcs, &slopes, plane)
                .ok_or_else(|| failed(format!("singular equations at the parameter {}", orbit.parameter)))?;
            let (d, m) = (orbit.dimension(), orbit.nodes.len());
            let mut step = vec![0.0; right.len()];
            lu.solve(&right, &mut step);
            let step = Tangent::of(&step, d, m);
            let size = self.metric.norm(&step);
            if !(size < 1.0) || size > 4.0 * last || step.log_period.abs() > 0.7 {
                return Err(failed(format!(
                    "Newton's method leads away at the parameter {} (residual {residual:.1e}, step {size:.1e})",
                    orbit.parameter
                )));
            }
            orbit = orbit.moved(&step, 1.0);
            // At rounding steps do not shrink.
            if size < self.tolerance && residual < self.gap
                || (size < 1e-5 && size > 0.3 * last && residual < self.gap)
            {
                let tangent = self.tangent(guess, &orbit, &arcs, &slopes, before)?;
                return Ok(Corrected { orbit, arcs, tangent, residual, iterations: iteration });
            }
            last = size;
        }
        Err(failed(format!(
            "Newton's method does not converge in {} iterations (step {last:.1e}, parameter {})",
            self.iterations, orbit.parameter
        )))
    }

    /// The unit tangent at a solution, on the side of `before`.
    fn tangent(
        &self,
        guess: &Orbit,
        orbit: &Orbit,
        arcs: &[Arc],
        slopes: &[Vec<f64>],
        before: &Tangent,
    ) -> Result<Tangent> {
        let singular = || failed(format!("there is no tangent at the parameter {}", orbit.parameter));
        let System { lu, right } =
            self.system(guess, orbit, arcs, slopes, &Plane::Across(before)).ok_or_else(singular)?;
        let mut unit = vec![0.0; right.len()];
        if let Some(last) = unit.last_mut() {
            *last = 1.0;
        }
        let mut along = vec![0.0; right.len()];
        lu.solve(&unit, &mut along);
        let tangent = Tangent::of(&along, orbit.dimension(), orbit.nodes.len());
        let size = self.metric.norm(&tangent);
        if !(size > 0.0 && size.is_finite()) {
            return Err(singular());
        }
        Ok(tangent.scaled(1.0 / size))
    }

    /// The tangent of an orbit that closes already, on the side of `before`, which need not be one.
    pub(super) fn tangent_anew(&self, orbit: &Orbit, before: &Tangent) -> Result<(Tangent, Vec<Arc>)> {
        let flows = self.flows(orbit.parameter)?;
        let arcs = orbit.arcs(&flows, &self.method)?;
        let slopes = self.phase(orbit)?;
        Ok((self.tangent(orbit, orbit, &arcs, &slopes, before)?, arcs))
    }

    /// The fields at the nodes, over their common size: the phase condition.
    fn phase(&self, orbit: &Orbit) -> Result<Vec<Vec<f64>>> {
        let flow = self.family.at(&[orbit.parameter])?;
        let mut slopes = vec![vec![0.0; orbit.dimension()]; orbit.nodes.len()];
        for (node, slope) in orbit.nodes.iter().zip(&mut slopes) {
            flow.field(node, slope);
        }
        let size = slopes.iter().flatten().map(|f| f * f).sum::<f64>().sqrt();
        slopes.iter_mut().flatten().for_each(|f| *f /= size);
        Ok(slopes)
    }

    /// The linear system of one Newton step.
    fn system(
        &self,
        guess: &Orbit,
        orbit: &Orbit,
        arcs: &[Arc],
        slopes: &[Vec<f64>],
        plane: &Plane<'_>,
    ) -> Option<System> {
        let (d, m) = (orbit.dimension(), orbit.nodes.len());
        let n = m * d + 2;
        let (mut matrix, mut right) = (vec![0.0; n * n], vec![0.0; n]);
        for (k, (arc, share)) in arcs.iter().zip(&orbit.shares).enumerate() {
            let next = (k + 1) % m;
            for i in 0..d {
                let row = k * d + i;
                for j in 0..d {
                    matrix[row * n + k * d + j] += arc.matrix[i * d + j];
                }
                matrix[row * n + next * d + i] -= 1.0;
                matrix[row * n + m * d] = orbit.sense * orbit.period * share * arc.slope[i];
                matrix[row * n + m * d + 1] = arc.parameter[i];
                right[row] = orbit.nodes[next][i] - arc.end[i];
            }
        }
        let (phase, last) = (m * d, m * d + 1);
        for k in 0..m {
            for i in 0..d {
                matrix[phase * n + k * d + i] = slopes[k][i];
                right[phase] -= slopes[k][i] * (orbit.nodes[k][i] - guess.nodes[k][i]);
            }
        }
        match plane {
            Plane::Parameter => {
                matrix[last * n + m * d + 1] = 1.0;
                right[last] = guess.parameter - orbit.parameter;
            }
            Plane::Across(normal) => {
                let weight = 1.0 / (m as f64 * self.metric.state * self.metric.state);
                let square = self.metric.parameter * self.metric.parameter;
                for k in 0..m {
                    for i in 0..d {
                        let entry = weight * normal.nodes[k][i];
                        matrix[last * n + k * d + i] = entry;
                        right[last] -= entry * (orbit.nodes[k][i] - guess.nodes[k][i]);
                    }
                }
                matrix[last * n + m * d] = normal.log_period;
                right[last] -= normal.log_period * (orbit.period / guess.period).ln();
                matrix[last * n + m * d + 1] = normal.parameter / square;
                right[last] -= normal.parameter / square * (orbit.parameter - guess.parameter);
            }
        }
        let mut lu = Lu::default();
        lu.factor(&matrix, n).then_some(System { lu, right })
    }
}

struct System {
    lu: Lu,
    right: Vec<f64>,
}

/// The largest distance between the end of an arc and the start of the next.
fn gap(orbit: &Orbit, arcs: &[Arc]) -> f64 {
    let next = orbit.nodes.iter().cycle().skip(1);
    let gaps = arcs.iter().zip(next).flat_map(|(arc, next)| arc.end.iter().zip(next));
    gaps.fold(0.0, |most: f64, (a, b)| if (a - b).is_nan() { f64::INFINITY } else { most.max((a - b).abs()) })
}

pub(super) fn failed(reason: String) -> Error {
    Error::Numeric { method: "the continuation of cycles", reason }
}
