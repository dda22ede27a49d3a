//! Batch normalisation on the CPU: passes over groups of rows.

use super::BatchStatistics;
use crate::device::{Contiguous, Device, Matrix, matrix, values_mut, zeros};
use crate::error::Result;
use crate::nn::ops::GradientsOf;
use crate::nn::ops::cpu::{add_slopes, add_squared_deviations, normalise_rows, normalised_slopes};
use crate::numeric::{GROUP, column_means, group_totals};
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
    let (batch, width) = x.dims();
    let mean = column_means(x.values(), width);
    let mut sums = zeros(batch.div_ceil(GROUP), width)?;
    let groups = values_mut(&mut sums).par_chunks_mut(width).zip(x.values().par_chunks(GROUP * width));
    groups.for_each(|(sums, x)| add_squared_deviations(sums, x, &mean));
    let squares = group_totals(values_mut(&mut sums), width);

    let rate: Vec<f32> = squares.iter().map(|sum| (1.0 / (sum / batch as f64 + eps).sqrt()) as f32).collect();
    let unbiased: Vec<f32> = squares.iter().map(|sum| (sum / (batch - 1) as f64) as f32).collect();
    let statistics = BatchStatistics::from_parts(matrix(&mean, 1, width)?, matrix(&unbiased, 1, width)?);
    let scale = Scale { mean, rate, of_batch: true };
    let y = run(x, tape, Contiguous::plain(gamma)?, Contiguous::plain(beta)?, scale, gradients)?;
    Ok((y, statistics))
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
    let rate = variance.values().iter().map(|v| (1.0 / (f64::from(*v) + eps).sqrt()) as f32).collect();
    let mean = Contiguous::plain(statistics.mean())?.values().to_vec();
    let scale = Scale { mean, rate, of_batch: false };
    run(x, tape, Contiguous::plain(gamma)?, Contiguous::plain(beta)?, scale, gradients)
}

/// `z = (x - mean) rate`.
struct Scale {
    mean: Vec<f32>,
    rate: Vec<f32>,
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
    let slope: Vec<f32> = gamma.values().iter().zip(&scale.rate).map(|(gamma, rate)| gamma * rate).collect();
    let mut y = zeros(batch, width)?;
    let rows = values_mut(&mut y).par_chunks_mut(task).zip(x.values().par_chunks(task));
    rows.for_each(|(y, x)| normalise_rows(y, x, &scale.mean, &slope, beta.values()));

    let ghost = y.ghost();
    tape.add_backward_op(move |g| {
        let dy = std::mem::take(&mut **g.get_or_alloc_mut(&ghost)?);
        // What the fixed one does to its input needs no sums.
        let sums =
            if gradients.parameters() || scale.of_batch { Some(Sums::new(&dy, &x, &scale)?) } else { None };
        if let (true, Some(sums)) = (gradients.parameters(), &sums) {
            add(g.get_or_alloc_mut(gamma.tensor())?, &sums.dgamma);
            add(g.get_or_alloc_mut(beta.tensor())?, &sums.dbeta);
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

    /// How mean and variance push back: the mean of `dy`, and the mean of `dy z` times the rate.
    fn feedback(&self, scale: &Scale, batch: usize) -> (Vec<f32>, Vec<f32>) {
        let per_example = 1.0 / batch as f64;
        let level = self.dbeta.iter().map(|sum| (sum * per_example) as f32).collect();
        let tilt = self.dgamma.iter().zip(&scale.rate);
        (level, tilt.map(|(sum, rate)| (sum * per_example * f64::from(*rate)) as f32).collect())
    }
}

fn add(gradient: &mut [f32], sums: &[f64]) {
    gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient += *sum as f32);
}
