//! Dense linear algebra on slices and arrays: products, column sums, eigenvectors.

mod columns;
mod eigen;
mod multiversion;
mod product;

pub(crate) use columns::{GROUP, column_means, column_sums, subtract_from_rows};
#[cfg(not(feature = "cuda"))]
pub(crate) use columns::{column_squares, scale_columns};
pub use eigen::{Eigen, symmetric_eigen};
pub(crate) use multiversion::multiversion;
pub(crate) use product::{View, add_gram, product};
