//! Poincare sections in the plane and the return map on them.

use super::walk::{Oriented, Step, Walker};
use super::window::{along, distance, dot, minus, norm};

/// A stretch of a line that orbits cross in one direction; a place on it is `at + s side`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    pub(crate) at: [f64; 2],
    /// Of length 1, in the direction of crossings that count.
    normal: [f64; 2],
    /// Of length 1, along the section.
    side: [f64; 2],
    /// The least and the largest `s`.
    range: (f64, f64),
}

/// A return to a section.
pub(crate) struct Return {
    /// Where.
    pub(crate) s: f64,
    /// The way from the start to the section, without its end.
    pub(crate) way: Vec<[f64; 2]>,
    /// The time that it took, not rescaled; by Simpson's rule.
    pub(crate) time: f64,
}

impl Section {
    /// Across the flow at a point, `reach` to both sides; none where the field vanishes.
    pub(crate) fn across(field: &Oriented<'_>, at: [f64; 2], reach: f64) -> Option<Self> {
        let motion = field.at(at);
        let speed = norm(motion);
        if !(speed > 0.0 && speed.is_finite()) {
            return None;
        }
        let normal = [motion[0] / speed, motion[1] / speed];
        Some(Section { at, normal, side: [-normal[1], normal[0]], range: (-reach, reach) })
    }

    /// A ray from a focus along `side`, which orbits cross counterclockwise or clockwise.
    pub(crate) fn ray(from: [f64; 2], side: [f64; 2], counterclockwise: bool, reach: f64) -> Self {
        let turn = if counterclockwise { 1.0 } else { -1.0 };
        Section { at: from, normal: [-turn * side[1], turn * side[0]], side, range: (0.0, reach) }
    }

    pub(crate) fn place(&self, s: f64) -> [f64; 2] {
        along(self.at, s, self.side)
    }

    pub(crate) fn reach(&self) -> f64 {
        self.range.1
    }

    fn height(&self, h: [f64; 2]) -> f64 {
        dot(self.normal, minus(h, self.at))
    }

    /// Where the last step of a walk crossed it, if it did.
    pub(crate) fn crossed(&self, walker: &mut Walker<'_>) -> Option<f64> {
        self.crossing(walker, false).map(|(_, h)| dot(self.side, minus(h, self.at)))
    }

    /// The fraction of the last step at which it crossed, and the place; `exact` is as accurate as steps are, and costs some.
    fn crossing(&self, walker: &mut Walker<'_>, exact: bool) -> Option<(f64, [f64; 2])> {
        let (below, above) = (self.height(walker.before()), self.height(walker.here()));
        if !(below < 0.0 && above >= 0.0) {
            return None;
        }
        // Quickly: far off the stretch.
        let ends = [walker.before(), walker.here()].map(|h| dot(self.side, minus(h, self.at)));
        let step = distance(walker.before(), walker.here());
        if ends[0].min(ends[1]) - step > self.range.1 || ends[0].max(ends[1]) + step < self.range.0 {
            return None;
        }
        let mut fraction = self.locate(below, above, &mut |s| walker.within(s));
        let mut h = walker.within(fraction);
        if exact {
            fraction = self.locate(below, above, &mut |s| walker.within_exactly(s));
            h = walker.within_exactly(fraction);
        }
        let s = dot(self.side, minus(h, self.at));
        (s >= self.range.0 && s <= self.range.1).then_some((fraction, h))
    }

    /// The fraction of a step at which it crosses, by the Illinois rule.
    fn locate(&self, below: f64, above: f64, place: &mut dyn FnMut(f64) -> [f64; 2]) -> f64 {
        let (mut a, mut b, mut fa, mut fb) = (0.0, 1.0, below, above);
        for _ in 0..30 {
            if fb - fa <= 0.0 || b - a < 1e-15 {
                break;
            }
            let t = ((a * fb - b * fa) / (fb - fa)).clamp(a, b);
            let f = self.height(place(t));
            if f.abs() < 1e-15 {
                return t;
            }
            if f < 0.0 {
                (a, fa, fb) = (t, f, if a == 0.0 && fa == below { fb } else { 0.5 * fb });
            } else {
                (b, fb, fa) = (t, f, if b == 1.0 && fb == above { fa } else { 0.5 * fa });
            }
        }
        0.5 * (a + b)
    }

    /// Where a straight piece crosses the line of the section, in either direction.
    pub(crate) fn crossing_of(&self, piece: [[f64; 2]; 2]) -> Option<f64> {
        let [a, b] = piece.map(|h| self.height(h));
        if (a < 0.0) == (b < 0.0) {
            return None;
        }
        let [sa, sb] = piece.map(|h| dot(self.side, minus(h, self.at)));
        Some(sa + (sb - sa) * a / (a - b))
    }

    /// The first return of the orbit through the place `s`, within `steps` steps; none where it leaves, or does not return.
    pub(crate) fn returned(&self, walker: &mut Walker<'_>, s: f64, steps: usize) -> Option<Return> {
        walker.restart(self.place(s)).ok()?;
        let (mut way, mut time) = (vec![walker.here()], 0.0);
        for taken in 0..steps {
            if walker.step() != Step::Inside {
                return None;
            }
            // The first step starts on the section.
            if taken > 0
                && let Some((fraction, h)) = self.crossing(walker, true)
            {
                walker.trace(fraction, &mut way);
                time += walker.time_of_step(fraction);
                let s = dot(self.side, minus(h, self.at));
                return Some(Return { s, way, time });
            }
            walker.trace(1.0, &mut way);
            way.push(walker.here());
            time += walker.time_of_step(1.0);
        }
        None
    }
}
