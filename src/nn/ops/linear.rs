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
    check(&x, weight, bias)?;
    #[cfg(feature = "cuda")]
    return super::composed::linear(x, weight, bias, gradients);
    #[cfg(not(feature = "cuda"))]
    run(x, weight, bias, gradients)
}

pub(super) fn check<T>(x: &Matrix<T>, weight: &Matrix, bias: &Matrix) -> Result<()> {
    let ((batch, inputs), (outputs, width)) = (dims(x), dims(weight));
    if batch == 0 || inputs == 0 || outputs == 0 {
        return Err(Error::empty("the input of a dense layer"));
    }
    if inputs != width {
        let (need, is) = (format!("(batch, {width})"), format!("({batch}, {inputs})"));
        return Err(Error::shape("input of a dense layer", need, is));
    }
    if dims(bias) != (1, outputs) {
        let is = format!("{:?}", dims(bias));
        return Err(Error::shape("bias of a dense layer", format!("(1, {outputs})"), is));
    }
    Ok(())
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(
    x: Matrix<T>,
    weight: &Matrix,
    bias: &Matrix,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    use super::add_column_sums;
    use crate::device::{Contiguous, values_mut, zeros};
    use crate::numeric::{View, product};
    use dfdx::prelude::PutTape;

    let (x, mut tape) = Contiguous::new(x)?;
    let (weight, bias) = (Contiguous::plain(weight)?, Contiguous::plain(bias)?);
    let ((batch, inputs), (outputs, _)) = (x.dims(), weight.dims());

    let mut y = zeros(batch, outputs)?;
    let values = values_mut(&mut y);
    let sparse = sparse(&x, gradients);
    match &sparse {
        Some(sparse) => {
            sparse.times_transposed(values, weight.values());
            let add = |row: &mut [f32]| row.iter_mut().zip(bias.values()).for_each(|(y, b)| *y += b);
            values.chunks_exact_mut(outputs).for_each(add);
        }
        None => {
            values.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias.values()));
            let weight_view = View::new(weight.values(), outputs, inputs);
            product(values, true, View::new(x.values(), batch, inputs), weight_view.t());
        }
    }

    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        products(g, (&x, &sparse), &weight, &dy, gradients)?;
        if gradients.parameters() {
            add_column_sums(g.get_or_alloc_mut(bias.tensor())?, &dy);
        }
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// The entries of a first layer's input that are not zero, where they are few.
///
/// In training alone: how a row is summed then depends on the other rows of its batch, and what an attack finds must not.
#[cfg(not(feature = "cuda"))]
pub(super) fn sparse(
    x: &crate::device::Contiguous,
    gradients: GradientsOf,
) -> Option<crate::numeric::Sparse> {
    match gradients {
        GradientsOf::Parameters => crate::numeric::Sparse::of(x.values(), x.dims().1),
        GradientsOf::Input | GradientsOf::Everything => None,
    }
}

/// The products of the backward pass, where `d` `(batch, outputs)` is the gradient by `x W' + b`: `dW += d' x`,
/// `dx += d W`.
#[cfg(not(feature = "cuda"))]
pub(super) fn products(
    g: &mut dfdx::prelude::Gradients<f32, Device>,
    (x, sparse): (&crate::device::Contiguous, &Option<crate::numeric::Sparse>),
    weight: &crate::device::Contiguous,
    d: &[f32],
    gradients: GradientsOf,
) -> std::result::Result<(), <Device as dfdx::prelude::HasErr>::Err> {
    use crate::numeric::{View, product};

    let ((batch, inputs), (outputs, _)) = (x.dims(), weight.dims());
    let d_view = View::new(d, batch, outputs);
    if gradients.parameters() {
        let dw = g.get_or_alloc_mut(weight.tensor())?;
        match sparse {
            Some(sparse) => sparse.add_transposed_times(dw, d),
            None => product(dw, true, d_view.t(), View::new(x.values(), batch, inputs)),
        }
    }
    if gradients.input() {
        let dx = g.get_or_alloc_mut(x.tensor())?;
        product(dx, true, d_view, View::new(weight.values(), outputs, inputs));
    }
    Ok(())
}
