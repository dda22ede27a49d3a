//! Basins of attraction on a grid.

use super::attractors::Attractors;
use super::capture::Fate;
use super::field::VectorField;
use super::manifolds::Branch;
use super::separatrices::{Crossings, separatrices};
use super::window::Window;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::Array2;
use rayon::prelude::*;
use std::fmt;

/// The attractor of every cell of a grid.
#[derive(Clone)]
pub struct Basins {
    /// What was looked at; cells are sampled in their centres.
    pub window: Window,
    /// A position in `ends`, or -1 for a cell whose walk nothing captured. Row i is at the i-th value of h_2 from below,
    /// column j at the j-th of h_1.
    pub labels: Array2<i32>,
    /// The sinks, the stable cycles, and [`Fate::Left`] where orbits leave the window.
    pub ends: Vec<Fate>,
    /// Cells that were walked from. The others are enclosed by cells of one label that no separatrix passes.
    pub walked: usize,
    /// Pairs of neighbours with different labels.
    pub edges: usize,
    /// Those of them that a separatrix crosses.
    pub edges_on_separatrix: usize,
    /// Pairs of neighbours that separatrices cross an odd number of times.
    pub crossings: usize,
    /// Those of them with different labels.
    pub crossings_on_edge: usize,
}

/// The basins on a grid of `columns` x `rows` cells.
///
/// A rectangle of cells is filled without walks where its border has one label, no separatrix crosses its border, and it holds
/// no other attractor: whatever starts inside stays, and goes to that attractor, or leaves through the border. Between
/// cells of equal label the border itself is walked in every fourth cell, and in all of them near separatrices.
///
/// # Errors
/// [`Error::Shape`] where the field is not planar; [`Error::Parameter`] for an empty grid.
pub fn basins(
    field: &dyn VectorField,
    attractors: &Attractors,
    branches: &[Branch],
    columns: usize,
    rows: usize,
) -> Result<Basins> {
    super::nullclines::require_planar(field)?;
    if columns == 0 || rows == 0 {
        return Err(Error::parameter("columns x rows", format!("{columns} x {rows}"), "at least one cell"));
    }
    let window = *attractors.window();
    let lines = separatrices(attractors, branches);
    let mut ends = attractors.list();
    ends.push(Fate::Left);
    let mut fill = Fill {
        field,
        attractors,
        crossings: Crossings::new(&window, columns, rows, &lines),
        ends,
        labels: Array2::from_elem((rows, columns), UNKNOWN),
        filled: Filled { window, labels: Array2::from_elem((rows, columns), UNKNOWN) },
        walked: 0,
        open: 0,
    };
    let mut blocks = vec![Block { low: (0, 0), high: (columns - 1, rows - 1) }];
    while !blocks.is_empty() {
        fill.borders(&blocks)?;
        let mut smaller = vec![];
        for block in blocks {
            if !fill.inside(&block) {
                smaller.extend(block.halves());
            }
        }
        blocks = smaller;
    }
    Ok(fill.finish(window))
}

const UNKNOWN: i32 = i32::MIN;
/// A walk that nothing captured.
const UNDECIDED: i32 = -1;
/// After so many walks that nothing captured, a rectangle with a border of such cells is undecided as a whole.
const MOST_OPEN: usize = 100;
/// Every so many cells of a border are walked from.
const STRIDE: usize = 4;

/// A cell, as (column, row).
type Cell = (usize, usize);

/// A rectangle of cells, both corners included.
#[derive(Clone, Copy)]
struct Block {
    low: Cell,
    high: Cell,
}

impl Block {
    /// The four sides, as cells in order.
    fn sides(&self) -> [Vec<Cell>; 4] {
        let ((x0, y0), (x1, y1)) = (self.low, self.high);
        [
            (x0..=x1).map(|x| (x, y0)).collect(),
            (x0..=x1).map(|x| (x, y1)).collect(),
            (y0..=y1).map(|y| (x0, y)).collect(),
            (y0..=y1).map(|y| (x1, y)).collect(),
        ]
    }

    /// Two halves with a common side, which the longer sides are cut by.
    fn halves(&self) -> [Block; 2] {
        let ((x0, y0), (x1, y1)) = (self.low, self.high);
        if x1 - x0 >= y1 - y0 {
            let middle = (x0 + x1) / 2;
            [Block { low: self.low, high: (middle, y1) }, Block { low: (middle, y0), high: self.high }]
        } else {
            let middle = (y0 + y1) / 2;
            [Block { low: self.low, high: (x1, middle) }, Block { low: (x0, middle), high: self.high }]
        }
    }
}

