//! Simulated populations, whose spectrum is known.

use eigengate::Result;
use eigengate::prelude::*;

#[test]
fn the_signal_has_exactly_its_spectrum() -> Result<()> {
    for (stimuli, neurons, dimensions) in [(40, 60, 39), (60, 40, 40), (50, 50, 7)] {
        let settings = PopulationSimulation::new(stimuli, neurons).with_alpha(1.3).with_noise(0.0);
        let population = settings.with_dimensions(dimensions).run()?;
        let found = cv_pca(&population.recording)?;
        assert_eq!(population.signal.len(), dimensions);
        assert!((population.signal.iter().sum::<f64>() - neurons as f64).abs() < 1e-10);
        for (n, value) in found.signal.iter().enumerate() {
            let want = if n < dimensions { neurons as f64 * (n as f64 + 1.0).powf(-1.3) } else { 0.0 };
            let scale = population.signal[0] / neurons as f64;
            assert!((value - scale * want).abs() < 1e-10 * population.signal[0], "{n}: {value} and {want}");
        }
        let law = found.power_law(1, dimensions)?;
        assert!((law.alpha - 1.3).abs() < 1e-8 && (law.r_squared - 1.0).abs() < 1e-10, "{law}");
    }
    Ok(())
}

/// Cross-validation finds the exponent where noise biases plain PCA: a fifth of the variance is noise.
#[test]
fn exponents_are_found_under_noise_that_biases_plain_pca() -> Result<()> {
    for alpha in [0.8, 1.0, 1.2] {
        for seed in 1..=2 {
            let settings =
                PopulationSimulation::new(600, 900).with_alpha(alpha).with_noise(0.25).with_seed(seed);
            let found = CvPca::new().with_shuffles(5).run(&settings.run()?.recording)?;
            let law = found.interval(8, 90, 0.95)?;
            let plain = PowerLaw::fit(&found.pca, 8, 90)?;
            assert!((law.law.alpha - alpha).abs() < 0.03, "{alpha} {seed}: {law}, plain {plain}");
            assert!(plain.alpha < alpha - 0.1, "{alpha} {seed}: {plain}");
            assert!(
                law.low < law.law.alpha && law.law.alpha < law.high && law.high - law.low < 0.08,
                "{law}"
            );
            // Signal 1 and noise 1/4.
            assert!((found.signal_share() - 0.8).abs() < 0.01, "{found:?}");
        }
    }
    Ok(())
}

/// The spread of the exponent over new samples of stimuli is what the bootstrap says it is.
#[test]
fn the_bootstrap_has_the_spread_of_new_stimuli() -> Result<()> {
    let (stimuli, neurons, count) = (3000, 150, 250);
    // Independent stimuli of one population: parts of a long session.
    let session = PopulationSimulation::new(stimuli, neurons).with_noise(0.5).run()?.recording;
    let (mut alphas, mut widths) = (vec![], vec![]);
    for part in 0..stimuli / count {
        let stimuli: Vec<usize> = (part * count..(part + 1) * count).collect();
        let found = CvPca::new().with_shuffles(3).run(&session.select_stimuli(&stimuli)?)?;
        let interval = found.interval(4, 40, 0.6827)?;
        alphas.push(interval.law.alpha);
        widths.push((interval.high - interval.low) / 2.0);
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let centre = mean(&alphas);
    let spread = mean(&alphas.iter().map(|a| (a - centre).powi(2)).collect::<Vec<_>>()).sqrt();
    let ratio = mean(&widths) / spread;
    assert!((0.7..1.9).contains(&ratio), "{ratio}: spread {spread}, bootstrap {}", mean(&widths));
    Ok(())
}

#[test]
fn noise_has_its_variance_and_its_spectrum() -> Result<()> {
    let settings = PopulationSimulation::new(400, 60).with_noise(0.25).with_shared_noise(2.0, 1.5);
    let population = settings.with_repeats(4).run()?;
    let noise = noise_spectrum(&population.recording)?;
    let total: f64 = noise.eigenvalues().iter().sum();
    assert!((total / 60.0 - 2.25).abs() < 0.1, "{total}");
    // The shared part has 60 directions with exponent 1.5 above the floor of 0.25.
    let shared: f64 = (1..=60).map(|k| f64::from(k).powf(-1.5)).sum();
    for (k, value) in noise.eigenvalues().iter().take(4).enumerate() {
        let want = 0.25 + 120.0 / shared * (k as f64 + 1.0).powf(-1.5);
        assert!((value / want - 1.0).abs() < 0.25, "{k}: {value} and {want}");
    }
    let found = cv_pca(&population.recording)?;
    assert!((found.noise.iter().sum::<f64>() - total).abs() < 1e-8 * total);
    Ok(())
}

/// Shared noise that is also in the spontaneous activity is gone with its components.
#[test]
fn removing_spontaneous_components_removes_shared_noise() -> Result<()> {
    let settings = PopulationSimulation::new(200, 300).with_shared_noise(4.0, 2.0).with_spontaneous(800);
    let population = settings.run()?;
    let Some(activity) = &population.spontaneous else { panic!("no activity") };
    let noise = |components: usize| -> Result<(f64, f64)> {
        let clean = population.recording.z_scored_by(&Spontaneous::of(activity, components)?)?;
        let found = cv_pca(&clean)?;
        Ok((found.noise.iter().sum(), found.signal.iter().sum()))
    };
    let ((noise_before, signal_before), (noise_after, signal_after)) = (noise(0)?, noise(32)?);
    assert!(noise_after < 0.4 * noise_before, "{noise_before} {noise_after}");
    assert!(signal_after > 0.8 * signal_before, "{signal_before} {signal_after}");
    Ok(())
}
