//! Arrays that go to numpy and come back: `.npy` files of one array, `.npz` files of several.
//!
//! ```
//! use eigengate::exchange::{self, Npz};
//! use ndarray::{Array1, Array2, array};
//!
//! let folder = tempfile::tempdir()?;
//! let (npy, npz) = (folder.path().join("a.npy"), folder.path().join("ab.npz"));
//! let (a, b) = (array![[1.0, 2.0], [3.0, 4.0]], array![7i64, 8]);
//!
//! exchange::write_npy(&npy, &a)?;
//! let again: Array2<f64> = exchange::read_npy(&npy)?;
//! assert_eq!(again, a);
//!
//! exchange::write_npz(&npz, &[("a", &a), ("b", &b)])?;
//! let again: Array1<i64> = Npz::open(&npz)?.get("b")?;
//! assert_eq!(again, b);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod element;
mod header;
mod npy;
mod npz;
mod raw;

pub use element::Element;
pub use npy::{ToNpy, read_npy, write_npy};
pub use npz::{Npz, NpzArray, write_npz};
pub(crate) use raw::RawArray;
