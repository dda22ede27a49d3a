//! What a notebook imports: `use eigengate::prelude::*;`.
//!
//! `Result` and `Error` are left out on purpose: a glob import of them would replace the standard library's
//! names in every cell. They are [`eigengate::Result`](crate::Result) and [`eigengate::Error`](crate::Error).

pub use crate::attack::{
    Adversarial, Apgd, AttackRecords, AutoAttack, AutoAttackReport, Batch, Bim, CarliniWagner,
    CertifiedCurve, Classifier, DeepFool, ErrorCurve, Evaluation, Expectation, Fab, FastFgsm, Fgm, Fgsm,
    FixedEps, Function, IntervalBounds, Keep, L1Step, Loss, MiFgsm, MinimalNorm, Nearest, Noise, NoiseKind,
    Norm, Pgd, Preset, Projection, RandomFgsm, RandomStep, Square, Start, Step, Suite, TensorModel,
    Transformation, Warning, WithinEps, attack_over_eps, noise_over_levels,
};
pub use crate::data::{
    Augmentation, Cifar10, Dataset, ImageShape, Mnist, PlanarData, PlanarTask, Population,
    PopulationSimulation, Recording, Sampling, Spontaneous, Standardisation, TimeSeries, cifar10, idx, mnist,
};
pub use crate::dynamics::{
    self, Atlas, AtlasEntry, AtlasSearch, Attractors, Bifurcation, BifurcationDiagram, Connections,
    ContinuationOptions, CurveContinuation, Cycle, CycleBranch, CycleContinuation, CycleEnd, DiagramOptions,
    Dissection, DissectionOptions, EquilibriumContinuation, Event, Fate, FixedPointSearch, FixedPoints,
    GruWeights, HomoclinicContinuation, Integrator, Kind, LocalDynamics, Lyapunov, MultiStart, Pace,
    ParameterFamily, PlanarPoint, Portrait, PortraitClass, PortraitOptions, PseudoLineSearch, Readout, Reset,
    ReturnMap, Shooting, System, Trajectory, TwoParameterDiagram, VectorField, WeightPath, WeightPathOptions,
    Window, basins, families, limit_cycles, nullclines, saddle_manifolds, speed_map,
};
pub use crate::exchange::{self, Npz};
pub use crate::experiments::{self, Place, Results, Scale, nassar2020};
pub use crate::frame::Frame;
pub use crate::nn::ops::{Whitening, WhiteningKind};
pub use crate::nn::{
    Activation, Adam, Cnn, Decay, Gru, Mlp, NameMap, Network, Optimiser, RmsProp, Schedule, Sgd, Summary,
    error_rate, load_pytorch, predictions,
};
pub use crate::plot;
pub use crate::spectra::{
    AlphaInterval, CvPca, KernelConvergence, MeanSpectrum, PerturbationEnergy, PowerLaw, Sensitivity,
    SignalSpectrum, SpectralPenalty, Spectrum, TapRecording, Taps, WideNetwork, cv_pca, noise_spectrum,
    plain_spectrum, spectra, spectrum,
};
pub use crate::train::{
    AdversarialTraining, Feeding, GruHistory, GruTraining, History, JacobianPenalty, PredictionError,
    Projections, SeedRun, Training, predict_series, prediction_error,
};
pub use ndarray::{Array1, Array2, ArrayD, array, s};
