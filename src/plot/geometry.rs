//! Cutting, thinning and dashing of lines, in logical pixels.

use super::scene::{Point, Rect};
use super::series::Dash;
use std::collections::HashSet;

/// Columns of this width keep four points of a line: one pixel of a figure at 192 dots per inch.
const COLUMN: f64 = 0.5;

/// Of each run of points in one column of pixels the first, lowest, highest and last, in their order.
pub(super) fn thin_line(points: &[Point]) -> Vec<Point> {
    let mut kept = Vec::with_capacity(points.len().min(4096));
    let column = |p: &Point| (p.0 / COLUMN).floor();
    for run in points.chunk_by(|a, b| column(a) == column(b)) {
        if run.len() <= 4 {
            kept.extend_from_slice(run);
            continue;
        }
        let by_height = |a: &(usize, &Point), b: &(usize, &Point)| a.1.1.total_cmp(&b.1.1);
        let lowest = run.iter().enumerate().max_by(by_height).map_or(0, |(i, _)| i);
        let highest = run.iter().enumerate().min_by(by_height).map_or(0, |(i, _)| i);
        let mut chosen = [0, lowest, highest, run.len() - 1];
        chosen.sort_unstable();
        let mut last = None;
        for index in chosen {
            if last != Some(index) {
                kept.extend(run.get(index));
            }
            last = Some(index);
        }
    }
    kept
}

/// One dot for each cell of a quarter of its diameter, so that where one is left out another covers most of it.
pub(super) fn thin_dots(points: &[Point], diameter: f64) -> Vec<Point> {
    let mut taken = HashSet::new();
    let side = (diameter / 4.0).max(COLUMN);
    let cell = |p: &Point| ((p.0 / side).round() as i64, (p.1 / side).round() as i64);
    points.iter().filter(|p| taken.insert(cell(p))).copied().collect()
}

/// One arrowhead for so much of a line, in logical pixels.
const ARROW_EVERY: f64 = 130.0;

fn step(pair: &[Point]) -> f64 {
    match pair {
        [a, b] => (b.0 - a.0).hypot(b.1 - a.1),
        _ => 0.0,
    }
}

/// The corners of arrowheads this long: one in the middle of a line, or several at even distances on a long one; none where
/// the line is hardly longer than a head.
pub(super) fn arrowheads(points: &[Point], length: f64) -> Vec<Vec<Point>> {
    let whole: f64 = points.windows(2).map(step).sum();
    if whole < 1.5 * length {
        return Vec::new();
    }
    let count = (whole / ARROW_EVERY).round().clamp(1.0, 100.0);
    let middle = |k: usize| whole * (k as f64 + 0.5) / count;
    (0..count as usize).filter_map(|k| arrowhead(points, length, middle(k))).collect()
}

