//! What the fast CPU operations share: loops that the compiler vectorises, and the loops over images.

mod adjoint;
mod by_image;
pub(crate) mod conv_pool;
pub(crate) mod gru;
mod im2col;
mod max_pool;
mod normal;
mod vector;

pub(crate) use adjoint::add_adjoint_slopes;
pub(crate) use by_image::{ByImage, Wanted, task_images};
pub(crate) use im2col::Unrolled;
pub(crate) use max_pool::{add_to_winners, max_pool};
pub(crate) use normal::{add_slopes, add_squared_deviations, normalise_rows, normalised_slopes};
pub(crate) use vector::{BLOCK, activate, activate_rows, add_row_sums, slope, slope_rows};
