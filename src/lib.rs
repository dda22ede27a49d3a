//! Spectra, robustness and dynamics of neural networks, for Rust notebooks.
//!
//! eigengate trains [dfdx](https://docs.rs/dfdx) networks whose hidden layers are drawn to a chosen
//! covariance spectrum, such as the 1/n spectrum of mouse visual cortex, and measures what that does to
//! their robustness. It is made for Jupyter notebooks with the evcxr kernel, and is an ordinary library
//! everywhere else.
//!
//! # A guided tour
//!
//! * [`data`]: labelled images in memory, [MNIST](data::mnist), which is shipped with the repository, and
//!   [CIFAR-10](data::cifar10) from a folder, with [augmentation](data::Augmentation); [time series](data::TimeSeries), and
//!   [planar systems](data::PlanarTask) to draw them from;
//!   [recordings](data::Recording) of populations from npy files, mapped when large, and [simulated ones](data::PopulationSimulation).
//! * [`nn`]: networks with runtime sizes and named parameters ([`nn::Mlp`], [`nn::Cnn`], [`nn::Gru`]), [optimisers](nn::Optimiser),
//!   safetensors files, and the differentiable [operations](nn::ops) beneath.
//! * [`spectra`]: the [covariance spectrum](spectra::spectrum()) of a layer, its [power law](spectra::PowerLaw), the
//!   [penalty](spectra::SpectralPenalty) that shapes it, and its [sensitivity](spectra::Sensitivity) to the pixels;
//!   [cross-validated PCA](spectra::CvPca) of recordings, and of layers [recorded](spectra::TapRecording) as populations are; the spectrum of a
//!   [wide random network](spectra::WideNetwork), which is that of a kernel.
//! * [`train`]: [`train::Training`] runs epochs with penalties or [adversarial copies](train::AdversarialTraining), keeps
//!   a history, and resumes to the same bits; [`train::GruTraining`] does so on time series.
//! * [`attack`]: attacks of given size from [FGSM](attack::Fgsm) over [PGD](attack::Pgd) to [AutoAttack](attack::AutoAttack), searches for
//!   the nearest image ([DeepFool](attack::DeepFool), [Carlini and Wagner](attack::CarliniWagner), [FAB](attack::Fab)) and
//!   [noise](attack::Noise), on anything that is a [`attack::Classifier`]; a [suite](attack::Suite) with
//!   [a record for every example](attack::Evaluation); and [proofs](attack::IntervalBounds) of what no attack can do.
//! * [`dynamics`]: a GRU as a flow and a map; [all fixed points](dynamics::FixedPointSearch) of up to three units, proved, and a
//!   [heuristic search](dynamics::MultiStart) beyond; cycles, manifolds, basins, homoclinic orbits, and [all of it in one
//!   call](dynamics::Portrait); weights from PyTorch and Keras; [branches of equilibria](dynamics::BifurcationDiagram) with their
//!   bifurcations located, and [curves of these](dynamics::TwoParameterDiagram) in two parameters; an [atlas](dynamics::Atlas) of all
//!   portraits of two units that a search has found; a trained network [taken apart](dynamics::Dissection), and its training [as a
//!   path](dynamics::WeightPath) on which fixed points and cycles are born.
//! * [`experiments`]: [grids](experiments::nassar2020) of training runs, with [everything measured](experiments#the-table)
//!   in one table; and [what two units learn](experiments::jordan2021).
//! * [`plot`]: figures for papers, inline or as PNG and SVG.
//! * [`frame`] and [`exchange`]: polars tables to csv and parquet, arrays to npy and npz.
//!
//! All of it comes with `use eigengate::prelude::*;`. A [guide] to each of the three subjects: [spectra](guide::spectra), [attacks](guide::attacks),
//! [dynamics](guide::dynamics).
//!
//! ```
//! use eigengate::prelude::*;
//!
//! let mnist = mnist::shipped()?;
//! let (train, test) = (mnist.train.take(1000)?, mnist.test.take(200)?);
//!
//! // A network whose hidden layer is drawn to a 1/n spectrum.
//! let mut net = Mlp::new(&[784, 100, 10], Activation::Tanh, 1)?;
//! let history = Training::new(10, 50)
//!     .with_penalty(SpectralPenalty::new(2.0))
//!     .run(&mut net, &train, Some(&test))?;
//! assert!(history.records().last().is_some_and(|epoch| epoch.train_error < 0.2));
//!
//! // Its spectrum, and how many digits a small change of every pixel turns.
//! let alpha = spectrum(&net, &train)?.power_law(11, 80)?.alpha;
//! let curve = attack_over_eps(&net, &test, &Fgsm, &[0.0, 0.05])?.curve("1/n");
//! assert!(alpha > 0.5 && curve.error[1] > curve.error[0]);
//! # Ok::<(), eigengate::Error>(())
//! ```
//!
//! # References
//!
//! * **Nassar2020**: J. Nassar, P. A. Sokol, S. Chung, K. D. Harris, I. M. Park, *On 1/n neural representation and
//!   robustness*, NeurIPS 2020, [arXiv:2012.04729](https://arxiv.org/abs/2012.04729).
//! * **Jordan2021**: I. D. Jordan, P. A. Sokol, I. M. Park, *Gated recurrent units viewed through the lens of continuous time
//!   dynamical systems*, Frontiers in Computational Neuroscience 15, 2021, [arXiv:1906.01005](https://arxiv.org/abs/1906.01005).
//! * **Hoffman2019**: J. Hoffman, D. A. Roberts, S. Yaida, *Robust learning with Jacobian regularization*, 2019,
//!   [arXiv:1908.02729](https://arxiv.org/abs/1908.02729).
//! * **Stringer2019**: C. Stringer, M. Pachitariu, N. Steinmetz, M. Carandini, K. D. Harris, *High-dimensional geometry
//!   of population responses in visual cortex*, Nature 571, 2019.

#![warn(missing_docs)]

pub mod attack;
pub mod data;
pub mod device;
mod display;
pub mod dynamics;
pub mod error;
pub mod exchange;
pub mod experiments;
mod files;
pub mod frame;
pub mod guide;
pub mod nn;
pub mod numeric;
pub mod plot;
pub mod prelude;
pub mod seed;
pub mod spectra;
pub mod train;

pub use error::{Error, Result};
