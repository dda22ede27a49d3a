//! Texts, tables, files and figures of what was found.

use crate::errors::{has, text};
use crate::notebook::{is_notebook, shown};
use eigengate::Result;
use eigengate::plot::SignalOptions;
use eigengate::prelude::*;

fn found() -> SignalSpectrum {
    let recording = PopulationSimulation::new(60, 80).with_noise(0.3).run().unwrap().recording;
    CvPca::new().with_shuffles(2).with_replicates(50).run(&recording.with_name("V1")).unwrap()
}

#[test]
fn values_are_one_line_in_a_notebook() -> Result<()> {
    if is_notebook() {
        let population = PopulationSimulation::new(60, 80).with_spontaneous(100).run()?;
        population.recording.evcxr_display();
        Spontaneous::of(population.spontaneous.as_ref().unwrap(), 5)?.evcxr_display();
        found().evcxr_display();
        found().interval(2, 20, 0.9)?.evcxr_display();
        population.evcxr_display();
        return Ok(());
    }
    let output = shown("shown::values_are_one_line_in_a_notebook");
    assert_eq!(output.lines().count(), 15, "{output}");
    let parts = [
        "Recording(simulated, alpha 1: 2 repeats x 60 stimuli x 80 neurons, in memory)",
        "Spontaneous(100 points, 80 neurons of which 0 silent; 5 components with",
        "SignalSpectrum(V1: 60 directions of 60 stimuli x 80 neurons, 2 repeats, 2 shuffles; signal ",
        "alpha = 0.9",
        "(90 %: ",
        "n = 2..=20, R² = 0.9",
        "Population(2 repeats x 60 stimuli x 80 neurons; alpha 1 in 59 dimensions, noise 1)",
    ];
    has(&output, &parts);
    Ok(())
}

#[test]
fn tables_and_files_have_the_spectra() -> Result<()> {
    let found = found();
    let frame = found.frame()?;
    assert_eq!(frame.shape(), (60, 7));
    assert_eq!(frame.column("n")?.i64()?.get(59), Some(60));
    assert_eq!(frame.column("signal")?.f64()?.get(3), Some(found.signal[3]));
    let (low, high) = found.band(0.95)?;
    assert!(low[0] < found.signal[0] && found.signal[0] < high[0]);
    assert_eq!(frame.column("high")?.f64()?.get(0), Some(high[0]));
    let folder = tempfile::tempdir().unwrap();
    found.write_npz(folder.path().join("found.npz"))?;
    let npz = Npz::open(folder.path().join("found.npz"))?;
    assert_eq!(npz.get::<f64, ndarray::Ix1>("noise")?.to_vec(), found.noise);
    assert_eq!(npz.get::<f64, ndarray::Ix2>("bootstrap")?, *found.bootstrap);
    Ok(())
}

#[test]
fn a_population_and_a_network_are_in_one_figure() -> Result<()> {
    let found = found();
    let digits = mnist::shipped()?.test.take(80)?;
    let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 1)?;
    let network = spectrum(&net, &digits)?;
    let summary = plot::signal_spectra(&[&found])?.summary()?;
    has(&summary, &["1/n reference", "`V1`: 60 points", "Share of the variance"]);
    let interval = found.interval(3, 30, 0.95)?;
    let options = SignalOptions {
        pca: true,
        noise: true,
        intervals: vec![("V1".into(), interval)],
        fits: vec![("network".into(), network.power_law(2, 20)?)],
        spectra: vec![("network".into(), network.clone())],
        ..SignalOptions::default()
    };
    let figure = plot::signal_spectra_with(&[&found], &options)?;
    let alpha =
        format!("V1, α = {:.2} ({:.2}–{:.2}), n = 3–30", interval.law.alpha, interval.low, interval.high);
    let summary = figure.summary()?;
    has(&summary, &[&alpha, "V1, plain PCA", "V1, noise", "`network, α = ", "n = 2–20"]);
    assert!(figure.png()?.starts_with(b"\x89PNG"));
    // All of V1's lines have the scale of its signal, the network's its own.
    let line = |name: &str| {
        let series = figure.panels()[0].series.iter().find_map(|series| match series {
            plot::Series::Line(line) if line.name.starts_with(name) => Some(line.y.clone()),
            _ => None,
        });
        series.unwrap_or_else(|| panic!("{name}"))
    };
    let total: f64 = found.signal.iter().sum();
    assert!((line("V1, α").iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((line("network").iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((line("V1, plain PCA")[4] - found.pca[4] / total).abs() < 1e-15);
    assert!((line("V1, fit")[0] - interval.law.value(3) / total).abs() < 1e-15);
    let absolute = SignalOptions { absolute: true, ..options.clone() };
    has(&plot::signal_spectra_with(&[&found], &absolute)?.summary()?, &["Variance"]);

    has(&text(plot::signal_spectra(&[])), &["empty"]);
    let wrong = SignalOptions { intervals: vec![("V2".into(), interval)], ..SignalOptions::default() };
    has(&text(plot::signal_spectra_with(&[&found], &wrong)), &["V2", "V1"]);
    let wrong = SignalOptions { level: Some(2.0), ..SignalOptions::default() };
    has(&text(plot::signal_spectra_with(&[&found], &wrong)), &["level = 2"]);
    let alone = SignalOptions { spectra: vec![("network".into(), network)], ..SignalOptions::default() };
    has(&plot::signal_spectra_with(&[], &alone)?.summary()?, &["`network`"]);
    Ok(())
}
