//! Texts, tables, files and figures of what was found.

use crate::errors::has;
use crate::notebook::{is_notebook, shown};
use eigengate::Result;
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
    let text = shown("shown::values_are_one_line_in_a_notebook");
    assert_eq!(text.lines().count(), 15, "{text}");
    let parts = [
        "Recording(simulated, alpha 1: 2 repeats x 60 stimuli x 80 neurons, in memory)",
        "Spontaneous(100 points, 80 neurons of which 0 silent; 5 components with",
        "SignalSpectrum(V1: 60 directions of 60 stimuli x 80 neurons, 2 repeats, 2 shuffles; signal ",
        "alpha = 0.9",
        "(90 %: ",
        "n = 2..=20, R² = 0.9",
        "Population(2 repeats x 60 stimuli x 80 neurons; alpha 1 in 59 dimensions, noise 1)",
    ];
    has(&text, &parts);
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
