//! Shooting: a periodic orbit as the root of a system of equations.

use super::ReturnMap;
use super::cycle::Cycle;
use super::floquet::{Floquet, floquet, norm};
use crate::dynamics::complex::Complex;
use crate::dynamics::integrate::{Fundamental, Integrator};
use crate::dynamics::lu::solved;
use crate::dynamics::{Trajectory, VectorField};
use crate::error::{Error, Result, finite};
use ndarray::{Array1, Array2};

/// Newton's method for a point `h` and a period `T` of a cycle:
///
/// ```text
/// [ M - I   f(phi_T(h)) ] [ dh ]   [ h - phi_T(h) ]        M = d phi_T / dh
/// [ f(h)'   0           ] [ dT ] = [ 0            ]
/// ```
///
/// The last row is the phase condition: the point moves across the flow. With several segments the orbit is cut into pieces of
/// equal time, and every piece must end where the next begins; that is taken by itself where `M` is large. In the plane a cycle that
/// repels is followed backward in time, where it attracts. A stiff flow that is too long for Dormand-Prince goes
/// to the Rosenbrock method.
#[derive(Clone, Debug)]
pub struct Shooting {
    integrator: Option<Integrator>,
    tolerance: f64,
    iterations: usize,
    segments: Option<usize>,
}

/// The divergence's integral above which a planar cycle is followed backward in time.
const REPELLING: f64 = 0.7;
/// Norm of `M` above which the orbit is cut into segments.
const LARGE: f64 = 1e4;
/// Parts of a period that are looked at for a smaller one.
const PARTS: [usize; 6] = [2, 3, 5, 7, 11, 13];

/// The state of the iteration: the starts of the segments, the (signed) period.
#[derive(Clone)]
struct Orbit {
    nodes: Vec<Vec<f64>>,
    period: f64,
}

impl Default for Shooting {
    fn default() -> Self {
        Self::new()
    }
}

impl Shooting {
    /// Dormand-Prince with tolerances 1e-12 and 1e-13, a residual of at most 1e-10, at most 40 iterations.
    pub fn new() -> Self {
        Self { integrator: None, tolerance: 1e-10, iterations: 40, segments: None }
    }

