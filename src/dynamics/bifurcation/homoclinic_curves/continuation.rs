//! Curves of homoclinic orbits, point by point.

use super::curve::{HomoclinicCurve, HomoclinicPoint};
use super::ends::end;
use super::splits::SplitCurve;
use crate::dynamics::Connection;
use crate::dynamics::bifurcation::arclength::{Closing, Curve, Node, corrected, start};
use crate::dynamics::bifurcation::crossing::crossings;
use crate::dynamics::bifurcation::equilibrium_branch::BranchEnd;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::bifurcation::options::ContinuationOptions;
use crate::dynamics::bifurcation::special::{Bifurcation, SpecialPoint};
use crate::dynamics::bifurcation::walk::Walk;
use crate::error::{Error, Result, finite};
use std::collections::VecDeque;

/// Walks along a curve of homoclinic orbits of a planar family with two parameters: the zeros of the split function. It is an
/// iterator of the orbits, in order, with points of codimension two among them; [`run`](Self::run) collects them.
///
/// Where the sum of the saddle's eigenvalues vanishes, the point is a resonant homoclinic orbit, from which folds of cycles come. A curve
/// ends in a Bogdanov-Takens point, where the saddle meets a node, or where the loop comes to another fixed point.
///
/// ```
/// use eigengate::dynamics::{Connections, ContinuationOptions, HomoclinicContinuation, ParameterFamily};
/// use eigengate::dynamics::{GruWeights, Reset};
/// use ndarray::{arr1, arr2};
///
/// let weights = GruWeights::new(
///     Reset::Before,
///     arr2(&[[-1.69662, -1.33767], [-1.62873, 2.80536]]),
///     arr2(&[[3.3808, 0.2173], [-4.834, 2.0581]]),
///     arr2(&[[2.3605, 2.6194], [-5.4753, 3.5656]]),
///     arr1(&[0.00573, 0.46437]),
///     arr1(&[-0.7134, 0.5466]),
///     arr1(&[-0.18, 0.5159]),
/// )?;
/// let family = ParameterFamily::weight(&weights, "bh", &[0])?.and_weight("bh", &[1])?;
/// // An orbit where only the first varies, then the curve.
/// let slice = family.slice(&[-0.18, 0.5159], 0)?.family();
/// let found = Connections::homoclinic([0.48, -0.87]).run(&*slice, -0.2, -0.16)?;
/// let at = [found[0].parameter, 0.5159];
/// let options = ContinuationOptions::new().with_steps(1e-6, 0.05);
/// let ranges = [(-0.4, 0.0), (0.4, 0.6)];
/// let curve = HomoclinicContinuation::both(&family, ranges, &at, &found[0], &options)?;
/// assert!(curve.points.len() > 5);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct HomoclinicContinuation {
    family: ParameterFamily,
    curve: SplitCurve,
    options: ContinuationOptions,
    walk: Walk,
    points: Vec<HomoclinicPoint>,
    queue: VecDeque<HomoclinicPoint>,
    end: Option<BranchEnd>,
}

impl HomoclinicContinuation {
    /// From the homoclinic orbit `connection` at `parameters`, in the direction in which the first parameter rises (`sense` 1) or falls
    /// (-1), as long as both parameters are in their `ranges`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a heteroclinic orbit, a family that is not one of two parameters, ranges without length, a start outside of
    /// them, and impossible options; [`Error::Shape`], [`Error::NotFinite`]; [`Error::Numeric`] where no homoclinic orbit is near.
    pub fn new(
        family: &ParameterFamily,
        ranges: [(f64, f64); 2],
        parameters: &[f64],
        connection: &Connection,
        sense: f64,
        options: &ContinuationOptions,
    ) -> Result<Self> {
        options.check()?;
        if !connection.homoclinic {
            return Err(Error::parameter("connection", "heteroclinic", "a homoclinic orbit"));
        }
        if family.parameters() != 2 || family.dimension() != 2 {
            let value = format!("{} of {} dimensions", family.parameters(), family.dimension());
            return Err(Error::parameter("parameters", value, "a planar family of two parameters"));
        }
        if parameters.len() != 2 {
            return Err(Error::shape("parameters of a start", 2, parameters.len()));
        }
        for (value, (low, high)) in parameters.iter().zip(ranges) {
            finite("range", &[low, high])?;
            if !(low < high) {
                return Err(Error::parameter("range", format!("[{low}, {high}]"), "low < high"));
            }
            if !(low <= *value && *value <= high) {
                return Err(Error::parameter("parameters", value, format!("a value in [{low}, {high}]")));
            }
        }
        let mut curve = SplitCurve::new(family, ranges, connection);
        curve.keep(parameters)?;
        // Another value of the other parameter, where the curve stands still in this one.
        let fixed = |k: usize| Closing::Fixed(k, parameters[k]);
        let first = corrected(&curve, &fixed(1), parameters, options);
        let (y, _) = first.or_else(|_| corrected(&curve, &fixed(0), parameters, options))?;
        let first = start(&mut curve, &y, 0, sense, options)?;
        let mut own = Self {
            family: family.clone(),
            walk: Walk::new(first, options),
            curve,
            options: options.clone(),
            points: vec![],
            queue: VecDeque::new(),
            end: None,
        };
        let point = own.point(&own.walk.here, None)?;
        own.add(point);
        Ok(own)
    }

