//! Branches, special points, curves of bifurcations.

#[path = "dynamics_bifurcation/curves.rs"]
mod curves;
#[path = "dynamics_bifurcation/cycle_branches.rs"]
mod cycle_branches;
#[path = "dynamics_bifurcation/diagrams.rs"]
mod diagrams;
#[path = "dynamics_bifurcation/equilibria.rs"]
mod equilibria;
#[path = "dynamics_bifurcation/homoclinic_curves.rs"]
mod homoclinic_curves;
#[path = "dynamics_bifurcation/random_cycles.rs"]
mod random_cycles;
#[path = "dynamics_bifurcation/reference.rs"]
mod reference;
#[path = "dynamics_bifurcation/systems.rs"]
mod systems;
#[path = "dynamics_bifurcation/two_parameters.rs"]
mod two_parameters;
