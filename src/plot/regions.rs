//! Areas of a panel told apart by tints, as basins of attraction are.

use super::theme::Color;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// A matrix of labels as tinted rectangles, which fill a stretch of either axis in equal parts.
///
/// Row 0 is the lowest, column 0 the leftmost, as in a [`Heatmap`](super::Heatmap). Label 0 is the first region. A
/// label without a region is left white, and the figure's summary says how many those were.
///
/// ```
/// use eigengate::plot::{Axis, Color, Figure, Panel, Regions};
///
/// let labels = ndarray::array![[0, 0, 1], [0, 1, 1]];
/// let regions = Regions::new(labels.view(), &[("left", Color::tint(0)), ("right", Color::tint(1))], (0.0, 3.0), (0.0, 2.0))?;
/// let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(regions);
/// assert!(Figure::from(panel).summary()?.contains("2 x 3 labels, `left` 50 %, `right` 50 %"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Regions {
    /// `(rows, columns)`, the lowest row first: places in `regions`.
    pub labels: Array2<usize>,
    /// Name and colour of each region; one without a name is not in the legend.
    pub regions: Vec<(String, Color)>,
    /// Left and right end, in units of the x axis.
    pub x: (f64, f64),
    /// Lower and upper end, in units of the y axis.
    pub y: (f64, f64),
}

impl Regions {
    /// Labels `(rows, columns)` over `x.0..x.1` and `y.0..y.1`, all edges of rectangles included.
    ///
    /// # Errors
    /// [`Error::Empty`] for no labels or no regions, [`Error::Parameter`] for ends that are not finite or not in
    /// ascending order.
    pub fn new(
        labels: ArrayView2<'_, usize>,
        regions: &[(&str, Color)],
        x: (f64, f64),
        y: (f64, f64),
    ) -> Result<Self> {
        let regions = regions.iter().map(|(name, color)| ((*name).to_owned(), *color)).collect();
        let it = Self { labels: labels.to_owned(), regions, x, y };
        it.check()?;
        Ok(it)
    }

    /// Fields are public: what the constructor refuses is refused again.
    pub(super) fn check(&self) -> Result<()> {
        if self.labels.is_empty() {
            return Err(Error::empty("the matrix of labels"));
        }
        if self.regions.is_empty() {
            return Err(Error::empty("the list of regions"));
        }
        for (name, (low, high)) in [("x", self.x), ("y", self.y)] {
            if !(low.is_finite() && high.is_finite() && low < high) {
                let expected = "two finite numbers, the lower first (regions)";
                return Err(Error::parameter(name, format!("({low}, {high})"), expected));
            }
        }
        Ok(())
    }

    /// How many labels have a region.
    pub(super) fn known(&self) -> usize {
        self.labels.iter().filter(|label| **label < self.regions.len()).count()
    }

    /// Share of all labels that a region has, in per cent.
    pub(super) fn share(&self, region: usize) -> f64 {
        let count = self.labels.iter().filter(|label| **label == region).count();
        100.0 * count as f64 / self.labels.len().max(1) as f64
    }

    /// Colours from left to right, the highest row first.
    pub(super) fn colors(&self) -> Vec<Option<Color>> {
        let color = |label: &usize| self.regions.get(*label).map(|(_, color)| *color);
        self.labels.outer_iter().rev().flat_map(|row| row.iter().map(color).collect::<Vec<_>>()).collect()
    }
}

impl std::fmt::Debug for Regions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rows, columns) = self.labels.dim();
        write!(f, "Regions({} regions, {rows} x {columns} labels)", self.regions.len())
    }
}
