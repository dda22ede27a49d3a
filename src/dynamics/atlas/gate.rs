//! Update gates made for fixed points.
//!
//! Fixed points, and which of them are saddles, do not depend on the update gate. At any other one the Jacobian is `diag(c) A` with
//! `c = 1 - z`, `A = Dg` and `det A > 0`, so its stability is the sign of `c1 A11 + c2 A22`. Where the two entries differ in sign, the
//! ratio `c1 / c2` decides; with three free numbers in a row of the gate the ratio can be had as wished at three fixed points: close
//! to balance, where a focus is weak and a cycle is near, or far from it.

use super::super::gate::sigmoid;
use super::super::{FixedPoints, GruFlow};
use super::genome::{BZ, Genome, UZ};
use super::moves::{log_uniform, uniform};
use crate::dynamics::lu;
use crate::seed::Stream;

/// How many gates are tried.
const TRIES: usize = 8;
/// A gate as far open as this at every fixed point is taken at once.
const OPEN: f64 = 0.05;

/// The same system with another update gate: the first of some that is open at all fixed points, or that which is least closed. `None`
/// where there is none.
pub(super) fn gated(
    genome: &Genome,
    flow: &GruFlow,
    found: &FixedPoints,
    numbers: &mut Stream,
) -> Option<Genome> {
    let states: Vec<[f64; 2]> =
        found.points.iter().filter_map(|point| point.state.to_vec().try_into().ok()).collect();
    // Each with the logarithm of c1 / c2 at which the trace vanishes, and the sign of what makes it repel.
    let mut free: Vec<([f64; 2], f64, f64)> = vec![];
    for (state, _) in states.iter().zip(&found.points).filter(|(_, point)| !point.kind.is_saddle()) {
        let mut a = [0.0; 4];
        flow.residual_jacobian(state, &mut a);
        if a[0] * a[3] < 0.0 {
            free.push((*state, (-a[3] / a[0]).ln(), a[0].signum()));
        }
    }
    let mut best: Option<(f64, Genome)> = None;
    for _ in 0..TRIES {
        let Some(made) = made(genome, free.clone(), numbers) else { continue };
        let open = states.iter().flat_map(|state| complement(&made, state)).fold(1.0, f64::min);
        if best.is_none_or(|(most, _)| open > most) {
            best = Some((open, made));
        }
        if open > OPEN {
            break;
        }
    }
    best.map(|(_, made)| made)
}

/// `1 - z` of both units.
fn complement(genome: &Genome, h: &[f64; 2]) -> [f64; 2] {
    [0, 1].map(|unit| {
        let row = &genome[UZ.start + 2 * unit..][..2];
        sigmoid(-(row[0] * h[0] + row[1] * h[1] + genome[BZ.start + unit]))
    })
}

fn made(genome: &Genome, mut free: Vec<([f64; 2], f64, f64)>, numbers: &mut Stream) -> Option<Genome> {
    // The rest of three places, where the ratio is as it happens.
    let mut places: Vec<([f64; 2], f64)> = vec![];
    // All are to attract, all are to repel, or each as it happens.
    let aim = numbers.below(4);
    for _ in 0..3 {
        if free.is_empty() {
            let place = [0, 1].map(|_| 2.0 * uniform(numbers) - 1.0);
            places.push((place, numbers.normal()));
        } else {
            let (state, balance, repels) = free.swap_remove(numbers.below(free.len() as u64) as usize);
            let aim = if aim > 1 { numbers.below(2) } else { aim };
            let sign = if aim == 0 { repels } else { -repels };
            places.push((state, balance + sign * log_uniform(numbers, 0.02, 3.0)));
        }
    }
    let slower = numbers.below(2) as usize;
    let sign = if slower == 0 { 1.0 } else { -1.0 };
    // The other unit has a constant gate, at which the ratios can be had.
    let most = places.iter().map(|(_, ratio)| sign * ratio).fold(f64::NEG_INFINITY, f64::max);
    let constant = (0.5 + 0.4 * uniform(numbers)).min(0.9 / most.exp());
    let mut matrix = [0.0; 9];
    let mut right = [0.0; 3];
    for ((row, right), (place, ratio)) in matrix.chunks_exact_mut(3).zip(&mut right).zip(&places) {
        row.copy_from_slice(&[place[0], place[1], 1.0]);
        *right = -logit(constant * (sign * ratio).exp());
    }
    let solved = lu::solved(&matrix, &right)?;
    let [first, second, bias] = solved.try_into().ok()?;
    let mut made = *genome;
    for (unit, (row, b)) in [([first, second], bias), ([0.0; 2], -logit(constant))].into_iter().enumerate() {
        let unit = if slower == 0 { unit } else { 1 - unit };
        made[UZ.start + 2 * unit..][..2].copy_from_slice(&row);
        made[BZ.start + unit] = b;
    }
    made.iter().all(|value| value.abs() < 1e3).then_some(made)
}

