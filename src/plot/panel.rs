//! A panel: two axes and what is drawn between them.

use super::axis::Axis;
use super::series::Series;

/// Two axes and the series between them, in the order of drawing.
#[derive(Clone)]
pub struct Panel {
    /// Above the panel; empty for none.
    pub title: String,
    /// The letter of a paper's panel, bold at the top left.
    pub letter: Option<char>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Whether a unit is as long on both axes, which makes the panel as small as that needs. Not by default.
    pub equal: bool,
    /// Whether it is one of many: a thin frame all around, no ticks and no labels, a small title. Not by default. A figure of such panels
    /// alone sets them close.
    pub small: bool,
    /// What is drawn; later series cover earlier ones, and bands, heat maps and regions lie below all others.
    pub series: Vec<Series>,
}

impl Panel {
    /// A panel without series.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { title: String::new(), letter: None, x, y, equal: false, small: false, series: Vec::new() }
    }

    /// The panel with this title.
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The panel with this letter.
    pub fn with_letter(mut self, letter: char) -> Self {
        self.letter = Some(letter);
        self
    }

    /// The panel with a unit as long on one axis as on the other. Drawing fails on a log axis.
    pub fn with_equal_axes(mut self) -> Self {
        self.equal = true;
        self
    }

    /// The panel as one of many: a thin frame all around, no ticks and no labels, a small title.
    pub fn with_small_frame(mut self) -> Self {
        self.small = true;
        self
    }

    /// The panel with one more series: a [`Line`](super::Line), [`Curves`](super::Curves), [`Points`](super::Points),
    /// [`Band`](super::Band), [`Heatmap`](super::Heatmap), [`Regions`](super::Regions), [`Reference`](super::Reference)
    /// or [`Note`](super::Note).
    pub fn with(mut self, series: impl Into<Series>) -> Self {
        self.series.push(series.into());
        self
    }
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Panel({} against {}: {:?})", self.y.label, self.x.label, self.series)
    }
}
