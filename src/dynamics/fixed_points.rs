//! All fixed points of a GRU with one, two or three units, proved.

use super::classify::Kind;
use super::enclosure::System;
use super::fixed_point::{BoxRegion, FixedPoint};
use super::flow::GruFlow;
use super::gru::GruWeights;
use super::polish::{Minimum, least_squares};
use super::search::{Outcome, all_roots};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use rayon::prelude::*;
use std::fmt;

/// A certified search for all fixed points: interval branch and bound with Krawczyk's test on the gate-free residual
/// `n - h`, in up to three dimensions.
///
/// Every box of `[-1.001, 1.001]^d`, which holds all fixed points, is proved empty, or to hold exactly one, or is returned as
/// undecided. Rounding errors are part of the proof. Boxes stay undecided at a fold, where a fixed point is not simple: two
/// fixed points closer than about 1e-7 cannot be told apart at this precision.
///
/// ```
/// use eigengate::dynamics::{Kind, families};
///
/// let found = families::rotation(3.0, 0.1)?.fixed_points()?;
/// assert!(found.complete && found.index_sum == 1);
/// assert_eq!((found.points.len(), found.count(Kind::StableNode), found.count(Kind::Saddle)), (9, 4, 4));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPointSearch {
    /// Boxes to examine at most; then the rest is undecided. 2 million by default.
    pub max_boxes: usize,
}

impl Default for FixedPointSearch {
    fn default() -> Self {
        Self::new()
    }
}

impl FixedPointSearch {
    /// Up to 2 million boxes.
    pub fn new() -> Self {
        Self { max_boxes: 2_000_000 }
    }

    /// Another number of boxes, at least 1.
    pub fn with_max_boxes(mut self, max_boxes: usize) -> Self {
        self.max_boxes = max_boxes;
        self
    }

    /// All fixed points of the flow.
    ///
    /// # Errors
    /// [`Error::Parameter`] for more than three units (take a [`MultiStart`](super::MultiStart)) and for no boxes;
    /// [`Error::Numeric`] where an eigenvalue cannot be computed.
    pub fn run(&self, flow: &GruFlow) -> Result<FixedPoints> {
        if self.max_boxes == 0 {
            return Err(Error::parameter("max_boxes", 0, "at least 1"));
        }
        let outcome = match flow.units() {
            1 => System::<1>::new(flow).map(|system| all_roots(flow, &system, self.max_boxes)),
            2 => System::<2>::new(flow).map(|system| all_roots(flow, &system, self.max_boxes)),
            3 => System::<3>::new(flow).map(|system| all_roots(flow, &system, self.max_boxes)),
            _ => None,
        };
        let Some(outcome) = outcome else {
            let expected =
                "1, 2 or 3 units for a certified search; for more take a MultiStart, which is heuristic";
            return Err(Error::parameter("units", flow.units(), expected));
        };
        FixedPoints::new(flow, outcome)
    }

    /// The same for many systems, in parallel and in their order.
    ///
    /// # Errors
    /// As [`run`](Self::run), of the first system that has one.
    pub fn run_all(&self, systems: &[GruWeights]) -> Result<Vec<FixedPoints>> {
        systems.par_iter().map(|weights| self.run(&weights.flow())).collect()
    }
}

impl GruWeights {
    /// All fixed points, by [`FixedPointSearch`] with its defaults.
    ///
    /// # Errors
    /// As [`FixedPointSearch::run`].
    pub fn fixed_points(&self) -> Result<FixedPoints> {
        self.flow().fixed_points()
    }
}

impl GruFlow {
    /// All fixed points, by [`FixedPointSearch`] with its defaults.
    ///
    /// # Errors
    /// As [`FixedPointSearch::run`].
    pub fn fixed_points(&self) -> Result<FixedPoints> {
        FixedPointSearch::new().run(self)
    }
}

/// What a [`FixedPointSearch`] found.
#[derive(Clone)]
pub struct FixedPoints {
    /// Fixed points in the order of their states. Those that are not certified are the best that an undecided region has:
    /// a point where the residual vanishes to rounding errors, as at a fold.
    pub points: Vec<FixedPoint>,
    /// Regions that are neither proved empty nor to hold exactly one fixed point, merged where they touch.
    pub undecided: Vec<BoxRegion>,
    /// Whether the certified points are proved to be all: no region is undecided.
    pub complete: bool,
    /// The sum of the indices of the certified points. It is 1 if they are all, whatever the system.
    pub index_sum: i32,
    /// How many boxes were examined.
    pub boxes: usize,
}

