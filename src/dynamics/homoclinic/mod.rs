//! Homoclinic and heteroclinic connections of planar saddles in a one-parameter family of flows.
//!
//! The unstable manifold of a saddle, forward in time, and the stable manifold of the same saddle (or of another), backward in
//! time, are followed to a section. The signed distance of the two first crossings is the split function; its root is the parameter of
//! a connection. Where one of them does not come to the section, the split is not defined, and the reason is a value.
//!
//! ```
//! use eigengate::dynamics::{Connections, GruWeights, Reset};
//! use ndarray::{arr1, arr2};
//!
//! let weights = GruWeights::new(
//!     Reset::Before,
//!     arr2(&[[-1.69662, -1.33767], [-1.62873, 2.80536]]),
//!     arr2(&[[3.3808, 0.2173], [-4.834, 2.0581]]),
//!     arr2(&[[2.3605, 2.6194], [-5.4753, 3.5656]]),
//!     arr1(&[0.00573, 0.46437]),
//!     arr1(&[-0.7134, 0.5466]),
//!     arr1(&[-0.18, 0.5159]),
//! )?;
//! let family = weights.family("bh", &[0]);
//! let found = Connections::homoclinic([0.48, -0.87]).run(&*family, -0.2, -0.16)?;
//! assert!((found[0].parameter + 0.1808748223360).abs() < 1e-10);
//! assert!(found[0].saddle_quantity() < 0.0); // a stable cycle is born
//! # Ok::<(), eigengate::Error>(())
//! ```

mod branch;
mod connection;
mod orbit;
mod period_law;
mod places;
mod root;
mod saddle;
mod search;
mod section;
mod shots;
mod split;
mod track;

pub use connection::{Connection, SplitPoint};
pub use period_law::PeriodLaw;
pub use saddle::PlanarSaddle;
pub use search::Connections;
pub use section::SplitSection;
pub use split::Split;

pub(super) use orbit::orbit;
pub(super) use split::split;

use super::{GruWeights, VectorField};
use crate::error::Result;

/// A flow for every value of a parameter.
pub type Family<'a> = dyn Fn(f64) -> Result<Box<dyn VectorField>> + 'a;

impl GruWeights {
    /// The flows in which one entry of one tensor varies, such as `("bh", &[0])` or `("Uh", &[0, 1])`; a value is set as it is
    /// by [`GruWeights::with`].
    pub fn family(&self, name: &str, index: &[usize]) -> Box<Family<'static>> {
        let (weights, name, index) = (self.clone(), name.to_owned(), index.to_vec());
        Box::new(move |value| Ok(Box::new(weights.with(&name, &index, value)?.flow())))
    }
}
