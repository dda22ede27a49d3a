//! Fixed points and slow points of larger networks, without proof.

use super::complex::Complex;
use super::field::VectorField;
use super::fixed_point::FixedPoint;
use super::fixed_points::FixedPoints;
use super::flow::GruFlow;
use super::minimise::minimise;
use super::polish::Minimum;
use super::spectrum::spectrum;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use crate::frame::Frame;
use crate::seed::{Purpose, stream};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::fmt;

/// A heuristic search in any number of dimensions: local minima of `|g|^2 / 2` of the gate-free residual `g = n - h`, by damped
/// least squares from many starting points. Minima at 0 are fixed points, others may be slow points (after Sussillo and
/// Barak 2013, who minimise the speed; a closed update gate, which makes any state slow, does not count here).
///
/// It proves nothing: fixed points that no start led to are missing. Up to three units take a
/// [`FixedPointSearch`](super::FixedPointSearch). Starts are keyed by (seed, start), so results do not depend on threads.
///
/// ```
/// use eigengate::dynamics::{MultiStart, Reset, families};
///
/// let weights = families::random(8, 2.0, 1, Reset::After)?;
/// let found = MultiStart::new().with_starts(64).run(&weights.flow())?;
/// assert!(!found.points.is_empty());
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStart {
    /// Random starts, uniform in `[-1, 1]^d`; 256 by default.
    pub starts: usize,
    /// Their seed; 0 by default.
    pub seed: u64,
    /// Starts of your own, one a row, e.g. states of a trained network at work; none by default.
    pub states: Option<Array2<f64>>,
    /// A minimum with a residual up to this in every unit is a slow point; 0.05 by default.
    pub slow: f64,
    /// The middles of all pairs of fixed points (of 4000, for larger networks 256 of them, evenly chosen) are starts too, again and again while they lead to new ones, so many
    /// times at most; 3 by default, 0 for never. Between two sinks there is often a saddle.
    pub rounds: usize,
    /// Where every start is after so many steps of the map is a start too, so that no attractor with a large basin is missed; 200 by default, 0
    /// for none.
    pub settle: usize,
}

impl Default for MultiStart {
    fn default() -> Self {
        Self::new()
    }
}

impl MultiStart {
    /// 256 starts with seed 0, each before and after 200 steps.
    pub fn new() -> Self {
        Self { starts: 256, seed: 0, states: None, slow: 0.05, rounds: 3, settle: 200 }
    }

