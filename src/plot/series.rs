//! What is drawn inside a panel.

use super::curves::Curves;
use super::heatmap::Heatmap;
use super::histogram::Histogram;
use super::marker::{Filling, Marker};
use super::regions::Regions;
use super::theme::{BAND_ALPHA, Color, LINE_POINTS, MARKER_POINTS, REFERENCE_POINTS};
use crate::error::{Error, Result};

/// How a line is broken up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
}

impl Dash {
    /// The dash of the series at `index`, counted from 0: solid, dashed, dotted, and again.
    pub const fn series(index: usize) -> Self {
        match index % 3 {
            0 => Dash::Solid,
            1 => Dash::Dashed,
            _ => Dash::Dotted,
        }
    }
}

/// One thing drawn in a panel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Series {
    /// Points joined by a line.
    Line(Line),
    /// Several lines under one name.
    Curves(Curves),
    /// Points alone.
    Points(Points),
    /// The area between two curves.
    Band(Band),
    /// Bins as steps.
    Histogram(Histogram),
    /// A matrix of values as colours.
    Heatmap(Heatmap),
    /// A matrix of labels as tints.
    Regions(Regions),
    /// A line across the whole panel.
    Reference(Reference),
    /// Text at a place in the panel.
    Note(Note),
}

/// Points joined by a line, in the order given.
///
/// A NaN, an infinity, or a value that a log axis cannot show breaks the line; the figure's text says how
/// many points that were. Of points that fall into one column of pixels only the first, the lowest, the
/// highest and the last are drawn, so that 100 000 points cost no more than a thousand.
#[derive(Clone)]
pub struct Line {
    /// Name in the legend; an empty one keeps the line out of it.
    pub name: String,
    /// Horizontal positions, in units of the x axis.
    pub x: Vec<f64>,
    /// Vertical positions, as many.
    pub y: Vec<f64>,
    /// The colour; `None` takes the next of the palette. From the eighth such line on, where the palette starts
    /// again, solid lines are drawn dashed, then dotted.
    pub color: Option<Color>,
    /// Solid by default.
    pub dash: Dash,
    /// Width in points (1/72 inch), 1.1 by default.
    pub width: f64,
    /// Whether every point also has a dot; not by default. A point without neighbours always has one.
    pub markers: bool,
    /// Whether the legend has the line if it has a name; so by default.
    pub in_legend: bool,
}

impl Line {
    /// A solid line named `name` through `(x[i], y[i])`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `x` and `y` differ in length, [`Error::Empty`] when they are empty.
    pub fn new(name: impl Into<String>, x: &[f64], y: &[f64]) -> Result<Self> {
        let name = name.into();
        same_length(&name, x, y)?;
        Ok(Self {
            name,
            x: x.to_vec(),
            y: y.to_vec(),
            color: None,
            dash: Dash::Solid,
            width: LINE_POINTS,
            markers: false,
            in_legend: true,
        })
    }

    /// The line in this colour instead of the next of the palette.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The line broken up like this.
    pub fn with_dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// The line this wide, in points: 0.1 to 20.
    pub fn with_width(mut self, points: f64) -> Self {
        self.width = points;
        self
    }

    /// The line with its name kept out of the legend; the figure's summary still gives it.
    pub fn without_legend(mut self) -> Self {
        self.in_legend = false;
        self
    }

    /// The line with a dot on every point.
    pub fn with_markers(mut self) -> Self {
        self.markers = true;
        self
    }
}

/// Points as dots, or as other markers. Of dots that are nearer to each other than about a quarter of their diameter one is drawn, so
/// that 100 000 of them cost no more than the picture can show.
#[derive(Clone)]
pub struct Points {
    /// Name in the legend; an empty one keeps the points out of it.
    pub name: String,
    /// Horizontal positions, in units of the x axis.
    pub x: Vec<f64>,
    /// Vertical positions, as many.
    pub y: Vec<f64>,
    /// The colour; `None` takes the next of the palette.
    pub color: Option<Color>,
    /// Diameter of a dot in points (1/72 inch), 3.2 by default: 0.1 to 20.
    pub diameter: f64,
    /// [`Marker::Circle`] by default.
    pub marker: Marker,
    /// [`Filling::Full`] by default.
    pub filling: Filling,
}

impl Points {
    /// Dots at `(x[i], y[i])`, named `name`.
    ///
    /// # Errors
    /// Those of [`Line::new`].
    pub fn new(name: impl Into<String>, x: &[f64], y: &[f64]) -> Result<Self> {
        let name = name.into();
        same_length(&name, x, y)?;
        Ok(Self {
            name,
            x: x.to_vec(),
            y: y.to_vec(),
            color: None,
            diameter: MARKER_POINTS,
            marker: Marker::default(),
            filling: Filling::default(),
        })
    }

    /// The dots in this colour instead of the next of the palette.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Dots of this diameter in points.
    pub fn with_diameter(mut self, points: f64) -> Self {
        self.diameter = points;
        self
    }

