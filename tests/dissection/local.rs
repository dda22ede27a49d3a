//! The linear dynamics against differences of the network's own steps, and its modes against their equations.

use crate::errors::{has, text};
use crate::systems::{driven, state, step};
use eigengate::dynamics::{Complex, LocalDynamics, Reset, families};
use ndarray::{Array1, Array2, array};

const RESETS: [Reset; 2] = [Reset::Before, Reset::After];

#[test]
fn derivatives_are_those_of_the_step() {
    for reset in RESETS {
        for (d, m, seed) in [(1, 1, 1), (2, 3, 2), (3, 2, 3), (7, 4, 4), (30, 2, 5)] {
            let weights = driven(d, m, seed, reset);
            let (h, x) = (state(d, seed), state(m, seed + 9).to_vec());
            let near = LocalDynamics::new(&weights, &h, &x).unwrap();
            let gap = 1e-5;
            let difference = |up: Array1<f64>, down: Array1<f64>| (up - down) / (2.0 * gap);
            for k in 0..m {
                let moved = |sign: f64| {
                    let mut x = x.clone();
                    x[k] += sign * gap;
                    step(&weights, &h, &x)
                };
                let slope = difference(moved(1.0), moved(-1.0));
                let off = (&slope - &near.input_jacobian.column(k)).mapv(f64::abs).sum();
                assert!(off < 1e-8, "{reset:?} {d} units, input {k}: {off}");
                assert!(slope.mapv(f64::abs).sum() > 1e-3);
            }
            for k in 0..d {
                let moved = |sign: f64| {
                    let mut h = h.clone();
                    h[k] += sign * gap;
                    step(&weights, &h, &x)
                };
                let mut slope = difference(moved(1.0), moved(-1.0));
                slope[k] -= 1.0;
                let off = (&slope - &near.jacobian.column(k)).mapv(f64::abs).sum();
                assert!(off < 1e-8, "{reset:?} {d} units, unit {k}: {off}");
            }
            let velocity = step(&weights, &h, &x) - &h;
            assert!((&velocity - &near.velocity).mapv(f64::abs).sum() < 1e-14);
        }
    }
}

fn product(matrix: &Array2<f64>, vector: &[Complex]) -> Vec<Complex> {
    let row = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().zip(vector).fold(Complex::default(), |sum, (a, v)| sum + v.scaled(*a))
    };
    matrix.rows().into_iter().map(row).collect()
}

fn dot(a: &[Complex], b: &[Complex]) -> Complex {
    a.iter().zip(b).fold(Complex::default(), |sum, (a, b)| sum + *a * *b)
}

#[test]
fn modes_solve_their_equations_on_both_sides() {
    let mut pairs = 0;
    for reset in RESETS {
        for (d, seed) in [(1, 5), (2, 6), (3, 7), (4, 8), (6, 9), (9, 10)] {
            let weights = driven(d, 2, seed, reset);
            let near = LocalDynamics::new(&weights, &state(d, seed), &[0.3, -0.4]).unwrap();
            let transposed = near.jacobian.t().to_owned();
            assert_eq!(near.modes.len(), d);
            for (i, mode) in near.modes.iter().enumerate() {
                pairs += usize::from(mode.rate.im > 0.0);
                let selection = mode.selection.as_ref().unwrap();
                for (matrix, vector) in [(&near.jacobian, &mode.direction), (&transposed, selection)] {
                    for (image, v) in product(matrix, vector).iter().zip(vector) {
                        assert!((*image - *v * mode.rate).abs() < 1e-9, "{reset:?} {d} units, mode {i}");
                    }
                }
                for (j, other) in near.modes.iter().enumerate() {
                    let expected = f64::from(u8::from(i == j));
                    let overlap = dot(selection, &other.direction) - Complex::real(expected);
                    assert!(overlap.abs() < 1e-9, "{i} on {j}: {overlap}");
                }
                for (k, drive) in mode.drive.as_ref().unwrap().iter().enumerate() {
                    let column: Vec<Complex> =
                        near.input_jacobian.column(k).iter().map(|b| Complex::real(*b)).collect();
                    assert!((dot(selection, &column) - *drive).abs() < 1e-12);
                }
                assert!((mode.multiplier - mode.rate - Complex::real(1.0)).abs() < 1e-15);
            }
            assert!(near.modes.windows(2).all(|two| two[0].rate.re >= two[1].rate.re));
        }
    }
    assert!(pairs > 3, "complex pairs were among them: {pairs}");
}

#[test]
fn times_of_a_rotation_are_those_of_its_formula() {
    let angle = 0.9f64;
    let near = LocalDynamics::new(&families::rotation(3.0, angle).unwrap(), &array![0.0, 0.0], &[]).unwrap();
    // mu = (1.5 exp(i a) + 1) / 2.
    let (re, im) = (0.5 * (1.5 * angle.cos() + 1.0), 0.75 * angle.sin());
    let mode = &near.modes[0];
    assert!((mode.time_constant + 1.0 / re.hypot(im).ln()).abs() < 1e-12);
    assert!((mode.period.unwrap() - std::f64::consts::TAU / im.atan2(re)).abs() < 1e-12);
    assert!(mode.drive.as_ref().unwrap().is_empty() && mode.drive_size(0).is_none());
    // A mode that is slower than rounding errors of 1 + lambda keeps its time constant.
    let slow = families::random(1, 0.0, 1, Reset::Before).unwrap();
    let slow = slow.with("Uh", &[0, 0], 0.0).unwrap().with("bz", &[0], 60.0).unwrap();
    let near = LocalDynamics::new(&slow, &array![0.0], &[]).unwrap();
    assert!((near.modes[0].time_constant / 60f64.exp() - 1.0).abs() < 1e-9, "{near:?}");
    assert!(near.modes[0].period.is_none());
}

