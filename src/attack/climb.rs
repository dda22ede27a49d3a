//! Steps along the gradient inside a box around the clean image.

use super::batch::Batch;
use super::classifier::PulledBack;
use super::loss::cross_entropy_cotangent;
use super::queries::Queries;
use crate::error::Result;
use crate::seed::Stream;
use ndarray::{Array2, Zip};

/// A uniform random point of every example's box, clipped to `[0, 1]`, from the numbers of `random(row)`.
pub(super) fn random_point(batch: Batch<'_>, eps: f32, random: impl Fn(usize) -> Stream) -> Array2<f32> {
    let mut x = batch.images.to_owned();
    for (row, mut x) in x.rows_mut().into_iter().enumerate() {
        let mut random = random(row);
        x.mapv_inplace(|clean| into_ball(clean + random.uniform_in(-eps, eps), clean, eps));
    }
    x
}

/// Logits, and the gradient of every example's cross-entropy at `x`; away from a target it is that of the negative.
pub(super) fn ascent(batch: Batch<'_>, queries: &mut Queries<'_>, x: &Array2<f32>) -> Result<PulledBack> {
    let rows: Vec<usize> = (0..batch.len()).collect();
    queries.pull_back(&rows, x.view(), |row, logits, out| match batch.targets {
        None => cross_entropy_cotangent(logits, batch.labels[row], out),
        Some(targets) => {
            cross_entropy_cotangent(logits, targets[row], out);
            out.iter_mut().for_each(|slope| *slope = -*slope);
        }
    })
}

/// `x <- clip(x + step sign(gradient))` to the box around the clean image and to `[0, 1]`; `sign(0) = 0`.
pub(super) fn climb(batch: Batch<'_>, x: &mut Array2<f32>, gradient: &Array2<f32>, step: f32, eps: f32) {
    Zip::from(x).and(gradient).and(batch.images).for_each(|x, &g, &clean| {
        let sign = if g == 0.0 { 0.0 } else { g.signum() };
        *x = into_ball(*x + step * sign, clean, eps);
    });
}

/// The nearest value within `eps` of `clean` and in `[0, 1]`.
pub(super) fn into_ball(value: f32, clean: f32, eps: f32) -> f32 {
    value.clamp((clean - eps).max(0.0), (clean + eps).min(1.0))
}

/// The clean images after one step along the gradient at `at`.
pub(super) fn one_step(
    name: &str,
    batch: Batch<'_>,
    mut queries: Queries<'_>,
    eps: f32,
    at: &Array2<f32>,
) -> Result<super::Adversarial> {
    let gradient = ascent(batch, &mut queries, at)?.gradient;
    let mut images = batch.images.to_owned();
    climb(batch, &mut images, &gradient, eps, eps);
    let rows: Vec<usize> = (0..batch.len()).collect();
    let logits = queries.logits(&rows, images.view())?;
    let mut found = super::Adversarial::nothing(batch);
    found.judge(batch, images.view(), logits.view());
    found.steps.fill(1);
    found.first_success = found.success.iter().map(|fooled| fooled.then_some(1)).collect();
    found.warnings = queries.warnings(name, batch, &found.success);
    found.calls = queries.into_calls();
    Ok(found)
}
