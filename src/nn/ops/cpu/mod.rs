//! What the fast CPU operations share: loops that the compiler vectorises.

mod vector;

pub(crate) use vector::{BLOCK, activate, activate_rows, slope, slope_rows};
