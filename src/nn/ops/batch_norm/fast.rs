//! Batch normalisation on the CPU: passes over groups of rows.

use super::BatchStatistics;
use crate::device::{Contiguous, Device, Matrix, dims, matrix, values_mut, zeros};
use crate::error::Result;
use crate::nn::ops::GradientsOf;
use crate::nn::ops::cpu::{add_slopes, add_squared_deviations, normalise_rows, normalised_slopes};
use crate::numeric::{GROUP, column_sums, group_totals};
use dfdx::prelude::{HasErr, PutTape, Tape, ZerosTensor};
use rayon::prelude::*;

pub(super) fn batch<T: Tape<f32, Device>>(
    x: Matrix<T>,
    gamma: &Matrix,
    beta: &Matrix,
    eps: f64,
    gradients: GradientsOf,
) -> Result<(Matrix<T>, BatchStatistics)> {
    let (x, tape) = Contiguous::new(x)?;
    let ((batch, width), channels) = (x.dims(), dims(gamma).1);
    let places = width / channels;
    let count = (batch * places) as f64;
    let means = folded(&column_sums(x.values(), width), places);
    let means: Vec<f32> = means.into_iter().map(|sum| (sum / count) as f32).collect();
    let mean = spread(&means, places);
    let mut sums = zeros(batch.div_ceil(GROUP), width)?;
    let groups = values_mut(&mut sums).par_chunks_mut(width).zip(x.values().par_chunks(GROUP * width));
    groups.for_each(|(sums, x)| add_squared_deviations(sums, x, &mean));
    let squares = folded(&group_totals(values_mut(&mut sums), width), places);

    let rate: Vec<f32> = squares.iter().map(|sum| (1.0 / (sum / count + eps).sqrt()) as f32).collect();
    let unbiased: Vec<f32> = squares.iter().map(|sum| (sum / (count - 1.0)) as f32).collect();
    let (m, v) = (matrix(&means, 1, channels)?, matrix(&unbiased, 1, channels)?);
    let scale = Scale { mean, rate: spread(&rate, places), places, of_batch: true };
    let y = run(x, tape, Contiguous::plain(gamma)?, Contiguous::plain(beta)?, scale, gradients)?;
    Ok((y, BatchStatistics::from_parts(m, v)))
}

/// The sum over the places of every channel.
fn folded(columns: &[f64], places: usize) -> Vec<f64> {
    columns.chunks_exact(places).map(|channel| channel.iter().sum()).collect()
}

/// A number of every channel for all of its places.
fn spread(channels: &[f32], places: usize) -> Vec<f32> {
    channels.iter().flat_map(|value| std::iter::repeat_n(*value, places)).collect()
}

pub(super) fn fixed<T: Tape<f32, Device>>(
    x: Matrix<T>,
    gamma: &Matrix,
    beta: &Matrix,
    statistics: &BatchStatistics,
    eps: f64,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let (x, tape) = Contiguous::new(x)?;
    let variance = Contiguous::plain(statistics.variance())?;
    let places = x.dims().1 / dims(gamma).1;
    let rate: Vec<f32> =
        variance.values().iter().map(|v| (1.0 / (f64::from(*v) + eps).sqrt()) as f32).collect();
    let mean = spread(Contiguous::plain(statistics.mean())?.values(), places);
    let scale = Scale { mean, rate: spread(&rate, places), places, of_batch: false };
    run(x, tape, Contiguous::plain(gamma)?, Contiguous::plain(beta)?, scale, gradients)
}

/// `z = (x - mean) rate`, for every column.
struct Scale {
    mean: Vec<f32>,
    rate: Vec<f32>,
    /// Columns of a channel.
    places: usize,
    /// Whether mean and rate follow from x, so that the gradient flows through them.
    of_batch: bool,
}

