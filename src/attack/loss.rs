//! Losses of one example and their cotangents.

use ndarray::{Array2, ArrayView2};

/// `softmax(z) - one hot(label)` of every row: the derivative of its own cross-entropy, not of the batch mean, so
/// that an example's gradient does not depend on its company. In float64, rounded at the end.
pub(super) fn cross_entropy_cotangent(logits: ArrayView2<'_, f32>, labels: &[u8]) -> Array2<f32> {
    let mut cotangent = Array2::zeros(logits.dim());
    for ((row, mut out), &label) in logits.rows().into_iter().zip(cotangent.rows_mut()).zip(labels) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |z: f32| (f64::from(z) - f64::from(top)).exp();
        let total: f64 = row.iter().map(|z| weight(*z)).sum();
        // 1 - p as the sum of the others: it stays exact where p rounds to 1.
        let others: f64 = row
            .iter()
            .enumerate()
            .filter(|(class, _)| *class != usize::from(label))
            .map(|(_, z)| weight(*z))
            .sum();
        for (class, (out, z)) in out.iter_mut().zip(row).enumerate() {
            let slope = if class == usize::from(label) { -others } else { weight(*z) };
            *out = (slope / total) as f32;
        }
    }
    cotangent
}

/// `log sum exp z - z_label`, in float64.
pub(super) fn cross_entropy(logits: &[f32], label: u8) -> f64 {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted = |z: f32| f64::from(z) - f64::from(top);
    let total: f64 = logits.iter().map(|z| shifted(*z).exp()).sum();
    logits.get(usize::from(label)).map_or(f64::NAN, |z| total.ln() - shifted(*z))
}

/// `z_label - max over the other classes of z`: below 0 where the example is misclassified.
pub(super) fn margin(logits: &[f32], label: u8) -> f64 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != usize::from(label));
    let best = others.map(|(_, z)| *z).fold(f32::NEG_INFINITY, f32::max);
    logits.get(usize::from(label)).map_or(f64::NAN, |z| f64::from(*z) - f64::from(best))
}