#[test]
fn predictions_are_right_to_first_order() {
    for reset in RESETS {
        let weights = driven(3, 2, 11, reset);
        let (h, x) = (state(3, 4), [0.2, 0.1]);
        let near = LocalDynamics::new(&weights, &h, &x).unwrap();
        let (way, push) = (array![0.6, -0.3, 0.4], array![0.5, -0.8]);
        let off = |distance: f64| {
            let inputs = Array2::from_shape_fn((3, 2), |(t, k)| x[k] + distance * push[k] * (1.0 + t as f64));
            let start = &h + &(&way * distance);
            let predicted = near.predict_driven(&start, inputs.view()).unwrap();
            assert_eq!(predicted.dim(), (4, 3));
            assert_eq!(predicted.row(0), start);
            let mut own = start;
            let mut base = h.clone();
            let mut linear = &way * distance;
            for t in 0..3 {
                own = step(&weights, &own, &inputs.row(t).to_vec());
                // What is linear at the point is so at every step only as far as the point itself moves: one step here.
                if t == 0 {
                    base = step(&weights, &base, &x);
                    linear = &own - &base;
                }
            }
            let first = &predicted.row(1) - &step(&weights, &h, &x);
            (&first - &linear).mapv(f64::abs).sum()
        };
        let (far, near_by) = (off(1e-2), off(5e-3));
        assert!((far / near_by - 4.0).abs() < 0.2, "{reset:?}: {far} {near_by}");
    }
    // At a fixed point many steps are linear.
    let weights = families::rotation(3.0, 0.9).unwrap();
    let near = LocalDynamics::new(&weights, &array![0.0, 0.0], &[]).unwrap();
    let mut h = array![1e-6, -2e-6];
    let predicted = near.predict(&h, 10).unwrap();
    for _ in 0..10 {
        h = step(&weights, &h, &[]);
    }
    assert!((&h - &predicted.row(10)).mapv(f64::abs).sum() < 1e-13, "{h} {predicted}");
}

#[test]
fn the_radius_is_where_the_linear_step_is_off_by_a_tenth() {
    for (d, seed) in [(1, 1), (2, 3), (5, 4)] {
        let weights = driven(d, 1, seed, Reset::Before);
        let near = LocalDynamics::new(&weights, &state(d, seed), &[0.4]).unwrap();
        assert!(near.radius > 1e-3 && near.radius < 2.0 * (d as f64).sqrt(), "{near:?}");
        let off = |distance: f64| {
            let mut largest: f64 = 0.0;
            for mode in near.modes.iter().take(4) {
                let part = |v: &Complex| if mode.rate.im < 0.0 { v.im } else { v.re };
                let direction: Array1<f64> = mode.direction.iter().map(part).collect();
                let direction = &direction / direction.dot(&direction).sqrt();
                for side in [distance, -distance] {
                    let start = &near.state + &(&direction * side);
                    let own = step(&weights, &start, &[0.4]);
                    let linear = near.predict(&start, 1).unwrap().row(1).to_owned();
                    let gap = own - linear;
                    largest = largest.max(gap.dot(&gap).sqrt() / distance);
                }
            }
            largest
        };
        assert!((off(near.radius) - 0.1).abs() < 1e-6, "{} at {}", off(near.radius), near.radius);
        assert!(off(0.5 * near.radius) < 0.1);
    }
}

#[test]
fn modes_are_a_table() {
    let near = LocalDynamics::new(&driven(4, 2, 8, Reset::After), &state(4, 8), &[0.3, -0.4]).unwrap();
    let frame = near.frame().unwrap();
    let column = |name: &str| frame.column(name).unwrap().f64().unwrap().iter().collect::<Vec<_>>();
    let modes = &near.modes;
    assert_eq!(frame.height(), 4);
    assert_eq!(column("im"), modes.iter().map(|mode| Some(mode.rate.im)).collect::<Vec<_>>());
    assert_eq!(
        column("multiplier"),
        modes.iter().map(|mode| Some(mode.multiplier.abs())).collect::<Vec<_>>()
    );
    assert_eq!(column("period"), modes.iter().map(|mode| mode.period).collect::<Vec<_>>());
    assert_eq!(column("drive2"), modes.iter().map(|mode| mode.drive_size(1)).collect::<Vec<_>>());
    assert!(frame.column("drive3").is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    let weights = driven(3, 2, 1, Reset::After);
    let local = |h: Array1<f64>, x: &[f64]| text(LocalDynamics::new(&weights, &h, x));
    has(&local(state(2, 1), &[0.0, 0.0]), &["state", "expected 3", "found 2"]);
    has(&local(state(3, 1), &[0.0]), &["input", "expected 2", "found 1"]);
    has(&local(array![0.0, f64::NAN, 0.0], &[0.0, 0.0]), &["state", "NaN"]);
    has(&local(state(3, 1), &[0.0, f64::INFINITY]), &["input", "inf"]);
    let near = LocalDynamics::new(&weights, &state(3, 1), &[0.0, 0.0]).unwrap();
    has(&text(near.predict(&state(4, 1), 2)), &["start", "expected 3", "found 4"]);
    has(
        &text(near.predict_driven(&state(3, 1), Array2::zeros((2, 3)).view())),
        &["inputs", "2 columns", "found 3"],
    );
}
