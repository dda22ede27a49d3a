//! Spectra of random networks beside their limit.

use super::{Axis, Band, Color, Course, Dash, Figure, Line, Panel, Points, Reference};
use crate::error::{Error, Result};
use crate::spectra::{KernelConvergence, WidthErrors};

/// Two panels. On the left the spectra on log-log axes: for every width the mean over the seeds, with a band from the smallest to
/// the largest, and above them the limit of infinite width as a black line. On the right the relative error of the kernel of every
/// network against its width, with their root mean square as a line, and a dashed line that falls as `1 / sqrt(width)`.
///
/// # Errors
/// [`Error::Empty`] without widths.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.train.take(40)?;
/// let found = WideNetwork::new(Activation::Relu).convergence(digits.images(), &[32, 128], &[0, 1, 2])?;
/// let figure = plot::kernel_convergence(&found)?;
/// assert!(figure.summary()?.contains("infinite width"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn kernel_convergence(convergence: &KernelConvergence) -> Result<Figure> {
    if convergence.widths.is_empty() {
        return Err(Error::empty("the list of widths"));
    }
    Ok(Figure::new(vec![spectra(convergence)?, errors(convergence)?]).with_letters())
}

fn spectra(convergence: &KernelConvergence) -> Result<Panel> {
    let theory = convergence.theory.eigenvalues();
    let y = Axis::log("Eigenvalue λₙ / units");
    let mut panel = Panel::new(Axis::log("Eigenvalue index n"), visible(y, convergence));
    for (index, of) in convergence.widths.iter().enumerate() {
        let Some([low, mean, high]) = over_seeds(of) else { continue };
        let (indices, color) = (indices(mean.len()), color(index));
        if of.spectra.len() > 1 {
            panel = panel.with(Band::new("", &indices, &low, &high)?.with_color(color));
        }
        let line = Line::new(format!("{} units", of.width), &indices, &mean)?.with_color(color);
        panel = panel.with(line.with_dash(Dash::series(index)));
    }
    let line = Line::new("infinite width", &indices(theory.len()), theory)?.with_color(Color::BLACK);
    Ok(panel.with(line))
}

/// The axis from a little below the limit's smallest eigenvalue that is not rounding: narrow networks may have units that are 0 for all
/// inputs, and with them eigenvalues that are.
fn visible(axis: Axis, convergence: &KernelConvergence) -> Axis {
    let theory = convergence.theory.eigenvalues();
    let all = convergence.widths.iter().flat_map(|of| &of.spectra).chain([&convergence.theory]);
    let largest =
        all.flat_map(|spectrum| spectrum.eigenvalues().first()).fold(0.0f64, |most, value| most.max(*value));
    let positive = theory.iter().copied().filter(|value| *value > 1e-10 * largest);
    let smallest = positive.fold(largest, f64::min);
    if smallest > 0.0 { axis.with_range(0.3 * smallest, 2.0 * largest) } else { axis }
}

fn errors(convergence: &KernelConvergence) -> Result<Panel> {
    let mut panel = Panel::new(Axis::log("Units of a layer N"), Axis::log("Relative error of the kernel"));
    let widths: Vec<f64> = convergence.widths.iter().map(|of| of.width as f64).collect();
    let means: Vec<f64> = convergence.widths.iter().map(WidthErrors::kernel_error).collect();
    // Through the geometric mean of all.
    let logs = widths.iter().zip(&means).map(|(width, error)| (error * width.sqrt()).ln());
    let amplitude = (logs.sum::<f64>() / widths.len() as f64).exp();
    panel = panel.with(Reference::new("1/√N", Course::Power { amplitude, exponent: -0.5 }));
    panel = panel.with(Line::new("", &widths, &means)?.with_color(Color::BLACK));
    for (index, of) in convergence.widths.iter().enumerate() {
        let places = vec![of.width as f64; of.kernel_errors.len()];
        panel = panel.with(Points::new("", &places, &of.kernel_errors)?.with_color(color(index)));
    }
    Ok(panel)
}

/// The colours of widths: all but black.
fn color(index: usize) -> Color {
    Color::series(1 + index % 6)
}

fn indices(count: usize) -> Vec<f64> {
    (1..=count).map(|n| n as f64).collect()
}

/// The smallest, the mean and the largest of every eigenvalue.
fn over_seeds(of: &WidthErrors) -> Option<[Vec<f64>; 3]> {
    let count = of.spectra.iter().map(|spectrum| spectrum.eigenvalues().len()).min()?;
    let all = |n: usize| of.spectra.iter().filter_map(move |spectrum| spectrum.eigenvalues().get(n)).copied();
    let seeds = of.spectra.len() as f64;
    Some([
        (0..count).map(|n| all(n).fold(f64::INFINITY, f64::min)).collect(),
        (0..count).map(|n| all(n).sum::<f64>() / seeds).collect(),
        (0..count).map(|n| all(n).fold(f64::NEG_INFINITY, f64::max)).collect(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Activation;
    use crate::plot::Series;
    use crate::spectra::{Spectrum, WideNetwork};

    #[test]
    fn what_is_drawn_are_means_extremes_and_the_law() -> Result<()> {
        let of = |width: usize, spectra: [[f64; 2]; 2], errors: [f64; 2]| -> Result<WidthErrors> {
            let spectra = spectra.iter().map(|values| Spectrum::new("hidden.0", values.to_vec()));
            Ok(WidthErrors {
                width,
                seeds: vec![0, 1],
                spectra: spectra.collect::<Result<_>>()?,
                kernel_errors: errors.to_vec(),
                spectrum_errors: errors.to_vec(),
            })
        };
        let convergence = KernelConvergence {
            network: WideNetwork::new(Activation::Tanh),
            inputs: 3,
            theory: Spectrum::new("hidden.0", vec![4.0, 2.0])?,
            widths: vec![
                of(4, [[5.0, 1.0], [7.0, 3.0]], [0.5, 0.5])?,
                of(16, [[4.5, 2.0], [4.0, 1.5]], [0.25, 0.25])?,
            ],
        };
        let figure = kernel_convergence(&convergence)?;
        let [Series::Band(band), Series::Line(mean), .., Series::Line(limit)] =
            figure.panels[0].series.as_slice()
        else {
            panic!("a band, a line, and so on");
        };
        assert_eq!((&band.low, &band.high), (&vec![5.0, 1.0], &vec![7.0, 3.0]));
        assert_eq!((&mean.y, mean.color, &mean.x), (&vec![6.0, 2.0], band.color, &vec![1.0, 2.0]));
        assert_eq!((&limit.y, limit.color), (&vec![4.0, 2.0], Some(Color::BLACK)));
        let [Series::Reference(law), Series::Line(line), Series::Points(points), _] =
            figure.panels[1].series.as_slice()
        else {
            panic!("the law, a line, points of two widths");
        };
        // Both errors are 1 / sqrt(N).
        let Course::Power { amplitude, exponent } = law.course else { panic!("a power") };
        assert!((amplitude - 1.0).abs() < 1e-12 && exponent == -0.5);
        assert_eq!((&line.x, &line.y), (&vec![4.0, 16.0], &vec![0.5, 0.25]));
        assert_eq!((&points.x, points.color), (&vec![4.0, 4.0], mean.color));
        Ok(())
    }
}
