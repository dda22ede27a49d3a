//! What the fast CPU operations share: contiguous values, matrix products, column sums, vectorised loops.

mod columns;
mod contiguous;
mod product;
mod vector;

pub(crate) use columns::{column_means, column_squares, column_sums_into};
pub(crate) use contiguous::{Contiguous, values_mut};
pub(crate) use product::{View, product};
pub(crate) use vector::{relu_in_place, tanh_in_place};
