//! A matrix of values as a series of a panel.

use super::color_map::{ColorMap, share};
use super::theme::Color;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// A matrix of values as coloured rectangles, which fill a stretch of either axis in equal parts (on a log axis: of
/// equal ratios).
///
/// Row 0 is the lowest, column 0 the leftmost. Rectangles have sharp edges in both formats. A NaN or an infinity is
/// left white, and the figure's summary says how many that were. The legend has the colours with their limits.
///
/// ```
/// use eigengate::plot::{Axis, Figure, Heatmap, Panel};
///
/// // x * y over [-1, 1] x [0, 2].
/// let at = |i: usize| (i as f64 + 0.5) / 20.0;
/// let values = ndarray::Array2::from_shape_fn((40, 40), |(i, j)| at(i) * (at(j) - 1.0));
/// let map = Heatmap::new("x y", values.view(), (-1.0, 1.0), (0.0, 2.0))?.diverging();
/// let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(map);
/// assert!(Figure::from(panel).summary()?.contains("40 x 40 values, -1.9256 to 1.9256"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Heatmap {
    /// Name in the legend; an empty one keeps the colours out of it.
    pub name: String,
    /// `(rows, columns)`, the lowest row first.
    pub values: Array2<f64>,
    /// Left and right end, in units of the x axis.
    pub x: (f64, f64),
    /// Lower and upper end, in units of the y axis.
    pub y: (f64, f64),
    /// [`ColorMap::Sequential`] by default.
    pub map: ColorMap,
    /// Values of the first and the last colour; `None` takes the lowest and the highest value, and for
    /// [`ColorMap::Diverging`] the largest absolute value on either side of 0.
    pub limits: Option<(f64, f64)>,
}

impl Heatmap {
    /// Values `(rows, columns)` over `x.0..x.1` and `y.0..y.1`, all edges of rectangles included.
    ///
    /// # Errors
    /// [`Error::Empty`] for no values, [`Error::Parameter`] for ends that are not finite or not in ascending order.
    pub fn new(
        name: impl Into<String>,
        values: ArrayView2<'_, f64>,
        x: (f64, f64),
        y: (f64, f64),
    ) -> Result<Self> {
        let map = Self {
            name: name.into(),
            values: values.to_owned(),
            x,
            y,
            map: ColorMap::default(),
            limits: None,
        };
        map.check()?;
        Ok(map)
    }

    /// The matrix in colours for values of either sign.
    pub fn diverging(self) -> Self {
        self.with_map(ColorMap::Diverging)
    }

    /// The matrix in these colours.
    pub fn with_map(mut self, map: ColorMap) -> Self {
        self.map = map;
        self
    }

    /// The matrix with its first colour at `low` and its last at `high`; what lies outside has the colour of the end.
    ///
    /// Drawing fails unless both are finite and `low < high`.
    pub fn with_limits(mut self, low: f64, high: f64) -> Self {
        self.limits = Some((low, high));
        self
    }

    /// Fields are public: what the constructor refuses is refused again.
    pub(super) fn check(&self) -> Result<()> {
        if self.values.is_empty() {
            return Err(Error::empty(format!("heat map `{}`", self.name)));
        }
        for (name, ends) in [("x", Some(self.x)), ("y", Some(self.y)), ("limits", self.limits)] {
            if let Some((low, high)) =
                ends.filter(|(low, high)| !(low.is_finite() && high.is_finite() && low < high))
            {
                let expected = format!("two finite numbers, the lower first (heat map `{}`)", self.name);
                return Err(Error::parameter(name, format!("({low}, {high})"), expected));
            }
        }
        Ok(())
    }

    /// Values that have a colour.
    pub(super) fn finite(&self) -> usize {
        self.values.iter().filter(|value| value.is_finite()).count()
    }

    /// Values of the first and the last colour.
    pub(super) fn limits(&self) -> (f64, f64) {
        let finite = || self.values.iter().copied().filter(|value| value.is_finite());
        self.limits.unwrap_or_else(|| match self.map {
            ColorMap::Diverging => {
                let most = finite().fold(0.0f64, |most, value| most.max(value.abs()));
                (-most, most)
            }
            _ => (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max)),
        })
    }

    /// Colours from left to right, the highest row first; none where there is nothing to show.
    pub(super) fn colors(&self) -> Vec<Option<Color>> {
        let limits = self.limits();
        let color = |value: &f64| value.is_finite().then(|| self.map.at(share(*value, limits)));
        self.values.outer_iter().rev().flat_map(|row| row.iter().map(color).collect::<Vec<_>>()).collect()
    }
}

impl std::fmt::Debug for Heatmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rows, columns) = self.values.dim();
        write!(f, "Heatmap({:?}, {rows} x {columns} values)", self.name)
    }
}
