//! Sequences side by side: a row has one number of each sequence of a group.

use crate::numeric::{LANES, Line, Simd};

/// Vectors of a row.
pub(super) const LINES: usize = 2;

/// Sequences of a group. The last group may have fewer; its other lanes are zero.
pub(super) const GROUP: usize = LINES * LANES;

/// One number of every sequence of a group.
pub(super) type Row = [Line; LINES];

/// Lines as rows; there are whole rows of them.
pub(super) fn rows_mut(lines: &mut [Line]) -> &mut [Row] {
    lines.as_chunks_mut().0
}

/// Rows that are transposed together: 16 numbers of a sequence are a cache line.
const BLOCK: usize = 16;

/// Writes the `sequences`, each of `rows.len()` numbers, into the rows.
pub(super) fn gather(rows: &mut [Row], sequences: &[f32]) {
    let (len, count) = (rows.len(), sequences.len() / rows.len().max(1));
    for (block, rows) in rows.chunks_mut(BLOCK).enumerate() {
        if count < GROUP {
            rows.fill([Line::ZERO; LINES]);
        }
        for (sequence, numbers) in sequences.chunks_exact(len).enumerate() {
            let (line, lane) = (sequence / LANES, sequence % LANES);
            for (row, number) in rows.iter_mut().zip(&numbers[block * BLOCK..]) {
                row[line].0[lane] = *number;
            }
        }
    }
}

/// Calls `put` for every number of the `sequences`, each of `rows.len()` numbers, with that of the rows.
pub(super) fn scatter(rows: &[Row], sequences: &mut [f32], put: impl Fn(&mut f32, f32)) {
    let len = rows.len();
    for (block, rows) in rows.chunks(BLOCK).enumerate() {
        for (sequence, numbers) in sequences.chunks_exact_mut(len).enumerate() {
            let (line, lane) = (sequence / LANES, sequence % LANES);
            for (row, number) in rows.iter().zip(&mut numbers[block * BLOCK..]) {
                put(number, row[line].0[lane]);
            }
        }
    }
}

/// `out_j += sum over k of w_jk x_k`. Row `j` of `w` starts at `j * stride`.
#[inline(always)]
pub(super) fn add_product<S: Simd>(simd: S, out: &mut [Row], w: &[f32], stride: usize, x: &[Row]) {
    let mut j = 0;
    let (sixes, rest) = out.as_chunks_mut::<6>();
    for out in sixes {
        product_tile(simd, out, &w[j * stride..], stride, x);
        j += 6;
    }
    let (pairs, rest) = rest.as_chunks_mut::<2>();
    for out in pairs {
        product_tile(simd, out, &w[j * stride..], stride, x);
        j += 2;
    }
    for out in rest.as_chunks_mut::<1>().0 {
        product_tile(simd, out, &w[j * stride..], stride, x);
        j += 1;
    }
}

#[inline(always)]
fn product_tile<S: Simd, const R: usize>(simd: S, out: &mut [Row; R], w: &[f32], stride: usize, x: &[Row]) {
    let mut weights = [&w[..0]; R];
    let mut sums = [[simd.splat(0.0); LINES]; R];
    for j in 0..R {
        weights[j] = &w[j * stride..][..x.len()];
        for l in 0..LINES {
            sums[j][l] = simd.load(&out[j][l].0);
        }
    }
    for k in 0..x.len() {
        let mut lanes = [simd.splat(0.0); LINES];
        for l in 0..LINES {
            lanes[l] = simd.load(&x[k][l].0);
        }
        for j in 0..R {
            let weight = simd.splat(weights[j][k]);
            for l in 0..LINES {
                sums[j][l] = simd.mul_add(weight, lanes[l], sums[j][l]);
            }
        }
    }
    for j in 0..R {
        for l in 0..LINES {
            simd.store(sums[j][l], &mut out[j][l].0);
        }
    }
}
