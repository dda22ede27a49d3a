//! Gated recurrent networks as flows: given the weights of a GRU, its phase portrait with every fixed point proved.
//!
//! All of it is float64, knows no training and no plot. [`GruWeights`] gives a [flow](GruFlow) and a [map](GruMap);
//! everything that integrates or analyses takes a [`VectorField`].

mod atlas;
mod attractors;
mod basins;
mod bifurcation;
mod bounds;
mod capture;
mod classify;
mod complex;
mod cycle_search;
mod cycles;
mod dissection;
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
mod limit_cycles;
mod lu;
mod lyapunov;
mod manifolds;
mod map;
mod minimise;
mod multistart;
mod nullclines;
mod planar;
mod polish;
mod portrait;
mod pseudo_line;
mod quadtree;
mod readout;
mod ring;
mod root;
mod search;
mod section;
mod separatrices;
mod spectrum;
mod speed;
mod streamlines;
mod trajectory;
mod walk;
mod weight_path;
mod window;

pub use classify::{Kind, TOLERANCE};
pub use complex::Complex;

pub use atlas::{Atlas, AtlasEntry, AtlasProgress, AtlasSearch, Margins, Origin, PortraitClass};
pub use attractors::Attractors;
pub use basins::{Basins, basins};
pub use bifurcation::{
    Bifurcation, BifurcationCurve, BifurcationDiagram, BranchEnd, ContinuationOptions, CurveContinuation,
    CurvePoint, CycleBranch, CycleContinuation, CycleEnd, CyclePoint, CycleSearch, DiagramOptions,
    DiagramSearch, DiagramSlice, EquilibriumBranch, EquilibriumContinuation, EquilibriumPoint, FirstLyapunov,
    HomoclinicContinuation, HomoclinicCurve, HomoclinicPoint, ParameterFamily, SpecialPoint, System,
    TwoParameterDiagram,
};
pub use capture::Fate;
pub use cycle_search::OpenWalk;
pub use cycles::{Cycle, Return, ReturnMap, Shooting};
pub use dissection::{Dissection, DissectionOptions, LocalDynamics, Mode};
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
pub use limit_cycles::{LimitCycles, limit_cycles};
pub use lyapunov::{Lyapunov, LyapunovSpectrum};
pub use manifolds::{Branch, saddle_manifolds};
pub use map::GruMap;
pub use multistart::{HeuristicFixedPoints, MultiStart, SlowPoint};
pub use nullclines::{Nullcline, nullclines};
pub use planar::PlanarPoint;
pub use portrait::{Check, Orbit, Plane, Portrait, PortraitOptions, Space};
pub use pseudo_line::{PseudoLine, PseudoLineSearch};
pub use readout::Readout;
pub use separatrices::separatrices;
pub use speed::{Pace, SpeedMap, speed_map};
pub use streamlines::streamlines;
pub use trajectory::Trajectory;
pub use weight_path::{Birth, Cause, Change, Life, PathEvent, PathSystem, WeightPath, WeightPathOptions};
pub use window::{Polyline, Window};