/// The inverse of the sigmoid.
fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::super::{genome, moves};
    use super::*;
    use crate::seed::{Purpose, stream};

    #[test]
    fn gates_leave_the_fixed_points_and_choose_what_they_are() {
        let (mut systems, mut both, mut weak, mut all) = (0, 0, 0, 0);
        for index in 0..120 {
            let numbers = &mut stream(3, Purpose::AtlasSearch, index);
            let genome = moves::random(numbers);
            let weights = genome::weights(&genome).unwrap();
            let found = weights.fixed_points().unwrap();
            let free = |point: &&crate::dynamics::FixedPoint| {
                let mut a = [0.0; 4];
                weights.flow().residual_jacobian(point.state.as_slice().unwrap(), &mut a);
                !point.kind.is_saddle() && a[0] * a[3] < 0.0
            };
            let Some(first) = found.points.iter().position(|point| free(&point)) else { continue };
            let (mut attracts, mut repels) = (0, 0);
            for _ in 0..20 {
                let Some(made) = gated(&genome, &weights.flow(), &found, numbers) else { continue };
                // All but the update gate is as it was.
                assert_eq!(
                    (made[4..12].to_vec(), made[14..].to_vec()),
                    (genome[4..12].to_vec(), genome[14..].to_vec())
                );
                let anew = genome::weights(&made).unwrap().fixed_points().unwrap();
                assert_eq!(anew.points.len(), found.points.len());
                for (a, b) in anew.points.iter().zip(&found.points) {
                    assert!(a.state == b.state && a.kind.is_saddle() == b.kind.is_saddle());
                }
                let point = &anew.points[first];
                (attracts, repels) = (
                    attracts + i32::from(point.kind.is_stable()),
                    repels + i32::from(point.kind.is_source()),
                );
                let lambda = point.eigenvalues[0];
                weak += i32::from(lambda.im != 0.0 && lambda.re.abs() < 0.2 * lambda.abs());
                all += 1;
            }
            systems += 1;
            both += i32::from(attracts > 2 && repels > 2);
        }
        assert!(systems >= 8 && 2 * both > systems, "{both} of {systems}");
        // Near balance a focus is weak.
        assert!(4 * weak > all && all >= 100, "{weak} of {all}");
    }

    #[test]
    fn a_gate_has_the_ratios_that_were_asked_for() {
        for (place, value) in [([0.3, -0.2], 1.7), ([0.0, 0.0], -3.0)] {
            let mut genome = [0.0; 18];
            (genome[0], genome[1], genome[12]) = (0.5, -1.0, value);
            let s: f64 = 0.5 * place[0] - place[1] + value;
            let expected = [1.0 - 1.0 / (1.0 + (-s).exp()), 0.5];
            let found = complement(&genome, &place);
            assert!((found[0] - expected[0]).abs() < 1e-15 && found[1] == 0.5, "{found:?} {expected:?}");
        }
        assert!((sigmoid(logit(0.2)) - 0.2).abs() < 1e-15);
    }
}
