//! Losses of one example and their cotangents.

use super::batch::Batch;

/// `softmax(z) - one hot(label)` of one example: the derivative of its own cross-entropy, not of a batch mean, so that an
/// example's gradient does not depend on its company. In float64, rounded at the end.
pub(super) fn cross_entropy_cotangent(logits: &[f32], label: u8, out: &mut [f32]) {
    let label = usize::from(label);
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |z: f32| (f64::from(z) - f64::from(top)).exp();
    let total: f64 = logits.iter().map(|z| weight(*z)).sum();
    // 1 - p as the sum of the others: it stays exact where p rounds to 1.
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    let others: f64 = others.map(|(_, z)| weight(*z)).sum();
    for (class, (out, z)) in out.iter_mut().zip(logits).enumerate() {
        let slope = if class == label { -others } else { weight(*z) };
        *out = (slope / total) as f32;
    }
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

/// `max over the other classes of z - z_target`: below 0 where the example is taken for the target.
pub(super) fn targeted_margin(logits: &[f32], target: u8) -> f64 {
    -margin(logits, target)
}

/// What an attack along gradients climbs. Towards a target it climbs the same of the target, with the other sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// `log sum exp z - z_label`.
    #[default]
    CrossEntropy,
    /// `max over the other classes of z - z_label` (Carlini and Wagner 2017, without their bound): its gradient does not vanish where
    /// the network is sure.
    Margin,
}

impl Loss {
    /// The loss of an example.
    pub(super) fn value(self, batch: Batch<'_>, row: usize, logits: &[f32]) -> f64 {
        match self {
            Loss::Margin => -batch.margin(row, logits),
            Loss::CrossEntropy => match batch.targets {
                None => batch.labels.get(row).map_or(f64::NAN, |label| cross_entropy(logits, *label)),
                Some(targets) => targets.get(row).map_or(f64::NAN, |target| -cross_entropy(logits, *target)),
            },
        }
    }

    /// Its derivative by the logits; `out` holds zeros.
    pub(super) fn cotangent(self, batch: Batch<'_>, row: usize, logits: &[f32], out: &mut [f32]) {
        let wanted = batch.targets.unwrap_or(batch.labels).get(row);
        let Some(&class) = wanted else { return };
        match self {
            Loss::CrossEntropy => cross_entropy_cotangent(logits, class, out),
            Loss::Margin => margin_cotangent(logits, class, out),
        }
        if batch.targets.is_some() {
            out.iter_mut().for_each(|slope| *slope = -*slope);
        }
    }
}

/// 1 at the largest of the other classes, the first of equals, and -1 at `label`.
fn margin_cotangent(logits: &[f32], label: u8, out: &mut [f32]) {
    let label = usize::from(label);
    let others = logits.iter().enumerate().filter(|(class, _)| *class != label);
    let best = others.fold(None, |best: Option<(usize, f32)>, (class, z)| match best {
        Some((_, top)) if top >= *z => best,
        _ => Some((class, *z)),
    });
    if let Some(slope) = best.and_then(|(class, _)| out.get_mut(class)) {
        *slope = 1.0;
    }
    if let Some(slope) = out.get_mut(label) {
        *slope = -1.0;
    }
}
