//! What an attack needs of its victim.

use crate::error::Result;
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// Anything that gives logits and pulls a cotangent back to its input. Never changed by an attack.
///
/// All [networks](crate::nn::Network) of this crate are classifiers; a function or another model becomes one by
/// these four methods.
pub trait Classifier {
    /// Numbers in one input.
    fn inputs(&self) -> usize;

    /// Number of classes.
    fn classes(&self) -> usize;

    /// Logits `(batch, classes)` of images `(batch, inputs)`. A row must depend on its image alone.
    ///
    /// # Errors
    /// Whatever the model refuses.
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>>;

    /// Logits, and the gradient `(batch, inputs)` by every image of the inner product of its logits with its row of
    /// a cotangent: one backward pass serves any loss.
    ///
    /// `cotangent(rows, logits)` gives the cotangents of some rows of the batch from their logits, both
    /// `(rows.len(), classes)`. It is called for pieces of consecutive rows that cover the batch, once for each row (for each draw of a model
    /// that is an [`Expectation`](super::Expectation)), in any order.
    ///
    /// # Errors
    /// Whatever the model refuses.
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack>;
}

/// The cotangents of some rows of a batch, from the rows and their logits. A model may call it from another thread.
pub type Cotangent<'a> = dyn FnMut(Range<usize>, ArrayView2<'_, f32>) -> Result<Array2<f32>> + Send + 'a;

/// What a backward pass gives.
#[derive(Clone)]
pub struct PulledBack {
    /// `(batch, classes)`.
    pub logits: Array2<f32>,
    /// `(batch, inputs)`.
    pub gradient: Array2<f32>,
}

impl std::fmt::Debug for PulledBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PulledBack(logits {:?}, gradient {:?})", self.logits.dim(), self.gradient.dim())
    }
}