    /// Markers of this outline and filling instead of full dots.
    pub fn with_marker(mut self, marker: Marker, filling: Filling) -> Self {
        self.marker = marker;
        self.filling = filling;
        self
    }
}

/// The area between two curves, e.g. a mean plus and minus its standard error.
#[derive(Clone)]
pub struct Band {
    /// Name in the legend; empty when the band belongs to a line that is named there.
    pub name: String,
    /// Horizontal positions, in units of the x axis.
    pub x: Vec<f64>,
    /// The lower curve, as many values. On a log axis what is not positive reaches the bottom.
    pub low: Vec<f64>,
    /// The upper curve, as many values.
    pub high: Vec<f64>,
    /// The colour; `None` takes the colour of the line added next.
    pub color: Option<Color>,
    /// Opacity, 0.2 by default: 0.01 to 1.
    pub alpha: f64,
}

impl Band {
    /// The area between `(x[i], low[i])` and `(x[i], high[i])`.
    ///
    /// # Errors
    /// Those of [`Line::new`].
    pub fn new(name: impl Into<String>, x: &[f64], low: &[f64], high: &[f64]) -> Result<Self> {
        let name = name.into();
        same_length(&name, x, low)?;
        same_length(&name, x, high)?;
        Ok(Self {
            name,
            x: x.to_vec(),
            low: low.to_vec(),
            high: high.to_vec(),
            color: None,
            alpha: BAND_ALPHA,
        })
    }

    /// The band in this colour.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The band this opaque: 0.01 to 1.
    pub fn with_alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }
}

/// Which line a [`Reference`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Course {
    /// y is this everywhere.
    Horizontal(f64),
    /// x is this everywhere.
    Vertical(f64),
    /// y = intercept + slope * x.
    Straight {
        /// y at x = 0.
        intercept: f64,
        /// Rise of y per unit of x.
        slope: f64,
    },
    /// y = amplitude * x^exponent, straight on two log axes; drawn where x is positive.
    Power {
        /// y at x = 1.
        amplitude: f64,
        /// The exponent, e.g. -1 for 1/n.
        exponent: f64,
    },
}

/// A line across the whole panel, dashed grey. It does not widen the range of an axis.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Name in the legend; an empty one keeps the line out of it.
    pub name: String,
    /// Where it runs.
    pub course: Course,
    /// Grey by default.
    pub color: Color,
    /// Dashed by default.
    pub dash: Dash,
    /// Width in points (1/72 inch), 0.9 by default: 0.1 to 20.
    pub width: f64,
}

impl Reference {
    /// A dashed grey line.
    pub fn new(name: impl Into<String>, course: Course) -> Self {
        Self { name: name.into(), course, color: Color::GREY, dash: Dash::Dashed, width: REFERENCE_POINTS }
    }

    /// The line in this colour.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// The line broken up like this.
    pub fn with_dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }
}

/// Text in a panel; it starts at a place given in units of the axes.
#[derive(Clone, Debug)]
pub struct Note {
    /// The text, one line.
    pub text: String,
    /// Left end of the text, in units of the x axis.
    pub x: f64,
    /// Its baseline, in units of the y axis.
    pub y: f64,
    /// Dark grey by default.
    pub color: Color,
}

impl Note {
    /// `text` starting at `(x, y)`.
    pub fn new(text: impl Into<String>, x: f64, y: f64) -> Self {
        Self { text: text.into(), x, y, color: super::theme::INK }
    }

    /// The text in this colour.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }
}

/// Short: the last expression of a cell may be a line of 100 000 points.
macro_rules! short_debug {
    ($($kind:ident),*) => {$(
        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({:?}, {} points)", stringify!($kind), self.name, self.x.len())
            }
        }
    )*};
}
short_debug!(Line, Points, Band);

macro_rules! into_series {
    ($($kind:ident),*) => {$(
        impl From<$kind> for Series {
            fn from(it: $kind) -> Self {
                Series::$kind(it)
            }
        }
    )*};
}
into_series!(Line, Curves, Points, Band, Histogram, Heatmap, Regions, Reference, Note);

impl Series {
    /// The name; empty for what has none.
    pub fn name(&self) -> &str {
        match self {
            Series::Line(it) => &it.name,
            Series::Curves(it) => &it.name,
            Series::Points(it) => &it.name,
            Series::Band(it) => &it.name,
            Series::Histogram(it) => &it.name,
            Series::Heatmap(it) => &it.name,
            Series::Reference(it) => &it.name,
            Series::Regions(_) | Series::Note(_) => "",
        }
    }
}

/// Refuses arrays that do not pair up.
pub(super) fn same_length(name: &str, x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() {
        return Err(Error::shape(
            format!("series `{name}`"),
            format!("{} values, one for each x", x.len()),
            y.len(),
        ));
    }
    if x.is_empty() {
        return Err(Error::empty(format!("series `{name}`")));
    }
    Ok(())
}
