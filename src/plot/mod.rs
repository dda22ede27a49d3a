//! Figures for notebooks and papers.
//!
//! A [`Figure`] is a description that can be changed and drawn again; a cell that ends in one shows it.
//! [`spectrum`], [`error_curves`] and [`training_history`] make the usual ones; others are put together from
//! [`Panel`], [`Axis`] and [`Series`]. An [`ImageGrid`] has images side by side, as [`sensitivity_maps`] makes one.
//!
//! ```
//! use eigengate::plot::{Axis, Figure, Line, Panel};
//!
//! let time: Vec<f64> = (0..100).map(|i| 0.1 * f64::from(i)).collect();
//! let rate: Vec<f64> = time.iter().map(|t| t.cos()).collect();
//! let panel = Panel::new(Axis::linear("Time (s)"), Axis::linear("Rate (Hz)"));
//! let figure = Figure::from(panel.with(Line::new("cell 1", &time, &rate)?));
//! assert!(figure.png()?.starts_with(b"\x89PNG"));
//! # Ok::<(), eigengate::Error>(())
//! ```
//!
//! The font is bundled (`font/README.md`); nothing of a figure depends on the machine it is drawn on.

mod adversarial_examples;
mod axis;
mod bifurcation;
mod broken_examples;
mod certified_curves;
mod color_map;
mod curves;
mod dark;
mod dissection;
mod draw;
mod error_curve;
mod figure;
mod font;
mod geometry;
mod heatmap;
mod histogram;
mod history;
mod image;
mod image_grid;
mod image_layout;
mod kernel_convergence;
mod layout;
mod legend;
mod marker;
mod minimal_distances;
mod output;
mod panel;
mod perturbation_energy;
mod portrait;
mod predictions;
mod raster;
mod regions;
mod resolve;
mod robustness;
mod scene;
mod sensitivity;
mod series;
mod signal_spectra;
mod spectrum;
mod summary;
mod svg;
mod theme;
mod ticks;

pub use adversarial_examples::adversarial_examples;
pub use axis::{Axis, Scale};
pub use bifurcation::{bifurcation_diagram, two_parameter_diagram};
pub use broken_examples::broken_examples;
pub use certified_curves::certified_curves;
pub use color_map::ColorMap;
pub use curves::Curves;
pub use dark::{set_theme, theme};
pub use dissection::dissection;
pub use error_curve::error_curves;
pub use figure::Figure;
pub use font::register_plotters_font;
pub use heatmap::Heatmap;
pub use histogram::Histogram;
pub use history::training_history;
pub use image::Image;
pub use image_grid::{ImageGrid, Limits};
pub use kernel_convergence::kernel_convergence;
pub use marker::{Filling, Marker};
pub use minimal_distances::minimal_distances;
pub use panel::Panel;
pub use perturbation_energy::perturbation_energy;
pub use portrait::{atlas, portrait, portraits};
pub use predictions::{predicted_trajectories, prediction_errors};
pub use regions::Regions;
pub use robustness::robustness;
pub use sensitivity::sensitivity_maps;
pub use series::{Band, Course, Dash, Line, Note, Points, Reference, Series};
pub use signal_spectra::{SignalOptions, signal_spectra, signal_spectra_with};
pub use spectrum::{SpectrumOptions, mean_spectra, spectrum, spectrum_with};
pub use theme::{Color, Theme};
