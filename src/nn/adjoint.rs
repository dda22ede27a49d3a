//! The backward pass of a network as a pass that is recorded itself.

use crate::device::{Matrix, Recording};
use crate::error::Result;

/// A network whose backward pass can be recorded, layer by layer, in adjoint operations
/// ([`dense_adjoint`](super::ops::dense_adjoint()), [`conv_pool_adjoint`](super::ops::conv_pool_adjoint()) and their like):
/// [`Mlp`](super::Mlp) and [`Cnn`](super::Cnn).
///
/// dfdx has no second derivatives: its gradients are plain arrays. What is made here of recorded operations can be
/// differentiated once more, as a penalty on input gradients needs.
///
/// ```
/// use eigengate::device::{Recording, dims, matrix};
/// use eigengate::nn::{Activation, GradientsOf, Mlp, Network};
///
/// let net = Mlp::new(&[4, 16, 3], Activation::Tanh, 0)?;
/// let x = matrix(&[0.1, 0.9, 0.4, 0.3, 0.8, 0.2, 0.5, 0.7], 2, 4)?;
/// let recorded = net.record(x.clone(), GradientsOf::Parameters)?;
/// // The gradient of the first logit by the input, for both examples.
/// let first = matrix(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], 2, 3)?;
/// let rows = net.adjoint()?.pull(&x, &recorded.taps, first.retaped::<Recording>())?;
/// assert_eq!(dims(&rows), (2, 4));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub trait Adjoint {
    /// `v' J` of every example, `(batch, inputs)`, where `J` `(classes, inputs)` is the derivative of its logits by its
    /// input and `v` its row of `cotangent` `(batch, classes)`.
    ///
    /// `x` and `taps` are those of one pass of [`Network::record`](super::Network::record). Recorded are the
    /// dependence on the cotangent, on the parameters, and on the taps, whose own dependence on the parameters is on
    /// the tape of the logits: a loss needs both tapes for its whole gradient.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) where taps or cotangent are not of this network and one batch.
    fn pull(&self, x: &Matrix, taps: &[Matrix], cotangent: Matrix<Recording>) -> Result<Matrix<Recording>>;
}
