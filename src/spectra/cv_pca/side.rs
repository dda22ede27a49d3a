//! The two ways to find principal directions: from products of trials, or from covariances of neurons.

use crate::data::Recording;
use crate::error::{Error, Result};
use crate::numeric::{
    Precision, View, add_gram, mirror_lower, product, symmetric_eigen, symmetric_eigen_single,
};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Eigenvalues below this part of the largest are rounding: centred responses have one fewer than stimuli.
const RANK: f64 = 1e-13;

/// The responses, reduced to what their smaller side needs.
pub(super) enum Side {
    /// Products `(2 S, 2 S)` of all trials of both halves with each other.
    Stimuli { gram: Vec<f64>, stimuli: usize },
    /// Both halves of every neuron's responses, `(neurons, 2 S)`.
    Neurons { halves: Vec<f64>, stimuli: usize, neurons: usize },
}

/// Projections `(stimuli, directions)` of both halves on the principal directions of the first.
pub(super) struct Projections {
    pub first: Vec<f64>,
    pub second: Vec<f64>,
}

impl Side {
    pub fn of(recording: &Recording) -> Result<Self> {
        let (stimuli, neurons) = (recording.stimuli(), recording.neurons());
        let changes = |values: &[f64]| values.iter().any(|value| *value != 0.0);
        let unchanged = || {
            let expected = "responses that differ between stimuli in both halves of the repeats";
            Error::parameter("recording", format!("{recording:?} of constant responses"), expected)
        };
        if neurons <= stimuli {
            let mut halves = Vec::with_capacity(neurons * 2 * stimuli);
            for block in recording.blocks() {
                halves.extend(recording.read_halves(block)?);
            }
            return if changes(&halves) {
                Ok(Side::Neurons { halves, stimuli, neurons })
            } else {
                Err(unchanged())
            };
        }
        let mut gram = vec![0.0; 4 * stimuli * stimuli];
        for block in recording.blocks() {
            add_gram(&mut gram, &recording.read_halves(block)?, 2 * stimuli);
        }
        mirror_lower(&mut gram, 2 * stimuli, 1.0);
        if changes(&gram) { Ok(Side::Stimuli { gram, stimuli }) } else { Err(unchanged()) }
    }

    /// How many directions there are.
    pub fn directions(&self) -> usize {
        match self {
            Side::Stimuli { stimuli, .. } => *stimuli,
            Side::Neurons { neurons, .. } => *neurons,
        }
    }

    /// The projections where some stimuli exchange their two responses.
    pub fn project(&self, exchanged: &[bool], precision: Precision) -> Result<Projections> {
        match self {
            Side::Stimuli { gram, stimuli } => by_stimuli(gram, *stimuli, exchanged, precision),
            Side::Neurons { halves, stimuli, neurons } => {
                by_neurons(halves, [*stimuli, *neurons], exchanged, precision)
            }
        }
    }
}

/// With `X1 X1' = A B A'` the directions are `X1' A B^-1/2`, the projections `A B^1/2` and `X2 X1' A B^-1/2`.
fn by_stimuli(gram: &[f64], stimuli: usize, exchanged: &[bool], precision: Precision) -> Result<Projections> {
    let places = |half: bool| -> Vec<usize> {
        let exchanged = exchanged.iter().enumerate();
        exchanged
            .map(|(stimulus, exchange)| if *exchange == half { stimulus } else { stimuli + stimulus })
            .collect()
    };
    let (first, second) = (places(false), places(true));
    // The products of trials, one after the other, with those of the first half.
    let with_first = |trials: &[usize]| -> Vec<f64> {
        let mut products = vec![0.0; stimuli * stimuli];
        products.par_chunks_exact_mut(stimuli).zip(trials).for_each(|(products, trial)| {
            let row = gram.get(trial * 2 * stimuli..(trial + 1) * 2 * stimuli).unwrap_or_default();
            products.iter_mut().zip(&first).for_each(|(to, column)| *to = row[*column]);
        });
        products
    };
    let within = with_first(&first);
    let (values, vectors) = eigen(&within, stimuli, precision)?;
    let least = RANK * values.first().copied().unwrap_or(0.0);
    let roots: Vec<f64> =
        values.iter().map(|value| if *value > least { value.sqrt() } else { 0.0 }).collect();
    let mut projections = Projections { first: vectors, second: within };
    product(
        &mut projections.second,
        false,
        View::new(&with_first(&second), stimuli, stimuli),
        View::new(&projections.first, stimuli, stimuli),
    );
    let rows = projections.first.par_chunks_exact_mut(stimuli);
    rows.zip(projections.second.par_chunks_exact_mut(stimuli)).for_each(|(first, second)| {
        for ((first, second), root) in first.iter_mut().zip(second).zip(&roots) {
            *first *= root;
            *second = if *root > 0.0 { *second / root } else { 0.0 };
        }
    });
    Ok(projections)
}