fn run<T: Tape<f32, Device>>(
    x: Contiguous,
    mut tape: T,
    gamma: Contiguous,
    beta: Contiguous,
    scale: Scale,
    gradients: GradientsOf,
) -> Result<Matrix<T>> {
    let (batch, width) = x.dims();
    let task = GROUP * width;
    let (factors, offset) = (spread(gamma.values(), scale.places), spread(beta.values(), scale.places));
    let slope: Vec<f32> = factors.iter().zip(&scale.rate).map(|(gamma, rate)| gamma * rate).collect();
    let mut y = zeros(batch, width)?;
    let rows = values_mut(&mut y).par_chunks_mut(task).zip(x.values().par_chunks(task));
    rows.for_each(|(y, x)| normalise_rows(y, x, &scale.mean, &slope, &offset));

    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        // What the fixed one does to its input needs no sums.
        let sums =
            if gradients.parameters() || scale.of_batch { Some(Sums::new(&dy, &x, &scale)?) } else { None };
        if let (true, Some(sums)) = (gradients.parameters(), &sums) {
            add(g.get_or_alloc_mut(gamma.tensor())?, &folded(&sums.dgamma, scale.places));
            add(g.get_or_alloc_mut(beta.tensor())?, &folded(&sums.dbeta, scale.places));
        }
        if gradients.input() {
            // dx += slope (dy - level - tilt (x - mean))
            let (level, tilt) = match sums.filter(|_| scale.of_batch) {
                Some(sums) => sums.feedback(&scale, batch),
                None => (vec![0.0; width], vec![0.0; width]),
            };
            let dx = g.get_or_alloc_mut(x.tensor())?;
            dx.par_chunks_mut(task)
                .zip(dy.par_chunks(task))
                .zip(x.values().par_chunks(task))
                .for_each(|((dx, dy), x)| normalised_slopes(dx, dy, x, &scale.mean, &slope, &level, &tilt));
        }
        // Other operations may still read it.
        **g.get_or_alloc_mut(&ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// The sums of the backward pass.
struct Sums {
    /// Sum of `dy z` down every column.
    dgamma: Vec<f64>,
    /// Sum of `dy`.
    dbeta: Vec<f64>,
}

impl Sums {
    fn new(dy: &[f32], x: &Contiguous, scale: &Scale) -> std::result::Result<Self, <Device as HasErr>::Err> {
        let (batch, width) = x.dims();
        let (task, groups) = (GROUP * width, batch.div_ceil(GROUP));
        let device = x.tensor().device();
        let mut sums: Matrix = device.try_zeros_like(&(groups, width))?;
        let mut products: Matrix = device.try_zeros_like(&(groups, width))?;
        values_mut(&mut sums)
            .par_chunks_mut(width)
            .zip(values_mut(&mut products).par_chunks_mut(width))
            .zip(dy.par_chunks(task))
            .zip(x.values().par_chunks(task))
            .for_each(|(((sums, products), dy), x)| add_slopes(sums, products, dy, x, &scale.mean));
        let mut dgamma = group_totals(values_mut(&mut products), width);
        dgamma.iter_mut().zip(&scale.rate).for_each(|(sum, rate)| *sum *= f64::from(*rate));
        Ok(Self { dgamma, dbeta: group_totals(values_mut(&mut sums), width) })
    }

    /// How mean and variance push back, for every column: the mean over its channel of `dy`, and of `dy z` times the rate.
    fn feedback(&self, scale: &Scale, batch: usize) -> (Vec<f32>, Vec<f32>) {
        let share = 1.0 / (batch * scale.places) as f64;
        let means = |sums: &[f64]| -> Vec<f32> {
            let channels = folded(sums, scale.places);
            spread(&channels.iter().map(|sum| (sum * share) as f32).collect::<Vec<_>>(), scale.places)
        };
        let tilt = folded(&self.dgamma, scale.places);
        // The rate is one number for a channel.
        let rates = scale.rate.iter().step_by(scale.places);
        let tilt: Vec<f32> =
            tilt.iter().zip(rates).map(|(sum, rate)| (sum * share * f64::from(*rate)) as f32).collect();
        (means(&self.dbeta), spread(&tilt, scale.places))
    }
}

fn add(gradient: &mut [f32], sums: &[f64]) {
    gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum as f32);
}
