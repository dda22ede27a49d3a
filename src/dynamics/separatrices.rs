//! Lines that separate basins, on the grid of the cells' centres.

use super::attractors::Attractors;
use super::capture::Fate;
use super::manifolds::Branch;
use super::window::{Polyline, Window};

/// The boundaries between basins: stable manifolds of saddles whose two unstable branches end at different attractors, and
/// unstable cycles.
pub fn separatrices(attractors: &Attractors, branches: &[Branch]) -> Vec<Polyline> {
    let ends = |saddle: usize| -> Vec<Fate> {
        branches.iter().filter(|b| b.saddle == saddle && !b.stable).map(|b| b.end).collect()
    };
    let separates = |branch: &&Branch| {
        let ends = ends(branch.saddle);
        branch.stable && ends.windows(2).any(|two| two[0] != two[1])
    };
    let mut lines: Vec<Polyline> =
        branches.iter().filter(separates).map(|branch| branch.line.clone()).collect();
    let cycles = attractors.cycles().iter().enumerate().filter(|(k, _)| !attractors.is_stable(*k));
    lines.extend(cycles.map(|(_, line)| line.clone()));
    lines
}

/// How often lines cross the edges between neighbouring centres of a grid of cells.
pub(crate) struct Crossings {
    columns: usize,
    rows: usize,
    /// From (column, row) to (column + 1, row), row-major.
    across: Vec<u8>,
    /// From (column, row) to (column, row + 1).
    up: Vec<u8>,
}

impl Crossings {
    pub(crate) fn new(window: &Window, columns: usize, rows: usize, lines: &[Polyline]) -> Self {
        let mut crossings =
            Crossings { columns, rows, across: vec![0; columns * rows], up: vec![0; columns * rows] };
        let [width, height] = window.sides();
        // In units of cells, with the centre of cell (0, 0) at the origin.
        let scaled = |h: [f64; 2]| {
            [
                (h[0] - window.low[0]) / width * columns as f64 - 0.5,
                (h[1] - window.low[1]) / height * rows as f64 - 0.5,
            ]
        };
        for [a, b] in lines.iter().flat_map(Polyline::segments) {
            let (a, b) = (scaled(a), scaled(b));
            crossings.count(a, b, 1);
            crossings.count(a, b, 0);
        }
        crossings
    }

    /// Counts where the piece from a to b crosses the lines `x[level] = integer`.
    fn count(&mut self, a: [f64; 2], b: [f64; 2], level: usize) {
        let other = 1 - level;
        let (low, high) = if a[level] < b[level] { (a, b) } else { (b, a) };
        let (lines, places) = if level == 1 { (self.rows, self.columns) } else { (self.columns, self.rows) };
        let first = (low[level].floor() + 1.0).max(0.0);
        let last = high[level].floor().min(lines as f64 - 1.0);
        let mut line = first;
        while line <= last {
            let share = (line - low[level]) / (high[level] - low[level]);
            let place = (low[other] + share * (high[other] - low[other])).floor();
            if place >= 0.0 && place < places as f64 - 1.0 {
                let (line, place) = (line as usize, place as usize);
                // A line x[1] = integer runs along `across` edges, x[0] = integer along `up` edges.
                let (edges, index) = if level == 1 {
                    (&mut self.across, line * self.columns + place)
                } else {
                    (&mut self.up, place * self.columns + line)
                };
                edges[index] = edges[index].saturating_add(1);
            }
            line += 1.0;
        }
    }

    /// How often the edge between a cell and its neighbour, the next column or the next row, is crossed.
    pub(crate) fn between(&self, cell: (usize, usize), neighbour: (usize, usize)) -> u8 {
        let (column, row) = (cell.0.min(neighbour.0), cell.1.min(neighbour.1));
        let edges = if cell.1 == neighbour.1 { &self.across } else { &self.up };
        edges.get(row * self.columns + column).copied().unwrap_or(0)
    }
}