    /// The whole curve on both sides of a homoclinic orbit.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn both(
        family: &ParameterFamily,
        ranges: [(f64, f64); 2],
        parameters: &[f64],
        connection: &Connection,
        options: &ContinuationOptions,
    ) -> Result<HomoclinicCurve> {
        let half = |sense: f64| Self::new(family, ranges, parameters, connection, sense, options)?.run();
        let forward = half(1.0)?;
        if forward.ends[1] == BranchEnd::Closed {
            return Ok(HomoclinicCurve { ends: [BranchEnd::Closed, BranchEnd::Closed], ..forward });
        }
        Ok(HomoclinicCurve::joined(half(-1.0)?, forward))
    }

    /// Why the walk ended; `None` as long as it goes on.
    pub fn end(&self) -> Option<&BranchEnd> {
        self.end.as_ref()
    }

    /// All points as one curve.
    ///
    /// # Errors
    /// As the family.
    pub fn run(mut self) -> Result<HomoclinicCurve> {
        let mut points = vec![];
        for point in self.by_ref() {
            points.push(point?);
        }
        let end = self.end.take().unwrap_or(BranchEnd::Start);
        Ok(HomoclinicCurve { names: self.family.names().to_vec(), points, ends: [BranchEnd::Start, end] })
    }

    fn point(&self, node: &Node, special: Option<SpecialPoint>) -> Result<HomoclinicPoint> {
        let found = self.curve.homoclinic(&node.y)?;
        let side = |i: usize| {
            let column = found.orbit.column(i);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            high - column.iter().copied().fold(f64::INFINITY, f64::min)
        };
        Ok(HomoclinicPoint {
            parameters: node.y.clone(),
            saddle: found.saddle.state.to_vec(),
            unstable: found.saddle.unstable,
            stable: found.saddle.stable,
            extent: side(0).max(side(1)),
            orbit: found.orbit,
            arclength: node.arclength,
            special,
        })
    }

    fn add(&mut self, point: HomoclinicPoint) {
        self.points.push(point.clone());
        self.queue.push_back(point);
    }

    /// The resonant orbits of a step, then its end.
    fn collect(&mut self, from: &Node, to: &Node) -> Result<()> {
        let mut quantity = |node: &Node| Ok(self.curve.saddle(&node.y)?.quantity());
        let found = crossings(&self.curve, from, to, &mut quantity, &self.options)?;
        for crossing in found {
            let special = SpecialPoint::new(
                Bifurcation::ResonantHomoclinic,
                crossing.node.y.clone(),
                self.curve.saddle(&crossing.node.y)?.state.to_vec(),
                (crossing.bracket.0[0], crossing.bracket.1[0]),
                crossing.width < 1e-10,
            );
            let point = self.point(&crossing.node, Some(special))?;
            self.add(point);
        }
        let point = self.point(to, None)?;
        self.add(point);
        Ok(())
    }

    fn advance(&mut self) -> Result<()> {
        let from = self.walk.here.clone();
        let (to, reached) = self.walk.step(&mut self.curve, &self.options)?;
        self.end = reached;
        if let Some(to) = to {
            return self.collect(&from, &to);
        }
        if !matches!(self.end, Some(BranchEnd::Stuck(_))) {
            return Ok(());
        }
        let scales = [self.curve.scales()[0], self.curve.scales()[1]];
        let ordinary: Vec<HomoclinicPoint> =
            self.points.iter().filter(|point| point.special.is_none()).cloned().collect();
        let Some(special) = end(&self.family, &ordinary, scales)? else {
            return Ok(());
        };
        self.end = Some(BranchEnd::At(special.kind));
        if special.kind == Bifurcation::HeteroclinicLoop {
            return Ok(());
        }
        let Some(last) = self.points.last().cloned() else { return Ok(()) };
        let off = (0..2).map(|k| ((special.parameters[k] - last.parameters[k]) / scales[k]).powi(2));
        let double = special.kind == Bifurcation::BogdanovTakens;
        self.add(HomoclinicPoint {
            parameters: special.parameters.clone(),
            saddle: special.state.clone(),
            // What vanishes there; the other eigenvalue as it was last.
            unstable: if double || last.unstable < -last.stable { 0.0 } else { last.unstable },
            stable: if double || last.unstable >= -last.stable { 0.0 } else { last.stable },
            extent: if double { 0.0 } else { last.extent },
            arclength: last.arclength + off.sum::<f64>().sqrt(),
            special: Some(special),
            ..last
        });
        Ok(())
    }
}

impl Iterator for HomoclinicContinuation {
    type Item = Result<HomoclinicPoint>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.queue.is_empty() {
            if self.end.is_some() {
                return None;
            }
            if let Err(error) = self.advance() {
                self.end = Some(BranchEnd::Stuck(error.to_string()));
                return Some(Err(error));
            }
        }
        self.queue.pop_front().map(Ok)
    }
}
