//! APGD, Square and AutoAttack: closed forms, independent float64 implementations, properties, warnings.

#[path = "attack_auto/affine.rs"]
mod affine;
#[path = "attack_auto/apgd.rs"]
mod apgd;
#[path = "attack_auto/ensemble.rs"]
mod ensemble;
#[path = "attack_auto/models.rs"]
mod models;
#[path = "attack_auto/parity.rs"]
mod parity;
#[path = "attack_auto/properties.rs"]
mod properties;
#[path = "attack_auto/reference.rs"]
mod reference;
#[path = "attack_auto/square.rs"]
mod square;
#[path = "common/victims.rs"]
mod victims;
#[path = "attack_auto/warnings.rs"]
mod warnings;
