//! Gated recurrent networks as flows: given the weights of a GRU, its phase portrait with every fixed point proved.
//!
//! All of it is float64, knows no training and no plot. [`GruWeights`] gives a [flow](GruFlow) and a [map](GruMap);
//! everything that integrates or analyses takes a [`VectorField`].

mod classify;
mod complex;
mod cycles;
mod enclosure;
pub mod families;
mod field;
mod files;
mod fixed_point;
mod fixed_points;
mod flow;
mod gate;
mod gru;
mod homoclinic;
mod integrate;
mod interval;
mod jets;
mod krawczyk;
mod lu;
mod lyapunov;
mod map;
mod multistart;
mod nullclines;
mod polish;
mod quadtree;
mod root;
mod search;
mod spectrum;
mod speed;
mod trajectory;
mod window;

pub use classify::{Kind, TOLERANCE};
pub use complex::Complex;

pub use cycles::{Cycle, Return, ReturnMap, Shooting};
pub use field::VectorField;
pub use fixed_point::{BoxRegion, FixedPoint};
pub use fixed_points::{FixedPointSearch, FixedPoints};
pub use flow::GruFlow;
pub use gru::{GruWeights, Reset};
pub use homoclinic::{
    Connection, Connections, Family, PeriodLaw, PlanarSaddle, Split, SplitPoint, SplitSection,
};
pub use integrate::{DenseStep, Direction, Event, EventHit, Fundamental, Integrator, Stepper, Variational};
pub use interval::Interval;
pub use lyapunov::{Lyapunov, LyapunovSpectrum};
pub use map::GruMap;
pub use multistart::{HeuristicFixedPoints, MultiStart, SlowPoint};
pub use nullclines::{Nullcline, nullclines};
pub use speed::{Pace, SpeedMap, speed_map};
pub use trajectory::Trajectory;
pub use window::{Polyline, Window};
