//! The adjoint of the affine map of a dense layer.

use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `z = g W`: a cotangent `g` `(batch, outputs)` at the output of [`linear`](super::linear()) pulled back to its input.
/// `weight` is `(outputs, inputs)`, the result `(batch, inputs)`.
///
/// What a backward pass does with its gradients, as an operation that is recorded itself: records `dW += g' dz` and
/// `dg += dz W'`.
///
/// ```
/// use eigengate::device::matrix;
/// use eigengate::nn::ops::linear_adjoint;
///
/// let weight = matrix(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// let z = linear_adjoint(matrix(&[1.0, 10.0], 1, 2)?, &weight)?;
/// assert_eq!(z.as_vec(), [41.0, 52.0, 63.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] where widths do not agree, [`Error::Empty`] for an empty batch.
pub fn linear_adjoint<T: Tape<f32, Device>>(g: Matrix<T>, weight: &Matrix) -> Result<Matrix<T>> {
    check(&g, weight)?;
    #[cfg(feature = "cuda")]
    return super::composed::linear_adjoint(g, weight);
    #[cfg(not(feature = "cuda"))]
    run(g, weight)
}

pub(super) fn check<T>(g: &Matrix<T>, weight: &Matrix) -> Result<()> {
    let ((batch, width), (outputs, inputs)) = (dims(g), dims(weight));
    if batch == 0 || inputs == 0 || outputs == 0 {
        return Err(Error::empty("the cotangent of a dense layer"));
    }
    if width != outputs {
        let (need, is) = (format!("(batch, {outputs})"), format!("({batch}, {width})"));
        return Err(Error::shape("cotangent of a dense layer", need, is));
    }
    Ok(())
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(g: Matrix<T>, weight: &Matrix) -> Result<Matrix<T>> {
    use crate::device::{Contiguous, values_mut, zeros};
    use crate::numeric::{View, product};
    use dfdx::prelude::PutTape;

    let (g, mut tape) = Contiguous::new(g)?;
    let weight = Contiguous::plain(weight)?;
    let ((batch, outputs), (_, inputs)) = (g.dims(), weight.dims());

    let mut z = zeros(batch, inputs)?;
    let g_view = View::new(g.values(), batch, outputs);
    product(values_mut(&mut z), false, g_view, View::new(weight.values(), outputs, inputs));

    let ghost = z.ghost();
    tape.add_backward_op(move |gradients| {
        let dz = std::mem::take(&mut **gradients.get_or_alloc_mut(&ghost)?);
        let dz_view = View::new(&dz, batch, inputs);
        let dw = gradients.get_or_alloc_mut(weight.tensor())?;
        product(dw, true, View::new(g.values(), batch, outputs).t(), dz_view);
        let dg = gradients.get_or_alloc_mut(g.tensor())?;
        product(dg, true, dz_view, View::new(weight.values(), outputs, inputs).t());
        // Other operations may still read it.
        **gradients.get_or_alloc_mut(&ghost)? = dz;
        Ok(())
    });
    Ok(z.put_tape(tape))
}
