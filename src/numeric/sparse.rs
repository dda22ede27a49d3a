//! Products with a matrix that is mostly zero, such as handwritten digits, of whose pixels four in five are black.
//!
//! Both products of a first layer, `x W'` and `d' x`, are sums of table rows: an entry `v` at `(row, column)` of x adds `v`
//! times row `column` of `W'` to row `row` of the one, and `v` times row `row` of d to row `column` of the other. Tables are
//! cut into tiles of [`TILE`] columns that stay in a core's L2 cache (256 KiB for 1024 rows), sums stay in registers. Every
//! number is summed in the order of its entries, whatever the number of threads.

use super::lanes::{LANES, Line, with_simd};
use rayon::prelude::*;

/// Columns of a tile.
const TILE: usize = 4 * LANES;

/// Rows of x whose entries are sorted by column together.
const CHUNK: usize = 1024;

/// Rows of one task of `x W'`; each task reads the whole of W.
const TASK: usize = 512;

/// Above this share of entries the dense product is faster: these here reach about half of its rate.
const LARGEST_SHARE: f64 = 0.35;

/// The entries of a matrix that are not zero.
pub(crate) struct Sparse {
    columns: usize,
    /// By row, for every chunk of rows.
    chunks: Vec<Lists>,
}

/// Lists of entries one after the other: those of list `i` are at `starts[i]..starts[i + 1]`.
struct Lists {
    starts: Vec<u32>,
    /// Position in the table of each, and its value.
    entries: Vec<(u32, f32)>,
}

impl Sparse {
    /// The entries of row-major values; `None` where there are too many of them for this to be of use.
    pub(crate) fn of(values: &[f32], columns: usize) -> Option<Self> {
        let few = |values: &[f32]| {
            let entries = values.iter().filter(|value| **value != 0.0).count();
            entries as f64 <= LARGEST_SHARE * values.len() as f64
        };
        // A look at some rows spares the others.
        let look = values.len().min(64 * columns);
        if columns < LANES || columns > u32::MAX as usize || !few(&values[..look]) {
            return None;
        }
        let chunks: Vec<Lists> =
            values.par_chunks(CHUNK * columns).map(|rows| Lists::of_rows(rows, columns)).collect();
        let entries: usize = chunks.iter().map(|chunk| chunk.entries.len()).sum();
        (entries as f64 <= LARGEST_SHARE * values.len() as f64).then_some(Self { columns, chunks })
    }

    /// `y = x W'`, where `weight` is `(outputs, columns)` and `y` `(rows, outputs)`.
    pub(crate) fn times_transposed(&self, y: &mut [f32], weight: &[f32]) {
        let outputs = weight.len() / self.columns;
        let tiles: Vec<Table> = (0..outputs.div_ceil(TILE))
            .into_par_iter()
            .map(|tile| Table::transposed(weight, self.columns, tile * TILE, outputs))
            .collect();
        let parts = y.par_chunks_mut(TASK * outputs).enumerate();
        parts.for_each(|(part, y)| {
            let chunk = &self.chunks[part * TASK / CHUNK];
            let first = part * TASK % CHUNK;
            for (tile, table) in tiles.iter().enumerate() {
                let width = TILE.min(outputs - tile * TILE);
                for (row, y) in y.chunks_exact_mut(outputs).enumerate() {
                    let mut sums = [Line::ZERO; TILE / LANES];
                    add_entries(&mut sums, chunk.list(first + row), &table.0);
                    store(&sums, &mut y[tile * TILE..tile * TILE + width]);
                }
            }
        });
    }

