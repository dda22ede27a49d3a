//! Streamlines at even distances, for figures.
//!
//! B. Jobard, W. Lefer, *Creating evenly-spaced streamlines of arbitrary density*, 1997: a new line starts at a set distance
//! from an old one, and every line ends where it comes nearer than half of that to another.

use super::field::VectorField;
use super::window::{Polyline, Window};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Streamlines of a planar field in a window, in the direction of the flow: no more than `spacing` of the window's longer
/// side apart, 0.07 being usual, where the flow lets them be, and nowhere nearer than half of that.
///
/// Lines follow the direction of the field and not its speed. A line ends at the border, near a fixed point, and where
/// the direction turns at once, as it does at the nullcline of a unit that is very much faster than the other. A line
/// that comes back to its start, to a hundredth of the distance of lines, is closed. The same field gives the same lines.
///
/// # Errors
/// [`Error::Shape`] for a field that is not planar, [`Error::Parameter`] for a spacing outside of 0.005 to 0.5.
///
/// ```
/// use eigengate::dynamics::{Window, families, streamlines};
///
/// let flow = families::rotation(3.0, 0.6)?.flow();
/// let lines = streamlines(&flow, Window::UNIT, 0.1)?;
/// assert!(lines.len() > 10 && lines.iter().flat_map(|line| &line.points).all(|p| Window::UNIT.contains(*p)));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn streamlines(field: &dyn VectorField, window: Window, spacing: f64) -> Result<Vec<Polyline>> {
    if field.dimension() != 2 {
        return Err(Error::shape("the field of streamlines", "2 dimensions", field.dimension()));
    }
    if !(0.005..=0.5).contains(&spacing) {
        return Err(Error::parameter(
            "spacing",
            spacing,
            "a share of the window's longer side, 0.005 to 0.5",
        ));
    }
    let [width, height] = window.sides();
    let apart = spacing * width.max(height);
    let mut drawing = Drawing { field, window, apart, near: HashMap::new(), lines: Vec::new() };
    // Where no line leads to: a lattice, from the middle outwards so that the first lines are long.
    let count = |side: f64| (side / (0.5 * apart)).ceil().clamp(2.0, 800.0) as usize;
    let (columns, rows) = (count(width), count(height));
    let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
    let mut lattice: Vec<[f64; 2]> =
        cells.map(|(column, row)| window.cell_centre(column, row, columns, rows)).collect();
    let middle = window.cell_centre(0, 0, 1, 1);
    lattice.sort_by(|a, b| distance(*a, middle).total_cmp(&distance(*b, middle)));
    for start in lattice {
        drawing.grow(start);
    }
    Ok(drawing.lines)
}

/// Steps of one line in one direction, at most.
const MOST_STEPS: usize = 6000;

struct Drawing<'a> {
    field: &'a dyn VectorField,
    window: Window,
    /// Distance of lines.
    apart: f64,
    /// Points of finished lines by squares of this distance.
    near: HashMap<(i64, i64), Vec<[f64; 2]>>,
    lines: Vec<Polyline>,
}

