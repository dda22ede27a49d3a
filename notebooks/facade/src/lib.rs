//! What the cells of an eigengate notebook depend on, under the name `eigengate`: the library itself
//! and the crates whose types it hands out.
//!
//! ```text
//! :dep eigengate = { path = "…/notebooks/facade", package = "eigengate-notebook" }
//! use eigengate::prelude::*;
//! ```
//!
//! (The project's own kernel has the first line built in.)
//!
//! # Why a crate of its own, and why a `dylib`
//!
//! evcxr compiles every cell into a shared object and links the cell's dependencies statically into it,
//! so that each cell has its own copy of every `static` of every dependency. dfdx numbers its tensors
//! from a static counter: across cells, numbers repeat, and gradients are silently those of another
//! tensor. rayon starts a thread pool per cell, plotters forgets the fonts registered in earlier cells.
//!
//! With this crate built as a `dylib`, all cells load one shared object with one copy of everything:
//! evcxr passes `-C prefer-dynamic`, and the `dylib` is what rustc then takes. The crate must own what
//! it shares, hence the re-exports: a cell that says `dfdx::…` through this crate gets the copy that the
//! library uses. `rlib` stays in the list of crate types for programs that link everything statically.
//!
//! The library checks at run time that it was not linked a second time (see `eigengate::device`).

pub use eigengate::*;

pub use dfdx;
pub use ndarray;
pub use plotters;
pub use polars;
