//! Figures of every kind, also of awkward data.

use eigengate::attack::ErrorCurve;
use eigengate::plot::{
    self, Axis, Band, Color, Course, Dash, Figure, Line, Note, Panel, Points, Reference, SpectrumOptions,
};
use eigengate::spectra::{PowerLaw, Spectrum};

/// `of(1), of(2), ...`
pub fn values(count: u32, of: impl Fn(f64) -> f64) -> Vec<f64> {
    (1..=count).map(|i| of(f64::from(i))).collect()
}

fn wave(i: f64) -> f64 {
    (i * 0.731).sin() + 0.5 * (i * 1.93).cos()
}

/// Names and figures.
pub fn figures() -> Vec<(&'static str, Figure)> {
    let spectrum = |alpha: f64, scale: f64| {
        Spectrum::new("hidden.0", values(1000, |n| scale * n.powf(-alpha) * (0.1 * wave(n)).exp())).unwrap()
    };
    let (vanilla, one, steep) = (spectrum(1.6, 20.0), spectrum(1.02, 3.0), spectrum(3.9, 500.0));
    let fit = |of: &Spectrum| PowerLaw::fit(of.eigenvalues(), 11, 500).unwrap();
    let spectra = plot::spectrum(&[("vanilla", &vanilla), ("1/n", &one)]).unwrap();
    let options = SpectrumOptions {
        fits: vec![("vanilla".into(), fit(&vanilla)), ("1/n".into(), fit(&one))],
        tau: Some(100),
        ..SpectrumOptions::default()
    };
    let fitted = plot::spectrum_with(&[("vanilla", &vanilla), ("1/n", &one)], &options).unwrap();
    let decades = plot::spectrum(&[("steep", &steep), ("1/n", &one)]).unwrap();

    let eps = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25];
    let curve = |name: &str, rise: f64, se: f64| ErrorCurve {
        name: name.into(),
        eps: eps.to_vec(),
        error: eps.iter().map(|e| 0.02 + 0.97 * (1.0 - (-(rise * e).powi(2)).exp())).collect(),
        standard_error: eps.iter().map(|e| se * e).collect(),
    };
    let curves = plot::error_curves(&[
        curve("vanilla", 14.0, 0.2),
        curve("1/n", 7.0, 0.15),
        curve("Jacobian", 5.0, 0.1),
    ]);
    let many: Vec<ErrorCurve> = (0..8)
        .map(|i| {
            let name = format!("three hidden layers, penalty {i}, projected gradient");
            curve(&name, 3.0 + 1.5 * f64::from(i), 0.0)
        })
        .collect();
    let zero = ErrorCurve {
        name: "vanilla".into(),
        eps: vec![0.0],
        error: vec![0.0173],
        standard_error: vec![0.001],
    };

    let time = values(100_000, |i| i * 1e-4);
    let noisy = Line::new("100 000 samples", &time, &values(100_000, |i| wave(i) - 0.5)).unwrap();
    let scatter = Points::new("100 000 dots", &time, &values(100_000, |i| wave(i * i))).unwrap();
    let trace = Panel::new(Axis::linear("Time (s)"), Axis::linear("Membrane potential (mV)"))
        .with_title("Noise")
        .with(noisy.with_width(0.5));
    let dots = Panel::new(Axis::linear("Time (s)"), Axis::linear("Value")).with(scatter.with_diameter(1.0));

    let x = values(60, |i| i / 10.0);
    let mean = values(60, |i| (i / 10.0).sin() * 2.0 - 1.0);
    let spread = |by: f64| -> Vec<f64> { mean.iter().map(|m| m + by).collect() };
    let band = Panel::new(Axis::linear("Phase φ (rad)"), Axis::linear("ΔF / F₀"))
        .with(Band::new("", &x, &spread(-0.3), &spread(0.3)).unwrap())
        .with(Line::new("mean ± s.e.m.", &x, &mean).unwrap())
        .with(Points::new("peak", &[1.57], &[1.0]).unwrap())
        .with(Reference::new("threshold", Course::Horizontal(0.5)).with_dash(Dash::Dotted))
        .with(Reference::new("", Course::Vertical(std::f64::consts::PI)))
        .with(Note::new("α ≤ β", 4.0, 0.0).with_color(Color::BLUE));
    let plain = |x: Axis, y: Axis, at: &[f64], value: &[f64]| {
        Figure::from(Panel::new(x, y).with(Line::new("series", at, value).unwrap()))
    };
    let three = Figure::new(vec![trace.clone(), band.clone(), dots.clone()]).with_letters();
    let log = || Axis::log("Value (a.u.)");
    let grid = Figure::new(vec![
        band.clone().with_title("A title"),
        trace.clone(),
        spectra.panels()[0].clone(),
        curves.as_ref().unwrap().panels()[0].clone(),
    ]);

    vec![
        ("spectrum", spectra.clone()),
        ("spectrum-fit", fitted),
        ("spectrum-decades", decades.clone()),
        ("curves", curves.unwrap()),
        ("curves-many", plot::error_curves(&many).unwrap()),
        ("curves-zero", plot::error_curves(&[zero]).unwrap()),
        ("noise", Figure::from(trace)),
        ("dots", Figure::from(dots)),
        ("band", Figure::from(band)),
        ("three", three),
        ("grid", grid.with_letters().with_title("Everything there is")),
        ("one-point", plain(Axis::linear("x"), Axis::linear("y"), &[3.0], &[-2.0])),
        ("constant", plain(Axis::linear("x"), Axis::linear("y"), &[0.0, 1.0, 2.0], &[0.1, 0.1, 0.1])),
        ("constant-log", plain(Axis::log("x"), log(), &[1.0, 10.0, 20.0], &[0.3, 0.3, 0.3])),
        ("narrow-log", plain(Axis::log("x"), log(), &[3.0, 3.3, 3.6], &[2.0e-8, 3.0e-8, 4.4e-8])),
        ("awkward", {
            let x = values(400, |i| i * 2.5e-13);
            let y = values(400, |i| -1e3 * (i / 9.0).cos());
            let long = "A label that is much longer than the panel is high, in units nobody has heard of (kg m² s⁻³)";
            let panel = Panel::new(Axis::linear(long), Axis::linear(long)).with_title(long);
            let line = Line::new(long, &x, &y).unwrap();
            Figure::from(panel.with(line).with(Note::new("a note at the right end of the panel", 9e-11, 0.0)))
        }),
        ("eight-spectra", {
            let all: Vec<(String, Spectrum)> = (0..8)
                .map(|i| {
                    (
                        format!("β = {:.1}, hidden layer {i}", 0.1 * f64::from(i)),
                        spectrum(0.9 + 0.2 * f64::from(i), 9.0),
                    )
                })
                .collect();
            plot::spectrum(&all.iter().map(|(n, s)| (n.as_str(), s)).collect::<Vec<_>>()).unwrap()
        }),
        ("six", {
            let panels = [&spectra, &decades].map(|f| f.panels()[0].clone());
            Figure::new(panels.iter().cycle().take(6).cloned().collect()).with_letters()
        }),
        ("large", plain(Axis::linear("x"), Axis::linear("y"), &[0.0, 1e6, 2e6], &[-3e-6, 0.0, 3e-6])),
        (
            "gaps",
            plain(
                Axis::linear("x"),
                log(),
                &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
                &[1.0, 10.0, -1.0, 100.0, f64::NAN, 30.0],
            ),
        ),
        ("spectrum-300-dpi", spectra.with_title("A figure title").with_dpi(300).with_size(60.0, 50.0)),
    ]
}