/// What was filled: the label of the square between the centres of the cells (column, row) and (column + 1, row + 1).
struct Filled {
    window: Window,
    labels: Array2<i32>,
}

impl Filled {
    fn square(&self, h: [f64; 2]) -> Option<i32> {
        let (rows, columns) = self.labels.dim();
        let [width, height] = self.window.sides();
        let column = (h[0] - self.window.low[0]) / width * columns as f64 - 0.5;
        let row = (h[1] - self.window.low[1]) / height * rows as f64 - 0.5;
        let inside = column >= 0.0 && row >= 0.0;
        inside.then(|| self.labels.get([row as usize, column as usize]).copied()).flatten()
    }
}

struct Fill<'a> {
    field: &'a dyn VectorField,
    attractors: &'a Attractors,
    crossings: Crossings,
    ends: Vec<Fate>,
    labels: Array2<i32>,
    filled: Filled,
    walked: usize,
    /// Walks that nothing captured.
    open: usize,
}

impl Fill<'_> {
    fn label(&self, cell: Cell) -> i32 {
        self.labels[[cell.1, cell.0]]
    }

    /// Labels all cells on the borders of blocks.
    fn borders(&mut self, blocks: &[Block]) -> Result<()> {
        let sides: Vec<Vec<Cell>> = blocks.iter().flat_map(Block::sides).collect();
        let sparse = sides.iter().flat_map(|side| {
            side.iter()
                .enumerate()
                .filter(|(k, _)| k % STRIDE == 0 || *k == side.len() - 1)
                .map(|(_, &cell)| cell)
        });
        self.walk(sparse.collect())?;
        let mut between = vec![];
        for side in &sides {
            let known: Vec<usize> = (0..side.len()).filter(|&k| self.label(side[k]) != UNKNOWN).collect();
            for pair in known.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                let label = self.label(side[from]);
                let quiet =
                    side[from..=to].windows(2).all(|pair| self.crossings.between(pair[0], pair[1]) == 0);
                for &cell in &side[from + 1..to] {
                    let decided = label != UNDECIDED || self.open >= MOST_OPEN;
                    if quiet && label == self.label(side[to]) && decided {
                        self.labels[[cell.1, cell.0]] = label;
                    } else {
                        between.push(cell);
                    }
                }
            }
        }
        self.walk(between)
    }

    /// Labels cells by walks; each cell is walked from once.
    fn walk(&mut self, mut cells: Vec<Cell>) -> Result<()> {
        cells.retain(|&cell| self.label(cell) == UNKNOWN);
        cells.sort_unstable();
        cells.dedup();
        let (rows, columns) = self.labels.dim();
        let (field, attractors, window) = (self.field, self.attractors, *self.attractors.window());
        let filled = &self.filled;
        let ends = &self.ends;
        // A walk into what was filled before ends there: whatever starts there has that end.
        let known = |h: [f64; 2]| {
            let square = filled.square(h)?;
            ends.get(usize::try_from(square).ok()?).copied()
        };
        let fates = cells
            .par_chunks(16)
            .map(|cells| {
                let place = |cell: Cell| window.cell_centre(cell.0, cell.1, columns, rows);
                let mut walker = attractors.walker(field, true, place(cells[0]))?;
                let fate = |&cell: &Cell| attractors.follow(&mut walker, place(cell), &known);
                cells.iter().map(fate).collect::<Result<Vec<Fate>>>()
            })
            .collect::<Result<Vec<_>>>()?;
        for (&cell, fate) in cells.iter().zip(fates.into_iter().flatten()) {
            let position = self.ends.iter().position(|end| *end == fate);
            // A fold attracts from one side; it is an end where something goes to it.
            let position = position.or_else(|| {
                matches!(fate, Fate::FixedPoint(_) | Fate::Cycle(_)).then(|| {
                    self.ends.push(fate);
                    self.ends.len() - 1
                })
            });
            self.open += usize::from(position.is_none());
            self.labels[[cell.1, cell.0]] = position.map_or(UNDECIDED, |position| position as i32);
        }
        self.walked += cells.len();
        Ok(())
    }

    /// Fills a block, if nothing but one basin can be in it; true where nothing of it is left to do.
    fn inside(&mut self, block: &Block) -> bool {
        let ((x0, y0), (x1, y1)) = (block.low, block.high);
        if x1 - x0 < 2 || y1 - y0 < 2 {
            return true;
        }
        let label = self.label(block.low);
        let sides = block.sides();
        let uniform = sides.iter().flatten().all(|&cell| self.label(cell) == label)
            && sides
                .iter()
                .flat_map(|side| side.windows(2))
                .all(|two| self.crossings.between(two[0], two[1]) == 0);
        // Where nothing captures anything, it is not asked in every cell.
        let open = label == UNDECIDED && self.open < MOST_OPEN;
        if !uniform || open || self.holds_another(block, label) {
            return false;
        }
        for y in y0 + 1..y1 {
            for x in x0 + 1..x1 {
                self.labels[[y, x]] = label;
            }
        }
        for y in y0..y1 {
            for x in x0..x1 {
                self.filled.labels[[y, x]] = label;
            }
        }
        true
    }

    /// Whether an attractor other than that of `label` lies inside of a block altogether.
    fn holds_another(&self, block: &Block, label: i32) -> bool {
        let (rows, columns) = self.labels.dim();
        let window = self.attractors.window();
        let corner = |cell: Cell| window.cell_centre(cell.0, cell.1, columns, rows);
        let region = Window { low: corner(block.low), high: corner(block.high) };
        self.ends.iter().enumerate().any(|(position, end)| {
            position as i32 != label
                && match *end {
                    Fate::FixedPoint(k) => region.contains(self.attractors.points()[k].state),
                    Fate::Cycle(k) => self.attractors.cycles()[k].points.iter().all(|&h| region.contains(h)),
                    _ => false,
                }
        })
    }

    /// Counts what separatrices and labels say of one another.
    fn finish(mut self, window: Window) -> Basins {
        let (rows, columns) = self.labels.dim();
        let mut basins = Basins {
            window,
            labels: Array2::zeros((0, 0)),
            ends: vec![],
            walked: self.walked,
            edges: 0,
            edges_on_separatrix: 0,
            crossings: 0,
            crossings_on_edge: 0,
        };
        for y in 0..rows {
            for x in 0..columns {
                for neighbour in [(x + 1, y), (x, y + 1)] {
                    if neighbour.0 >= columns || neighbour.1 >= rows {
                        continue;
                    }
                    let (here, there) = (self.label((x, y)), self.label(neighbour));
                    let crossed = self.crossings.between((x, y), neighbour);
                    basins.edges += usize::from(here != there);
                    basins.edges_on_separatrix += usize::from(here != there && crossed > 0);
                    basins.crossings += usize::from(crossed % 2 == 1);
                    basins.crossings_on_edge += usize::from(here != there && crossed % 2 == 1);
                }
            }
        }
        let left = self.ends.iter().position(|end| *end == Fate::Left);
        if let Some(left) = left.filter(|&left| left + 1 == self.ends.len())
            && !self.labels.iter().any(|&label| label == left as i32)
        {
            self.ends.pop();
        }
        basins.labels = self.labels;
        basins.ends = self.ends;
        basins
    }
}

