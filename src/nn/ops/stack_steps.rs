//! Steps that were computed one by one, as sequences.

use crate::device::{Device, Matrix, dims};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

/// The sequences `(batch * steps, width)`, sequence after sequence, step after step within each, of one matrix
/// `(batch, width)` for every step. `tape` is the one that all of them were recorded on.
///
/// Records that the gradient of each row is that of its place.
///
/// # Errors
/// [`Error::Empty`] for no steps or empty matrices; [`Error::Shape`] where sizes differ.
pub fn stack_steps<T: Tape<f32, Device>>(steps: &[Matrix], tape: T) -> Result<Matrix<T>> {
    let (batch, width) = steps.first().map_or((0, 0), dims);
    if batch == 0 || width == 0 {
        return Err(Error::empty("a stack of steps"));
    }
    if let Some(other) = steps.iter().map(dims).find(|&is| is != (batch, width)) {
        return Err(Error::shape("a step", format!("{:?}", (batch, width)), format!("{other:?}")));
    }
    #[cfg(feature = "cuda")]
    return super::composed::stack_steps(steps, tape);
    #[cfg(not(feature = "cuda"))]
    run(steps, tape, batch, width)
}

#[cfg(not(feature = "cuda"))]
fn run<T: Tape<f32, Device>>(steps: &[Matrix], tape: T, batch: usize, width: usize) -> Result<Matrix<T>> {
    use crate::device::{Contiguous, values_mut, zeros};
    use dfdx::prelude::PutTape;

    let mut tape = tape;
    let mut parts = vec![];
    for step in steps {
        // With a tape of its own: a copy that makes it contiguous is recorded.
        let (part, of_part) = Contiguous::new(step.retaped::<T>())?;
        tape = tape.merge(of_part);
        parts.push(part);
    }
    let mut y = zeros(batch * parts.len(), width)?;
    let values = values_mut(&mut y);
    for (step, part) in parts.iter().enumerate() {
        let places = values.chunks_exact_mut(width).skip(step).step_by(parts.len());
        places.zip(part.values().chunks_exact(width)).for_each(|(place, row)| place.copy_from_slice(row));
    }
    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        for (step, part) in parts.iter().enumerate() {
            let slopes = g.get_or_alloc_mut(part.tensor())?;
            let places = dy.chunks_exact(width).skip(step).step_by(parts.len());
            for (slopes, place) in slopes.chunks_exact_mut(width).zip(places) {
                slopes.iter_mut().zip(place).for_each(|(slope, above)| *slope += above);
            }
        }
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}
