//! Dense linear algebra on slices and arrays: products, column sums, eigenvectors.

mod columns;
mod eigen;
mod product;

#[cfg(not(feature = "cuda"))]
pub(crate) use columns::column_squares;
pub(crate) use columns::{column_means, column_sums};
pub use eigen::{Eigen, symmetric_eigen};
pub(crate) use product::{View, product};
