//! Planar flows: nullclines, speed, cycles, separatrices, basins, against closed forms and reference cases.

#[path = "dynamics_plane/nullclines.rs"]
mod nullclines;
#[path = "dynamics_plane/systems.rs"]
mod systems;
