//! The GRU as a flow and a map, its files, and the proof of its fixed points.

#[path = "dynamics_model/certified.rs"]
mod certified;
#[path = "common/errors.rs"]
mod errors;
#[path = "dynamics_model/files.rs"]
mod files;
#[path = "dynamics_model/interval.rs"]
mod interval;
#[path = "dynamics_model/jets.rs"]
mod jets;
#[path = "dynamics_model/linear_part.rs"]
mod linear_part;
#[path = "dynamics_model/multistart.rs"]
mod multistart;
#[path = "dynamics_model/oracle.rs"]
mod oracle;
#[path = "dynamics_model/parity.rs"]
mod parity;
#[path = "dynamics_model/random.rs"]
mod random;
#[path = "dynamics_model/speed.rs"]
mod speed;
#[path = "dynamics_model/weights.rs"]
mod weights;
