//! Spectra of recorded populations and of networks on log axes.

use super::{Axis, Band, Color, Course, Dash, Figure, Line, Panel, Reference};
use crate::error::{Error, Result};
use crate::spectra::{AlphaInterval, PowerLaw, SignalSpectrum, Spectrum};

/// What a figure of signal spectra shows beside the signals.
#[derive(Clone, Debug)]
pub struct SignalOptions {
    /// Level of the bootstrap band around every signal, 0.95 by default; `None` for no band. Signals without a bootstrap have none.
    pub level: Option<f64>,
    /// Whether plain PCA is drawn beside every signal, dashed; not by default.
    pub pca: bool,
    /// Whether the noise along the same directions is drawn, dotted; not by default.
    pub noise: bool,
    /// Whether variances are drawn as they are. By default all of a recording's spectra are divided by the sum of its signal, and every other
    /// spectrum by its own, so that populations of different sizes and units compare.
    pub absolute: bool,
    /// Whether to leave the 1/n line out, which goes through the tenth value of the first spectrum.
    pub no_reference: bool,
    /// Exponents of signals by the name of the signal: each fit is drawn over its range, and the legend has alpha with its interval.
    pub intervals: Vec<(String, AlphaInterval)>,
    /// Other spectra, such as those of networks, under a name.
    pub spectra: Vec<(String, Spectrum)>,
    /// Exponents of these by their name.
    pub fits: Vec<(String, PowerLaw)>,
}

impl Default for SignalOptions {
    fn default() -> Self {
        Self {
            level: Some(0.95),
            pca: false,
            noise: false,
            absolute: false,
            no_reference: false,
            intervals: vec![],
            spectra: vec![],
            fits: vec![],
        }
    }
}

/// Signal spectra on log-log axes as shares of the signal's variance, one line for each with its 95 % bootstrap band, and the line of slope −1
/// (1/n) through the tenth value of the first.
///
/// # Errors
/// As [`signal_spectra_with`].
pub fn signal_spectra(signals: &[&SignalSpectrum]) -> Result<Figure> {
    signal_spectra_with(signals, &SignalOptions::default())
}

/// [`signal_spectra`] with plain PCA, noise, spectra of networks, or fitted exponents.
///
/// Values that are not positive cannot be shown; the figure's summary says how many.
///
/// ```
/// use eigengate::prelude::*;
/// use eigengate::plot::SignalOptions;
///
/// let brain = cv_pca(&PopulationSimulation::new(200, 300).run()?.recording.with_name("population"))?;
/// let net = Mlp::new(&[784, 100, 10], Activation::Tanh, 1)?;
/// let network = spectrum(&net, &mnist::shipped()?.test.take(300)?)?;
/// let options = SignalOptions {
///     pca: true,
///     intervals: vec![("population".into(), brain.interval(5, 50, 0.95)?)],
///     fits: vec![("network".into(), network.power_law(5, 50)?)],
///     spectra: vec![("network".into(), network)],
///     ..SignalOptions::default()
/// };
/// let figure = plot::signal_spectra_with(&[&brain], &options)?;
/// assert!(figure.summary()?.contains("population, plain PCA"));
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without signals and spectra; [`Error::Parameter`] where a fit names none of them, and for a level outside of 0 to 1;
/// [`Error::Numeric`] where a signal's total variance is not positive.
pub fn signal_spectra_with(signals: &[&SignalSpectrum], options: &SignalOptions) -> Result<Figure> {
    let names: Vec<&str> = signals.iter().map(|signal| signal.name.as_str()).collect();
    let others: Vec<&str> = options.spectra.iter().map(|(name, _)| name.as_str()).collect();
    known("intervals", options.intervals.iter().map(|(name, _)| name), &names)?;
    known("fits", options.fits.iter().map(|(name, _)| name), &others)?;
    let label = if options.absolute { "Variance" } else { "Share of the variance" };
    let mut panel = Panel::new(Axis::log("Direction n"), Axis::log(label));
    if !options.no_reference {
        panel = panel.with(reference(signals, options)?);
    }
    for (position, signal) in signals.iter().enumerate() {
        panel = with_signal(panel, signal, Color::series(position), options)?;
    }
    for (position, (name, spectrum)) in options.spectra.iter().enumerate() {
        let (color, values) = (Color::series(signals.len() + position), spectrum.eigenvalues());
        let scale = scale(values, options)?;
        let law = options.fits.iter().find(|(of, _)| of == name).map(|(_, law)| law);
        let legend = law.map_or_else(String::new, |law| legend(law, None));
        let line = Line::new(format!("{name}{legend}"), &indices(values), &scaled(values, scale))?;
        panel = panel.with(line.with_color(color));
        if let Some(law) = law {
            panel = panel.with(fit(name, law, scale)?);
        }
    }
    Ok(Figure::from(panel))
}

