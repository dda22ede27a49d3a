//! Where a branch of cycles ends: at a Hopf point, a homoclinic orbit, a fold on the cycle.

use super::near::{Fold, Near};
use super::point::CyclePoint;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::complex::Complex;
use crate::dynamics::homoclinic::{Connection, Connections};
use crate::error::Result;
use std::fmt;

/// Where a branch of cycles begins or ends.
#[derive(Clone)]
pub enum CycleEnd {
    /// Where it was started; the other half goes on.
    Start,
    /// The cycle shrinks to a fixed point with eigenvalues `+- i frequency`.
    Hopf {
        /// The parameter of the Hopf point.
        parameter: f64,
        /// The fixed point.
        state: Vec<f64>,
        /// The imaginary part of its eigenvalues.
        frequency: f64,
    },
    /// The cycle comes to a saddle; its period grows as `-ln|p - parameter| / lambda`.
    Homoclinic {
        /// The parameter: the root of the split function where there is a `connection`, otherwise that of the law through the last
        /// two cycles.
        parameter: f64,
        /// The saddle.
        saddle: Vec<f64>,
        /// What confirms it.
        connection: Option<Box<Connection>>,
    },
    /// A saddle and a node meet on the cycle; its period grows as `passage / sqrt|p - parameter|`.
    SaddleNode {
        /// The parameter of the fold.
        parameter: f64,
        /// Where the two meet.
        state: Vec<f64>,
        /// The factor of the law as the last two cycles have it.
        passage: f64,
        /// As the normal forms of the folds that the cycle passes have it.
        expected: f64,
        /// How many folds it passes: one, or more where a symmetry puts several at one parameter.
        passages: usize,
    },
    /// The parameter left its range.
    Range,
    /// The branch came back to its start.
    Closed,
    /// Where the continuation could not go on: the shortest step failed, the period or the number of cycles is the largest.
    Stuck {
        /// Why.
        reason: String,
    },
}

impl CycleEnd {
    /// One word: `start`, `hopf`, `homoclinic`, `saddle-node`, `range`, `closed`, `stuck`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Hopf { .. } => "hopf",
            Self::Homoclinic { .. } => "homoclinic",
            Self::SaddleNode { .. } => "saddle-node",
            Self::Range => "range",
            Self::Closed => "closed",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// The parameter of the bifurcation in which the branch ends, where it does.
    pub fn parameter(&self) -> Option<f64> {
        match self {
            Self::Hopf { parameter, .. }
            | Self::Homoclinic { parameter, .. }
            | Self::SaddleNode { parameter, .. } => Some(*parameter),
            _ => None,
        }
    }
}

impl fmt::Debug for CycleEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hopf { parameter, frequency, .. } => {
                write!(f, "Hopf point at {parameter:.12}, frequency {frequency:.9}")
            }
            Self::Homoclinic { parameter, saddle, connection } => write!(
                f,
                "homoclinic orbit at {parameter:.12} to the saddle {saddle:.6?}, {}",
                if connection.is_some() {
                    "confirmed by the split function"
                } else {
                    "by the law of the period"
                }
            ),
            Self::SaddleNode { parameter, state, passage, expected, passages } => write!(
                f,
                "fold on the cycle at {parameter:.12}, {state:.6?}, {passages} in all, period law {passage:.4} (expected {expected:.4})"
            ),
            Self::Stuck { reason } => write!(f, "stuck: {reason}"),
            other => write!(f, "{}", other.name()),
        }
    }
}

/// Extent, beside the length of the metric, below which a shrinking cycle may end in a Hopf point.
const SMALL: f64 = 0.05;
/// Least speed over greatest speed below which a cycle may end at a fixed point.
const SLOW: f64 = 0.05;
/// Distance from a saddle, beside the cycle's extent, from which a homoclinic orbit is looked for; the law must have settled to
/// `SETTLED` of the remaining way.
const NEAR: f64 = 0.05;
const SETTLED: f64 = 0.2;
/// What is left of the way, in units of the continuation, that the parameter's digits hardly tell from nothing.
const DIGITS: f64 = 1e-9;
/// Distance at which it is taken for one without the split function.
const NEAREST: f64 = 1e-4;

