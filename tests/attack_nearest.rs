//! Minimal-norm attacks: closed forms, projections, a float64 oracle and the peers, properties, what is refused.

#[path = "attack_nearest/affine.rs"]
mod affine;
#[path = "common/errors.rs"]
mod errors;
#[path = "common/victims.rs"]
mod networks;
#[path = "attack_nearest/parity.rs"]
mod parity;
#[path = "attack_nearest/projection.rs"]
mod projection;
#[path = "attack_nearest/properties.rs"]
mod properties;
#[path = "attack_nearest/published.rs"]
mod published;
#[path = "attack_nearest/refused.rs"]
mod refused;
#[path = "attack_nearest/victims.rs"]
mod victims;
#[path = "attack_nearest/within_eps.rs"]
mod within_eps;
