//! Random systems: proofs are complete, and a dense grid of Newton starts finds nothing more.

use eigengate::dynamics::{FixedPointSearch, GruFlow, GruWeights, Reset, families};

/// Random systems of scales 2 to 8.
fn systems(units: usize, count: u64, reset: Reset) -> Vec<GruWeights> {
    let scale = |seed: u64| 2.0 + 6.0 * seed as f64 / count as f64;
    (0..count).map(|seed| families::random(units, scale(seed), 1000 + seed, reset).unwrap()).collect()
}

/// Roots that Newton's method reaches from a grid.
fn newton_from_grid(flow: &GruFlow, n: usize) -> Vec<[f64; 2]> {
    let mut roots: Vec<[f64; 2]> = vec![];
    for start in 0..n * n {
        let side = |k: usize| -0.999 + 1.998 * k as f64 / (n - 1) as f64;
        let mut h = [side(start % n), side(start / n)];
        let (mut g, mut a) = ([0.0; 2], [0.0; 4]);
        for _ in 0..30 {
            flow.residual(&h, &mut g);
            flow.residual_jacobian(&h, &mut a);
            let det = a[0] * a[3] - a[1] * a[2];
            h = [h[0] - (a[3] * g[0] - a[1] * g[1]) / det, h[1] - (a[0] * g[1] - a[2] * g[0]) / det];
            if !(h[0].abs() < 1.1 && h[1].abs() < 1.1) {
                break;
            }
        }
        flow.residual(&h, &mut g);
        let root = g[0].abs() < 1e-13 && g[1].abs() < 1e-13;
        let known = |r: &[f64; 2]| (r[0] - h[0]).abs() < 1e-8 && (r[1] - h[1]).abs() < 1e-8;
        if root && !roots.iter().any(known) {
            roots.push(h);
        }
    }
    roots
}

#[test]
fn a_dense_grid_of_starts_finds_nothing_more() {
    let mut more_than_three = 0;
    for reset in [Reset::Before, Reset::After] {
        for (seed, weights) in systems(2, 120, reset).iter().enumerate() {
            let found = weights.fixed_points().unwrap();
            assert!(found.complete && found.index_sum == 1, "{reset:?} {seed}: {found:?}");
            for root in newton_from_grid(&weights.flow(), 25) {
                let same =
                    |h: &ndarray::Array1<f64>| (h[0] - root[0]).abs().max((h[1] - root[1]).abs()) < 1e-7;
                assert!(
                    found.points.iter().any(|point| same(&point.state)),
                    "{reset:?} {seed}: {root:?} {found:?}"
                );
            }
            more_than_three += usize::from(found.points.len() > 3);
        }
    }
    assert!(more_than_three >= 2, "{more_than_three}");
}

#[test]
fn sharp_reset_gates_are_proved() {
    let mut points = 0;
    for sharpness in [30.0, 100.0, 300.0] {
        for (seed, weights) in systems(2, 60, Reset::Before).iter().enumerate() {
            let mut sharp = weights.clone();
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let value = weights.ur()[[i, j]] / 4.0 * sharpness;
                sharp = sharp
                    .with("Ur", &[i, j], value)
                    .unwrap()
                    .with("Uh", &[i, j], 3.0 * weights.uh()[[i, j]])
                    .unwrap();
            }
            let found = sharp.fixed_points().unwrap();
            assert!(found.complete && found.index_sum == 1, "{sharpness} {seed}: {found:?}");
            assert!(found.boxes < 60_000, "{sharpness} {seed}: {found:?}");
            points = points.max(found.points.len());
        }
    }
    assert!(points >= 7, "{points}");
}