impl Basins {
    /// Cells whose walk nothing captured.
    pub fn undecided(&self) -> usize {
        self.labels.iter().filter(|&&label| label == UNDECIDED).count()
    }

    /// The share of the cells that go to the end of this position in `ends`.
    pub fn share(&self, end: usize) -> f64 {
        let cells = self.labels.iter().filter(|&&label| usize::try_from(label) == Ok(end)).count();
        cells as f64 / self.labels.len().max(1) as f64
    }

    /// The end of the cell that holds a state; none for an undecided cell, or outside of the window.
    pub fn end_of(&self, state: [f64; 2]) -> Option<Fate> {
        if !self.window.contains(state) {
            return None;
        }
        let (rows, columns) = self.labels.dim();
        let [width, height] = self.window.sides();
        let column = ((state[0] - self.window.low[0]) / width * columns as f64) as usize;
        let row = ((state[1] - self.window.low[1]) / height * rows as f64) as usize;
        let label = self.labels.get([row.min(rows - 1), column.min(columns - 1)])?;
        self.ends.get(usize::try_from(*label).ok()?).copied()
    }

    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Basins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.labels.dim();
        write!(
            f,
            "Basins {columns} x {rows} of {} attractors, {} cells undecided; {} of {} edges on a separatrix, {} of {} crossings \
             on an edge",
            self.ends.len(),
            self.undecided(),
            self.edges_on_separatrix,
            self.edges,
            self.crossings_on_edge,
            self.crossings
        )
    }
}
