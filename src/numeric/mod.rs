//! Dense linear algebra on slices and arrays: products, column sums, eigenvectors.

mod columns;
mod eigen;
mod product;

pub(crate) use columns::{column_means, column_squares, column_sums};
pub use eigen::{Eigen, symmetric_eigen};
pub(crate) use product::{View, product};
