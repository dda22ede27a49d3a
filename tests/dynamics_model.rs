//! The GRU as a flow and a map, and the proof of its fixed points.

#[path = "dynamics_model/certified.rs"]
mod certified;
#[path = "dynamics_model/oracle.rs"]
mod oracle;
#[path = "dynamics_model/speed.rs"]
mod speed;
