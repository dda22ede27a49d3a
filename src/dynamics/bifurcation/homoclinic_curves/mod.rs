//! Curves of homoclinic orbits in two parameters.

mod continuation;
mod curve;
mod ends;
mod splits;

pub use continuation::HomoclinicContinuation;
pub use curve::{HomoclinicCurve, HomoclinicPoint};