    /// Another number of random starts.
    pub fn with_starts(mut self, starts: usize) -> Self {
        self.starts = starts;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts of your own besides the random ones, one a row.
    pub fn with_states(mut self, states: Array2<f64>) -> Self {
        self.states = Some(states);
        self
    }

    /// Another residual up to which a minimum is a slow point.
    pub fn with_slow(mut self, slow: f64) -> Self {
        self.slow = slow;
        self
    }

    /// Another number of rounds from the middles of pairs.
    pub fn with_rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Another number of steps after which starts are starts again.
    pub fn with_settle(mut self, steps: usize) -> Self {
        self.settle = steps;
        self
    }

    /// Searches.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no starts at all, or for a negative `slow`; [`Error::Shape`], [`Error::NotFinite`] for
    /// `states`; [`Error::Numeric`] where an eigenvalue cannot be computed.
    pub fn run(&self, flow: &GruFlow) -> Result<HeuristicFixedPoints> {
        let d = flow.units();
        if !(self.slow.is_finite() && self.slow >= 0.0) {
            return Err(Error::parameter("slow", self.slow, "a finite residual of at least 0"));
        }
        let mut starts: Vec<Vec<f64>> = vec![];
        if let Some(states) = &self.states {
            if states.ncols() != d {
                return Err(Error::shape("states", format!("{d} columns"), states.ncols()));
            }
            finite("states", states)?;
            starts.extend(states.rows().into_iter().map(|row| row.to_vec()));
        }
        starts.extend((0..self.starts as u64).map(|start| {
            let mut numbers = stream(self.seed, Purpose::MultiStart, start);
            (0..d).map(|_| f64::from(numbers.uniform_in(-1.0, 1.0))).collect()
        }));
        if starts.is_empty() {
            return Err(Error::parameter("starts", 0, "at least 1, or states of your own"));
        }
        let mut count = starts.len() * if self.settle > 0 { 2 } else { 1 };
        let mut minima: Vec<Minimum> = starts
            .par_iter()
            .flat_map_iter(|start| {
                let settled = (self.settle > 0).then(|| minimise(flow, &settled(flow, start, self.settle)));
                [minimise(flow, start)].into_iter().chain(settled)
            })
            .collect();
        let mut found = HeuristicFixedPoints::of(flow, &minima, self.slow)?;
        for _ in 0..self.rounds {
            let known = found.points.len();
            if known < 2 {
                break;
            }
            let middles = middles(&found.points);
            count += middles.len();
            minima.par_extend(middles.par_iter().map(|start| minimise(flow, start)));
            found = HeuristicFixedPoints::of(flow, &minima, self.slow)?;
            if found.points.len() == known {
                break;
            }
        }
        Ok(HeuristicFixedPoints { starts: count, ..found })
    }
}

/// Middles of pairs at most, by the units: each costs their third power.
fn most_pairs(units: usize) -> usize {
    (40_000_000 / (units * units * units).max(1)).clamp(256, 4000)
}

/// The middles of all pairs of points, or of as many evenly chosen ones.
fn middles(points: &[FixedPoint]) -> Vec<Vec<f64>> {
    let most = most_pairs(points.first().map_or(1, |point| point.state.len()));
    let pairs: Vec<(usize, usize)> = (0..points.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let middle = |&(i, j): &(usize, usize)| {
        points[i].state.iter().zip(&points[j].state).map(|(a, b)| 0.5 * (a + b)).collect()
    };
    pairs.iter().step_by(pairs.len().div_ceil(most).max(1)).map(middle).collect()
}

/// The state after so many steps of the map.
fn settled(flow: &GruFlow, start: &[f64], steps: usize) -> Vec<f64> {
    let (mut state, mut velocity) = (start.to_vec(), vec![0.0; start.len()]);
    for _ in 0..steps {
        flow.field(&state, &mut velocity);
        state.iter_mut().zip(&velocity).for_each(|(h, f)| *h += f);
    }
    state
}

/// A minimum below it is a root.
const ROOT: f64 = 1e-11;
/// Roots closer than this are one.
const SAME_ROOT: f64 = 1e-7;
/// Slow points closer than this are one: a flat minimum is not reached as exactly as a root.
const SAME_SLOW_POINT: f64 = 1e-4;

/// The states without those that come again, with the numbers of times, in the order of the states.
fn distinct(minima: &[&Minimum], tolerance: f64) -> Vec<(Vec<f64>, usize)> {
    let mut found: Vec<(Vec<f64>, usize)> = vec![];
    for Minimum { state, .. } in minima {
        let same = |other: &[f64]| other.iter().zip(state).all(|(a, b)| (a - b).abs() < tolerance);
        match found.iter_mut().find(|(other, _)| same(other)) {
            Some((_, hits)) => *hits += 1,
            None => found.push((state.clone(), 1)),
        }
    }
    found.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    found
}

/// A local minimum of the residual that is no fixed point: states pass it slowly.
#[derive(Clone)]
pub struct SlowPoint {
    /// Where it is.
    pub state: Array1<f64>,
    /// The largest `|n - h|`.
    pub residual: f64,
    /// `|dh/dt|`, the length of the velocity, update gate included.
    pub speed: f64,
    /// Eigenvalues of the Jacobian of the flow there, in the order of decreasing real part.
    pub eigenvalues: Vec<Complex>,
    /// How many starts led to it.
    pub hits: usize,
}

impl SlowPoint {
    fn new(flow: &GruFlow, state: Vec<f64>, hits: usize) -> Result<Self> {
        let d = flow.units();
        let (mut residual, mut field, mut jacobian) = (vec![0.0; d], vec![0.0; d], vec![0.0; d * d]);
        flow.residual(&state, &mut residual);
        flow.field(&state, &mut field);
        flow.jacobian(&state, &mut jacobian);
        Ok(Self {
            residual: residual.iter().fold(0.0, |largest: f64, g| largest.max(g.abs())),
            speed: field.iter().map(|f| f * f).sum::<f64>().sqrt(),
            eigenvalues: spectrum(&vec![1.0; d], &jacobian)?.values,
            state: Array1::from(state),
            hits,
        })
    }
}

impl fmt::Debug for SlowPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SlowPoint({} units, residual {:.2e}, speed {:.2e})",
            self.state.len(),
            self.residual,
            self.speed
        )
    }
}

