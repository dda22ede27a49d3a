//! What the fast CPU operations share: contiguous values and vectorised loops.

mod contiguous;
mod vector;

pub(crate) use contiguous::{Contiguous, values_mut};
pub(crate) use vector::{relu_in_place, tanh_in_place};
