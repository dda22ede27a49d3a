//! Orbits of flows: integration, events, cycles, exponents, connections of saddles; against closed forms and reference cases.

#[path = "dynamics_orbits/cycles.rs"]
mod cycles;
#[path = "dynamics_orbits/events.rs"]
mod events;
#[path = "dynamics_orbits/homoclinic.rs"]
mod homoclinic;
#[path = "dynamics_orbits/homoclinic_families.rs"]
mod homoclinic_families;
#[path = "dynamics_orbits/integration.rs"]
mod integration;
#[path = "dynamics_orbits/lyapunov.rs"]
mod lyapunov;
#[path = "dynamics_orbits/reference.rs"]
mod reference;
#[path = "dynamics_orbits/systems.rs"]
mod systems;
