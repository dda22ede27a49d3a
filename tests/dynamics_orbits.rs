//! Orbits of flows: integration, events, cycles, exponents, connections of saddles; against closed forms and reference cases.

#[path = "dynamics_orbits/events.rs"]
mod events;
#[path = "dynamics_orbits/integration.rs"]
mod integration;
#[path = "dynamics_orbits/systems.rs"]
mod systems;