/// Places that are slower than this many times the least speed may be at a fold too.
const ALIKE: f64 = 4.0;

/// What the last cycles of a branch are held against.
pub(super) struct Ends {
    pub(super) family: ParameterFamily,
    pub(super) near: Near,
    /// Lengths of the state and of the parameter.
    pub(super) state: f64,
    pub(super) scale: f64,
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

impl Ends {
    /// The end that the last cycles of a branch come to, if they come to one.
    pub(super) fn end(&self, points: &[CyclePoint]) -> Result<Option<CycleEnd>> {
        let [.., before, last] = points else { return Ok(None) };
        if last.extent < SMALL * self.state && last.extent < before.extent {
            return self.hopf(before, last);
        }
        if last.slowness < SLOW && last.period > before.period {
            if let Some(found) = self.near.fixed_point(&last.slowest, last.parameter) {
                let off = distance(&found, &last.slowest);
                if off < NEAR * last.extent {
                    return self.homoclinic(points, &found, off);
                }
            }
            return Ok(self.saddle_node(before, last));
        }
        Ok(None)
    }

    /// The fixed point near `h` and its eigenvalue whose imaginary part is nearest to `frequency`.
    fn oscillation(&self, h: &[f64], parameter: f64, frequency: f64) -> Result<Option<(Vec<f64>, Complex)>> {
        let Some(state) = self.near.fixed_point(h, parameter) else { return Ok(None) };
        let values = self.near.eigenvalues(&state, parameter)?;
        let nearest = values
            .into_iter()
            .filter(|value| value.im > 0.0)
            .min_by(|a, b| (a.im - frequency).abs().total_cmp(&(b.im - frequency).abs()));
        Ok(nearest.map(|value| (state, value)))
    }

    /// A Hopf point where the amplitude's square, taken as linear in the parameter, vanishes.
    fn hopf(&self, before: &CyclePoint, last: &CyclePoint) -> Result<Option<CycleEnd>> {
        let (frequency, scale) = (std::f64::consts::TAU / last.period, self.scale);
        let (first, second) = (before.extent * before.extent, last.extent * last.extent);
        let expected = last.parameter + (last.parameter - before.parameter) * second / (first - second);
        let (mut p, mut q) = (last.parameter, expected + 1e-7 * scale);
        let Some((mut state, mut a)) = self.oscillation(&last.middle(), p, frequency)? else {
            return Ok(None);
        };
        for _ in 0..30 {
            let Some((next, b)) = self.oscillation(&state, q, frequency)? else { return Ok(None) };
            let step = -b.re * (q - p) / (b.re - a.re);
            state = next;
            if !(step.abs() > 1e-14 * scale) || b.re == 0.0 {
                let left =
                    (expected - last.parameter).abs() + 1e-3 * (last.parameter - before.parameter).abs();
                let near = (q - expected).abs() < left && (b.im / frequency - 1.0).abs() < 0.1;
                return Ok(near.then_some(CycleEnd::Hopf { parameter: q, state, frequency: b.im }));
            }
            (p, a, q) = (q, b, q + step.clamp(-0.1 * scale, 0.1 * scale));
        }
        Ok(None)
    }

