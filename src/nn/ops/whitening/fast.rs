//! Whitening on the CPU.

use super::root::Basis;
use super::{Root, Whitening, WhiteningFactor};
use crate::device::{Contiguous, Device, Matrix, matrix, values_mut, zeros};
use crate::error::{Result, finite};
use crate::numeric::{
    GROUP, View, add_lower, column_means, gram_in_double, mirror_lower, product, subtract_from_rows,
};
use dfdx::prelude::{HasErr, PutTape, Tape, ZerosTensor};
use ndarray::Array2;
use rayon::prelude::*;

pub(super) fn whiten<T: Tape<f32, Device>>(
    x: Matrix<T>,
    whitening: &Whitening,
) -> Result<(Matrix<T>, WhiteningFactor)> {
    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, width) = x.dims();
    let mean = column_means(x.values(), width);
    // A mean is finite where its terms are: a fast pass instead of a test of every number.
    if finite("means", &mean).is_err() {
        finite("the batch to whiten", x.values())?;
    }
    let mut centred = zeros(batch, width)?;
    let centred = values_mut(&mut centred);
    subtract(centred, x.values(), &mean);
    let root = Root::new(covariance(centred, width), whitening)?;
    let factor = WhiteningFactor::new(matrix(&mean, 1, width)?, matrix(&root.singles(), width, width)?)?;
    let w = Contiguous::plain(factor.matrix())?;

    let mut y = zeros(batch, width)?;
    product(values_mut(&mut y), false, View::new(centred, batch, width), square(&w).t());

    let mixing = Mixing::new(root.basis)?;
    let x = x.tensor().ghost();
    let kept = Contiguous::plain(&y)?;
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(kept.tensor())?);
        let mut d = kept.tensor().device().try_zeros_like(&(batch, width))?;
        let d = values_mut(&mut d);
        subtract(d, &dy, &column_means(&dy, width));
        // Other operations may still read it.
        **g.get_or_alloc_mut(kept.tensor())? = dy;
        let mut s = mixing.of(d, &kept)?;
        let s = View::new(values_mut(&mut s), width, width);
        // The columns of Y sum to zero: so do those of Y S, and so do those of d W.
        product(d, true, View::new(kept.values(), batch, width), s);
        product(g.get_or_alloc_mut(&x)?, true, View::new(d, batch, width), square(&w));
        Ok(())
    });
    Ok((y.put_tape(tape), factor))
}

pub(super) fn whiten_fixed<T: Tape<f32, Device>>(
    x: Matrix<T>,
    factor: &WhiteningFactor,
) -> Result<Matrix<T>> {
    let (x, mut tape) = Contiguous::new(x)?;
    let (batch, width) = x.dims();
    let (mean, w) = (Contiguous::plain(factor.mean())?, Contiguous::plain(factor.matrix())?);
    let mut y = zeros(batch, width)?;
    {
        let mut centred = zeros(batch, width)?;
        let centred = values_mut(&mut centred);
        subtract(centred, x.values(), mean.values());
        product(values_mut(&mut y), false, View::new(centred, batch, width), square(&w).t());
    }
    let x = x.tensor().ghost();
    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        product(g.get_or_alloc_mut(&x)?, true, View::new(&dy, batch, width), square(&w));
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

fn square(w: &Contiguous) -> View<'_, f32> {
    let (rows, columns) = w.dims();
    View::new(w.values(), rows, columns)
}

/// `y = x - shift` for every row, on all cores.
fn subtract(y: &mut [f32], x: &[f32], shift: &[f32]) {
    let task = GROUP * shift.len();
    y.par_chunks_mut(task).zip(x.par_chunks(task)).for_each(|(y, x)| subtract_from_rows(y, x, shift));
}

/// `X_c' X_c / B`, of which the lower triangle counts.
///
/// In float64: its rounding is magnified by `lambda_1 / (lambda_N + ridge)`, that of the other products by the root
/// of this number.
fn covariance(centred: &[f32], width: usize) -> Array2<f64> {
    let rows = (centred.len() / width) as f64;
    let sums = gram_in_double(centred, width);
    Array2::from_shape_fn((width, width), |(i, j)| sums[i * width + j] / rows)
}

/// The change of the factor in the backward pass.
enum Mixing {
    Cholesky,
    Zca { vectors: Contiguous, basis: Basis },
}

impl Mixing {
    fn new(basis: Option<Basis>) -> Result<Self> {
        let Some(basis) = basis else { return Ok(Mixing::Cholesky) };
        let (rows, columns) = basis.vectors.dim();
        let singles: Vec<f32> = basis.vectors.iter().map(|u| *u as f32).collect();
        Ok(Mixing::Zca { vectors: Contiguous::plain(&matrix(&singles, rows, columns)?)?, basis })
    }

    /// `-S / B` of `d` = G and `y`, both `(batch, width)`, as in [`whiten`](super::whiten).
    fn of(&self, d: &[f32], y: &Contiguous) -> std::result::Result<Matrix, <Device as HasErr>::Err> {
        let (batch, width) = y.dims();
        let per_example = -1.0 / batch as f32;
        let square_of_zeros = || y.tensor().device().try_zeros_like(&(width, width));
        let mut s: Matrix = square_of_zeros()?;
        let s_values = values_mut(&mut s);
        Ok(match self {
            Mixing::Cholesky => {
                add_lower(s_values, d, y.values(), width);
                mirror_lower(s_values, width, per_example);
                s
            }
            Mixing::Zca { vectors, basis } => {
                let u = square(vectors);
                let mut a: Matrix = square_of_zeros()?;
                let a_values = values_mut(&mut a);
                product(s_values, false, View::new(d, batch, width).t(), View::new(y.values(), batch, width));
                product(a_values, false, u.t(), View::new(s_values, width, width));
                product(s_values, false, View::new(a_values, width, width), u);
                basis.symmetrise(s_values, a_values, per_example);
                product(s_values, false, u, View::new(a_values, width, width));
                product(a_values, false, View::new(s_values, width, width), u.t());
                a
            }
        })
    }
}

impl Basis {
    /// `to_ij = factor (share_ij a_ij + share_ji a_ji)`.
    fn symmetrise(&self, a: &[f32], to: &mut [f32], factor: f32) {
        let width = self.roots.len();
        to.par_chunks_mut(width).enumerate().for_each(|(i, row)| {
            for (j, to) in row.iter_mut().enumerate() {
                let share = self.share(i, j) as f32;
                *to = factor * (share * a[i * width + j] + (1.0 - share) * a[j * width + i]);
            }
        });
    }
}
