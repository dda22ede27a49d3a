//! Nullclines against closed forms; lines that must meet them; what slows the state.

use crate::systems::STUART_LANDAU;
use eigengate::dynamics::families::{random, rotation, two_bistable_units};
use eigengate::dynamics::{GruWeights, Pace, Reset, Window, nullclines, speed_map};
use eigengate::{Error, Result};
use ndarray::{Array1, Array2, array};

fn bistable_root(weight: f64) -> f64 {
    (0..200).fold(0.9, |h: f64, _| (0.5 * weight * h).tanh())
}

#[test]
fn those_of_two_uncoupled_units_are_straight_lines() -> Result<()> {
    let flow = two_bistable_units(3.0, 4.0)?.flow();
    let found = nullclines(&flow, &Window::UNIT.widened(0.01))?;
    for (unit, weight) in [(0, 3.0), (1, 4.0)] {
        // h_i = tanh(weight h_i / 2): three lines h_i = constant.
        let root = bistable_root(weight);
        let mut at: Vec<f64> = found[unit].branches.iter().map(|branch| branch.points[0][unit]).collect();
        at.sort_by(f64::total_cmp);
        assert_eq!(at.len(), 3, "{:?}", found[unit]);
        for (at, exact) in at.iter().zip([-root, 0.0, root]) {
            assert!((at - exact).abs() < 1e-13, "{at} {exact}");
        }
        for branch in &found[unit].branches {
            let first = branch.points[0][unit];
            assert!(branch.points.iter().all(|h| (h[unit] - first).abs() < 1e-13));
            assert!((branch.length() - 2.04).abs() < 1e-9, "from border to border");
        }
        assert_eq!(found[unit].met, found[unit].lines);
        assert!(found[unit].residual < 1e-15);
    }
    Ok(())
}

#[test]
fn points_are_roots_and_branches_follow_the_curve() -> Result<()> {
    // The rotation family: nullcline 0 is 1.5 (cos h_0 - sin h_1) = artanh(h_0).
    let alpha: f64 = 0.7;
    let flow = rotation(3.0, alpha)?.flow();
    let found = nullclines(&flow, &Window::UNIT.widened(0.01))?;
    for branch in &found[0].branches {
        for [a, b] in branch.segments() {
            let middle = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
            for (h, tolerance) in [(a, 1e-13), (middle, 2e-3)] {
                let residual = (1.5 * (alpha.cos() * h[0] - alpha.sin() * h[1])).tanh() - h[0];
                assert!(residual.abs() < tolerance, "{h:?}: {residual}");
            }
            // Connected: no piece is longer than a cell's diagonal.
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 2.02 / 64.0 * 1.4143);
        }
    }
    Ok(())
}

#[test]
fn every_line_parallel_to_its_axis_meets_it() -> Result<()> {
    for seed in 0..30 {
        for (reset, scale) in [(Reset::Before, 2.0), (Reset::After, 4.0), (Reset::Before, 8.0)] {
            let flow = random(2, scale, seed, reset)?.flow();
            for nullcline in nullclines(&flow, &Window::UNIT.widened(0.001))? {
                assert_eq!(nullcline.met, nullcline.lines, "seed {seed}, {reset:?}, {scale}: {nullcline:?}");
                assert!(nullcline.residual < 1e-13);
                assert!(nullcline.certified);
            }
        }
    }
    Ok(())
}

#[test]
fn the_closed_curves_of_stuart_landau() -> Result<()> {
    // No enclosures here: signs at the corners of cells.
    let found = nullclines(&STUART_LANDAU, &Window::new([-1.5; 2], [1.5; 2])?)?;
    for nullcline in &found {
        assert!(!nullcline.certified);
        for h in nullcline.branches.iter().flat_map(|branch| &branch.points) {
            let q = 1.0 - h[0] * h[0] - h[1] * h[1];
            let value = [h[0] * q - h[1], h[1] * q + h[0]][nullcline.unit];
            assert!(value.abs() < 1e-13);
        }
        assert_eq!(nullcline.met, nullcline.lines);
    }
    Ok(())
}

#[test]
fn what_is_refused() {
    let three = random(3, 2.0, 1, Reset::Before).unwrap().flow();
    let error = nullclines(&three, &Window::UNIT).unwrap_err();
    assert!(error.to_string().contains("expected 2 units, found 3"), "{error}");
    assert!(matches!(speed_map(&three, &Window::UNIT, 4, 4, 0.01), Err(Error::Shape { .. })));
    let flow = random(2, 2.0, 1, Reset::Before).unwrap().flow();
    assert!(matches!(speed_map(&flow, &Window::UNIT, 0, 4, 0.01), Err(Error::Parameter { .. })));
    assert!(matches!(speed_map(&flow, &Window::UNIT, 4, 4, f64::NAN), Err(Error::Parameter { .. })));
    assert!(Window::new([0.0; 2], [1.0, 0.0]).is_err());
    assert!(Window::new([0.0; 2], [1.0, f64::INFINITY]).is_err());
}

/// Two bistable units of which the first hardly moves where h_1 (the second state) is above 0.
fn gated() -> GruWeights {
    let zero = || Array2::zeros((2, 2));
    let uz = array![[0.0, 40.0], [0.0, 40.0]];
    let uh = array![[3.0, 0.0], [0.0, 3.0]];
    GruWeights::new(Reset::Before, uz, zero(), uh, Array1::zeros(2), Array1::zeros(2), Array1::zeros(2))
        .unwrap()
}

#[test]
fn slow_by_a_gate_and_slow_by_a_root_are_told_apart() -> Result<()> {
    let map = speed_map(&gated().flow(), &Window::UNIT, 41, 41, 0.02)?;
    // Row: h_2, column: h_1. The upper half is held by the gate, the lower is not.
    assert_eq!(map.pace[[36, 8]], Pace::GateSlow);
    assert_eq!(map.pace[[8, 36]], Pace::Moving);
    assert_eq!(map.pace[[20, 20]], Pace::NearRoot, "the origin is a root");
    let root = bistable_root(3.0);
    let index = |h: f64| ((h + 1.0) / 2.0 * 41.0) as usize;
    for (a, b) in [(root, root), (root, -root), (-root, root), (-root, -root)] {
        assert!(map.residual[[index(b), index(a)]] < 0.05);
    }
    let at = Window::UNIT.cell_centre(8, 36, 41, 41);
    assert!((at[0] + 0.5853).abs() < 1e-3 && (at[1] - 0.7804).abs() < 1e-3);
    let gate = 1.0 / (1.0 + (40.0 * at[1]).exp());
    let residual = at.map(|h| (1.5 * h).tanh() - h);
    let speed = gate * residual[0].hypot(residual[1]);
    assert!((map.speed[[36, 8]] - speed).abs() < 1e-15 * speed.max(1e-3));
    let shares: f64 = [Pace::Moving, Pace::NearRoot, Pace::GateSlow].map(|pace| map.share(pace)).iter().sum();
    assert!((shares - 1.0).abs() < 1e-12);
    Ok(())
}
