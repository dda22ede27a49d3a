//! The cells that a nullcline passes through.

use super::field::VectorField;
use super::window::Window;
use std::collections::HashSet;

/// Every cell is split to this level: 64 per side.
const COARSE: u32 = 6;
/// No cell is split beyond this level: 2048 per side.
const FINE: u32 = 11;

/// A point of the lattice of the finest level.
pub(crate) type Corner = (u32, u32);

/// A cell: its lower left corner and the length of its sides on the lattice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    corner: Corner,
    size: u32,
}

/// The leaves from which a branch could not be excluded.
pub(crate) struct Quadtree {
    window: Window,
    leaves: Vec<Cell>,
    corners: HashSet<Corner>,
    undecided: Vec<Window>,
    certified: bool,
}

/// What is known of a residual in a cell.
enum Content {
    /// It has no zero there.
    Excluded,
    /// It is monotone along an axis.
    Monotone,
    /// Neither could be shown.
    Open,
    /// The field gives no enclosures.
    Unknown,
}

impl Quadtree {
    /// The cells of residual `unit` in `window`.
    pub(crate) fn grow(field: &dyn VectorField, window: &Window, unit: usize) -> Self {
        let mut tree = Quadtree {
            window: *window,
            leaves: vec![],
            corners: HashSet::new(),
            undecided: vec![],
            certified: true,
        };
        tree.split(field, unit, Cell { corner: (0, 0), size: 1 << FINE });
        for leaf in &tree.leaves {
            tree.corners.extend(leaf.corners());
        }
        tree
    }

    fn split(&mut self, field: &dyn VectorField, unit: usize, cell: Cell) {
        let content = self.content(field, unit, cell);
        let coarse = cell.size <= 1 << (FINE - COARSE);
        match content {
            Content::Excluded => return,
            Content::Monotone if coarse => return self.leaves.push(cell),
            Content::Open if cell.size == 1 => {
                self.undecided.push(self.region(cell));
                return self.leaves.push(cell);
            }
            // Without enclosures one level more, and no further.
            Content::Unknown if cell.size == 1 << (FINE - COARSE - 1) => {
                self.certified = false;
                return self.leaves.push(cell);
            }
            _ => {}
        }
        let half = cell.size / 2;
        for (x, y) in [(0, 0), (half, 0), (0, half), (half, half)] {
            let corner = (cell.corner.0 + x, cell.corner.1 + y);
            self.split(field, unit, Cell { corner, size: half });
        }
    }

    fn content(&self, field: &dyn VectorField, unit: usize, cell: Cell) -> Content {
        let Window { low, high } = self.region(cell);
        let mut slopes = [(0.0, 0.0); 2];
        match field.gate_free_bounds(&low, &high, unit, &mut slopes) {
            None => Content::Unknown,
            Some(value) => {
                let nonzero = |(low, high): (f64, f64)| low > 0.0 || high < 0.0;
                if nonzero(value) {
                    Content::Excluded
                } else if slopes.iter().any(|&slope| nonzero(slope)) {
                    Content::Monotone
                } else {
                    Content::Open
                }
            }
        }
    }

    pub(crate) fn leaves(&self) -> &[Cell] {
        &self.leaves
    }

    pub(crate) fn undecided(&self) -> &[Window] {
        &self.undecided
    }

    pub(crate) fn certified(&self) -> bool {
        self.certified
    }

    /// Where a lattice point is in the plane.
    pub(crate) fn position(&self, corner: Corner) -> [f64; 2] {
        let [width, height] = self.window.sides();
        let share = |c: u32| f64::from(c) / f64::from(1u32 << FINE);
        [self.window.low[0] + width * share(corner.0), self.window.low[1] + height * share(corner.1)]
    }

    /// The middle of a cell.
    pub(crate) fn centre(&self, cell: Cell) -> [f64; 2] {
        let Window { low, high } = self.region(cell);
        [0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])]
    }

    fn region(&self, cell: Cell) -> Window {
        let [low, _, high, _] = cell.corners();
        Window { low: self.position(low), high: self.position(high) }
    }

    /// The corners of a cell counterclockwise, and those of smaller neighbours that lie on its border.
    pub(crate) fn boundary(&self, cell: Cell) -> Vec<Corner> {
        let corners = cell.corners();
        let mut all = Vec::with_capacity(8);
        for k in 0..4 {
            all.push(corners[k]);
            self.between(corners[k], corners[(k + 1) % 4], &mut all);
        }
        all
    }

    fn between(&self, a: Corner, b: Corner, all: &mut Vec<Corner>) {
        if a.0.abs_diff(b.0) + a.1.abs_diff(b.1) < 2 {
            return;
        }
        let middle = ((a.0 + b.0) / 2, (a.1 + b.1) / 2);
        if self.corners.contains(&middle) {
            self.between(a, middle, all);
            all.push(middle);
            self.between(middle, b, all);
        }
    }
}

impl Cell {
    fn corners(self) -> [Corner; 4] {
        let ((x, y), s) = (self.corner, self.size);
        [(x, y), (x + s, y), (x + s, y + s), (x, y + s)]
    }
}
