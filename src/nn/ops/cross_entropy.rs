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
    use super::cpu::Contiguous;
    use crate::device::refused;
    use dfdx::prelude::{PutTape, TensorFromVec};

    let (logits, mut tape) = Contiguous::new(logits)?;
    let (batch, classes) = logits.dims();
    let mut loss = 0.0f64;
    // d loss / d logits, but for the factor that arrives from above.
    let mut slope = Vec::with_capacity(batch * classes);
    for (row, &label) in logits.values().chunks_exact(classes).zip(labels) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted = |z: &f32| f64::from(*z) - f64::from(largest);
        let total: f64 = row.iter().map(|z| shifted(z).exp()).sum();
        for (class, z) in row.iter().enumerate() {
            let probability = shifted(z).exp() / total;
            let target = if class == usize::from(label) {
                loss += total.ln() - shifted(z);
                1.0
            } else {
                0.0
            };
            slope.push(((probability - target) / batch as f64) as f32);
        }
    }
    let loss = crate::device::device()?
        .try_tensor_from_vec(vec![(loss / batch as f64) as f32], ())
        .map_err(refused)?;
    let ghost = loss.ghost();
    let logits = logits.tensor().ghost();
    tape.add_backward_op(move |g| {
        let above = g.get_or_alloc_mut(&ghost)?.iter().sum::<f32>();
        for (dz, slope) in g.get_or_alloc_mut(&logits)?.iter_mut().zip(slope) {
            *dz += above * slope;
        }
        Ok(())
    });
    Ok(loss.put_tape(tape))
}