/// The directions are the eigenvectors of `X1' X1`.
fn by_neurons(
    halves: &[f64],
    [stimuli, neurons]: [usize; 2],
    exchanged: &[bool],
    precision: Precision,
) -> Result<Projections> {
    // Responses of one half, `(neurons, stimuli)`.
    let half = |second: bool| -> Vec<f64> {
        let mut responses = vec![0.0; neurons * stimuli];
        let rows = responses.par_chunks_exact_mut(stimuli).zip(halves.par_chunks_exact(2 * stimuli));
        rows.for_each(|(to, row)| {
            let (one, two) = row.split_at(stimuli);
            for (((to, one), two), exchange) in to.iter_mut().zip(one).zip(two).zip(exchanged) {
                *to = if *exchange == second { *one } else { *two };
            }
        });
        responses
    };
    let first = half(false);
    let responses = View::new(&first, neurons, stimuli);
    let mut covariance = vec![0.0; neurons * neurons];
    product(&mut covariance, false, responses, responses.t());
    let (_, directions) = eigen(&covariance, neurons, precision)?;
    let directions = View::new(&directions, neurons, neurons);
    let project = |responses: View<'_, f64>| {
        let mut along = vec![0.0; stimuli * neurons];
        product(&mut along, false, responses.t(), directions);
        along
    };
    let along_first = project(responses);
    Ok(Projections { first: along_first, second: project(View::new(&half(true), neurons, stimuli)) })
}

/// Eigenvalues in descending order and eigenvectors as columns, row-major.
fn eigen(matrix: &[f64], size: usize, precision: Precision) -> Result<(Vec<f64>, Vec<f64>)> {
    if precision == Precision::Single {
        let (values, vectors) = symmetric_eigen_single(matrix, size)?;
        return Ok((
            values.into_iter().map(f64::from).collect(),
            vectors.into_iter().map(f64::from).collect(),
        ));
    }
    let matrix = ArrayView2::from_shape((size, size), matrix)
        .map_err(|error| Error::shape("products", format!("({size}, {size})"), error))?;
    let found = symmetric_eigen(matrix)?;
    Ok((found.values.to_vec(), found.vectors.into_raw_vec_and_offset().0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::PopulationSimulation;

    /// What shuffles of large recordings do, on both sides.
    #[test]
    fn float32_directions_change_the_signal_little() -> Result<()> {
        for (stimuli, neurons) in [(60, 90), (90, 60)] {
            let recording = PopulationSimulation::new(stimuli, neurons).run()?.recording;
            let side = Side::of(&recording)?;
            let exchanged: Vec<bool> = (0..stimuli).map(|stimulus| stimulus % 3 == 0).collect();
            let signal = |precision| -> Result<Vec<f64>> {
                let found = side.project(&exchanged, precision)?;
                let size = side.directions();
                let (first, second) = (&found.first, &found.second);
                let at = |n: usize| (0..stimuli).map(move |i| first[i * size + n] * second[i * size + n]);
                Ok((0..size).map(|n| at(n).sum()).collect())
            };
            let (single, double) = (signal(Precision::Single)?, signal(Precision::Double)?);
            assert!(single != double);
            for (a, b) in single.iter().zip(&double) {
                assert!((a - b).abs() < 1e-4 * double[0], "{a} and {b}");
            }
        }
        Ok(())
    }
}
