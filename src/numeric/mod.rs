//! Dense linear algebra on slices and arrays: products, column sums, covariances, eigenvectors, Cholesky factors.

mod cholesky;
mod columns;
mod covariance;
mod double_double;
mod eigen;
mod erf;
mod gram;
#[cfg(not(feature = "cuda"))]
mod lanes;
mod leading;
mod multiversion;
mod product;
#[cfg(not(feature = "cuda"))]
mod sparse;

pub(crate) use cholesky::{inverse_cholesky, solve_definite};
#[cfg(not(feature = "cuda"))]
pub(crate) use columns::{GROUP, column_squares, group_totals, scale_columns, subtract_from_rows};
pub(crate) use columns::{column_means, column_sums, shift_rows};
pub use covariance::{Covariance, Precision};
pub(crate) use double_double::DoubleDouble;
pub(crate) use eigen::symmetric_eigen_single;
pub use eigen::{Eigen, symmetric_eigen};
pub(crate) use erf::erf;
#[cfg(not(feature = "cuda"))]
pub(crate) use gram::add_lower;
pub(crate) use gram::{add_gram, gram_in_double, mirror_lower};
#[cfg(all(target_arch = "x86_64", not(feature = "cuda")))]
pub(crate) use lanes::{Avx2, Avx512};
#[cfg(not(feature = "cuda"))]
pub(crate) use lanes::{LANES, Line, Portable, Simd, with_simd};
pub(crate) use leading::{leading_eigen, multiply, orthonormal_columns};
pub(crate) use multiversion::multiversion;
#[cfg(not(feature = "cuda"))]
pub(crate) use product::products_alone;
pub(crate) use product::{View, product, product_here};
#[cfg(not(feature = "cuda"))]
pub(crate) use sparse::Sparse;

/// Products on the GPU stand where they stand.
#[cfg(feature = "cuda")]
pub(crate) fn products_alone<R>(work: impl FnOnce() -> R) -> R {
    work()
}
