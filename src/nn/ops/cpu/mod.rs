//! What the fast CPU operations share: loops that the compiler vectorises.

mod normal;
mod vector;

pub(crate) use normal::{add_slopes, add_squared_deviations, normalise_rows, normalised_slopes};
pub(crate) use vector::{BLOCK, activate, activate_rows, slope, slope_rows};
