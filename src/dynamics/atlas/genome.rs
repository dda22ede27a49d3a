//! The weights of two units as eighteen numbers, which a search changes.

use super::super::{GruWeights, Reset};
use crate::error::Result;
use ndarray::{Array1, Array2, array};
use std::ops::Range;

/// `Uz`, `Ur`, `Uh` row by row, then `bz`, `br`, `bh`.
pub(super) type Genome = [f64; 18];

pub(super) const UZ: Range<usize> = 0..4;
pub(super) const UR: Range<usize> = 4..8;
pub(super) const UH: Range<usize> = 8..12;
pub(super) const BZ: Range<usize> = 12..14;
pub(super) const BR: Range<usize> = 14..16;
pub(super) const BH: Range<usize> = 16..18;

/// Names of the numbers, in their order: columns of the table.
pub(super) const NAMES: [&str; 18] = [
    "uz11", "uz12", "uz21", "uz22", "ur11", "ur12", "ur21", "ur22", "uh11", "uh12", "uh21", "uh22", "bz1",
    "bz2", "br1", "br2", "bh1", "bh2",
];

/// The system with the reset gate before the product.
pub(super) fn weights(genome: &Genome) -> Result<GruWeights> {
    let matrix = |range: Range<usize>| {
        let at = range.start;
        array![[genome[at], genome[at + 1]], [genome[at + 2], genome[at + 3]]]
    };
    let bias = |range: Range<usize>| array![genome[range.start], genome[range.start + 1]];
    GruWeights::new(Reset::Before, matrix(UZ), matrix(UR), matrix(UH), bias(BZ), bias(BR), bias(BH))
}

/// The numbers of a system of two units with the reset gate before the product and without inputs; `None` for another.
pub(super) fn genome(weights: &GruWeights) -> Option<Genome> {
    if weights.units() != 2 || weights.reset() != Reset::Before || weights.inputs() != 0 {
        return None;
    }
    let matrices: [&Array2<f64>; 3] = [weights.uz(), weights.ur(), weights.uh()];
    let biases: [&Array1<f64>; 3] = [weights.bz(), weights.br(), weights.bh()];
    let numbers: Vec<f64> =
        matrices.into_iter().flatten().chain(biases.into_iter().flatten()).copied().collect();
    numbers.try_into().ok()
}

/// The numbers with so many significant digits; what is smaller than a two-hundredth becomes 0.
pub(super) fn rounded(genome: &Genome, digits: usize) -> Genome {
    genome.map(|value| match value.abs() < 0.005 {
        true => 0.0,
        // By way of decimals, so that a number prints as short as it is.
        false => format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value),
    })
}

/// The largest number in size.
pub(super) fn largest(genome: &Genome) -> f64 {
    genome.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_where_their_names_say() {
        let genome: Genome = std::array::from_fn(|i| i as f64 + 1.0);
        let system = weights(&genome).unwrap();
        for (name, value) in NAMES.iter().zip(genome) {
            let (letters, digits) = name.split_at(2);
            let letters = letters.replace('u', "U");
            let index: Vec<usize> = digits.bytes().map(|digit| usize::from(digit - b'1')).collect();
            assert_eq!(system.get(&letters, &index).unwrap(), value, "{name}");
        }
        assert_eq!(super::genome(&system), Some(genome));
    }

    #[test]
    fn rounding_keeps_significant_digits() {
        let mut genome = [0.0; 18];
        genome[..5].copy_from_slice(&[123.456, -0.0123456, 0.0049, -9.996, 2.5]);
        let short = rounded(&genome, 3);
        assert_eq!(short[..5], [123.0, -0.0123, 0.0, -10.0, 2.5]);
        assert_eq!(rounded(&genome, 1)[..2], [100.0, -0.01]);
    }
}