    /// A homoclinic orbit to the fixed point `saddle`, at the distance `off` from the last cycle.
    fn homoclinic(&self, points: &[CyclePoint], saddle: &[f64], off: f64) -> Result<Option<CycleEnd>> {
        let [.., first, before, last] = points else { return Ok(None) };
        let values = self.near.eigenvalues(saddle, last.parameter)?;
        let least = |sign: f64| {
            let rates = values.iter().map(|value| sign * value.re).filter(|rate| *rate > 0.0);
            rates.fold(f64::INFINITY, f64::min)
        };
        let (up, down) = (least(1.0), least(-1.0));
        if !(up.is_finite() && down.is_finite()) {
            return Ok(None);
        }
        // What is left of the way to the homoclinic orbit shrinks by `exp(-rate (T2 - T1))` from one cycle to the next.
        let rate = if last.is_stable() { up } else { down };
        let root = |a: &CyclePoint, b: &CyclePoint| {
            let ratio = (rate * (a.period - b.period)).exp();
            (b.parameter - ratio * a.parameter) / (1.0 - ratio)
        };
        let (earlier, parameter) = (root(first, before), root(before, last));
        let left = (parameter - last.parameter).abs();
        // Where the digits of the parameter are used up the law has said what it can.
        let settled = (parameter - earlier).abs() < SETTLED * left || left < DIGITS * self.scale;
        if !settled && off > NEAREST * last.extent {
            return Ok(None);
        }
        if let (&[x, y], &[a, b]) = (saddle, last.middle().as_slice()) {
            let wide = (10.0 * left).max(3.0 * (parameter - earlier).abs()).max(1e-9 * self.scale);
            let search = Connections::homoclinic([x, y]).with_centre([a, b]).with_parameters(9);
            let family = self.family.family();
            let found = search.run(&*family, parameter - wide, parameter + wide).unwrap_or_default();
            let near = |c: &Connection| (c.parameter - parameter).abs();
            if let Some(connection) = found.into_iter().min_by(|a, b| near(a).total_cmp(&near(b))) {
                return Ok(Some(CycleEnd::Homoclinic {
                    parameter: connection.parameter,
                    saddle: connection.from.state.to_vec(),
                    connection: Some(Box::new(connection)),
                }));
            }
        }
        let near = off < NEAREST * last.extent;
        Ok(near.then(|| CycleEnd::Homoclinic { parameter, saddle: saddle.to_vec(), connection: None }))
    }

    /// Folds of fixed points ahead, all at one parameter, near places where the last cycle is slow, with the law of the period.
    fn saddle_node(&self, before: &CyclePoint, last: &CyclePoint) -> Option<CycleEnd> {
        let folds = self.folds(last);
        let first = folds.first()?;
        let (a, b) = (before.parameter - first.parameter, last.parameter - first.parameter);
        if !(a * b > 0.0 && b.abs() < a.abs()) {
            return None;
        }
        // From the last two periods, so that the rest of the cycle takes no part.
        let passage = (last.period - before.period) / (1.0 / b.abs().sqrt() - 1.0 / a.abs().sqrt());
        let expected: f64 = folds.iter().map(|fold| fold.passage).sum();
        let lawful = (passage / expected - 1.0).abs() < 0.03;
        lawful.then(|| CycleEnd::SaddleNode {
            parameter: first.parameter,
            state: first.state.clone(),
            passage,
            expected,
            passages: folds.len(),
        })
    }

    /// The fold near the slowest place of a cycle, and those near other slow places at the same parameter, as a symmetric system has them.
    fn folds(&self, cycle: &CyclePoint) -> Vec<Fold> {
        let mut folds: Vec<Fold> = vec![];
        let Ok(flow) = self.family.at(&[cycle.parameter]) else { return folds };
        let mut f = vec![0.0; cycle.state.len()];
        let mut places: Vec<(f64, Vec<f64>)> = vec![];
        for row in cycle.points.rows() {
            let h = row.to_vec();
            flow.field(&h, &mut f);
            places.push((distance(&f, &vec![0.0; f.len()]), h));
        }
        // The last is the first.
        places.pop();
        let n = places.len();
        let slow = |k: usize| {
            let speed = places[k].0;
            speed <= places[(k + 1) % n].0 && speed < places[(k + n - 1) % n].0
        };
        let mut minima: Vec<&(f64, Vec<f64>)> =
            (0..n).filter(|k| slow(*k)).filter_map(|k| places.get(k)).collect();
        minima.sort_by(|a, b| a.0.total_cmp(&b.0));
        let least = minima.first().map_or(0.0, |place| place.0);
        for (_, place) in minima.into_iter().take_while(|place| place.0 < ALIKE * least) {
            let Some(found) = self.near.fold(place, cycle.parameter) else { continue };
            let near = distance(&found.state, place) < NEAR * cycle.extent;
            let same = |fold: &Fold| (fold.parameter - found.parameter).abs() < DIGITS * self.scale;
            let new = folds.iter().all(|fold| distance(&fold.state, &found.state) > 1e-6);
            if near && new && folds.first().is_none_or(same) {
                folds.push(found);
            }
        }
        folds
    }
}
