//! The affine map of a dense layer.

use super::GradientsOf;
use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// `y = x W' + b`: `x` is `(batch, inputs)`, `weight` `(outputs, inputs)`, `bias` `(1, outputs)`, the
/// result `(batch, outputs)`.
///
/// Records `dW += dy' x`, `db += column sums of dy` and `dx += dy W`, each only where `gradients` asks.
///
/// # Errors
/// [`Error::Shape`] where widths do not agree, [`Error::Empty`] for an empty batch.
pub fn linear<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let ((batch, inputs), (outputs, width)) = (dims(&x), dims(weight));
    if batch == 0 || inputs == 0 || outputs == 0 {
        return Err(Error::empty("the input of a linear layer"));
    }
    if inputs != width {
        let (need, is) = (format!("(batch, {width})"), format!("({batch}, {inputs})"));
        return Err(Error::shape("input of a linear layer", need, is));
    }
    if dims(bias) != (1, outputs) {
        return Err(Error::shape(
            "bias of a linear layer",
            format!("(1, {outputs})"),
            format!("{:?}", dims(bias)),
        ));
    }
    run(x, weight, bias, gradients)
}

#[cfg(feature = "cuda")]
use super::composed::linear as run;

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::cpu::Contiguous;
    use crate::numeric::{View, column_sums, product};
    use dfdx::prelude::PutTape;

    let (x, mut tape) = Contiguous::new(x)?;
    let (weight, bias) = (Contiguous::plain(weight)?, Contiguous::plain(bias)?);
    let ((batch, inputs), (outputs, _)) = (x.dims(), weight.dims());

    let mut y = bias.values().repeat(batch);
    let (x_view, weight_view) =
        (View::new(x.values(), batch, inputs), View::new(weight.values(), outputs, inputs));
    product(&mut y, true, x_view, weight_view.t());

    let y = crate::device::matrix(y, batch, outputs)?;
    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        let dy_view = View::new(&dy, batch, outputs);
        if gradients.parameters() {
            let dw = g.get_or_alloc_mut(weight.tensor())?;
            product(dw, true, dy_view.t(), View::new(x.values(), batch, inputs));
            let db = g.get_or_alloc_mut(bias.tensor())?;
            db.iter_mut().zip(column_sums(&dy, outputs)).for_each(|(db, sum)| *db += sum as f32);
        }
        if gradients.input() {
            let dx = g.get_or_alloc_mut(x.tensor())?;
            product(dx, true, dy_view, View::new(weight.values(), outputs, inputs));
        }
        // dfdx's own operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
