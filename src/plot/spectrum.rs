//! Eigenvalue spectra on log axes.

use super::{Axis, Band, Color, Course, Dash, Figure, Line, Panel, Reference};
use crate::error::{Error, Result};
use crate::spectra::{MeanSpectrum, PowerLaw, Spectrum};

/// What a figure of spectra shows beside the spectra.
#[derive(Clone, Debug, Default)]
pub struct SpectrumOptions {
    /// Index, counted from 1, at which the 1/n line meets the first spectrum. `None` takes 10, or the last
    /// eigenvalue of a spectrum with fewer.
    pub tau: Option<usize>,
    /// Whether to leave the 1/n line out.
    pub no_reference: bool,
    /// Fitted power laws by the name of their spectrum. The legend gives each exponent with the range of
    /// indices that it was fitted to.
    pub fits: Vec<(String, PowerLaw)>,
}

/// Spectra on log-log axes, one line for each, with the line of slope −1 (1/n) through the tenth
/// eigenvalue of the first.
///
/// Eigenvalues that are not positive cannot be shown; the figure's summary says how many.
///
/// # Errors
/// [`Error::Empty`] without spectra.
///
/// ```
/// use eigengate::{plot, spectra::Spectrum};
///
/// let values = |alpha: f64| (1..=200).map(|n| f64::from(n).powf(-alpha)).collect();
/// let (steep, one) = (Spectrum::new("layer 1", values(2.0))?, Spectrum::new("layer 1", values(1.0))?);
/// let figure = plot::spectrum(&[("vanilla", &steep), ("regularised", &one)])?;
/// println!("{}", figure.summary()?);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn spectrum(spectra: &[(&str, &Spectrum)]) -> Result<Figure> {
    spectrum_with(spectra, &SpectrumOptions::default())
}

/// [`spectrum`] with another index for the 1/n line, or with fitted exponents in the legend.
///
/// # Errors
/// Also [`Error::Parameter`] when `tau` is not an index of the first spectrum, or a fit names
/// none of the spectra.
pub fn spectrum_with(spectra: &[(&str, &Spectrum)], options: &SpectrumOptions) -> Result<Figure> {
    let Some((_, first)) = spectra.first() else { return Err(Error::empty("the list of spectra")) };
    if let Some((name, _)) = options.fits.iter().find(|(name, _)| spectra.iter().all(|(of, _)| of != name)) {
        let names: Vec<&str> = spectra.iter().map(|(name, _)| *name).collect();
        return Err(Error::parameter("fits", name, format!("a name of a spectrum: {}", names.join(", "))));
    }
    let mut panel = Panel::new(Axis::log("Eigenvalue index n"), Axis::log("Eigenvalue λₙ"));
    if !options.no_reference {
        let (index, value) = anchor(first, options.tau)?;
        let course = Course::Power { amplitude: value * index as f64, exponent: -1.0 };
        panel = panel.with(Reference::new("1/n reference", course));
    }
    for (name, spectrum) in spectra {
        let values = spectrum.eigenvalues();
        let indices: Vec<f64> = (1..=values.len()).map(|n| n as f64).collect();
        let fit = options.fits.iter().find(|(of, _)| of == name).map(|(_, fit)| legend(fit));
        panel = panel.with(Line::new(format!("{name}{}", fit.unwrap_or_default()), &indices, values)?);
    }
    Ok(Figure::from(panel))
}

/// Means of spectra over seeds on log-log axes, with a band of one standard error on either side, and the line of slope −1
/// (1/n) through the tenth eigenvalue of the first.
///
/// # Errors
/// As [`spectrum`].
///
/// ```
/// use eigengate::{plot, spectra::{MeanSpectrum, Spectrum}};
///
/// let seed = |s: f64| Spectrum::new("hidden.0", (1..=200).map(|n| s / f64::from(n)).collect());
/// let mean = MeanSpectrum::of("vanilla", &[seed(1.0)?, seed(1.2)?, seed(0.9)?])?;
/// let figure = plot::mean_spectra(&[mean])?;
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn mean_spectra(spectra: &[MeanSpectrum]) -> Result<Figure> {
    let Some(first) = spectra.first() else { return Err(Error::empty("the list of spectra")) };
    let (index, value) = anchor(&Spectrum::new(first.tap.clone(), first.mean.clone())?, None)?;
    let course = Course::Power { amplitude: value * index as f64, exponent: -1.0 };
    let axes = (Axis::log("Eigenvalue index n"), Axis::log("Eigenvalue λₙ"));
    let mut panel = Panel::new(axes.0, axes.1).with(Reference::new("1/n reference", course));
    for (position, spectrum) in spectra.iter().enumerate() {
        let indices: Vec<f64> = (1..=spectrum.mean.len()).map(|n| n as f64).collect();
        let color = Color::series(position);
        if spectrum.count > 1 {
            let shifted = |sign: f64| -> Vec<f64> {
                let pairs = spectrum.mean.iter().zip(&spectrum.standard_error);
                // A band that reaches 0 ends where nothing can be seen any more, not in a hole of the log axis.
                pairs.map(|(mean, error)| (mean + sign * error).max(1e-3 * mean)).collect()
            };
            panel = panel.with(Band::new("", &indices, &shifted(-1.0), &shifted(1.0))?.with_color(color));
        }
        let line = Line::new(&spectrum.name, &indices, &spectrum.mean)?.with_color(color);
        panel = panel.with(line.with_dash(Dash::series(position)));
    }
    Ok(Figure::from(panel))
}

/// The index and eigenvalue that the 1/n line goes through.
fn anchor(spectrum: &Spectrum, tau: Option<usize>) -> Result<(usize, f64)> {
    let values = spectrum.eigenvalues();
    let index = tau.unwrap_or(10.min(values.len()));
    let value = index.checked_sub(1).and_then(|i| values.get(i)).copied();
    match value {
        Some(value) if value.is_finite() && value > 0.0 => Ok((index, value)),
        _ => {
            let usable = values.iter().take_while(|v| v.is_finite() && **v > 0.0).count();
            // Without a tau from the caller, the last index that can be used will do.
            match (tau, values.get(usable.wrapping_sub(1))) {
                (None, Some(&value)) => Ok((usable, value)),
                _ => Err(Error::parameter(
                    "tau",
                    index,
                    format!("an index with a positive eigenvalue of the first spectrum, 1 to {usable}"),
                )),
            }
        }
    }
}

fn legend(fit: &PowerLaw) -> String {
    format!(", α = {}, n = {}–{}", super::ticks::number(fit.alpha, 2), fit.first, fit.last)
}