impl FixedPoints {
    fn new(flow: &GruFlow, outcome: Outcome) -> Result<Self> {
        let mut points = Vec::with_capacity(outcome.roots.len());
        for (state, enclosure) in outcome.roots {
            points.push(FixedPoint::new(flow, state, Some(enclosure))?);
        }
        let index_sum = points.iter().map(|point| point.index).sum();
        for region in outcome.undecided.iter().filter(|region| region.width() < NEAR) {
            let Minimum { state, residual } = least_squares(flow, &region.center(), 1e-20, true);
            let near = state.iter().zip(region.center()).all(|(h, c)| (h - c).abs() <= region.width() + NEAR);
            if residual < VANISHING && near {
                points.push(FixedPoint::new(flow, state, None)?);
            }
        }
        points.sort_by(|a, b| {
            let order = |point: &FixedPoint| point.state.to_vec();
            order(a).partial_cmp(&order(b)).unwrap_or(std::cmp::Ordering::Equal)
        });
        Ok(Self {
            points,
            complete: outcome.undecided.is_empty(),
            undecided: outcome.undecided,
            index_sum,
            boxes: outcome.boxes,
        })
    }

    /// How many points are of this class.
    pub fn count(&self, kind: Kind) -> usize {
        self.points.iter().filter(|point| point.kind == kind).count()
    }

    /// The numbers of sinks, saddles and sources.
    pub fn topology(&self) -> (usize, usize, usize) {
        let count = |is: fn(Kind) -> bool| self.points.iter().filter(|point| is(point.kind)).count();
        (count(Kind::is_stable), count(Kind::is_saddle), count(Kind::is_source))
    }

    /// The index that the undecided regions have together: 1 less the index sum. At a lone fold it is 0, at a lone pitchfork
    /// 1 or -1.
    pub fn undecided_index(&self) -> i32 {
        1 - self.index_sum
    }

    /// One row per point: `h1`, `h2`, …, class for the flow and for the map, numbers of unstable directions of both, real and
    /// imaginary parts of the eigenvalues, index, `det Dg`, smallest `1 - z`, residual, whether certified.
    ///
    /// # Errors
    /// [`Error::Polars`].
    pub fn frame(&self) -> Result<Frame> {
        let d = self.points.first().map_or(0, |point| point.state.len());
        let column = |value: &dyn Fn(&FixedPoint) -> f64| self.points.iter().map(value).collect::<Vec<f64>>();
        let mut frame = Frame::new();
        for i in 0..d {
            frame = frame.with(&format!("h{}", i + 1), column(&|point| point.state[i]))?;
        }
        let name = |kind: Kind| kind.name().to_owned();
        frame = frame
            .with("class", self.points.iter().map(|point| name(point.kind)))?
            .with("map_class", self.points.iter().map(|point| name(point.kind_for_map(1.0))))?
            .with("unstable", self.points.iter().map(|point| point.unstable))?
            .with("map_unstable", self.points.iter().map(|point| point.unstable_for_map(1.0)))?;
        for i in 0..d {
            frame = frame
                .with(&format!("re{}", i + 1), column(&|point| point.eigenvalues[i].re))?
                .with(&format!("im{}", i + 1), column(&|point| point.eigenvalues[i].im))?;
        }
        let slowest = |point: &FixedPoint| point.update_complement.iter().copied().fold(1.0, f64::min);
        frame
            .with("index", self.points.iter().map(|point| point.index))?
            .with("det_residual", column(&|point| point.determinant))?
            .with("slowest_gate", column(&slowest))?
            .with("residual", column(&|point| point.residual))?
            .with("certified", self.points.iter().map(|point| point.certified))
    }

    /// Shows the table of the points and the verdict in a notebook.
    pub fn evcxr_display(&self) {
        if let Ok(frame) = self.frame() {
            frame.evcxr_display();
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// A region as narrow as this can be that of one fold.
const NEAR: f64 = 1e-3;
/// Residuals that rounding the weights may have.
const VANISHING: f64 = 1e-13;

impl fmt::Debug for FixedPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sinks, saddles, sources) = self.topology();
        let verdict = match self.undecided.len() {
            0 => "certified complete".to_owned(),
            n => format!("{n} undecided regions"),
        };
        write!(
            f,
            "FixedPoints({}: {sinks} sinks, {saddles} saddles, {sources} sources; {verdict}, index sum {}, {} boxes)",
            self.points.len(),
            self.index_sum,
            self.boxes
        )
    }
}
