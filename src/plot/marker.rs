//! Shapes of the dots of [`Points`](super::Points).

use super::scene::{Point, Shape};
use super::theme::{Color, WHITE};

/// The outline of a dot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Marker {
    /// A disc.
    #[default]
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// Two strokes across, with a white rim; it has no inside to fill.
    Cross,
}

/// How the inside of a dot is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filling {
    /// With its colour.
    #[default]
    Full,
    /// With white.
    Open,
    /// With its colour on the left, with white on the right.
    Half,
}

/// A dot of this diameter, in logical pixels.
pub(super) fn shapes(
    (marker, filling): (Marker, Filling),
    center: Point,
    diameter: f64,
    color: Color,
) -> Vec<Shape> {
    if (marker, filling) == (Marker::Circle, Filling::Full) {
        return vec![Shape::Dot { center, radius: diameter / 2.0, color }];
    }
    let at = |(x, y): Point| (center.0 + 0.5 * diameter * x, center.1 + 0.5 * diameter * y);
    if marker == Marker::Cross {
        let width = 0.26 * diameter;
        let stroke = |reach: f64, width: f64, color: Color, side: f64| Shape::Stroke {
            points: vec![at((-reach, -side * reach)), at((reach, side * reach))],
            width,
            color,
        };
        return vec![
            stroke(0.98, width + 1.6, WHITE, 1.0),
            stroke(0.98, width + 1.6, WHITE, -1.0),
            stroke(0.86, width, color, 1.0),
            stroke(0.86, width, color, -1.0),
        ];
    }
    let outline: Vec<Point> = corners(marker).into_iter().map(at).collect();
    if filling == Filling::Full {
        return vec![Shape::Fill { points: outline, color, alpha: 1.0 }];
    }
    let mut shapes = vec![Shape::Fill { points: outline.clone(), color: WHITE, alpha: 1.0 }];
    if filling == Filling::Half {
        let middle = center.0;
        shapes.push(Shape::Fill { points: left_of(&outline, middle), color, alpha: 1.0 });
    }
    // Once round and on to the second corner, so that the last corner is as round as the others.
    let points = outline.iter().chain(outline.iter().take(2)).copied().collect();
    shapes.push(Shape::Stroke { points, width: (0.15 * diameter).max(0.9), color });
    shapes
}

/// Corners of a marker that fits into a circle of radius 1, or is as large as it.
fn corners(marker: Marker) -> Vec<Point> {
    match marker {
        Marker::Square => vec![(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        Marker::Diamond => vec![(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
        Marker::Circle | Marker::Cross => (0..40)
            .map(|i| {
                let angle = std::f64::consts::TAU * f64::from(i) / 40.0;
                (angle.cos(), angle.sin())
            })
            .collect(),
    }
}

/// The part of a polygon to the left of a vertical line.
fn left_of(outline: &[Point], middle: f64) -> Vec<Point> {
    let mut part = Vec::with_capacity(outline.len() + 2);
    for (a, b) in outline.iter().zip(outline.iter().cycle().skip(1)) {
        if a.0 <= middle {
            part.push(*a);
        }
        if (a.0 < middle) != (b.0 < middle) && a.0 != b.0 {
            let share = (middle - a.0) / (b.0 - a.0);
            part.push((middle, a.1 + share * (b.1 - a.1)));
        }
    }
    part
}