    /// Another integrator, which is then taken for stiff flows too.
    pub fn with_integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = Some(integrator);
        self
    }

    /// The largest residual of what is called a cycle.
    pub fn with_tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The most Newton iterations of one attempt.
    pub fn with_iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// How many pieces the orbit is cut into, at least 1; by default as many as the growth along it asks for.
    pub fn with_segments(mut self, segments: usize) -> Self {
        self.segments = Some(segments.max(1));
        self
    }

    /// The cycle near the point `guess` with a period near `period`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Parameter`] for a guess that cannot be one; [`Error::Numeric`] where Newton's
    /// method does not converge, or converges to a fixed point, or to a point from which another step leads away (a
    /// long transient). The text has the residual reached.
    pub fn run(&self, flow: &dyn VectorField, guess: &[f64], period: f64) -> Result<Cycle> {
        let d = flow.dimension();
        if guess.len() != d {
            return Err(Error::shape("guess of a point of a cycle", format!("{d} numbers"), guess.len()));
        }
        finite("guess of a point of a cycle", guess)?;
        if !(period > 0.0 && period.is_finite()) {
            return Err(Error::parameter("period", period, "a guess of the period above 0"));
        }
        if d < 2 {
            return Err(Error::parameter(
                "dimension",
                d,
                "a flow of 2 dimensions or more: on a line there are no cycles",
            ));
        }
        let gentle = Integrator::new().with_tolerances(1e-12, 1e-13).with_max_steps(20_000);
        let stiff = Integrator::rosenbrock().with_tolerances(1e-10, 1e-12).with_max_steps(50_000);
        let methods = match &self.integrator {
            Some(own) => vec![own.clone()],
            None => vec![gentle, stiff],
        };
        let mut failure = None;
        for method in &methods {
            match self.attempts(flow, method, guess, period) {
                Ok(cycle) => return Ok(cycle),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(|| failed("no method was tried".to_owned())))
    }

    /// Forward or backward in time first, by what the orbit of the guess does.
    fn attempts(
        &self,
        flow: &dyn VectorField,
        method: &Integrator,
        guess: &[f64],
        period: f64,
    ) -> Result<Cycle> {
        let first = method.fundamental(flow, guess, period);
        let backward = match &first {
            Ok(first) => flow.dimension() == 2 && first.divergence > REPELLING,
            Err(_) => true,
        };
        let order = if backward { [-1.0, 1.0] } else { [1.0, -1.0] };
        let mut failure = None;
        for sense in order {
            match self.attempt(flow, method, guess, sense * period) {
                Ok(cycle) => return Ok(cycle),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        // A rough guess: let the flow bring it nearer, and say how long a turn takes.
        for sense in order {
            if let Some((nearer, time)) = relaxed(flow, method, guess, sense * period)
                && let Ok(cycle) = self.attempt(flow, method, &nearer, sense * time)
            {
                return Ok(cycle);
            }
        }
        Err(failure.unwrap_or_else(|| failed("no direction was tried".to_owned())))
    }

    fn attempt(
        &self,
        flow: &dyn VectorField,
        method: &Integrator,
        guess: &[f64],
        period: f64,
    ) -> Result<Cycle> {
        let segments = match self.segments {
            Some(segments) => segments,
            None => {
                let growth = norm(&method.fundamental(flow, guess, period)?.matrix);
                if growth > LARGE { ((growth.ln() / LARGE.ln()).ceil() as usize * 2).min(24) } else { 1 }
            }
        };
        let mut nodes = vec![guess.to_vec()];
        for k in 1..segments {
            let share = period / segments as f64;
            let from = nodes.last().cloned().unwrap_or_default();
            let next = method
                .state_at(flow, &from, 0.0, share)
                .map_err(|error| failed(format!("segment {k} of the guess: {error}")))?;
            nodes.push(next);
        }
        let (mut orbit, mut iterations, mut residual) = self.newton(flow, method, Orbit { nodes, period })?;
        // The least period.
        let mut turn = 0;
        while let Some(parts) = self.smaller(flow, method, &orbit)? {
            let start = orbit.nodes.swap_remove(0);
            let period = orbit.period / parts as f64;
            let more;
            (orbit, more, residual) = self.newton(flow, method, Orbit { nodes: vec![start], period })?;
            iterations += more;
            turn += 1;
            if turn > 8 {
                break;
            }
        }
        self.finish(flow, method, orbit, iterations, residual)
    }

    /// Newton's method with halved steps where the residual grows.
    fn newton(
        &self,
        flow: &dyn VectorField,
        method: &Integrator,
        start: Orbit,
    ) -> Result<(Orbit, usize, f64)> {
        let mut orbit = start;
        let mut ends = shoot(flow, method, &orbit)?;
        let mut residual = misfit(&orbit, &ends);
        for iteration in 0..self.iterations {
            let step = newton_step(flow, &orbit, &ends).ok_or_else(|| {
                failed(format!(
                    "the equations are singular at iteration {iteration} (residual {residual:.1e}, period {}); the cycle may \
                     not be isolated, or the guess is a fixed point",
                    orbit.period.abs()
                ))
            })?;
            let d = flow.dimension();
            let change = step.last().copied().unwrap_or(0.0);
            // A period changes by a third at most.
            let mut share = (orbit.period.abs() / 3.0 / change.abs().max(1e-300)).min(1.0);
            loop {
                let mut trial = orbit.clone();
                for (node, step) in trial.nodes.iter_mut().zip(step.chunks_exact(d)) {
                    for (h, step) in node.iter_mut().zip(step) {
                        *h += share * step;
                    }
                }
                trial.period += share * change;
                let reached = shoot(flow, method, &trial);
                let worth = reached.as_ref().map_or(f64::INFINITY, |ends| misfit(&trial, ends));
                let better = worth < residual * (1.0 - 0.1 * share);
                if better && let Ok(reached) = reached {
                    (orbit, ends, residual) = (trial, reached, worth);
                    break;
                }
                // At rounding no step is better.
                if residual <= self.tolerance {
                    return Ok((orbit, iteration, residual));
                }
                share /= 2.0;
                if share < 1e-3 {
                    return Err(failed(format!(
                        "Newton's method stands still at a residual of {residual:.1e} after {iteration} iterations (period {}); \
                         give a guess nearer to the cycle",
                        orbit.period.abs()
                    )));
                }
            }
            if residual <= 1e-3 * self.tolerance {
                return Ok((orbit, iteration + 1, residual));
            }
        }
        if residual <= self.tolerance {
            return Ok((orbit, self.iterations, residual));
        }
        Err(failed(format!(
            "a residual of {residual:.1e} after {} iterations (period {}); give a guess nearer to the cycle, or allow more \
             iterations",
            self.iterations,
            orbit.period.abs()
        )))
    }

    /// A number of turns that the orbit does in its period, if it is more than one.
    fn smaller(&self, flow: &dyn VectorField, method: &Integrator, orbit: &Orbit) -> Result<Option<usize>> {
        let pieces = pieces(flow, method, orbit)?;
        let extent = extent(&pieces);
        let Some(start) = orbit.nodes.first() else { return Ok(None) };
        for parts in PARTS {
            let time = orbit.period / parts as f64;
            let mut after = 0.0;
            for piece in &pieces {
                let length = piece.end_time();
                if (time - after).abs() <= length.abs() {
                    let h = piece.state_at((time - after).clamp(length.min(0.0), length.max(0.0)))?;
                    let far = h.iter().zip(start).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
                    if far < 1e-5 * extent {
                        return Ok(Some(parts));
                    }
                    break;
                }
                after += length;
            }
        }
        Ok(None)
    }

    fn finish(
        &self,
        flow: &dyn VectorField,
        method: &Integrator,
        orbit: Orbit,
        iterations: usize,
        residual: f64,
    ) -> Result<Cycle> {
        let d = flow.dimension();
        let ends = shoot(flow, method, &orbit)?;
        let mut matrix = identity(d);
        let mut divergence = 0.0;
        for end in &ends {
            matrix = product(&end.matrix, &matrix, d);
            divergence += end.divergence;
        }
        let Some(point) = orbit.nodes.first() else { return Err(failed("no orbit".to_owned())) };
        let mut slope = vec![0.0; d];
        flow.field(point, &mut slope);
        let mut found = floquet(&matrix, &slope, divergence)?;
        let pieces = pieces(flow, method, &orbit)?;
        let extent = extent(&pieces);
        isolated(flow, &orbit, &ends, extent)?;
        let mut points = outline(&pieces, extent)?;
        if orbit.period < 0.0 {
            found = inverse(found);
            divergence = -divergence;
            points.invert_axis(ndarray::Axis(0));
        }
        let Floquet { trivial, multipliers, defect, determinant } = found;
        let stable = multipliers.first().is_none_or(|m| m.re.hypot(m.im) < 1.0);
        Ok(Cycle {
            point: Array1::from(point.clone()),
            period: orbit.period.abs(),
            multipliers,
            trivial,
            defect,
            determinant,
            divergence,
            residual,
            stable,
            points,
            extent,
            iterations,
        })
    }
}

/// Where a guess returns after some turns through the section across the flow at it, and the time of the last turn.
fn relaxed(
    flow: &dyn VectorField,
    method: &Integrator,
    guess: &[f64],
    period: f64,
) -> Option<(Vec<f64>, f64)> {
    let mut slope = vec![0.0; guess.len()];
    flow.field(guess, &mut slope);
    let section = ReturnMap::new(guess, &slope).ok()?;
    let section = section.with_integrator(method.clone()).with_max_time(5.0 * period.abs());
    let section = if period < 0.0 { section.backward() } else { section };
    let mut back = section.image(flow, guess).ok()?;
    for _ in 0..4 {
        back = section.image(flow, &back.state).ok()?;
    }
    Some((back.state, back.time))
}

/// Refuses what is small at the tolerance and no cycle: a fixed point, and an orbit from which another Newton step leads
/// away, such as a slow transient around a weak focus.
fn isolated(flow: &dyn VectorField, orbit: &Orbit, ends: &[Fundamental], extent: f64) -> Result<()> {
    let place = orbit.nodes.first().cloned().unwrap_or_default();
    if extent < 1e-7 {
        return Err(failed(format!(
            "it converges to the fixed point near {place:?}; give a guess nearer to the cycle"
        )));
    }
    let step = newton_step(flow, orbit, ends).unwrap_or_default();
    let move_on = step.iter().rev().skip(1).fold(0.0, |most: f64, change| most.max(change.abs()));
    if step.is_empty() || move_on > 1e-4 * extent {
        return Err(failed(format!(
            "near {place:?} the orbit nearly closes, but another step would move it by {move_on:.1e}, where its extent is              {extent:.1e}: it is a transient, or one of a family of closed orbits"
        )));
    }
    Ok(())
}

fn failed(reason: String) -> Error {
    Error::Numeric { method: "shooting", reason }
}

/// All segments with their fundamental matrices.
fn shoot(flow: &dyn VectorField, method: &Integrator, orbit: &Orbit) -> Result<Vec<Fundamental>> {
    let share = orbit.period / orbit.nodes.len() as f64;
    orbit.nodes.iter().map(|node| method.fundamental(flow, node, share)).collect()
}

/// The largest gap between the end of a segment and the start of the next.
fn misfit(orbit: &Orbit, ends: &[Fundamental]) -> f64 {
    let next = orbit.nodes.iter().cycle().skip(1);
    let gaps = ends.iter().zip(next).flat_map(|(end, next)| end.state.iter().zip(next));
    gaps.fold(
        0.0,
        |largest: f64, (a, b)| if (a - b).is_nan() { f64::INFINITY } else { largest.max((a - b).abs()) },
    )
}

/// The changes of all nodes and of the period.
fn newton_step(flow: &dyn VectorField, orbit: &Orbit, ends: &[Fundamental]) -> Option<Vec<f64>> {
    let (d, m) = (flow.dimension(), orbit.nodes.len());
    let n = m * d + 1;
    let (mut matrix, mut right) = (vec![0.0; n * n], vec![0.0; n]);
    let mut slope = vec![0.0; d];
    for (k, end) in ends.iter().enumerate() {
        let next = (k + 1) % m;
        flow.field(&end.state, &mut slope);
        for i in 0..d {
            let row = k * d + i;
            for j in 0..d {
                matrix[row * n + k * d + j] += end.matrix[i * d + j];
            }
            matrix[row * n + next * d + i] -= 1.0;
            matrix[row * n + n - 1] = slope[i] / m as f64;
            right[row] = orbit.nodes[next][i] - end.state[i];
        }
    }
    flow.field(&orbit.nodes[0], &mut slope);
    let speed = norm(&slope);
    for j in 0..d {
        matrix[(n - 1) * n + j] = slope[j] / speed;
    }
    solved(&matrix, &right)
}

/// The segments with dense output, each from time 0.
fn pieces(flow: &dyn VectorField, method: &Integrator, orbit: &Orbit) -> Result<Vec<Trajectory>> {
    let share = orbit.period / orbit.nodes.len() as f64;
    orbit.nodes.iter().map(|node| method.run(flow, node, 0.0, share)).collect()
}

fn extent(pieces: &[Trajectory]) -> f64 {
    let d = pieces.first().map_or(0, Trajectory::dimension);
    let side = |axis: usize| {
        let values = || pieces.iter().flat_map(move |piece| piece.states().column(axis).to_vec());
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    };
    (0..d).map(side).fold(0.0, f64::max)
}

/// A closed line with points at most about 1/400 of the extent apart, of the steps and what is between them.
fn outline(pieces: &[Trajectory], extent: f64) -> Result<Array2<f64>> {
    let d = pieces.first().map_or(0, Trajectory::dimension);
    let mut points = Array2::zeros((0, d));
    let mut first: Option<Array1<f64>> = None;
    let mut last: Option<Array1<f64>> = None;
    for piece in pieces {
        for two in piece.times().windows(2) {
            for part in 0..8 {
                let h = piece.state_at(two[0] + (two[1] - two[0]) * f64::from(part) / 8.0)?;
                let far = last.as_ref().is_none_or(|last| (&h - last).mapv(f64::abs).sum() > extent / 400.0);
                if far {
                    // All states have the dimension of the flow.
                    let _ = points.push_row(h.view());
                    first.get_or_insert_with(|| h.clone());
                    last = Some(h);
                }
            }
        }
    }
    if let Some(first) = first {
        let _ = points.push_row(first.view());
    }
    Ok(points)
}

fn identity(d: usize) -> Vec<f64> {
    (0..d * d).map(|i| if i % (d + 1) == 0 { 1.0 } else { 0.0 }).collect()
}

fn product(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    (0..d * d).map(|e| (0..d).map(|k| a[e / d * d + k] * b[k * d + e % d]).sum()).collect()
}

/// Of the orbit in the other direction of time.
fn inverse(found: Floquet) -> Floquet {
    let one_over = |z: Complex| {
        let square = z.re * z.re + z.im * z.im;
        Complex::new(z.re / square, -z.im / square)
    };
    let mut multipliers: Vec<Complex> = found.multipliers.into_iter().map(one_over).collect();
    multipliers.reverse();
    Floquet {
        trivial: one_over(found.trivial),
        multipliers,
        defect: found.defect,
        determinant: 1.0 / found.determinant,
    }
}
