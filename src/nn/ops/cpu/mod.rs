//! What the fast CPU operations share: loops that the compiler vectorises.

mod adjoint;
mod vector;

pub(crate) use adjoint::tanh_adjoint_slopes;
pub(crate) use vector::{BLOCK, activate, activate_rows, slope, slope_rows};
