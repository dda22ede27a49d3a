//! Dense linear algebra on slices and arrays: products, column sums, eigenvectors.

mod columns;
mod eigen;
mod gram;
#[cfg(not(feature = "cuda"))]
mod lanes;
mod multiversion;
#[cfg(not(feature = "cuda"))]
mod product;

#[cfg(not(feature = "cuda"))]
pub(crate) use columns::{GROUP, column_squares, scale_columns, subtract_from_rows};
pub(crate) use columns::{column_means, column_sums, shift_rows};
pub use eigen::{Eigen, symmetric_eigen};
pub(crate) use gram::add_gram;
#[cfg(all(target_arch = "x86_64", not(feature = "cuda")))]
pub(crate) use lanes::{Avx2, Avx512};
#[cfg(not(feature = "cuda"))]
pub(crate) use lanes::{LANES, Line, Portable, Simd, with_simd};
pub(crate) use multiversion::multiversion;
#[cfg(not(feature = "cuda"))]
pub(crate) use product::{View, product, product_here};
