//! The adjoint of a dense layer: slope of the nonlinearity and affine map as one operation.

use super::Activation;
use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `z = (g * f'(y)) W`: a cotangent `g` `(batch, outputs)` at the output `y = f(x W' + b)` of a
/// [`dense`](super::dense()) layer pulled back to its input. `y` is `(batch, outputs)`, `weight` `(outputs, inputs)`,
/// the result `(batch, inputs)`; `*` is elementwise.
///
/// The slope is a function of the output alone: `f'(y) = 1 - y^2` for tanh; 1 where `y > 0`, else 0, for relu. With
/// `d = g * f'(y)` and `dd = dz W'` records `dW += d' dz`, `dg += f'(y) * dd` and, for tanh, `dy += -2 y * g * dd`
/// (relu has no curvature). `y` carries no tape: it is the tap of a recorded pass, and what arrives here as its
/// gradient goes on into the layer where the tape of that pass is part of the same loss.
///
/// ```
/// use eigengate::device::matrix;
/// use eigengate::nn::Activation;
/// use eigengate::nn::ops::dense_adjoint;
///
/// let weight = matrix(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// let (g, y) = (matrix(&[1.0, 10.0], 1, 2)?, matrix(&[0.0, 0.5], 1, 2)?);
/// let z = dense_adjoint(g, &y, &weight, Activation::Tanh)?;
/// assert_eq!(z.as_vec(), [1.0 + 7.5 * 4.0, 2.0 + 7.5 * 5.0, 3.0 + 7.5 * 6.0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// As [`linear_adjoint`](super::linear_adjoint()), and [`Error::Shape`] where `y` is not of the shape of `g`.
pub fn dense_adjoint<T: Tape<f32, Device>>(
    g: Matrix<T>,
    y: &Matrix,
    weight: &Matrix,
    activation: Activation,
) -> Result<Matrix<T>> {
    super::linear_adjoint::check(&g, weight)?;
    if dims(&g) != dims(y) {
        let (need, is) = (format!("{:?}", dims(y)), format!("{:?}", dims(&g)));
        return Err(Error::shape("cotangent of a tap", need, is));
    }
    #[cfg(feature = "cuda")]
    return super::composed::dense_adjoint(g, y, weight, activation);
    #[cfg(not(feature = "cuda"))]
    run(g, y, weight, activation)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    g: Matrix<T>,
    y: &Matrix,
    weight: &Matrix,
    activation: Activation,
) -> Result<Matrix<T>> {
    use super::cpu::{BLOCK, add_adjoint_slopes, slope};
    use crate::device::{Buffer, Contiguous, values_mut, zeros};
    use crate::numeric::{View, product};
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (g, tape) = Contiguous::new(g)?;
    // With a tape, because for a permuted tap this records a copy.
    let (y, branch) = Contiguous::new::<T>(y.retaped())?;
    let mut tape = tape.merge(branch);
    let weight = Contiguous::plain(weight)?;
    let ((batch, outputs), (_, inputs)) = (g.dims(), weight.dims());

    let mut d = Buffer::new(batch * outputs);
    let blocks = d.par_chunks_mut(BLOCK).zip(g.values().par_chunks(BLOCK));
    blocks.zip(y.values().par_chunks(BLOCK)).for_each(|((d, g), y)| {
        d.fill(0.0);
        slope(activation, d, g, y);
    });
    let mut z = zeros(batch, inputs)?;
    let d_view = View::new(&d, batch, outputs);
    product(values_mut(&mut z), false, d_view, View::new(weight.values(), outputs, inputs));

    let ghost = z.ghost();
    tape.add_backward_op(move |gradients| {
        let dz = std::mem::take(&mut **gradients.get_or_alloc_mut(&ghost)?);
        let dz_view = View::new(&dz, batch, inputs);
        let dw = gradients.get_or_alloc_mut(weight.tensor())?;
        product(dw, true, View::new(&d, batch, outputs).t(), dz_view);
        // The last use of `d`: its memory takes the gradient by it.
        product(&mut d, false, dz_view, View::new(weight.values(), outputs, inputs).t());
        // Other operations may still read it.
        **gradients.get_or_alloc_mut(&ghost)? = dz;
        add_adjoint_slopes(gradients, activation, &g, &y, &d)
    });
    Ok(z.put_tape(tape))
}
