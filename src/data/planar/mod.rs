//! Planar systems with known dynamics, as flows and as time series to learn from.
//!
//! A [`PlanarTask`] is a flow of two variables in `(-1, 1)`; a [`Sampling`] of it gives [`TimeSeries`] from random starting points.

mod sampling;
mod series;
mod task;

pub use sampling::{PlanarData, Sampling};
pub use series::TimeSeries;
pub use task::PlanarTask;
