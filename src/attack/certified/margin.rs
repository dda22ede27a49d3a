//! The bound of a margin over a box of the last hidden layer.

use super::affine::Affine;
use super::boxes::Boxes;
use crate::numeric::multiversion;

/// Numbers that are added side by side.
const LANES: usize = 8;

/// `min over k != label of (w_y - w_k) c + b_y - b_k - |w_y - w_k| r` of one row of boxes.
pub(super) fn margin(readout: &Affine, boxes: &Boxes, row: usize, label: usize) -> f64 {
    let row = row * boxes.width..(row + 1) * boxes.width;
    let (centre, radius) = (&boxes.centre[row.clone()], &boxes.radius[row]);
    let largest = centre.iter().zip(radius).fold(0.0f64, |most, (c, r)| most.max(c.abs() + r));
    let others = (0..readout.outputs()).filter(|class| *class != label);
    others.fold(f64::INFINITY, |least, other| {
        let mut sums = [0.0; 2];
        difference(readout.row(label), readout.row(other), centre, radius, &mut sums);
        let [middle, reach] = sums;
        let rounding = readout.rounding(label, largest) + readout.rounding(other, largest);
        let bound = middle + (readout.bias[label] - readout.bias[other]) - reach - 2.0 * rounding;
        // NaN is no bound.
        if bound.is_nan() { f64::NEG_INFINITY } else { least.min(bound) }
    })
}

multiversion! {
    /// `(a - b) c` and `|a - b| r`.
    fn difference(a: &[f64], b: &[f64], c: &[f64], r: &[f64], sums: &mut [f64; 2]) {
        let (mut middle, mut reach) = ([0.0; LANES], [0.0; LANES]);
        let whole = a.len() / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            let at = start..start + LANES;
            let (a, b, c, r) = (&a[at.clone()], &b[at.clone()], &c[at.clone()], &r[at]);
            for i in 0..LANES {
                let d = a[i] - b[i];
                middle[i] += d * c[i];
                reach[i] += d.abs() * r[i];
            }
        }
        for i in whole..a.len() {
            let d = a[i] - b[i];
            middle[0] += d * c[i];
            reach[0] += d.abs() * r[i];
        }
        *sums = [middle.iter().sum(), reach.iter().sum()];
    }
}
