//! Softmax cross-entropy.

use crate::device::{Device, Matrix, Scalar, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// Mean over the batch of `-log softmax(logits)[label]`; `logits` is `(batch, classes)`, `labels` has one
/// class in `0..classes` per row.
///
/// Computed as `log sum exp(z - max z) - (z_label - max z)`, in float64: finite for any finite logits.
/// Records `dlogits += (softmax(logits) - one hot) / batch`.
///
/// # Errors
/// [`Error::Empty`] for an empty batch, [`Error::Shape`] where there is not one label a row,
/// [`Error::Parameter`] for a label that is not a class.
pub fn cross_entropy<T: Tape<f32, Device>>(logits: Matrix<T>, labels: &[u8]) -> Result<Scalar<T>> {
    let (batch, classes) = dims(&logits);
    if batch == 0 || classes == 0 {
        return Err(Error::empty("the batch of a cross-entropy"));
    }
    if labels.len() != batch {
        return Err(Error::shape("labels", format!("{batch}, one per row of the logits"), labels.len()));
    }
    if let Some(label) = labels.iter().find(|&&label| usize::from(label) >= classes) {
        return Err(Error::parameter("label", label, format!("a class in 0..{classes}")));
    }
    #[cfg(feature = "cuda")]
    return super::composed::cross_entropy(logits, labels);
    #[cfg(not(feature = "cuda"))]
    run(logits, labels)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(logits: Matrix<T>, labels: &[u8]) -> Result<Scalar<T>> {
    use crate::device::{Buffer, Contiguous, refused};
    use dfdx::prelude::{PutTape, ZerosTensor};
    use rayon::prelude::*;
    /// Rows that one task handles; a constant, because the sum of the losses follows it.
    const ROWS: usize = 64;

    let (logits, mut tape) = Contiguous::new(logits)?;
    let (batch, classes) = logits.dims();
    // d loss / d logits, but for the factor that arrives from above.
    let mut slopes = Buffer::new(batch * classes);
    let losses: Vec<f64> = slopes
        .par_chunks_mut(ROWS * classes)
        .zip(logits.values().par_chunks(ROWS * classes))
        .zip(labels.par_chunks(ROWS))
        .map(|((slopes, logits), labels)| {
            let rows = slopes.chunks_exact_mut(classes).zip(logits.chunks_exact(classes)).zip(labels);
            rows.map(|((slopes, row), &label)| row_loss(row, usize::from(label), batch, slopes)).sum()
        })
        .collect();
    let mut loss: Scalar = crate::device::device()?.try_zeros_like(&()).map_err(refused)?;
    loss[[]] = (losses.into_iter().sum::<f64>() / batch as f64) as f32;
    let ghost = loss.ghost();
    let logits = logits.tensor().ghost();
    tape.add_backward_op(move |g| {
        let above = g.get_or_alloc_mut(&ghost)?.iter().sum::<f32>();
        let dz = g.get_or_alloc_mut(&logits)?;
        dz.iter_mut().zip(&*slopes).for_each(|(dz, slope)| *dz += above * slope);
        Ok(())
    });
    Ok(loss.put_tape(tape))
}

/// The loss of one row, and its derivatives over the size of the batch.
#[cfg(not(feature = "cuda"))]
fn row_loss(row: &[f32], label: usize, batch: usize, slopes: &mut [f32]) -> f64 {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let total: f64 = row.iter().map(|z| (f64::from(*z) - largest).exp()).sum();
    let mut loss = 0.0;
    for (class, (z, slope)) in row.iter().zip(slopes).enumerate() {
        let shifted = f64::from(*z) - largest;
        let probability = shifted.exp() / total;
        let target = if class == label {
            loss = total.ln() - shifted;
            1.0
        } else {
            0.0
        };
        *slope = ((probability - target) / batch as f64) as f32;
    }
    loss
}