/// What a [`MultiStart`] found. Nothing says that it is all.
#[derive(Clone)]
pub struct HeuristicFixedPoints {
    /// Fixed points in the order of their states; none is certified.
    pub points: Vec<FixedPoint>,
    /// How many starts led to each. Points with few hits say that others may be missing.
    pub hits: Vec<usize>,
    /// Slow points in the order of their states.
    pub slow_points: Vec<SlowPoint>,
    /// All starts, those after steps of the map and middles of pairs counted too.
    pub starts: usize,
}

impl HeuristicFixedPoints {
    /// Fixed points and slow points among these minima.
    fn of(flow: &GruFlow, minima: &[Minimum], slow: f64) -> Result<Self> {
        let (roots, others): (Vec<&Minimum>, Vec<&Minimum>) =
            minima.iter().partition(|minimum| minimum.residual < ROOT);
        let (mut points, mut hits) = (vec![], vec![]);
        for (state, count) in distinct(&roots, SAME_ROOT) {
            points.push(FixedPoint::new(flow, state, None)?);
            hits.push(count);
        }
        let others: Vec<&Minimum> = others.into_iter().filter(|minimum| minimum.residual <= slow).collect();
        let slow_points = distinct(&others, SAME_SLOW_POINT).into_iter();
        let slow_points =
            slow_points.map(|(state, hits)| SlowPoint::new(flow, state, hits)).collect::<Result<_>>()?;
        Ok(Self { points, hits, slow_points, starts: minima.len() })
    }

    /// The fixed points in the form of a certified search, none of them certified, and the slow points.
    pub(crate) fn split(self) -> (FixedPoints, Vec<SlowPoint>) {
        let index_sum = self.index_sum();
        let points =
            FixedPoints { points: self.points, undecided: vec![], complete: false, index_sum, boxes: 0 };
        (points, self.slow_points)
    }

    /// The sum of the indices. A sum other than 1 proves that points are missing; 1 proves nothing.
    pub fn index_sum(&self) -> i32 {
        self.points.iter().map(|point| point.index).sum()
    }

    /// One row per fixed point and slow point: what it is (the class, or `slow`), hits, largest residual, number of
    /// unstable directions, largest real part of an eigenvalue; then the state, `h1`, `h2`, ….
    ///
    /// # Errors
    /// [`Error::Polars`].
    pub fn frame(&self) -> Result<Frame> {
        let (points, slow) = (&self.points, &self.slow_points);
        let d = points.first().map(|p| p.state.len()).or(slow.first().map(|s| s.state.len())).unwrap_or(0);
        let leading = |values: &[Complex]| values.first().map_or(f64::NAN, |v| v.re);
        let unstable = |s: &SlowPoint| s.eigenvalues.iter().filter(|v| v.re > 0.0).count();
        let class = points.iter().map(|p| p.kind.name()).chain(slow.iter().map(|_| "slow"));
        let hits = self.hits.iter().copied().chain(slow.iter().map(|s| s.hits));
        let residual = points.iter().map(|p| p.residual).chain(slow.iter().map(|s| s.residual));
        let count = points.iter().map(|p| p.unstable).chain(slow.iter().map(unstable));
        let real = points.iter().map(|p| leading(&p.eigenvalues));
        let real = real.chain(slow.iter().map(|s| leading(&s.eigenvalues)));
        let mut frame = Frame::new()
            .with("class", class)?
            .with("hits", hits)?
            .with("residual", residual)?
            .with("unstable", count)?
            .with("largest_re", real)?;
        for i in 0..d {
            let column = points.iter().map(|p| p.state[i]).chain(slow.iter().map(|s| s.state[i]));
            frame = frame.with(&format!("h{}", i + 1), column)?;
        }
        Ok(frame)
    }

    /// Shows the table and the verdict in a notebook.
    pub fn evcxr_display(&self) {
        if let Ok(frame) = self.frame() {
            frame.evcxr_display();
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for HeuristicFixedPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rare = self.hits.iter().min().copied().unwrap_or(0);
        write!(
            f,
            "HeuristicFixedPoints({} fixed points and {} slow points from {} starts, index sum {}, fewest hits {rare}; not proved \
             to be all)",
            self.points.len(),
            self.slow_points.len(),
            self.starts,
            self.index_sum()
        )
    }
}
