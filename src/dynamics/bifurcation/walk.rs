//! Walks along a curve, with a step that suits it.

use super::arclength::{Closing, Curve, Node, beside, corrected, distance, dot, projection, tangent};
use super::equilibrium_branch::BranchEnd;
use super::options::ContinuationOptions;
use crate::dynamics::root::brent;
use crate::error::Result;

/// How a walk along a curve goes on.
enum Advance {
    /// To another point.
    To(Node),
    /// To a last point, on the bound of an unknown.
    Bound(Node),
    /// Back to the start.
    Closed(Node),
    /// Not at all.
    Stuck(String),
}

/// A walk along a curve, from point to point.
pub(crate) struct Walk {
    /// Where it is.
    pub(crate) here: Node,
    start: Node,
    length: f64,
    points: usize,
}

impl Walk {
    pub(crate) fn new(start: Node, options: &ContinuationOptions) -> Self {
        Self { here: start.clone(), start, length: options.first_step, points: 1 }
    }

    /// One step: the next point, if there is one, and why the walk ends there, if it does.
    pub(crate) fn step(
        &mut self,
        curve: &mut dyn Curve,
        options: &ContinuationOptions,
    ) -> Result<(Option<Node>, Option<BranchEnd>)> {
        let from = self.here.arclength;
        Ok(match self.advance(curve, options)? {
            Advance::To(to) => (Some(to), None),
            // A start on the bound that goes outwards has no other point.
            Advance::Bound(to) => (Some(to).filter(|to| to.arclength > from), Some(BranchEnd::Range)),
            Advance::Closed(to) => (Some(to), Some(BranchEnd::Closed)),
            Advance::Stuck(reason) => (None, Some(BranchEnd::Stuck(reason))),
        })
    }

    /// Its length follows from the iterations of the last one: for `k` of at most `N`, times
    /// `1 + ((N - k) / N)^2 / 2`; half of it after a failure.
    fn advance(&mut self, curve: &mut dyn Curve, options: &ContinuationOptions) -> Result<Advance> {
        let mut reason = String::new();
        if self.points >= options.max_points {
            return Ok(Advance::Stuck(format!("{} points are the most that the options allow", self.points)));
        }
        while self.length >= options.min_step {
            let s = self.length;
            let next = match beside(curve, &self.here, s, options) {
                Ok(next) => next,
                Err(error) => {
                    reason = error.to_string();
                    self.length /= 2.0;
                    continue;
                }
            };
            let turn = dot(&self.here.tangent, &next.tangent).clamp(-1.0, 1.0).acos();
            if turn > options.max_angle {
                reason = format!("its tangent turns by {turn:.2} in a step of {s:.1e}");
                self.length /= 2.0;
                continue;
            }
            self.points += 1;
            let spare =
                (options.iterations.saturating_sub(next.iterations)) as f64 / options.iterations as f64;
            let room = if turn > 0.5 * options.max_angle { 1.0 } else { 1.0 + 0.5 * spare * spare };
            self.length = (s * room).min(options.max_step);
            if let Some(last) = self.at_bound(curve, &next, s, options)? {
                self.here = last.clone();
                return Ok(Advance::Bound(last));
            }
            if self.closes(curve, s, options) {
                let end = self.start.clone();
                let arclength = self.here.arclength + distance(&self.here.y, &end.y, curve.scales());
                return Ok(Advance::Closed(Node { arclength, ..end }));
            }
            curve.keep(&next.y)?;
            self.here = next.clone();
            return Ok(Advance::To(next));
        }
        Ok(Advance::Stuck(format!("its step fell below {:.1e}: {reason}", options.min_step)))
    }

    /// The point on the bound that the step crosses first.
    fn at_bound(
        &self,
        curve: &dyn Curve,
        next: &Node,
        s: f64,
        options: &ContinuationOptions,
    ) -> Result<Option<Node>> {
        let mut first: Option<Node> = None;
        for bound in curve.bounds() {
            let (from, to) = (self.here.y[bound.unknown], next.y[bound.unknown]);
            let edge = match to {
                to if to > bound.high && to > from => bound.high,
                to if to < bound.low && to < from => bound.low,
                _ => continue,
            };
            let mut off = |s: f64| Ok(beside(curve, &self.here, s, options)?.y[bound.unknown] - edge);
            // A start on the bound, to rounding, that goes outwards.
            let place = match (from - edge) * (to - edge) < 0.0 {
                true => brent(&mut off, (0.0, from - edge), (s, to - edge), 1e-14)?.0,
                false => 0.0,
            };
            let near = beside(curve, &self.here, place, options)?;
            let (mut y, iterations) =
                corrected(curve, &Closing::Fixed(bound.unknown, edge), &near.y, options)
                    .unwrap_or((near.y, near.iterations));
            y[bound.unknown] = edge;
            let node = tangent(curve, y, &near.tangent, near.arclength, iterations)?;
            if first.as_ref().is_none_or(|other| node.arclength < other.arclength) {
                first = Some(node);
            }
        }
        Ok(first)
    }

    /// Whether the start of the walk is on the next `s` of the curve.
    fn closes(&self, curve: &dyn Curve, s: f64, options: &ContinuationOptions) -> bool {
        let ahead = projection(&self.here, &self.start.y, curve.scales());
        if self.points < 5 || !(0.0..=s).contains(&ahead) {
            return false;
        }
        let near = distance(&self.here.y, &self.start.y, curve.scales()) < 2.0 * s;
        near && beside(curve, &self.here, ahead, options).is_ok_and(|there| {
            distance(&there.y, &self.start.y, curve.scales()) < 1e-6
                && dot(&there.tangent, &self.start.tangent) > 0.9
        })
    }
}