fn with_signal(
    mut panel: Panel,
    signal: &SignalSpectrum,
    color: Color,
    options: &SignalOptions,
) -> Result<Panel> {
    let (name, values) = (&signal.name, &signal.signal);
    let (x, scale) = (indices(values), scale(values, options)?);
    if let Some(level) = options.level.filter(|_| signal.bootstrap.nrows() > 0) {
        let (low, high) = signal.band(level)?;
        // A band that reaches 0 ends where nothing can be seen any more, not in a hole of the log axis.
        let low: Vec<f64> = low.iter().zip(values).map(|(low, value)| low.max(1e-3 * value)).collect();
        panel = panel.with(Band::new("", &x, &scaled(&low, scale), &scaled(&high, scale))?.with_color(color));
    }
    let interval = options.intervals.iter().find(|(of, _)| of == name).map(|(_, interval)| interval);
    let legend = interval.map_or_else(String::new, |found| legend(&found.law, Some((found.low, found.high))));
    panel = panel.with(Line::new(format!("{name}{legend}"), &x, &scaled(values, scale))?.with_color(color));
    for (drawn, kind, values, dash) in [
        (options.pca, "plain PCA", &signal.pca, Dash::Dashed),
        (options.noise, "noise", &signal.noise, Dash::Dotted),
    ] {
        if drawn {
            let line = Line::new(format!("{name}, {kind}"), &x, &scaled(values, scale))?;
            panel = panel.with(line.with_color(color).with_dash(dash));
        }
    }
    match interval {
        Some(interval) => Ok(panel.with(fit(name, &interval.law, scale)?)),
        None => Ok(panel),
    }
}

/// Refuses names that nothing in the figure has.
fn known<'a>(what: &'static str, names: impl IntoIterator<Item = &'a String>, drawn: &[&str]) -> Result<()> {
    match names.into_iter().find(|name| !drawn.contains(&name.as_str())) {
        Some(name) => {
            Err(Error::parameter(what, name, format!("a name in the figure: {}", drawn.join(", "))))
        }
        None => Ok(()),
    }
}

/// The 1/n line through the tenth value of the first spectrum, or the last before that is positive.
fn reference(signals: &[&SignalSpectrum], options: &SignalOptions) -> Result<Reference> {
    let first = signals.first().map(|signal| signal.signal.as_slice());
    let first = first.or(options.spectra.first().map(|(_, spectrum)| spectrum.eigenvalues()));
    let Some(values) = first else { return Err(Error::empty("the list of spectra")) };
    let scale = scale(values, options)?;
    let usable = values.iter().take(10).take_while(|value| **value > 0.0).count();
    let value = values.get(usable.saturating_sub(1)).copied().unwrap_or(f64::NAN);
    if usable == 0 {
        let expected = "a first spectrum whose first value is positive, or no 1/n line";
        return Err(Error::parameter("signals", value, expected));
    }
    let course = Course::Power { amplitude: scale * value * usable as f64, exponent: -1.0 };
    Ok(Reference::new("1/n reference", course))
}

/// A thin line over the range of a fit.
fn fit(name: &str, law: &PowerLaw, scale: f64) -> Result<Line> {
    let ends = [law.first, law.last];
    let line =
        Line::new(format!("{name}, fit"), &ends.map(|n| n as f64), &ends.map(|n| scale * law.value(n)))?;
    Ok(line.with_color(Color::GREY).with_width(0.8).without_legend())
}

/// What values are multiplied with.
fn scale(values: &[f64], options: &SignalOptions) -> Result<f64> {
    let total: f64 = values.iter().sum();
    match (options.absolute, total > 0.0) {
        (true, _) => Ok(1.0),
        (false, true) => Ok(1.0 / total),
        (false, false) => {
            let reason =
                format!("its total variance is {total:.3e}, no more than noise; draw it with `absolute`");
            Err(Error::Numeric { method: "normalising a spectrum", reason })
        }
    }
}

fn scaled(values: &[f64], scale: f64) -> Vec<f64> {
    values.iter().map(|value| scale * value).collect()
}

fn indices(values: &[f64]) -> Vec<f64> {
    (1..=values.len()).map(|n| n as f64).collect()
}

fn legend(law: &PowerLaw, interval: Option<(f64, f64)>) -> String {
    let number = |value| super::ticks::number(value, 2);
    let between =
        interval.map_or_else(String::new, |(low, high)| format!(" ({}–{})", number(low), number(high)));
    format!(", α = {}{between}, n = {}–{}", number(law.alpha), law.first, law.last)
}
