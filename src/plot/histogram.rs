//! Histograms as a series of a panel.

use super::series::Dash;
use super::theme::{BAND_ALPHA, Color, LINE_POINTS};
use crate::error::{Error, Result};

/// How many values fall between neighbouring edges: an outline of steps over a tint, so that several can share a panel.
///
/// ```
/// use eigengate::plot::{Axis, Figure, Histogram, Panel};
///
/// let histogram = Histogram::of("times", &[0.1, 0.4, 0.6, 1.0, f64::NAN], &[0.0, 0.5, 1.0])?;
/// assert_eq!(histogram.heights, [2.0, 2.0]);
/// let panel = Panel::new(Axis::linear("Time (s)"), Axis::linear("Trials")).with(histogram);
/// assert!(Figure::from(panel).summary()?.contains("histogram `times`: 2 bins, 0 to 1, up to 2"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Histogram {
    /// Name in the legend; an empty one keeps the histogram out of it.
    pub name: String,
    /// Ends of all bins, ascending, in units of the x axis.
    pub edges: Vec<f64>,
    /// Height of every bin, in units of the y axis: one fewer than edges.
    pub heights: Vec<f64>,
    /// The colour; `None` takes the next of the palette.
    pub color: Option<Color>,
    /// Solid by default.
    pub dash: Dash,
    /// Width of the outline in points (1/72 inch), 1.1 by default: 0.1 to 20.
    pub width: f64,
    /// Opacity of the tint, 0.2 by default: 0.01 to 1.
    pub alpha: f64,
}

impl Histogram {
    /// Bins of given heights.
    ///
    /// # Errors
    /// [`Error::Shape`] where there is not one height for every two neighbouring edges, [`Error::Empty`] for no bins,
    /// [`Error::Parameter`] for edges that are not finite or do not ascend and for heights below 0.
    pub fn new(name: impl Into<String>, edges: &[f64], heights: &[f64]) -> Result<Self> {
        let it = Self {
            name: name.into(),
            edges: edges.to_vec(),
            heights: heights.to_vec(),
            color: None,
            dash: Dash::Solid,
            width: LINE_POINTS,
            alpha: BAND_ALPHA,
        };
        it.check()?;
        Ok(it)
    }

    /// The number of `values` in every bin: at its lower edge or above, and below its upper edge, which belongs to the last
    /// bin alone. Values outside of all bins, NaN among them, are not counted.
    ///
    /// # Errors
    /// Those of [`Histogram::new`].
    pub fn of(name: impl Into<String>, values: &[f64], edges: &[f64]) -> Result<Self> {
        let mut it = Self::new(name, edges, &vec![0.0; edges.len().saturating_sub(1)])?;
        let last = it.edges.last().copied().unwrap_or(f64::NAN);
        for value in values {
            let above = it.edges.partition_point(|edge| edge <= value);
            let bin = if *value == last { above.checked_sub(2) } else { above.checked_sub(1) };
            if let Some(height) = bin.and_then(|bin| it.heights.get_mut(bin)) {
                *height += 1.0;
            }
        }
        Ok(it)
    }

    /// The histogram with all heights times `factor`, such as `100 / number of values`.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.heights.iter_mut().for_each(|height| *height *= factor);
        self
    }

    /// The histogram in this colour instead of the next of the palette.
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// The outline broken up like this.
    pub fn with_dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }

    /// Fields are public: what the constructor refuses is refused again.
    pub(super) fn check(&self) -> Result<()> {
        if self.heights.is_empty() {
            return Err(Error::empty(format!("histogram `{}`", self.name)));
        }
        if self.edges.len() != self.heights.len() + 1 {
            let expected = format!("{} heights, one between every two edges", self.edges.len().max(1) - 1);
            return Err(Error::shape(format!("histogram `{}`", self.name), expected, self.heights.len()));
        }
        if let Some(height) = self.heights.iter().find(|height| **height < 0.0) {
            let expected = format!("heights of at least 0 (histogram `{}`)", self.name);
            return Err(Error::parameter("height", height, expected));
        }
        let ascending = self.edges.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        match self.edges.iter().find(|edge| !edge.is_finite()) {
            None if ascending => Ok(()),
            _ => {
                let expected = format!("finite numbers that ascend (histogram `{}`)", self.name);
                Err(Error::parameter("edges", format!("{:?}", self.edges), expected))
            }
        }
    }

    /// The tops of all bins from left to right, two points for each.
    pub(super) fn tops(&self) -> impl Iterator<Item = (f64, f64)> {
        let bins = self.edges.windows(2).zip(&self.heights);
        bins.flat_map(|(ends, height)| ends.iter().map(|end| (*end, *height)).collect::<Vec<_>>())
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Histogram({:?}, {} bins)", self.name, self.heights.len())
    }
}
