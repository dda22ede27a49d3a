//! The numbers of tests/parity/recordings.py.

use eigengate::Result;
use eigengate::exchange::Npz;
use eigengate::prelude::*;
use ndarray::{Array3, IxDyn};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/recordings.npz");

fn npz() -> Npz {
    Npz::open(FILE).unwrap()
}

fn recording(name: &str) -> Recording {
    Recording::open_npz(FILE, &format!("{name}.responses")).unwrap()
}

/// Asserts that `got` is the array of this name up to `bound` of its largest value.
#[track_caller]
fn assert_is(got: &[f64], name: &str, bound: f64) {
    let want: Vec<f64> = npz().get::<f64, IxDyn>(name).unwrap().into_iter().collect();
    assert_eq!(got.len(), want.len(), "{name}");
    let largest = want.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    for (place, (got, want_here)) in got.iter().zip(&want).enumerate() {
        let error = (got - want_here).abs();
        assert!(error <= bound * largest, "{name} at {place}: {got}, numpy {want_here}");
    }
}

#[test]
fn spectra_are_those_of_the_definition() -> Result<()> {
    for name in ["wide", "tall", "many"] {
        let recording = recording(name);
        let found = CvPca::new().with_shuffles(0).run(&recording)?;
        assert_is(&found.signal, &format!("{name}.signal"), 1e-11);
        assert_is(&found.pca, &format!("{name}.pca"), 1e-12);
        assert_is(&found.noise, &format!("{name}.noise"), 1e-11);
        assert_is(noise_spectrum(&recording)?.eigenvalues(), &format!("{name}.own_noise"), 1e-12);
        assert_is(plain_spectrum(&recording)?.eigenvalues(), &format!("{name}.plain"), 1e-12);
        let law = PowerLaw::fit(&found.pca, 3, 15)?;
        assert_is(&[law.alpha, law.r_squared], &format!("{name}.law"), 1e-10);
        let ratios =
            [found.participation_ratio(), Spectrum::new(name, found.pca.clone())?.effective_dimension()];
        assert_is(&ratios, &format!("{name}.ratio"), 1e-10);
        // Float64 in memory instead of float32 in a file.
        let again = Recording::new(recording.responses()?.view())?.with_name(recording.name());
        assert_eq!(CvPca::new().with_shuffles(0).run(&again)?, found);
    }
    Ok(())
}

#[test]
fn shuffles_have_the_mean_and_the_spread_of_numpys() -> Result<()> {
    const SHUFFLES: usize = 1500;
    let npz = npz();
    for name in ["wide", "tall", "many"] {
        let found = CvPca::new().with_shuffles(SHUFFLES).with_seed(3).run(&recording(name))?;
        let mean: Array1<f64> = npz.get(&format!("{name}.shuffled"))?;
        let spread: Array1<f64> = npz.get(&format!("{name}.spread"))?;
        // The error of the difference of the means of 1500 and of 4000 shuffles.
        let error = (1.0 / SHUFFLES as f64 + 1.0 / 4000.0).sqrt();
        for n in 0..mean.len() {
            let distance = (found.signal[n] - mean[n]) / (error * spread[n] + 1e-12 * mean[0]);
            assert!(distance.abs() < 4.5, "{name} {n}: {} and {}, {distance:.1}", found.signal[n], mean[n]);
            let ratio = (found.shuffle_deviation[n] + 1e-12) / (spread[n] + 1e-12);
            assert!((ratio - 1.0).abs() < 0.1, "{name} {n}: {ratio}");
        }
    }
    Ok(())
}

#[test]
fn spontaneous_components_are_removed_as_by_numpy() -> Result<()> {
    let npz = npz();
    for length in ["short", "long"] {
        let activity = Recording::open_npz(FILE, &format!("{length}.activity"))?;
        let spontaneous = Spontaneous::of(&activity, 6)?;
        assert_eq!(spontaneous.silent(), [3, 11]);
        let v = spontaneous.components();
        let unit = v.dot(&v.t());
        assert!((unit - Array2::<f64>::eye(6)).iter().all(|d| d.abs() < 1e-12));
        let clean = recording("wide").z_scored_by(&spontaneous)?;
        assert_eq!(clean.neurons(), 68);
        assert!(!clean.neuron_numbers().contains(&3) && clean.neuron_numbers()[3] == 4);
        let want: Array3<f64> = npz.get(&format!("{length}.clean"))?;
        let got = clean.responses()?;
        let scale = want.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        assert!((&got - &want).iter().all(|d| d.abs() < 1e-10 * scale), "{length}");
    }
    Ok(())
}

#[test]
fn trials_are_grouped_by_stimulus() -> Result<()> {
    let npz = npz();
    let trials = Recording::open_npz(FILE, "grouped.trials")?;
    let stimuli: Array1<i64> = npz.get("grouped.stimuli")?;
    let grouped = trials.by_stimulus(&stimuli.to_vec())?.responses()?;
    let want: Array3<f64> = npz.get("grouped.responses")?;
    assert_eq!(grouped.dim(), want.dim());
    assert!((&grouped - &want).iter().all(|d| d.abs() < 1e-14));
    Ok(())
}
