//! The nonlinearities.

use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The nonlinearity behind every hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Hyperbolic tangent, as in Nassar2020.
    #[default]
    Tanh,
    /// `max(0, x)`.
    Relu,
}

impl Activation {
    /// Applies it to `(batch, width)`.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty batch.
    pub fn apply<T: Tape<f32, Device>>(self, x: Matrix<T>) -> Result<Matrix<T>> {
        match self {
            Activation::Tanh => tanh(x),
            Activation::Relu => relu(x),
        }
    }

    /// Its name in files: `tanh` or `relu`.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
        }
    }

    /// The nonlinearity of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "tanh" => Ok(Activation::Tanh),
            "relu" => Ok(Activation::Relu),
            other => Err(Error::parameter("activation", other, "tanh or relu")),
        }
    }
}

/// `y = tanh(x)` elementwise, `(batch, width) -> (batch, width)`; relative error below 2e-7 on the CPU.
///
/// Records `dx += (1 - y^2) dy`.
///
/// # Errors
/// [`Error::Empty`] for an empty batch.
pub fn tanh<T: Tape<f32, Device>>(x: Matrix<T>) -> Result<Matrix<T>> {
    refuse_empty(&x)?;
    #[cfg(feature = "cuda")]
    return super::composed::tanh(x);
    #[cfg(not(feature = "cuda"))]
    run(x, Activation::Tanh)
}

/// `y = max(0, x)` elementwise, `(batch, width) -> (batch, width)`. The derivative at 0 is 0. On the CPU NaN
/// stays NaN (dfdx's own relu gives 0), so that a diverged run is seen.
///
/// # Errors
/// [`Error::Empty`] for an empty batch.
pub fn relu<T: Tape<f32, Device>>(x: Matrix<T>) -> Result<Matrix<T>> {
    refuse_empty(&x)?;
    #[cfg(feature = "cuda")]
    return super::composed::relu(x);
    #[cfg(not(feature = "cuda"))]
    run(x, Activation::Relu)
}

fn refuse_empty<T>(x: &Matrix<T>) -> Result<()> {
    let (batch, width) = dims(x);
    if batch == 0 || width == 0 { Err(Error::empty("the input of a nonlinearity")) } else { Ok(()) }
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(x: Matrix<T>, activation: Activation) -> Result<Matrix<T>> {
    use super::cpu::{BLOCK, activate, slope};
    use crate::device::{Contiguous, values_mut, zeros};
    use dfdx::prelude::PutTape;
    use rayon::prelude::*;

    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, width) = x.dims();
    let mut y = zeros(batch, width)?;
    let blocks = values_mut(&mut y).par_chunks_mut(BLOCK).zip(x.values().par_chunks(BLOCK));
    blocks.for_each(|(y, x)| {
        y.copy_from_slice(x);
        activate(activation, y);
    });
    let x = x.tensor().ghost();
    let kept = Contiguous::plain(&y)?;
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(kept.tensor())?);
        let dx = g.get_or_alloc_mut(&x)?;
        let blocks = dx.par_chunks_mut(BLOCK).zip(dy.par_chunks(BLOCK)).zip(kept.values().par_chunks(BLOCK));
        blocks.for_each(|((dx, dy), y)| slope(activation, dx, dy, y));
        **g.get_or_alloc_mut(kept.tensor())? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
