//! Bifurcations of families of flows and maps.

mod arclength;
mod bifurcation_curve;
mod branch_point;
mod critical;
mod crossing;
mod curve_continuation;
mod cycles;
mod diagram;
mod diagram_cycles;
mod equilibria;
mod equilibrium_branch;
mod equilibrium_curve;
mod family;
mod homoclinic_curves;
mod normal_forms;
mod null_vectors;
mod options;
mod special;
mod spectral_tests;
mod two_parameter;
mod two_parameter_homoclinics;
mod walk;

pub use bifurcation_curve::{BifurcationCurve, CurvePoint};
pub use curve_continuation::CurveContinuation;
pub use cycles::{CycleBranch, CycleContinuation, CycleEnd, CyclePoint};
pub use diagram::{BifurcationDiagram, DiagramOptions, DiagramSearch};
pub use diagram_cycles::CycleSearch;
pub(crate) use diagram_cycles::all_cycles;
pub use equilibria::EquilibriumContinuation;
pub use equilibrium_branch::{BranchEnd, EquilibriumBranch, EquilibriumPoint};
pub use family::ParameterFamily;
pub use homoclinic_curves::{HomoclinicContinuation, HomoclinicCurve, HomoclinicPoint};
pub use normal_forms::FirstLyapunov;
pub use options::{ContinuationOptions, System};
pub use special::{Bifurcation, SpecialPoint};
pub use two_parameter::{DiagramSlice, TwoParameterDiagram};
