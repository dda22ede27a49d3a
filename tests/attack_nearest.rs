//! Minimal-norm attacks: closed forms, projections, a float64 oracle and the peers, properties, what is refused.

#[path = "attack_nearest/affine.rs"]
mod affine;
#[path = "attack_nearest/projection.rs"]
mod projection;
#[path = "attack_nearest/victims.rs"]
mod victims;
