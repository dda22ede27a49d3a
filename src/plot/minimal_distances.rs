//! How far the nearest adversarial images are.

use super::series::Course;
use super::{Axis, Color, Dash, Figure, Histogram, Panel, Reference, ticks};
use crate::attack::Norm;
use crate::error::{Error, Result};

/// Bins of the histogram.
const BINS: usize = 40;

/// Histograms of the distances of the nearest adversarial images that were found, such as
/// [`Nearest::distances`](crate::attack::Nearest::distances), in percent of the examples, with the median of each as a vertical
/// line and in the legend. All have the same bins, 40 up to the largest distance.
///
/// A distance that is NaN or infinite is that of an example which no attack broke: it is in no bin, and the legend counts
/// it. The median is over all examples, those included.
///
/// # Errors
/// [`Error::Empty`] without lists, for an empty one, and where no distance is finite; [`Error::Parameter`] for a negative one.
///
/// ```
/// use eigengate::{attack::Norm, plot};
///
/// let distances: Vec<f64> = (0..100).map(|i| 0.02 + 1e-3 * f64::from(i)).collect();
/// let figure = plot::minimal_distances(&[("vanilla", &distances)], Norm::Linf)?;
/// assert!(figure.summary()?.contains("histogram `vanilla, median 0.0695`: 40 bins"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn minimal_distances(lists: &[(&str, &[f64])], norm: Norm) -> Result<Figure> {
    if lists.is_empty() {
        return Err(Error::empty("the list of distances"));
    }
    if let Some((name, _)) = lists.iter().find(|(_, values)| values.is_empty()) {
        return Err(Error::empty(format!("the distances of `{name}`")));
    }
    let finite = || lists.iter().flat_map(|(_, values)| values.iter()).filter(|d| d.is_finite());
    if let Some(bad) = finite().find(|d| **d < 0.0) {
        return Err(Error::parameter(
            "distance",
            bad,
            "numbers of at least 0, or NaN for a search that failed",
        ));
    }
    let most = finite().fold(f64::NAN, |most, d| most.max(*d));
    if most.is_nan() {
        return Err(Error::empty("the list of finite distances"));
    }
    // Where all are 0 there is one bin's worth of them.
    let most = if most > 0.0 { most } else { 1.0 };
    let edges: Vec<f64> = (0..=BINS).map(|i| most * i as f64 / BINS as f64).collect();
    let mut histograms = Vec::new();
    let mut medians = Vec::new();
    let mut highest = 0.0f64;
    for (index, (name, values)) in lists.iter().enumerate() {
        let color = Color::series(index);
        let open = values.iter().filter(|d| !d.is_finite()).count();
        let median = median(values);
        let unbroken = if open == 0 { String::new() } else { format!(", {open} unbroken") };
        let text = if median.is_finite() { ticks::digits(median, 3) } else { "∞".to_owned() };
        let histogram = Histogram::of(format!("{name}, median {text}{unbroken}"), values, &edges)?;
        let histogram = histogram.scaled(100.0 / values.len() as f64);
        highest = histogram.heights.iter().fold(highest, |most, height| most.max(*height));
        histograms.push(histogram.with_color(color).with_dash(Dash::series(index)));
        if median.is_finite() {
            let line = Reference::new("", Course::Vertical(median)).with_color(color);
            medians.push(line.with_dash(Dash::series(index)));
        }
    }
    let norm = match norm {
        Norm::Linf => "L∞",
        Norm::L2 => "L2",
        Norm::L1 => "L1",
    };
    let x = Axis::linear(format!("Distance of the nearest adversarial image ({norm})")).with_range(0.0, most);
    let mut panel = Panel::new(x, Axis::linear("Examples (%)").with_range(0.0, 1.05 * highest));
    for histogram in histograms {
        panel = panel.with(histogram);
    }
    for median in medians {
        panel = panel.with(median);
    }
    Ok(Figure::from(panel))
}

/// The middle one, or the mean of the middle two; what is not finite counts as larger than all.
fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> =
        values.iter().map(|d| if d.is_finite() { *d } else { f64::INFINITY }).collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    if sorted.len().is_multiple_of(2) { 0.5 * (at(half.wrapping_sub(1)) + at(half)) } else { at(half) }
}
