//! The training loop.

use super::adversarial::{self, Keys};
use super::checkpoint::{self, State};
use super::history::{EpochRecord, History};
use super::jacobian::JacobianPenalty;
use super::penalty::Penalty;
use super::progress::Progress;
use super::training::Training;
use crate::data::Dataset;
use crate::device::{Matrix, Recording, from_rows};
use crate::error::{Error, Result};
use crate::nn::network::backward;
use crate::nn::ops::{GradientsOf, SpectralTarget, cross_entropy, spectral_penalty};
use crate::nn::{Network, argmax, error_rate};
use crate::spectra::eigenvectors;
use dfdx::prelude::AsArray;
use std::time::Instant;

/// The spectral penalties of a run by tap: position of the tap, its targets.
type Targets = Vec<(usize, Vec<SpectralTarget>)>;

/// What a step adds to the cross-entropy.
struct Penalties {
    targets: Targets,
    jacobians: Vec<JacobianPenalty>,
}

pub(super) fn run(
    settings: &Training,
    net: &mut dyn Network,
    train: &Dataset,
    validation: Option<&Dataset>,
) -> Result<History> {
    let start = Instant::now();
    let penalties = penalties(settings, net)?;
    let taps: Vec<usize> = penalties.targets.iter().map(|(tap, _)| *tap).collect();
    let keeper = checkpoint::Keeper::new(settings, train, validation);
    let mut state = keeper.open(net, &taps)?;
    let mut progress = Progress::new(settings, train.len());
    while state.epochs_done() < settings.epochs {
        let epoch_start = Instant::now();
        let batches = train.batches(settings.batch_size, settings.seed, state.epochs_done() as u64)?;
        if state.epochs_done() == 0 && state.batches_done == 0 {
            net.calibrate(train)?;
        }
        if state.batches_done == 0 && !taps.is_empty() {
            state.vectors = eigenvectors(net, train, &taps)?;
        }
        for batch in batches.iter().skip(state.batches_done) {
            step(settings, net, train, batch, &penalties, &mut state)?;
            progress.line(&state);
            let last = state.batches_done == batches.len();
            if !last && settings.time_budget.is_some_and(|budget| start.elapsed() > budget) {
                state.seconds += epoch_start.elapsed().as_secs_f64();
                keeper.save(net, &state)?;
                return Ok(state.history);
            }
        }
        net.calibrate(train)?;
        let validation_error = validation.map(|data| error_rate(net, data)).transpose()?;
        state.end_epoch(train.len(), validation_error, epoch_start.elapsed().as_secs_f64());
        state.history.finished = state.epochs_done() == settings.epochs;
        keeper.save(net, &state)?;
        if settings.time_budget.is_some_and(|budget| start.elapsed() > budget) {
            break;
        }
    }
    Ok(state.history)
}

fn penalties(settings: &Training, net: &dyn Network) -> Result<Penalties> {
    let (mut targets, mut jacobians): (Targets, _) = (vec![], vec![]);
    for penalty in &settings.penalties {
        match penalty {
            Penalty::Jacobian(penalty) => jacobians.push(*penalty),
            Penalty::Spectral(penalty) => {
                for position in penalty.positions(net)? {
                    match targets.iter_mut().find(|(tap, _)| *tap == position) {
                        Some((_, list)) => list.push(penalty.target),
                        None => targets.push((position, vec![penalty.target])),
                    }
                }
            }
        }
    }
    Ok(Penalties { targets, jacobians })
}

