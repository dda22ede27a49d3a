//! Dense linear algebra on slices and arrays: products, column sums, eigenvectors.

mod columns;
mod eigen;
#[cfg(not(feature = "cuda"))]
mod lanes;
mod multiversion;
mod product;

pub(crate) use columns::{GROUP, column_means, column_sums, subtract_from_rows};
#[cfg(not(feature = "cuda"))]
pub(crate) use columns::{column_squares, scale_columns};
pub use eigen::{Eigen, symmetric_eigen};
#[cfg(all(target_arch = "x86_64", not(feature = "cuda")))]
pub(crate) use lanes::{Avx2, Avx512};
#[cfg(not(feature = "cuda"))]
pub(crate) use lanes::{LANES, Line, Portable, Simd, with_simd};
pub(crate) use multiversion::multiversion;
#[cfg(not(feature = "cuda"))]
pub(crate) use product::product_here;
pub(crate) use product::{View, add_gram, product};
