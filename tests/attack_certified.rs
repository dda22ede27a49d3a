//! What no attack can do: interval bounds against brute force, an independent float64 implementation and attacks; noise.

#[path = "attack_certified/attacks.rs"]
mod attacks;
#[path = "attack_certified/bounds.rs"]
mod bounds;
#[path = "common/errors.rs"]
mod errors;
#[path = "attack_certified/nets.rs"]
mod nets;
#[path = "attack_certified/noise.rs"]
mod noise;
#[path = "attack_certified/oracle.rs"]
mod oracle;