impl Drawing<'_> {
    /// A line through `start`, then lines beside it, and beside those.
    fn grow(&mut self, start: [f64; 2]) {
        let mut from = self.lines.len();
        self.add(start);
        while let Some(line) = self.lines.get(from).cloned() {
            from += 1;
            let mut since = f64::INFINITY;
            for pair in line.points.windows(2) {
                let &[a, b] = pair else { continue };
                since += distance(a, b);
                if since < self.apart {
                    continue;
                }
                since = 0.0;
                let along = [b[0] - a[0], b[1] - a[1]];
                let length = along[0].hypot(along[1]);
                if length > 0.0 {
                    let across = [-along[1] / length * self.apart, along[0] / length * self.apart];
                    self.add([a[0] + across[0], a[1] + across[1]]);
                    self.add([a[0] - across[0], a[1] - across[1]]);
                }
            }
        }
    }

    /// The line through `start`, if that is far enough from all others and the line long enough to be seen.
    fn add(&mut self, start: [f64; 2]) {
        if !self.window.contains(start) || self.is_near(start, 0.98 * self.apart) {
            return;
        }
        let (forward, closed) = self.follow(start, 1.0);
        let mut points = forward;
        if !closed {
            let (mut backward, _) = self.follow(start, -1.0);
            backward.reverse();
            backward.pop();
            backward.append(&mut points);
            points = backward;
        }
        let line = Polyline { points, closed };
        if line.length() < 1.5 * self.apart {
            return;
        }
        for &point in &line.points {
            self.near.entry(self.square(point)).or_default().push(point);
        }
        self.lines.push(line);
    }

    /// Points from `start` on, and whether they came back to it.
    fn follow(&self, start: [f64; 2], sign: f64) -> (Vec<[f64; 2]>, bool) {
        let largest = 0.12 * self.apart;
        let mut points = vec![start];
        let (mut at, mut step) = (start, largest);
        let Some(mut heading) = self.heading(at, sign) else { return (points, false) };
        let (mut done, mut kept) = (0.0, start);
        for _ in 0..MOST_STEPS {
            let Some((next, turned)) = self.step(at, heading, step, sign) else {
                if step < 2e-3 * self.apart {
                    break;
                }
                step *= 0.5;
                continue;
            };
            if !self.window.contains(next) || self.is_near(next, 0.5 * self.apart) {
                break;
            }
            done += step;
            (at, heading) = (next, turned);
            step = (1.5 * step).min(largest);
            if distance(at, kept) > 0.5 * largest {
                points.push(at);
                kept = at;
            }
            // Back at its start; or beside itself, as a spiral comes to be.
            let home = distance(at, start);
            if done > 2.0 * self.apart && home < 0.6 * largest && self.closes(&points, at) {
                return (points, true);
            }
            if done > 2.0 * self.apart && home > 0.5 * self.apart && self.is_beside_itself(&points, at) {
                break;
            }
        }
        (points, false)
    }

    /// Whether a line that is about to pass its start passes through it.
    fn closes(&self, points: &[[f64; 2]], at: [f64; 2]) -> bool {
        let (Some(start), Some(second)) = (points.first(), points.get(1)) else { return false };
        let along = [second[0] - start[0], second[1] - start[1]];
        let away = [at[0] - start[0], at[1] - start[1]];
        let across = (along[0] * away[1] - along[1] * away[0]) / along[0].hypot(along[1]);
        across.abs() < 0.01 * self.apart
    }

    /// One step of the classical Runge-Kutta method along the direction; none where that turns too far.
    fn step(&self, at: [f64; 2], k1: [f64; 2], step: f64, sign: f64) -> Option<([f64; 2], [f64; 2])> {
        let ahead = |k: [f64; 2], share: f64| [at[0] + share * step * k[0], at[1] + share * step * k[1]];
        let k2 = self.heading(ahead(k1, 0.5), sign)?;
        let k3 = self.heading(ahead(k2, 0.5), sign)?;
        let k4 = self.heading(ahead(k3, 1.0), sign)?;
        let mean = [0, 1].map(|i| (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]) / 6.0);
        let next = [at[0] + step * mean[0], at[1] + step * mean[1]];
        let turned = self.heading(next, sign)?;
        // About 14 degrees.
        (k1[0] * turned[0] + k1[1] * turned[1] > 0.97).then_some((next, turned))
    }

    /// The direction of the flow, of length 1.
    fn heading(&self, at: [f64; 2], sign: f64) -> Option<[f64; 2]> {
        let mut out = [0.0; 2];
        self.field.field(&at, &mut out);
        let size = out[0].hypot(out[1]);
        let unit = [sign * out[0] / size, sign * out[1] / size];
        unit.iter().all(|u| u.is_finite()).then_some(unit)
    }

    fn square(&self, at: [f64; 2]) -> (i64, i64) {
        ((at[0] / self.apart).floor() as i64, (at[1] / self.apart).floor() as i64)
    }

    /// Whether a finished line comes nearer to `at` than this, at most one distance of lines.
    fn is_near(&self, at: [f64; 2], limit: f64) -> bool {
        let (column, row) = self.square(at);
        (-1..=1).any(|dx| {
            (-1..=1).any(|dy| {
                let square = self.near.get(&(column + dx, row + dy));
                square.is_some_and(|points| points.iter().any(|p| distance(*p, at) < limit))
            })
        })
    }

    /// Whether the line's own past is nearer than half the distance of lines.
    fn is_beside_itself(&self, points: &[[f64; 2]], at: [f64; 2]) -> bool {
        // Points are at least 0.06 of a distance apart: the last 32 are the line right behind.
        let past = points.len().saturating_sub(32);
        points.iter().take(past).any(|p| distance(*p, at) < 0.35 * self.apart)
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