    /// `dw += d' x`, where `d` is `(rows, outputs)` and `dw` `(outputs, columns)`.
    pub(crate) fn add_transposed_times(&self, dw: &mut [f32], d: &[f32]) {
        let outputs = dw.len() / self.columns;
        let by_column: Vec<Lists> =
            self.chunks.par_iter().map(|chunk| chunk.by_place(self.columns)).collect();
        dw.par_chunks_mut(TILE * self.columns).enumerate().for_each(|(tile, dw)| {
            for (chunk, lists) in by_column.iter().enumerate() {
                let rows = self.chunks[chunk].starts.len() - 1;
                let start = chunk * CHUNK * outputs;
                let table = Table::columns(&d[start..start + rows * outputs], tile * TILE, outputs);
                for column in 0..self.columns {
                    let list = lists.list(column);
                    if list.is_empty() {
                        continue;
                    }
                    let mut sums = [Line::ZERO; TILE / LANES];
                    add_entries(&mut sums, list, &table.0);
                    let sums = sums.iter().flat_map(|line| line.0);
                    dw.iter_mut()
                        .skip(column)
                        .step_by(self.columns)
                        .zip(sums)
                        .for_each(|(dw, sum)| *dw += sum);
                }
            }
        });
    }
}

impl Lists {
    fn of_rows(values: &[f32], columns: usize) -> Self {
        let mut starts = vec![0];
        let mut entries: Vec<(u32, f32)> = vec![];
        for row in values.chunks_exact(columns) {
            // Written always, kept where it counts: no branch to mispredict.
            let mut end = entries.len();
            entries.resize(end + columns, (0, 0.0));
            for (column, value) in row.iter().enumerate() {
                entries[end] = (column as u32, *value);
                end += usize::from(*value != 0.0);
            }
            entries.truncate(end);
            starts.push(end as u32);
        }
        Self { starts, entries }
    }

    fn list(&self, position: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[position] as usize..self.starts[position + 1] as usize]
    }

    /// The same entries by their place, with the number of their list as the new place.
    fn by_place(&self, places: usize) -> Self {
        let mut starts = vec![0u32; places + 1];
        self.entries.iter().for_each(|(place, _)| starts[*place as usize + 1] += 1);
        for place in 0..places {
            starts[place + 1] += starts[place];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, 0.0); self.entries.len()];
        for list in 0..self.starts.len() - 1 {
            for (place, value) in self.list(list) {
                let next = &mut next[*place as usize];
                entries[*next as usize] = (list as u32, *value);
                *next += 1;
            }
        }
        Self { starts, entries }
    }
}

/// Rows of one tile, each of whole lines; what is beyond the matrix is 0.
struct Table(Vec<[Line; TILE / LANES]>);

impl Table {
    /// Row `k` is column `k` of the rows of `weight` from `first` on.
    fn transposed(weight: &[f32], columns: usize, first: usize, outputs: usize) -> Self {
        let mut rows = vec![[Line::ZERO; TILE / LANES]; columns];
        let weights = weight.chunks_exact(columns).take(outputs).skip(first).take(TILE);
        for (output, weights) in weights.enumerate() {
            for (row, weight) in rows.iter_mut().zip(weights) {
                row[output / LANES].0[output % LANES] = *weight;
            }
        }
        Self(rows)
    }

    /// Columns from `first` on of the rows of `d`.
    fn columns(d: &[f32], first: usize, outputs: usize) -> Self {
        let width = TILE.min(outputs - first);
        let rows = d.chunks_exact(outputs).map(|d| {
            let mut row = [Line::ZERO; TILE / LANES];
            let values = d[first..first + width].chunks(LANES);
            row.iter_mut()
                .zip(values)
                .for_each(|(line, values)| line.0[..values.len()].copy_from_slice(values));
            row
        });
        Self(rows.collect())
    }
}

fn store(sums: &[Line; TILE / LANES], y: &mut [f32]) {
    y.chunks_mut(LANES).zip(sums).for_each(|(y, sums)| y.copy_from_slice(&sums.0[..y.len()]));
}

