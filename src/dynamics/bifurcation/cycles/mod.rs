//! Branches of cycles.

mod continuation;
mod corrector;
mod cycle_branch;
mod ends;
mod multipliers;
pub(super) mod near;
mod orbit;
mod point;
mod sensitivity;
mod special;
mod start;

pub use continuation::CycleContinuation;
pub use cycle_branch::CycleBranch;
pub(crate) use cycle_branch::frame_of;
pub use ends::CycleEnd;
pub use point::CyclePoint;
