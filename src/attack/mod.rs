//! Attacks that measure robustness: one contract, one file per method, one record per example.

mod classifier;
mod curve;
mod fgsm;
mod fixed_eps;
mod loss;
mod network;
mod pgd;
mod random_step;
mod records;
mod warning;

pub use classifier::{Classifier, Cotangent, PulledBack};
pub use curve::ErrorCurve;
pub use fgsm::Fgsm;
pub use fixed_eps::{Adversarial, Batch, FixedEps};
pub(crate) use network::AnyNetwork;
pub use pgd::{Keep, Pgd};
pub use random_step::RandomStep;
pub use records::{AttackRecords, attack_over_eps};
pub use warning::Warning;