with_simd! {
    /// Adds `value` times row `place` of the table for every entry.
    fn add_entries(simd; sums: &mut [Line; TILE / LANES], entries: &[(u32, f32)], table: &[[Line; TILE / LANES]]) {
        let [mut a, mut b, mut c, mut d] = sums.map(|line| simd.load(&line.0));
        for (place, value) in entries {
            let (value, row) = (simd.splat(*value), &table[*place as usize]);
            a = simd.mul_add(value, simd.load(&row[0].0), a);
            b = simd.mul_add(value, simd.load(&row[1].0), b);
            c = simd.mul_add(value, simd.load(&row[2].0), c);
            d = simd.mul_add(value, simd.load(&row[3].0), d);
        }
        [a, b, c, d].into_iter().zip(sums).for_each(|(lanes, sum)| simd.store(lanes, &mut sum.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with holes: some empty, some columns never used.
    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns)
            .map(|i| {
                let (row, column) = (i / columns, i % columns);
                let used = (7 * row + 3 * column + row * column) % 5 == 0 && column % 7 != 3 && row % 11 != 5;
                if used { ((13 * i) % 29) as f32 / 7.0 - 2.0 } else { 0.0 }
            })
            .collect()
    }

    fn dense(rows: usize, columns: usize, seed: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| ((17 * i + seed) % 31) as f32 / 9.0 - 1.5).collect()
    }

    #[test]
    fn products_are_those_of_the_whole_matrix() {
        // Beyond one chunk and one task, one row, partial tiles and lines.
        for (rows, columns, outputs) in
            [(1, 16, 1), (5, 20, 64), (37, 50, 70), (600, 33, 130), (1025, 17, 3), (2100, 40, 65)]
        {
            let (x, w, d) = (matrix(rows, columns), dense(outputs, columns, 1), dense(rows, outputs, 2));
            let sparse = Sparse::of(&x, columns).unwrap();
            let mut y = vec![f32::NAN; rows * outputs];
            sparse.times_transposed(&mut y, &w);
            for (i, row) in y.chunks(outputs).enumerate() {
                for (o, y) in row.iter().enumerate() {
                    let terms =
                        (0..columns).map(|k| f64::from(x[i * columns + k]) * f64::from(w[o * columns + k]));
                    assert!((f64::from(*y) - terms.sum::<f64>()).abs() < 1e-4, "{rows} {i} {o}");
                }
            }
            let mut dw = vec![0.5; outputs * columns];
            sparse.add_transposed_times(&mut dw, &d);
            for (o, row) in dw.chunks(columns).enumerate() {
                for (k, dw) in row.iter().enumerate() {
                    let terms =
                        (0..rows).map(|i| f64::from(x[i * columns + k]) * f64::from(d[i * outputs + o]));
                    assert!((f64::from(*dw) - 0.5 - terms.sum::<f64>()).abs() < 2e-3, "{rows} {o} {k}");
                }
            }
        }
    }

    #[test]
    fn full_matrices_and_narrow_ones_are_left_to_the_dense_product() {
        assert!(Sparse::of(&dense(50, 20, 0), 20).is_none());
        assert!(Sparse::of(&[0.0; 60], 6).is_none());
        // Empty at first, full later.
        let mut late = vec![0.0; 200 * 20];
        late[100 * 20..].fill(1.0);
        assert!(Sparse::of(&late, 20).is_none());
        // NaN is an entry.
        let mut x = vec![0.0; 40];
        x[3] = f32::NAN;
        let mut y = vec![0.0; 4];
        Sparse::of(&x, 20).unwrap().times_transposed(&mut y, &[1.0; 40]);
        assert!(y[0].is_nan() && y[1].is_nan() && y[2..] == [0.0, 0.0]);
    }

    #[test]
    fn threads_do_not_matter() {
        let (x, w) = (matrix(2100, 40), dense(130, 40, 1));
        let run = || {
            let sparse = Sparse::of(&x, 40).unwrap();
            let (mut y, mut dw) = (vec![0.0; 2100 * 130], vec![0.0; 130 * 40]);
            sparse.times_transposed(&mut y, &w);
            sparse.add_transposed_times(&mut dw, &y);
            (y, dw)
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert!(run() == pool.install(run));
    }
}
