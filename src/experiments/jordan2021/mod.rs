//! Jordan2021, last part: which planar dynamics a GRU of two units learns, seed by seed.
//!
//! Each run trains one network on a [`PlanarTask`](crate::data::PlanarTask) by the recipe of [`GruTraining`](crate::train::GruTraining) and takes it apart: all fixed
//! points, proved; cycles; how slow the slowest mode is; and for the line and the ring how long states stay where they
//! were. The paper found that continuous attractors are not learned; here is what comes out instead.
//!
//! # The table
//!
//! One row per task and seed, in this order of columns:
//!
//! | column | type | |
//! |---|---|---|
//! | `task` | text | [`PlanarTask::name`](crate::data::PlanarTask::name) |
//! | `seed` | i64 | of the network, its windows; trajectories are those of seed 0 |
//! | `settings` | text | everything else that fixes the row |
//! | `loss` | f64 | mean squared error of the last record of the training |
//! | `error` | f64 | [relative error](crate::train::PredictionError::relative) over 50 steps on test trajectories, against the true flow |
//! | `sinks`, `saddles`, `sources`, `non_hyperbolic` | i64 | fixed points of the flow |
//! | `proved` | bool | whether these are proved to be all |
//! | `on_attractor` | i64 | fixed points whose output is within 0.1 of the line or the ring; null for other tasks |
//! | `stable_cycles`, `unstable_cycles` | i64 | limit cycles |
//! | `period` | f64 | the longest period of a stable cycle, in steps of the network; null where there is none |
//! | `memory` | f64 | the largest time constant of a mode of a sink, in steps; null where there is none |
//! | `pseudo_line`, `pseudo_line_drift` | f64 | length, and drift time in steps, of the [pseudo-line](crate::dynamics::PseudoLineSearch) on which the state drifts longest; null where there is none |
//! | `drift_first`, `drift_median` | f64 | steps until the output of 64 starts on the line or ring is 0.1 away: the first, the median (infinite where most stay) |
//! | `drift_never` | f64 | the share of them that stay for 100,000 steps |
//! | `kept` | f64 | the share that stays for the 50 steps of the training |
//! | `Uz[0,0]`, … | f64 | weights, encoder and readout |

mod drift;
mod row;
mod run;
mod table;

pub use drift::drift_times;
pub use row::PlanarRow;
pub use run::{Learning, perform};
pub use table::PlanarResults;
