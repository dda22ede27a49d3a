//! A figure after layout: shapes and text at their places, before either format.
//!
//! Lengths are logical pixels (1/96 inch), y points down.

use super::theme::Color;

pub(super) type Point = (f64, f64);

/// A rectangle with `left < right` and `top < bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// `count` equal parts of the way from `from` to `to`: all their edges.
pub(super) fn edges(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..=count).map(|i| from + (to - from) * i as f64 / count.max(1) as f64).collect()
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A line through the points, with round joins and flat ends.
    Stroke {
        points: Vec<Point>,
        width: f64,
        color: Color,
    },
    /// The inside of a closed polygon.
    Fill {
        points: Vec<Point>,
        color: Color,
        alpha: f64,
    },
    /// Rectangles without gaps: colours from left to right, the highest row first, none for what is not drawn.
    Raster {
        /// Edges of the columns, from left to right.
        x: Vec<f64>,
        /// Edges of the rows, down the page.
        y: Vec<f64>,
        colors: Vec<Option<Color>>,
        /// Whether colours are tints, which a theme may change, and do not stand for numbers.
        tints: bool,
    },
    Dot {
        center: Point,
        radius: f64,
        color: Color,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Which end of a text `Text::at` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// On the baseline.
    pub(super) at: Point,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) align: Align,
    /// Read from bottom to top.
    pub(super) upwards: bool,
    pub(super) color: Color,
}

impl Text {
    pub(super) fn new(text: impl Into<String>, at: Point, size: f64, align: Align) -> Self {
        Self {
            text: text.into(),
            at,
            size,
            weight: Weight::Regular,
            align,
            upwards: false,
            color: super::theme::INK,
        }
    }
}

/// Shapes, with texts above them. In an SVG a layer is a group that an editor shows by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) shapes: Vec<Shape>,
    pub(super) texts: Vec<Text>,
}

impl Layer {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// Layers in the order of drawing.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) ground: Color,
    pub(super) layers: Vec<Layer>,
}
