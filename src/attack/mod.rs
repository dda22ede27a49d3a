//! Attacks that measure robustness: one contract, one file per method, one record per example.
//!
//! An attack takes any [`Classifier`] and never changes it. There are two families: [`FixedEps`] looks for the worst image in a ball of
//! given size, [`MinimalNorm`] for the nearest image that fools. A [`Suite`] runs attacks of both and gives an [`Evaluation`]: a frame
//! with a row per (example, attack, eps, restart), and the curves and distances that follow from it.
//!
//! Attacks along gradients share one loop: [`Fgsm`], [`Fgm`], [`RandomFgsm`], [`FastFgsm`], [`RandomStep`], [`Bim`], [`Pgd`], [`MiFgsm`].
//! [`Preset`] has them as other programs define them under the same names.
//!
//! Results depend on the example alone: not on batches, order or threads. Networks pass images in blocks of one size, side by side in
//! all threads; random numbers are keyed by seed, example and restart.

mod adversarial;
mod apgd;
mod apgd_run;
mod ascent;
mod auto_attack;
mod auto_part;
mod auto_report;
mod ball;
mod batch;
mod bim;
mod boundary;
mod carlini_wagner;
mod certified;
mod classifier;
mod climber;
mod curve;
mod deep_fool;
mod dlr;
mod evaluation;
mod expectation;
mod fab;
mod fgm;
mod fgsm;
mod fixed_eps;
mod function;
mod hyperplane;
mod loss;
mod mi_fgsm;
mod minimal_norm;
mod nearest;
mod network;
mod noise;
mod norm;
mod pgd;
mod preset;
mod progress;
mod projection;
mod queries;
mod random_fgsm;
mod random_step;
mod records;
mod square;
mod square_search;
mod square_window;
mod start;
mod step;
mod suite;
mod tensor_model;
mod warning;
mod window;
mod within_eps;

pub use adversarial::Adversarial;
pub use apgd::{Apgd, ApgdLoss, FirstComparison};
pub use auto_attack::AutoAttack;
pub use auto_part::Part;
pub use auto_report::AutoAttackReport;
pub use ball::{L1Step, Projection};
pub use batch::Batch;
pub use bim::Bim;
pub use carlini_wagner::CarliniWagner;
pub use certified::{CertifiedCurve, IntervalBounds};
pub use classifier::{Classifier, Cotangent, PulledBack};
pub use curve::ErrorCurve;
pub use deep_fool::DeepFool;
pub use evaluation::Evaluation;
pub use expectation::{Expectation, Transformation};
pub use fab::Fab;
pub use fgm::Fgm;
pub use fgsm::Fgsm;
pub use fixed_eps::FixedEps;
pub use function::Function;
pub use loss::Loss;
pub use mi_fgsm::{Accumulate, MiFgsm};
pub use minimal_norm::MinimalNorm;
pub use nearest::Nearest;
pub(crate) use network::AnyNetwork;
pub(crate) use noise::Pattern;
pub use noise::{Noise, NoiseKind, noise_over_levels};
pub use norm::Norm;
pub use pgd::{Keep, Pgd};
pub use preset::Preset;
pub use queries::Calls;
pub use random_fgsm::{FastFgsm, RandomFgsm};
pub use random_step::RandomStep;
pub use records::{AttackRecords, attack_over_eps};
pub use square::Square;
pub use start::Start;
pub use step::Step;
pub use suite::Suite;
pub use tensor_model::TensorModel;
pub use warning::Warning;
pub use within_eps::WithinEps;
