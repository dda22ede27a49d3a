//! Where a function changes its sign along a step of a curve.

use super::arclength::{Curve, Node, beside};
use super::options::ContinuationOptions;
use crate::dynamics::root::brent;
use crate::error::Result;

/// A change of sign, located.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    /// The point where the function vanishes.
    pub(crate) node: Node,
    /// Unknowns of two points on both sides, as near as the sign can be told.
    pub(crate) bracket: (Vec<f64>, Vec<f64>),
    /// How far apart these are along the curve.
    pub(crate) width: f64,
}

/// All changes of sign of `test` between `from` and `to`, which is `s` further; two that lie close together are found by the
/// parabola through three points.
pub(crate) fn crossings(
    curve: &dyn Curve,
    from: &Node,
    to: &Node,
    test: &mut dyn FnMut(&Node) -> Result<f64>,
    options: &ContinuationOptions,
) -> Result<Vec<Crossing>> {
    let s = to.arclength - from.arclength;
    let at = |s: f64| beside(curve, from, s, options);
    let (first, last) = (test(from)?, test(to)?);
    let mut places = vec![(0.0, first)];
    // A step that the corrector makes may have a half that it does not: then the ends must do.
    if let Ok(middle) = at(0.5 * s) {
        let value = test(&middle)?;
        places.push((0.5 * s, value));
        if first * last > 0.0 && first * value > 0.0 {
            // first + b x + c x^2 on [0, 1], with its smallest or largest value in between.
            let c = 2.0 * (first + last) - 4.0 * value;
            let b = last - first - c;
            let x = -b / (2.0 * c);
            if x > 0.0
                && x < 1.0
                && (first + 0.5 * b * x) * first < 0.25 * first * first
                && let Ok(extreme) = at(x * s)
            {
                places.push((x * s, test(&extreme)?));
                places.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
    }
    places.push((s, last));
    let mut found = vec![];
    for pair in places.windows(2) {
        let [(a, at_a), (b, at_b)] = [pair[0], pair[1]];
        // A zero at the end of a piece belongs to the next one.
        if at_a * at_b > 0.0 || at_b == 0.0 || at_a.is_nan() || at_b.is_nan() {
            continue;
        }
        if at_a == 0.0 {
            let before = at(a - 1e-6 * s.abs().max(1e-6));
            if a == 0.0 && before.is_ok_and(|node| test(&node).is_ok_and(|v| v * at_b > 0.0)) {
                continue;
            }
        }
        // Where the corrector is singular two branches cross: that is the place.
        let mut value = |s: f64| at(s).map_or(Ok(0.0), |node| test(&node));
        let (place, _) = brent(&mut value, (a, at_a), (b, at_b), 1e-15 * s)?;
        let (mut width, mut sides) = (1e-14 * s.max(1.0), None);
        while sides.is_none() && width < s {
            if let (Ok(low), Ok(high)) = (at(place - width), at(place + width))
                && test(&low)? * test(&high)? < 0.0
            {
                sides = Some((low, high));
            } else {
                width *= 4.0;
            }
        }
        // A jump, or a place where the function is not defined.
        let Some((low, high)) = sides else { continue };
        let node = at(place).unwrap_or_else(|_| {
            let y = low.y.iter().zip(&high.y).map(|(a, b)| 0.5 * (a + b)).collect();
            Node { y, arclength: from.arclength + place, ..low.clone() }
        });
        found.push(Crossing { node, bracket: (low.y, high.y), width });
    }
    Ok(found)
}
