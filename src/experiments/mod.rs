//! Published experiments as grids of runs, each keyed by its settings: [`nassar2020`]. What two units learn has a table of its own:
//! [`jordan2021`].
//!
//! A run trains one network and measures it ([`perform`]). Its rows go to a file of their own, and from there into one
//! table ([`store::merge`]); what is there already is not done again, and a run that was killed goes on at its last
//! epoch. `cargo xtask reproduce nassar2020` does all of that for a grid.
//!
//! # The table
//!
//! One row per run and number. The first columns say which run, and are the same in all of its rows:
//!
//! | column | type | |
//! |---|---|---|
//! | `run` | text | its key, e.g. `experiment1/shallow/beta5/seed0/epochs50` |
//! | `scale` | text | `full` as published; `quick` and others are smaller, and never in one table with another scale |
//! | `experiment` | i64 | 1, 2 or 3; a run that serves several has the first |
//! | `network` | text | `shallow` (784-2000-10), `deep` (784-1000-1000-1000-10), `cnn` (2 convolutions, 1000-10) |
//! | `data` | text | `mnist`, `cifar10`, `cifar10-augmented` |
//! | `penalty` | text | `none`, `spectral-last`, `spectral-all`, `jacobian` |
//! | `strength` | f64 | beta of a spectral penalty, strength of a Jacobian one; null for `none` |
//! | `whitening` | bool | whether a whitening layer stands in front of the last hidden layer |
//! | `seed` | i64 | of the parameters, the order of the examples, the starts of PGD and the noise |
//! | `epochs` | i64 | passes over the training set |
//! | `settings` | text | everything that fixes the numbers below: rows of other settings are never taken for these |
//!
//! The others are a number and what it is of; `tap`, `index`, `parameter` and `images` are null where they do not apply:
//!
//! | `measurement` | `tap` | `index` | `parameter` | `images` | `value` |
//! |---|---|---|---|---|---|
//! | `eigenvalue` | its name | n, from 1 | | test images | lambda_n of the tap over the test set, in float64 |
//! | `alpha` | its name | | | test images | exponent of the power law of that spectrum |
//! | `alpha_first`, `alpha_last` | its name | | | | the range of its fit: 11..=500, or as far as there are eigenvalues |
//! | `train_error`, `test_error` | | | | all | share misclassified, in `[0, 1]` |
//! | `error_fgsm`, `error_pgd` | | | eps | attacked ones | share misclassified under the attack |
//! | `error_noise` | | | standard deviation | test images | share misclassified with Gaussian noise on every pixel |
//! | `history_cross_entropy`, `history_penalty`, `history_error` | | epoch, from 1 | | | means of the epoch while the parameters moved |
//! | `training_seconds`, `evaluation_seconds` | | | | | wall time; training alone, over all calls of a resumed run |
//! | `peak_memory` | | | | | bytes, the most that the process has used so far (Linux; elsewhere there is no such row) |
//!
//! The same key gives the same rows, but for the last two lines ([`rows::is_cost`]). Noise is added to the pixels as it
//! is, and not clipped to `[0, 1]`: most pixels of MNIST are 0, and clipping would halve it.

mod group;
pub mod jordan2021;
mod measure;
pub mod nassar2020;
mod noise;
mod results;
pub mod rows;
mod run;
mod scale;
pub mod store;
mod variants;

pub use group::{Group, Mean, comparison, curves, spectra};
pub use results::Results;
pub use run::{Outcome, Place, perform};
pub use scale::{Evaluation, Scale};
