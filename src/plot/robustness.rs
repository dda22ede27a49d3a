//! Spectra of some networks and what they withstand, side by side.

use super::{Axis, Figure, Series, error_curves, mean_spectra};
use crate::attack::ErrorCurve;
use crate::error::Result;
use crate::spectra::MeanSpectrum;

/// A panel with the [mean spectra](mean_spectra) of networks, and one with their [error curves](error_curves) for every entry
/// of `errors`: its title, the label of its horizontal axis, and the curves. One legend serves all panels where spectra and
/// curves have the same names in the same order.
///
/// ```
/// use eigengate::attack::ErrorCurve;
/// use eigengate::{plot, spectra::{MeanSpectrum, Spectrum}};
///
/// let spectrum = Spectrum::new("hidden.0", (1..=200).map(|n| 1.0 / f64::from(n)).collect())?;
/// let mean = MeanSpectrum::of("vanilla", &[spectrum])?;
/// let (eps, error) = (vec![0.0, 0.1], vec![0.02, 0.9]);
/// let curve = ErrorCurve { name: "vanilla".into(), eps, error, standard_error: vec![0.0, 0.01] };
/// let figure = plot::robustness(&[mean], &[("FGSM", "Perturbation size ε", vec![curve])])?;
/// assert_eq!(figure.panels().len(), 2);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// As for the two.
pub fn robustness(spectra: &[MeanSpectrum], errors: &[(&str, &str, Vec<ErrorCurve>)]) -> Result<Figure> {
    let mut panels = mean_spectra(spectra)?.panels().to_vec();
    if let (Some(panel), Some(first)) = (panels.first_mut(), spectra.first()) {
        panel.title = first.tap.clone();
    }
    for (title, label, curves) in errors {
        let mut figure = error_curves(curves)?;
        for panel in figure.panels_mut() {
            panel.title = (*title).to_owned();
            panel.x = Axis { label: (*label).to_owned(), ..panel.x.clone() };
            // Lines as in the spectra, which have too many points for dots.
            panel.series.iter_mut().for_each(|series| {
                if let Series::Line(line) = series {
                    line.markers = false;
                }
            });
        }
        panels.append(figure.panels_mut());
    }
    Ok(Figure::new(panels).with_letters())
}
