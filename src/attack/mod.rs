//! Attacks.
mod curve;
pub use curve::ErrorCurve;
