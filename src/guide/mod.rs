//! Guides: the three subjects, each from its first lines of code to what one must know to trust the numbers.

#[doc = include_str!("spectra.md")]
pub mod spectra {}

#[doc = include_str!("attacks.md")]
pub mod attacks {}

#[doc = include_str!("dynamics.md")]
pub mod dynamics {}
