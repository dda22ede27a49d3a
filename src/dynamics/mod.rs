//! Gated recurrent networks as flows: given the weights of a GRU, its phase portrait with every fixed point proved.
//!
//! All of it is float64, knows no training and no plot. [`GruWeights`] gives a [flow](GruFlow) and a [map](GruMap);
//! everything that integrates or analyses takes a [`VectorField`].

pub mod families;
mod field;
mod flow;
mod gate;
mod gru;
mod integrate;
mod lu;
mod map;
mod nullclines;
mod quadtree;
mod speed;
mod trajectory;
mod window;

pub use field::VectorField;
pub use flow::GruFlow;
pub use gru::{GruWeights, Reset};
pub use integrate::{DenseStep, Direction, Event, EventHit, Fundamental, Integrator, Stepper, Variational};
pub use map::GruMap;
pub use nullclines::{Nullcline, nullclines};
pub use speed::{Pace, SpeedMap, speed_map};
pub use trajectory::Trajectory;
pub use window::{Polyline, Window};
