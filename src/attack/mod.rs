//! Attacks that measure robustness: one contract, one file per method, one record per example.

mod adversarial;
mod batch;
mod certified;
mod classifier;
mod climb;
mod curve;
mod fgsm;
mod fixed_eps;
mod loss;
mod minimal_norm;
mod network;
mod noise;
mod norm;
mod pgd;
mod queries;
mod random_step;
mod records;
mod warning;

pub use adversarial::Adversarial;
pub use batch::Batch;
pub use certified::{CertifiedCurve, IntervalBounds};
pub use classifier::{Classifier, Cotangent, PulledBack};
pub use curve::ErrorCurve;
pub use fgsm::Fgsm;
pub use fixed_eps::FixedEps;
pub use minimal_norm::{MinimalNorm, Nearest};
pub(crate) use network::AnyNetwork;
pub(crate) use noise::Pattern;
pub use noise::{Noise, NoiseKind};
pub use norm::Norm;
pub use pgd::{Keep, Pgd};
pub use queries::Calls;
pub use random_step::RandomStep;
pub use records::{AttackRecords, attack_over_eps};
pub use warning::Warning;