#[test]
fn every_point_is_in_its_proof_and_no_two_share_one() {
    let many: u64 = std::env::var("SYSTEMS").map_or(1, |n| n.parse().unwrap());
    for reset in [Reset::Before, Reset::After] {
        for (units, count) in [(1, 500), (2, 800), (3, 40)] {
            for (seed, weights) in systems(units, count * many, reset).iter().enumerate() {
                let found = weights.fixed_points().unwrap();
                assert!(found.complete && found.index_sum == 1, "{reset:?} {units} {seed}: {found:?}");
                for (i, point) in found.points.iter().enumerate() {
                    let enclosure = point.enclosure.as_ref().unwrap();
                    let held = enclosure.contains(&point.state.to_vec());
                    assert!(
                        held && point.residual < 2e-14,
                        "{reset:?} {units} {seed}: {point:?} {:e}",
                        point.residual
                    );
                    assert!(enclosure.width() < 1e-7, "{reset:?} {units} {seed}: {point:?} {enclosure:?}");
                    for other in &found.points[..i] {
                        assert!(
                            !enclosure.contains(&other.state.to_vec()),
                            "{units} {seed}: {point:?} {other:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn three_units_are_proved() {
    for reset in [Reset::Before, Reset::After] {
        for (seed, weights) in systems(3, 40, reset).iter().enumerate() {
            let found = weights.fixed_points().unwrap();
            assert!(found.complete && found.index_sum == 1, "{reset:?} {seed}: {found:?}");
        }
    }
}

#[test]
fn pairs_next_to_a_fold_are_proved_apart() {
    // One unit, h = tanh(4 h + b): b = atanh(h) - 4 h has a minimum at h = sqrt(3) / 2.
    let t = 0.75_f64.sqrt();
    let fold = t.atanh() - 4.0 * t;
    let unit = families::random(1, 0.0, 0, Reset::Before).unwrap();
    let unit = unit.with("Uh", &[0, 0], 8.0).unwrap().with("br", &[0], 0.0).unwrap();
    for exponent in 3..=12 {
        let distance = 10f64.powi(-exponent);
        let two = unit.with("bh", &[0], fold + distance).unwrap().fixed_points().unwrap();
        let none = unit.with("bh", &[0], fold - distance).unwrap().fixed_points().unwrap();
        assert!(two.complete && two.points.len() == 3, "{exponent}: {two:?}");
        assert!(none.complete && none.points.len() == 1, "{exponent}: {none:?}");
        // The pair is where b = atanh(h) - 4 h.
        for point in &two.points[1..] {
            let h = point.state[0];
            assert!((h.atanh() - 4.0 * h - fold - distance).abs() < 4e-15, "{exponent}: {point:?}");
        }
        let gap = two.points[2].state[0] - two.points[1].state[0];
        // The second derivative of b by h is 32 t there.
        let expected = 2.0 * (distance / (16.0 * t)).sqrt();
        assert!((gap / expected - 1.0).abs() < 0.02, "{exponent}: {gap:e} {expected:e}");
    }
    let at = unit.with("bh", &[0], fold).unwrap().fixed_points().unwrap();
    assert!(!at.complete && at.undecided.len() == 1 && at.undecided[0].contains(&[t]), "{at:?}");
}

#[test]
fn many_systems_are_searched_in_parallel_with_the_same_result() {
    let systems = systems(2, 60, Reset::Before);
    let all = FixedPointSearch::new().run_all(&systems).unwrap();
    for (weights, found) in systems.iter().zip(&all) {
        let alone = weights.fixed_points().unwrap();
        let bits = |found: &eigengate::dynamics::FixedPoints| {
            found.points.iter().flat_map(|p| p.state.to_vec()).map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!((bits(found), found.boxes), (bits(&alone), alone.boxes));
    }
}

#[test]
fn folds_to_the_last_bit_are_one_undecided_region() {
    // h = tanh(k h + b) folds at h = sqrt(1 - 1/k), b = atanh(h) - k h; the other fold is its mirror image.
    let unit = families::random(1, 0.0, 0, Reset::Before).unwrap().with("br", &[0], 0.0).unwrap();
    for step in 0..80 {
        let k = 1.3 + 0.07 * f64::from(step);
        let sign = if step % 2 == 0 { 1.0 } else { -1.0 };
        let t = (1.0 - 1.0 / k).sqrt();
        let b = t.atanh() - k * t;
        let fold = unit.with("Uh", &[0, 0], 2.0 * k).unwrap().with("bh", &[0], sign * b).unwrap();
        let found = fold.fixed_points().unwrap();
        assert!(!found.complete && found.undecided.len() == 1, "{k}: {found:?} {:?}", found.undecided);
        let region = &found.undecided[0];
        assert!(region.contains(&[sign * t]) && region.width() < 3e-6, "{k}: {region:?}");
        assert!(found.boxes < 2000 && (found.index_sum, found.points.len()) == (1, 2), "{k}: {found:?}");
        let near = found.points.iter().find(|point| !point.certified).unwrap();
        assert!((near.state[0] - sign * t).abs() < 4e-8, "{k}: {near:?} {:e}", near.state[0] - sign * t);
    }
}
