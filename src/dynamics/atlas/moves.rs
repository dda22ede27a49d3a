//! How a search makes systems: at random, and out of those it has.

use super::genome::{BH, BR, BZ, Genome, UH, UR, UZ};
use crate::seed::Stream;
use std::ops::Range;

/// Uniform in [0, 1).
pub(super) fn uniform(numbers: &mut Stream) -> f64 {
    f64::from(numbers.uniform())
}

/// Between `low` and `high`, uniform in the logarithm.
pub(super) fn log_uniform(numbers: &mut Stream, low: f64, high: f64) -> f64 {
    low * (high / low).powf(uniform(numbers))
}

/// All weights anew. Large reset weights make steps of the reset gate, and these many fixed points.
pub(super) fn random(numbers: &mut Stream) -> Genome {
    let mut genome = [0.0; 18];
    let mut fill = |range: Range<usize>, scale: f64, numbers: &mut Stream| {
        for at in range {
            genome[at] = scale * numbers.normal();
        }
    };
    let scale = log_uniform(numbers, 0.1, 8.0);
    fill(UZ, scale, numbers);
    fill(BZ, 1.0, numbers);
    for row in 0..2 {
        let scale = log_uniform(numbers, 0.5, 200.0);
        fill(UR.start + 2 * row..UR.start + 2 * row + 2, scale, numbers);
    }
    let scale = log_uniform(numbers, 1.0, 60.0);
    fill(UH, scale, numbers);
    let scale = log_uniform(numbers, 0.1, 10.0);
    fill(BH, scale, numbers);
    for row in 0..2 {
        reset_line(&mut genome, row, numbers);
    }
    genome
}

/// Lets the line where reset gate `row` is half open go through a place in the square.
fn reset_line(genome: &mut Genome, row: usize, numbers: &mut Stream) {
    let place = [0, 1].map(|_| 2.0 * uniform(numbers) - 1.0);
    let u = &genome[UR.start + 2 * row..][..2];
    genome[BR.start + row] = -(u[0] * place[0] + u[1] * place[1]);
}

/// Changes some weights, by little more often than by much.
pub(super) fn mutated(genome: &Genome, numbers: &mut Stream) -> Genome {
    let mut changed = *genome;
    let size = log_uniform(numbers, 2e-3, 0.8);
    match numbers.below(8) {
        // All of them.
        0 => (0..18).for_each(|at| change(&mut changed, at, size, numbers)),
        // Those of one gate, or of the candidate.
        1 => {
            let (matrix, bias) = GATES[numbers.below(3) as usize].clone();
            matrix.chain(bias).for_each(|at| change(&mut changed, at, size, numbers));
        }
        2 => reset_line(&mut changed, numbers.below(2) as usize, numbers),
        _ => {
            for _ in 0..=numbers.below(4) {
                change(&mut changed, numbers.below(18) as usize, size, numbers);
            }
        }
    }
    changed
}

/// Matrix and bias of the update gate, the reset gate and the candidate.
const GATES: [(Range<usize>, Range<usize>); 3] = [(UZ, BZ), (UR, BR), (UH, BH)];

fn change(genome: &mut Genome, at: usize, size: f64, numbers: &mut Stream) {
    // As a share of the weight itself, or of those beside it, so that a zero does not stay one.
    let (matrix, bias) =
        &GATES[GATES.iter().position(|(m, b)| m.contains(&at) || b.contains(&at)).unwrap_or(0)];
    let group = matrix.clone().chain(bias.clone());
    let typical = group.map(|i| genome[i].abs()).fold(0.5, f64::max);
    let scale = if numbers.below(3) == 0 { 0.3 * typical } else { genome[at].abs().max(0.1) };
    genome[at] += size * scale * numbers.normal();
}

/// A gate, or the candidate, of the second in the first: of both units, or of one.
pub(super) fn crossed(first: &Genome, second: &Genome, numbers: &mut Stream) -> Genome {
    let (matrix, bias) = GATES[numbers.below(3) as usize].clone();
    let units = match numbers.below(4) {
        0 => 0..1,
        1 => 1..2,
        _ => 0..2,
    };
    let mut child = *first;
    for unit in units {
        let row = matrix.start + 2 * unit;
        for at in [row, row + 1, bias.start + unit] {
            child[at] = second[at];
        }
    }
    child
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    #[test]
    fn reset_gates_of_random_systems_open_within_the_square() {
        let numbers = &mut stream(1, Purpose::AtlasSearch, 0);
        for _ in 0..50 {
            let genome = random(numbers);
            for row in 0..2 {
                let u = &genome[UR.start + 2 * row..][..2];
                assert!(genome[BR.start + row].abs() <= u[0].abs() + u[1].abs());
            }
            assert!(genome.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn a_child_of_two_has_whole_rows_of_each() {
        let numbers = &mut stream(2, Purpose::AtlasSearch, 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let child = crossed(&[1.0; 18], &[2.0; 18], numbers);
            let rows = [UZ, UR, UH].into_iter().zip([BZ, BR, BH]).flat_map(|(matrix, bias)| {
                (0..2).map(move |unit| {
                    let row = matrix.start + 2 * unit;
                    let three = [child[row], child[row + 1], child[bias.start + unit]];
                    assert!(three[0] == three[1] && three[1] == three[2], "{child:?}");
                    three[0] == 2.0
                })
            });
            seen.insert(rows.collect::<Vec<bool>>());
        }
        // Three gates, and of each the first row, the second or both.
        assert_eq!(seen.len(), 9);
    }

    #[test]
    fn mutations_change_little_or_much_and_never_nothing() {
        let numbers = &mut stream(3, Purpose::AtlasSearch, 0);
        let genome = random(numbers);
        let mut sizes = vec![];
        for _ in 0..200 {
            let changed = mutated(&genome, numbers);
            let size = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(0.1);
            sizes.push(changed.iter().zip(&genome).map(size).fold(0.0, f64::max));
        }
        sizes.sort_by(f64::total_cmp);
        assert!(sizes[0] > 0.0 && sizes[100] < 1.0 && sizes[190] > 0.5, "{sizes:?}");
    }
}