/// One batch: loss, gradients, a step of the optimiser.
fn step(
    settings: &Training,
    net: &mut dyn Network,
    train: &Dataset,
    batch: &[usize],
    penalties: &Penalties,
    state: &mut State,
) -> Result<()> {
    let epoch = state.epochs_done() as u64;
    let (mut x, mut labels) = gather(settings, train, batch, epoch)?;
    if let Some(adversarial) = settings.adversarial {
        let doubled =
            adversarial.double(net, x, labels, Keys { seed: settings.seed, epoch, examples: batch });
        (x, labels) = doubled.map_err(|error| match error {
            // Images are finite: it is the gradient that is not.
            Error::NotFinite { value, .. } => diverged(state, value),
            error => error,
        })?;
    }
    let recorded = net.record_batch(x.clone(), GradientsOf::Parameters)?;
    let guesses = argmax(&recorded.logits)?;
    let missed = |from: usize| {
        let rows = guesses.iter().zip(&labels).skip(from).take(batch.len());
        rows.filter(|(guess, label)| guess != label).count() as f64
    };
    let mut loss = cross_entropy(recorded.logits, &labels)?;
    let entropy = f64::from(loss.array());
    let (mut spectral, mut jacobian) = (0.0, 0.0);
    for ((tap, list), vectors) in penalties.targets.iter().zip(&state.vectors) {
        let Some(tap) = recorded.taps.get(*tap) else { continue };
        for target in list {
            let value = spectral_penalty(tap.retaped::<Recording>(), vectors, target)?;
            spectral += f64::from(value.array());
            loss = loss + value;
        }
    }
    if !penalties.jacobians.is_empty() {
        // An example is drawn once an epoch: its directions depend on neither the order nor the batches.
        let first = epoch.wrapping_mul(train.len() as u64);
        let mut keys: Vec<u64> = batch.iter().map(|&example| first.wrapping_add(example as u64)).collect();
        if settings.adversarial.is_some() {
            adversarial::double_keys(&mut keys);
        }
        for penalty in &penalties.jacobians {
            let value = penalty.record(net, &x, &recorded.taps, settings.seed, &keys)?;
            jacobian += f64::from(value.array());
            loss = loss + value;
        }
    }
    let total = entropy + spectral + jacobian;
    if !total.is_finite() {
        return Err(diverged(state, total));
    }
    drop((recorded.taps, x));
    let mut gradients = backward(loss)?;
    state.optimiser.step(net, &mut gradients)?;
    let examples = batch.len() as f64;
    state.sums.cross_entropy += entropy * examples;
    state.sums.spectral += spectral * examples;
    state.sums.jacobian += jacobian * examples;
    state.sums.wrong += missed(0);
    if settings.adversarial.is_some() {
        *state.sums.adversarial_wrong.get_or_insert(0.0) += missed(batch.len());
    }
    state.batches_done += 1;
    state.examples_done += batch.len();
    Ok(())
}

fn diverged(state: &State, loss: f64) -> Error {
    Error::Diverged { epoch: state.epochs_done() + 1, batch: state.batches_done + 1, loss }
}

/// The examples of a batch as this epoch sees them.
fn gather(settings: &Training, data: &Dataset, batch: &[usize], epoch: u64) -> Result<(Matrix, Vec<u8>)> {
    let x = from_rows(batch.len(), data.shape().pixels(), |i, row| {
        let image = data.image(batch[i]);
        match settings.augmentation {
            Some(a) => a.draw(settings.seed, epoch, batch[i] as u64).fill(image, data.shape(), row),
            None => row.iter_mut().zip(image).for_each(|(x, pixel)| *x = *pixel),
        }
    })?;
    Ok((x, batch.iter().map(|&index| data.labels()[index]).collect()))
}

impl State {
    fn end_epoch(&mut self, examples: usize, validation_error: Option<f64>, seconds: f64) {
        let mean = |sum: f64| sum / examples as f64;
        let cross_entropy = mean(self.sums.cross_entropy);
        let (spectral, jacobian) = (mean(self.sums.spectral), mean(self.sums.jacobian));
        let penalty = spectral + jacobian;
        self.history.records.push(EpochRecord {
            epoch: self.epochs_done() + 1,
            loss: cross_entropy + penalty,
            cross_entropy,
            penalty,
            spectral,
            jacobian,
            train_error: mean(self.sums.wrong),
            validation_error,
            adversarial_error: self.sums.adversarial_wrong.map(mean),
            seconds: self.seconds + seconds,
        });
        self.sums = Default::default();
        (self.batches_done, self.examples_done, self.seconds) = (0, 0, 0.0);
        self.vectors.clear();
    }
}
