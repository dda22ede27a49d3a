//! Planar flows: nullclines, speed, cycles, separatrices, basins, against closed forms and reference cases.

#[path = "dynamics_plane/basins.rs"]
mod basins;
#[path = "dynamics_plane/cycles.rs"]
mod cycles;
#[path = "dynamics_plane/manifolds.rs"]
mod manifolds;
#[path = "dynamics_plane/nullclines.rs"]
mod nullclines;
#[path = "dynamics_plane/pseudo_lines.rs"]
mod pseudo_lines;
#[path = "dynamics_plane/random.rs"]
mod random;
#[path = "dynamics_plane/systems.rs"]
mod systems;
