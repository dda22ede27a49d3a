//! Predicted classes and error rates.

use super::network::Network;
use crate::data::Dataset;
use crate::device::{Matrix, dims, to_device, with_values};
use crate::error::Result;
use ndarray::{ArrayView2, s};

/// Images of one forward pass.
const BLOCK: usize = 2048;

/// The class of the largest logit of every row of `(batch, classes)`; the first of equal ones, as in PyTorch.
pub(crate) fn argmax<T>(logits: &Matrix<T>) -> Result<Vec<u8>> {
    let classes = dims(logits).1.max(1);
    with_values(logits, |values| values.chunks_exact(classes).map(largest).collect())
}

/// The position of the largest value; the first of equal ones.
pub(crate) fn largest(row: &[f32]) -> u8 {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best as u8
}

/// The predicted class of every image; `images` is `(batch, inputs)`.
///
/// # Errors
/// As [`Network::forward`].
pub fn predictions(net: &dyn Network, images: ArrayView2<'_, f32>) -> Result<Vec<u8>> {
    let mut classes = Vec::with_capacity(images.nrows());
    for start in (0..images.nrows()).step_by(BLOCK) {
        let end = (start + BLOCK).min(images.nrows());
        classes.extend(argmax(&net.forward(to_device(images.slice(s![start..end, ..]))?)?.logits)?);
    }
    Ok(classes)
}

/// Share of misclassified examples, in `[0, 1]`.
///
/// # Errors
/// As [`Network::forward`].
pub fn error_rate(net: &dyn Network, data: &Dataset) -> Result<f64> {
    let guesses = predictions(net, data.images())?;
    let wrong = guesses.iter().zip(data.labels()).filter(|(guess, label)| guess != label).count();
    Ok(wrong as f64 / data.len() as f64)
}
