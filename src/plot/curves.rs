//! Several lines under one name, as streamlines are.

use super::series::Dash;
use super::theme::{Color, LINE_POINTS};
use crate::error::{Error, Result};

/// Lines that belong together: the branches of a nullcline, streamlines. One colour, one entry in the legend.
///
/// A NaN, an infinity, or a value that a log axis cannot show breaks a line.
///
/// ```
/// use eigengate::plot::{Axis, Curves, Figure, Panel};
///
/// let circle = |radius: f64| -> Vec<[f64; 2]> {
///     (0..=60).map(|i| 0.1047 * f64::from(i)).map(|t| [radius * t.cos(), radius * t.sin()]).collect()
/// };
/// let orbits = Curves::new("orbits", vec![circle(1.0), circle(2.0)])?.with_arrows();
/// let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(orbits).with_equal_axes();
/// assert!(Figure::from(panel).summary()?.contains("2 curves `orbits`: 122 points"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Curves {
    /// Name in the legend; an empty one keeps the curves out of it.
    pub name: String,
    /// Points `[x, y]` of each curve, in units of the axes.
    pub lines: Vec<Vec<[f64; 2]>>,
    /// The colour; `None` takes the next of the palette.
    pub color: Option<Color>,
    /// Solid by default.
    pub dash: Dash,
    /// Width in points (1/72 inch), 1.1 by default: 0.1 to 20.
    pub width: f64,
    /// Whether every curve has an arrowhead in the middle of its length, or several on a long one, which point to its end; not by
    /// default.
    pub arrows: bool,
}

impl Curves {
    /// Solid lines through these points, named `name`.
    ///
    /// # Errors
    /// [`Error::Empty`] where there is no point.
    pub fn new(name: impl Into<String>, lines: Vec<Vec<[f64; 2]>>) -> Result<Self> {
        let name = name.into();
        if lines.iter().all(Vec::is_empty) {
            return Err(Error::empty(format!("curves `{name}`")));
        }
        Ok(Self { name, lines, color: None, dash: Dash::Solid, width: LINE_POINTS, arrows: false })
    }

    /// The curves in this colour instead of the next of the palette.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The curves broken up like this.
    pub fn with_dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// The curves this wide, in points: 0.1 to 20.
    pub fn with_width(mut self, points: f64) -> Self {
        self.width = points;
        self
    }

    /// The curves with arrowheads.
    pub fn with_arrows(mut self) -> Self {
        self.arrows = true;
        self
    }

    /// Points of all curves.
    pub(super) fn count(&self) -> usize {
        self.lines.iter().map(Vec::len).sum()
    }
}

impl std::fmt::Debug for Curves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Curves({:?}, {} lines, {} points)", self.name, self.lines.len(), self.count())
    }
}