/// The corners of an arrowhead with its middle so far along a line.
fn arrowhead(points: &[Point], length: f64, middle: f64) -> Option<Vec<Point>> {
    // From its back to its tip along the line, so that it turns with it.
    let at = |target: f64| {
        let mut done = 0.0;
        for pair in points.windows(2) {
            let here = step(pair);
            if let (&[a, b], true) = (pair, done + here >= target && here > 0.0) {
                let share = (target - done) / here;
                return Some((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
            }
            done += here;
        }
        points.last().copied()
    };
    let (back, tip) = (at(middle - length / 2.0)?, at(middle + length / 2.0)?);
    let (dx, dy) = (tip.0 - back.0, tip.1 - back.1);
    let size = dx.hypot(dy);
    if size < 0.2 * length {
        return None;
    }
    let (dx, dy) = (length * dx / size, length * dy / size);
    let side = |s: f64| (tip.0 - dx - s * 0.42 * dy, tip.1 - dy + s * 0.42 * dx);
    Some(vec![tip, side(1.0), (tip.0 - 0.75 * dx, tip.1 - 0.75 * dy), side(-1.0)])
}

/// The parts of a line inside of `rect`.
pub(super) fn clip_line(points: &[Point], rect: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let &[from, to] = pair else { continue };
        let Some((start, end)) = clip_segment(from, to, rect) else { continue };
        match parts.last_mut() {
            // The line was inside all the time since the last segment.
            Some(part) if start == from && part.last() == Some(&from) => part.push(end),
            _ => parts.push(vec![start, end]),
        }
    }
    parts
}

/// The part of a segment inside of `rect`.
fn clip_segment((x0, y0): Point, (x1, y1): Point, rect: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    // Each side of the rectangle is a half-plane: `inside` is how far the start is in it, and `step` how
    // fast the segment goes further in.
    for (step, inside) in
        [(dx, x0 - rect.left), (-dx, rect.right - x0), (dy, y0 - rect.top), (-dy, rect.bottom - y0)]
    {
        if step == 0.0 {
            if inside < 0.0 {
                return None;
            }
        } else if step > 0.0 {
            enter = enter.max(-inside / step);
        } else {
            leave = leave.min(-inside / step);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |share: f64| (x0 + share * dx, y0 + share * dy);
    let start = if enter == 0.0 { (x0, y0) } else { at(enter) };
    let end = if leave == 1.0 { (x1, y1) } else { at(leave) };
    Some((start, end))
}

/// The part of a polygon inside of `rect`, by cutting off one side after the other.
pub(super) fn clip_polygon(points: &[Point], rect: &Rect) -> Vec<Point> {
    let sides: [fn(&Point, &Rect) -> f64; 4] =
        [|p, r| p.0 - r.left, |p, r| r.right - p.0, |p, r| p.1 - r.top, |p, r| r.bottom - p.1];
    let mut polygon = points.to_vec();
    for inside in sides {
        let Some(mut previous) = polygon.last().copied() else { break };
        let mut kept = Vec::with_capacity(polygon.len() + 2);
        for point in polygon {
            let (before, now) = (inside(&previous, rect), inside(&point, rect));
            if (before < 0.0) != (now < 0.0) {
                let share = before / (before - now);
                kept.push((
                    previous.0 + share * (point.0 - previous.0),
                    previous.1 + share * (point.1 - previous.1),
                ));
            }
            if now >= 0.0 {
                kept.push(point);
            }
            previous = point;
        }
        polygon = kept;
    }
    polygon
}

/// A line as its dashes; `width` is that of the line, of which dashes are multiples.
pub(super) fn dashes(points: &[Point], dash: Dash, width: f64) -> Vec<Vec<Point>> {
    let (on, off) = match dash {
        Dash::Solid => return vec![points.to_vec()],
        Dash::Dashed => (4.0 * width, 2.2 * width),
        Dash::Dotted => (1.1 * width, 1.5 * width),
    };
    let Some(&first) = points.first() else { return Vec::new() };
    let mut parts = Vec::new();
    let mut part = vec![first];
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let &[from, to] = pair else { continue };
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let here = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            if drawing {
                part.push(here);
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![here];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            part.push(to);
        }
    }
    if drawing && part.len() > 1 {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_line_that_leaves_and_returns_is_cut_in_two() {
        let parts = clip_line(&[(1.0, 5.0), (5.0, 15.0), (9.0, 5.0)], &BOX);
        assert_eq!(parts, [vec![(1.0, 5.0), (3.0, 10.0)], vec![(7.0, 10.0), (9.0, 5.0)]]);
        assert!(clip_line(&[(-5.0, 2.0), (2.0, -5.0)], &BOX).is_empty());
    }

    #[test]
    fn a_polygon_is_cut_at_every_side() {
        let area = |p: &[Point]| {
            let next = p.iter().cycle().skip(1);
            p.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>().abs() / 2.0
        };
        let diamond = [(5.0, -2.0), (12.0, 5.0), (5.0, 12.0), (-2.0, 5.0)];
        // Area of the diamond less four corners of 2 by 4.
        assert!((area(&clip_polygon(&diamond, &BOX)) - (98.0 - 16.0)).abs() < 1e-9);
        assert!(clip_polygon(&[(20.0, 20.0), (30.0, 20.0), (30.0, 30.0)], &BOX).is_empty());
    }

    #[test]
    fn thinning_keeps_extremes_and_order() {
        let many: Vec<Point> =
            (0..1000).map(|i| (0.4 * f64::from(i) / 1000.0, f64::from((i + 3) % 7))).collect();
        let kept = thin_line(&many);
        assert_eq!(kept.len(), 4);
        assert!(kept.windows(2).all(|w| w[0].0 <= w[1].0));
        assert!(kept.iter().any(|p| p.1 == 6.0) && kept.iter().any(|p| p.1 == 0.0));
    }

    #[test]
    fn an_arrowhead_points_to_the_end_of_its_line() {
        let heads = arrowheads(&[(0.0, 0.0), (40.0, 0.0), (100.0, 0.0)], 6.0);
        let [head] = heads.as_slice() else { panic!("{heads:?}") };
        assert_eq!(head[0], (53.0, 0.0));
        assert!(head[1..].iter().all(|p| p.0 < 49.0 && p.1.abs() < 3.0));
        let back = arrowheads(&[(100.0, 0.0), (0.0, 0.0)], 6.0);
        assert_eq!(back[0][0], (47.0, 0.0));
        assert!(arrowheads(&[(0.0, 0.0), (8.0, 0.0)], 6.0).is_empty());
        // A line of 400 pixels has three, at 67, 200 and 333.
        let three = arrowheads(&[(0.0, 0.0), (400.0, 0.0)], 6.0);
        assert!(three.len() == 3 && (three[2][0].0 - 336.3).abs() < 0.1, "{three:?}");
    }

    #[test]
    fn dashes_cover_their_share() {
        let parts = dashes(&[(0.0, 0.0), (310.0, 0.0)], Dash::Dashed, 1.0);
        let drawn: f64 = parts.iter().map(|p| p.last().unwrap().0 - p[0].0).sum();
        assert!((drawn - 200.0).abs() < 4.0, "{drawn}");
        assert_eq!(dashes(&[(0.0, 0.0), (9.0, 0.0)], Dash::Solid, 1.0).len(), 1);
    }
}
