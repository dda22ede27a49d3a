//! Attacks along gradients: closed forms, a float64 oracle, other programs, properties, records, adapters.

#[path = "attack_gradient/adapters.rs"]
mod adapters;
#[path = "attack_gradient/closed_forms.rs"]
mod closed_forms;
#[path = "common/errors.rs"]
mod errors;
#[path = "attack_gradient/oracle.rs"]
mod oracle;
#[path = "attack_gradient/parity.rs"]
mod parity;
#[path = "attack_gradient/properties.rs"]
mod properties;
#[path = "attack_gradient/records.rs"]
mod records;
#[path = "common/victims.rs"]
mod victims;

use eigengate::attack::{
    Bim, FastFgsm, Fgm, Fgsm, FixedEps, Keep, Loss, MiFgsm, Norm, Pgd, RandomFgsm, RandomStep, Start,
};

/// Every attack of the family in every norm, with few steps, and an eps for digits.
fn all() -> Vec<(Box<dyn FixedEps>, f32)> {
    let pgd = Pgd::new().with_steps(6).with_relative_step(0.25);
    vec![
        (Box::new(Fgsm), 0.1),
        (Box::new(Fgm::new().with_loss(Loss::Margin)), 0.1),
        (Box::new(Fgm::new().with_norm(Norm::L2)), 1.0),
        (Box::new(Fgm::new().with_norm(Norm::L1)), 0.9),
        (Box::new(RandomStep::new().with_seed(2)), 0.1),
        (Box::new(RandomFgsm::new().with_seed(2)), 0.1),
        (Box::new(FastFgsm::new().with_seed(2)), 0.1),
        (Box::new(Bim::new().with_steps(5)), 0.1),
        (Box::new(Bim::new().with_steps(5).with_norm(Norm::L2)), 1.0),
        (Box::new(MiFgsm::new().with_steps(5)), 0.1),
        (Box::new(MiFgsm::new().with_steps(5).with_norm(Norm::L2)), 1.0),
        (Box::new(pgd), 0.1),
        (Box::new(pgd.with_loss(Loss::Margin).with_restarts(2).with_drop_fooled(true)), 0.1),
        (Box::new(pgd.with_keep(Keep::Last).with_start(Start::Clean)), 0.1),
        (Box::new(pgd.with_norm(Norm::L2).with_restarts(2)), 1.0),
        (Box::new(pgd.with_norm(Norm::L2).with_start(Start::UniformRadius).with_keep(Keep::Last)), 1.0),
        (Box::new(pgd.with_norm(Norm::L1)), 6.0),
    ]
}
