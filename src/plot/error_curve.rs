//! Error under attack against the size of the attack.

use super::{Axis, Band, Color, Dash, Figure, Line, Panel};
use crate::attack::ErrorCurve;
use crate::error::{Error, Result};
use std::borrow::Borrow;

/// Error rates in percent against the size ε of the attack, one line for each curve.
///
/// Curves differ by colour and by dash; where a standard error is not zero, a band shows it on either side.
/// Takes curves or references to curves.
///
/// # Errors
/// [`Error::Empty`] without curves or for one without points, [`Error::Shape`] where the arrays of a curve differ in length.
pub fn error_curves<C: Borrow<ErrorCurve>>(curves: &[C]) -> Result<Figure> {
    // What is generic is compiled again in every cell that calls it, so it does nothing else.
    draw(&curves.iter().map(Borrow::borrow).collect::<Vec<_>>())
}

fn draw(curves: &[&ErrorCurve]) -> Result<Figure> {
    if curves.is_empty() {
        return Err(Error::empty("the list of error curves"));
    }
    let percent = |rates: &[f64]| rates.iter().map(|rate| 100.0 * rate).collect::<Vec<f64>>();
    let mut bands = Vec::new();
    let mut lines = Vec::new();
    let mut highest = 0.0f64;
    for (index, curve) in curves.iter().enumerate() {
        let error = percent(&curve.error);
        let spread = percent(&curve.standard_error);
        lines.push(
            Line::new(&curve.name, &curve.eps, &error)?
                .with_color(Color::series(index))
                .with_dash(Dash::series(index))
                .with_markers(),
        );
        if !spread.is_empty() && spread.len() != error.len() {
            let expected = format!("{} values, one for each eps", error.len());
            return Err(Error::shape(format!("standard_error of `{}`", curve.name), expected, spread.len()));
        }
        let low: Vec<f64> = error.iter().zip(&spread).map(|(e, s)| (e - s).max(0.0)).collect();
        let high: Vec<f64> = error.iter().zip(&spread).map(|(e, s)| (e + s).min(100.0)).collect();
        highest = error.iter().chain(&high).filter(|e| e.is_finite()).fold(highest, |a, b| a.max(*b));
        if spread.iter().any(|s| *s != 0.0) {
            bands.push(Band::new("", &curve.eps, &low, &high)?.with_color(Color::series(index)));
        }
    }
    // Error rates start at zero; they end at 100 or where the data do.
    let top = if highest > 0.0 { (1.05 * highest).min(102.0) } else { 1.0 };
    let y = Axis::linear("Error rate (%)").with_range(0.0, top);
    let mut x = Axis::linear("Perturbation size ε");
    let sizes = || curves.iter().flat_map(|curve| curve.eps.iter().copied());
    if sizes().all(|eps| eps == 0.0) {
        // Only the clean error: an axis around zero would show attacks of negative size.
        x = x.with_range(-0.004, 0.1);
    }
    let mut panel = Panel::new(x, y);
    for band in bands {
        panel = panel.with(band);
    }
    for line in lines {
        panel = panel.with(line);
    }
    Ok(Figure::from(panel))
}
