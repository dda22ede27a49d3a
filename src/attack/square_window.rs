//! The squares of the Square attack: their sizes, and the pattern of its L2 version.

use crate::data::ImageShape;

/// The share of pixels in a square at a proposal counted from 0: `p` at first, halved after proposals 10, 50, 200, 500, 1000,
/// 2000, 4000, 6000 and 8000, whatever the number of all proposals.
pub(super) fn share(p: f64, proposal: usize) -> f64 {
    const HALVED_AFTER: [usize; 9] = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];
    let halvings = HALVED_AFTER.iter().filter(|after| proposal > **after).count();
    p / f64::from(1u32 << halvings)
}

/// The side of a square with a share `p` of the pixels: at least `least`, odd if `odd`, and no larger than the image.
pub(super) fn side(p: f64, shape: ImageShape, (least, odd): (usize, bool)) -> usize {
    let pixels = shape.height as f64 * shape.width as f64;
    let mut side = ((p * pixels).sqrt().round_ties_even() as usize).max(least);
    let longest = shape.height.min(shape.width);
    if odd && side.is_multiple_of(2) {
        side += 1;
    }
    if odd && side > longest {
        side = longest - usize::from(longest.is_multiple_of(2));
    }
    side.min(longest)
}

/// The pattern of a window of the L2 version, `side x side` of length 1: the upper half a bump of concentric rectangles, the lower
/// half the negative of one; across instead if `turned`.
pub(super) fn pattern(side: usize, turned: bool) -> Vec<f64> {
    let upper = bump(side / 2, side);
    let lower = bump(side - side / 2, side);
    let halves: Vec<f64> = upper.into_iter().chain(lower.into_iter().map(|v| -v)).collect();
    let halves = unit(halves);
    match turned {
        false => halves,
        true => (0..side * side).map(|i| halves[(i % side) * side + i / side]).collect(),
    }
}

/// `rows x columns` of length 1: for `k = 0, 1, …` `1 / (k + 1)^2` is added to the `2 k + 1` rows and columns around the
/// middle.
fn bump(rows: usize, columns: usize) -> Vec<f64> {
    let layers = rows.max(columns) / 2 + 1;
    let value = |row: usize, column: usize| -> f64 {
        let innermost = row.abs_diff(rows / 2).max(column.abs_diff(columns / 2));
        (innermost..layers).map(|k| ((k + 1) as f64).powi(-2)).sum()
    };
    unit((0..rows * columns).map(|i| value(i / columns, i % columns)).collect())
}

/// The values over their length.
pub(super) fn unit(values: Vec<f64>) -> Vec<f64> {
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    values.into_iter().map(|v| v / length).collect()
}
