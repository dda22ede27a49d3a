//! What a trained network is like, as rows.

use super::noise;
use super::rows::Row;
use super::scale::Evaluation;
use crate::attack::{AttackRecords, Fgsm, Pgd, attack_over_eps};
use crate::data::Dataset;
use crate::error::Result;
use crate::nn::{Network, error_rate};
use crate::spectra::{Spectrum, spectra};
use crate::train::History;

/// The range of a power law (Stringer2019), where a spectrum is long enough.
const FIT: (usize, usize) = (11, 500);

/// All measurements but those of the training.
pub(super) fn measure<N: Network>(
    net: &N,
    train: &Dataset,
    test: &Dataset,
    evaluation: &Evaluation,
    seed: u64,
) -> Result<Vec<Row>> {
    let mut rows = vec![
        Row::new("train_error", error_rate(net, train)?).over(train.len()),
        Row::new("test_error", error_rate(net, test)?).over(test.len()),
    ];
    for spectrum in spectra(net, test)? {
        push_spectrum(&mut rows, &spectrum, test.len())?;
    }
    if !evaluation.fgsm_eps.is_empty() {
        let records = attack_over_eps(net, test, &Fgsm, &evaluation.fgsm_eps)?;
        push_errors(&mut rows, "error_fgsm", &records, test.len());
    }
    if !evaluation.pgd_eps.is_empty() {
        let first = test.take(evaluation.pgd_images.min(test.len()))?;
        let pgd = Pgd::new().with_steps(evaluation.pgd_steps).with_seed(seed);
        let records = attack_over_eps(net, &first, &pgd, &evaluation.pgd_eps)?;
        push_errors(&mut rows, "error_pgd", &records, first.len());
    }
    let errors = noise::errors(net, test, &evaluation.noise, seed)?;
    for (&deviation, error) in evaluation.noise.iter().zip(errors) {
        rows.push(Row::new("error_noise", error).parameter(decimal(deviation)).over(test.len()));
    }
    Ok(rows)
}

/// The epochs of the training.
pub(super) fn history(history: &History) -> Vec<Row> {
    let epochs = history.records().iter();
    epochs
        .flat_map(|record| {
            [
                Row::new("history_cross_entropy", record.cross_entropy).index(record.epoch),
                Row::new("history_penalty", record.penalty).index(record.epoch),
                Row::new("history_error", record.train_error).index(record.epoch),
            ]
        })
        .collect()
}

fn push_spectrum(rows: &mut Vec<Row>, spectrum: &Spectrum, images: usize) -> Result<()> {
    let (tap, values) = (spectrum.tap(), spectrum.eigenvalues());
    for (n, &value) in (1..).zip(values) {
        rows.push(Row::new("eigenvalue", value).at(tap).index(n).over(images));
    }
    // Of few images there are few eigenvalues: the others are 0 up to rounding.
    let positive = values.iter().take_while(|value| **value > 0.0).count().min(images - 1);
    let (first, last) = (FIT.0, FIT.1.min(positive));
    if first < last {
        let fit = spectrum.power_law(first, last)?;
        rows.push(Row::new("alpha", fit.alpha).at(tap).over(images));
        rows.push(Row::new("alpha_first", first as f64).at(tap));
        rows.push(Row::new("alpha_last", last as f64).at(tap));
    }
    Ok(())
}

fn push_errors(rows: &mut Vec<Row>, name: &'static str, records: &AttackRecords, images: usize) {
    let curve = records.curve("");
    for (&eps, &error) in curve.eps.iter().zip(&curve.error) {
        rows.push(Row::new(name, error).parameter(eps).over(images));
    }
}

/// The float64 number that is written like this float32 one: 0.1 rather than 0.10000000149.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
