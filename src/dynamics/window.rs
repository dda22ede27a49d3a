//! A rectangle of the plane, and polylines in it.

use crate::error::{Error, Result};

/// A rectangle of the plane, `low[k] <= h[k] <= high[k]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Lower left corner.
    pub low: [f64; 2],
    /// Upper right corner.
    pub high: [f64; 2],
}

impl Window {
    /// The square `[-1, 1]^2`: every trajectory of a GRU enters it and stays.
    pub const UNIT: Window = Window { low: [-1.0; 2], high: [1.0; 2] };

    /// The rectangle between two corners.
    ///
    /// # Errors
    /// [`Error::Parameter`] where a side is not a finite length above 0.
    pub fn new(low: [f64; 2], high: [f64; 2]) -> Result<Self> {
        for axis in 0..2 {
            let side = high[axis] - low[axis];
            if !(side > 0.0 && side.is_finite()) {
                let value = format!("[{}, {}]", low[axis], high[axis]);
                return Err(Error::parameter("window", value, "finite low[k] < high[k] on both axes"));
            }
        }
        Ok(Window { low, high })
    }

    /// Whether a point lies in it; its border belongs to it.
    pub fn contains(&self, h: [f64; 2]) -> bool {
        (0..2).all(|k| self.low[k] <= h[k] && h[k] <= self.high[k])
    }

    /// The rectangle with every side moved outwards by `share` of its length.
    pub fn widened(&self, share: f64) -> Window {
        let margin = [0, 1].map(|k| share * (self.high[k] - self.low[k]));
        Window {
            low: [self.low[0] - margin[0], self.low[1] - margin[1]],
            high: [self.high[0] + margin[0], self.high[1] + margin[1]],
        }
    }

    /// Lengths of its sides.
    pub fn sides(&self) -> [f64; 2] {
        [self.high[0] - self.low[0], self.high[1] - self.low[1]]
    }

    /// Length of its diagonal.
    pub fn diagonal(&self) -> f64 {
        let [a, b] = self.sides();
        a.hypot(b)
    }

    /// The centre of cell (`column`, `row`) of a grid of `columns` x `rows` cells.
    pub fn cell_centre(&self, column: usize, row: usize, columns: usize, rows: usize) -> [f64; 2] {
        let [width, height] = self.sides();
        [
            self.low[0] + width * (column as f64 + 0.5) / columns as f64,
            self.low[1] + height * (row as f64 + 0.5) / rows as f64,
        ]
    }
}

/// A chain of points, in order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Polyline {
    /// The points; of a closed one the first is not repeated.
    pub points: Vec<[f64; 2]>,
    /// Whether the last point is joined to the first.
    pub closed: bool,
}

impl Polyline {
    /// Its straight pieces, with the closing one.
    pub fn segments(&self) -> Vec<[[f64; 2]; 2]> {
        let mut segments: Vec<_> = self.points.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        if let (true, Some(&first), Some(&last)) = (self.closed, self.points.first(), self.points.last()) {
            segments.push([last, first]);
        }
        segments
    }

    /// The sum of the lengths of its pieces.
    pub fn length(&self) -> f64 {
        self.segments().iter().map(|&[a, b]| distance(a, b)).sum()
    }

    /// The distance of a place from it; infinite without pieces.
    pub fn distance(&self, place: [f64; 2]) -> f64 {
        let to = |[a, b]: [[f64; 2]; 2]| {
            let (u, v) = (minus(b, a), minus(place, a));
            let share = (dot(u, v) / dot(u, u).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
            distance(along(a, share, u), place)
        };
        self.segments().into_iter().map(to).fold(f64::INFINITY, f64::min)
    }

    /// How often it goes round `centre`, counterclockwise turns counted positive; of a closed line an integer.
    pub fn winding(&self, centre: [f64; 2]) -> f64 {
        let turned: f64 = self
            .segments()
            .iter()
            .map(|&[a, b]| {
                let (u, v) = (minus(a, centre), minus(b, centre));
                cross(u, v).atan2(dot(u, v))
            })
            .sum();
        turned / std::f64::consts::TAU
    }
}

pub(crate) fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// `a + factor b`.
pub(crate) fn along(a: [f64; 2], factor: f64, b: [f64; 2]) -> [f64; 2] {
    [a[0] + factor * b[0], a[1] + factor * b[1]]
}

pub(crate) fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

pub(crate) fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

pub(crate) fn norm(a: [f64; 2]) -> f64 {
    a[0].hypot(a[1])
}

pub(crate) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    norm(minus(a, b))
}
