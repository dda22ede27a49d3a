//! Weights, their flow and map: formulas, derivatives, families, errors.

use crate::errors::{has, text};
use eigengate::dynamics::{GruWeights, Reset, VectorField, families};
use ndarray::{Array1, Array2, array};

pub(crate) const BOTH: [Reset; 2] = [Reset::Before, Reset::After];

/// A state within the cube.
pub(crate) fn state(d: usize, seed: u64) -> Vec<f64> {
    (0..d).map(|i| ((i as f64 + 1.0) * 2.3 + seed as f64 * 1.7).sin() * 0.9).collect()
}

/// `(1 - z) * (n - h)` by ndarray and the textbook's formulas.
fn textbook(weights: &GruWeights, h: &Array1<f64>) -> Array1<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let z = (weights.uz().dot(h) + weights.bz()).mapv(sigmoid);
    let r = (weights.ur().dot(h) + weights.br()).mapv(sigmoid);
    let n = match weights.reset() {
        Reset::Before => (weights.uh().dot(&(&r * h)) + weights.bh()).mapv(f64::tanh),
        Reset::After => (weights.bh() + &(&r * &(weights.uh().dot(h) + weights.bhh()))).mapv(f64::tanh),
    };
    (1.0 - z) * (n - h)
}

#[test]
fn the_field_is_the_formula_in_any_number_of_units() {
    for reset in BOTH {
        for d in [1, 2, 3, 8, 9, 70] {
            let weights = families::random(d, 1.5, d as u64, reset).unwrap();
            let (flow, h) = (weights.flow(), state(d, 1));
            let mut out = vec![0.0; d];
            flow.field(&h, &mut out);
            let expected = textbook(&weights, &Array1::from(h.clone()));
            for (a, b) in out.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-14, "{reset:?} {d}: {a} {b}");
            }
            let (mut g, mut c) = (vec![0.0; d], vec![0.0; d]);
            flow.residual(&h, &mut g);
            flow.update_complement(&h, &mut c);
            assert!(out.iter().zip(g.iter().zip(&c)).all(|(f, (g, c))| (f - g * c).abs() < 1e-15));
            assert_eq!(flow.velocity(&Array1::from(h)).unwrap().to_vec(), out);
        }
    }
}

/// The derivative along each axis by fourth-order differences, row-major.
fn differences(d: usize, h: &[f64], f: &dyn Fn(&[f64], &mut [f64])) -> Vec<f64> {
    let mut out = vec![0.0; d * d];
    let step = 1e-3;
    for j in 0..d {
        for (k, weight) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
            let (mut x, mut y) = (h.to_vec(), vec![0.0; d]);
            x[j] += k * step;
            f(&x, &mut y);
            for i in 0..d {
                out[i * d + j] += weight * y[i] / (12.0 * step);
            }
        }
    }
    out
}

#[test]
fn jacobians_are_those_of_differences() {
    for reset in BOTH {
        for d in [1, 2, 3, 9] {
            for seed in 0..4 {
                let weights = families::random(d, 1.0, seed, reset).unwrap();
                let (flow, map, h) = (weights.flow(), weights.euler(0.3).unwrap(), state(d, seed));
                let close = |got: &[f64], f: &dyn Fn(&[f64], &mut [f64])| {
                    for (a, b) in got.iter().zip(differences(d, &h, f)) {
                        assert!((a - b).abs() < 2e-9 * (d * d) as f64, "{reset:?} {d} {seed}: {a} {b}");
                    }
                };
                let mut out = vec![0.0; d * d];
                flow.residual_jacobian(&h, &mut out);
                close(&out, &|h, out| flow.residual(h, out));
                map.jacobian(&h, &mut out);
                close(&out, &|h, out| map.step(h, out));
                flow.jacobian(&h, &mut out);
                close(&out, &|h, out| flow.field(h, out));
                let trace: f64 = out.iter().step_by(d + 1).sum();
                assert!((flow.divergence(&h) - trace).abs() < 1e-15 * d as f64);
                let at = flow.jacobian_at(&Array1::from(h.clone())).unwrap();
                assert_eq!(at.iter().copied().collect::<Vec<_>>(), out);
            }
        }
    }
}

#[test]
fn a_closed_gate_slows_and_does_not_stop() {
    let (zero, none) = (Array2::zeros((1, 1)), Array1::zeros(1));
    let weights =
        GruWeights::new(Reset::Before, array![[0.0]], zero.clone(), zero, array![100.0], none.clone(), none);
    let mut out = [0.0];
    weights.unwrap().flow().field(&[0.5], &mut out);
    // 1 - 1/(1 + exp(-100)) is 0 in float64.
    assert!((out[0] / (-0.5 * (-100f64).exp()) - 1.0).abs() < 1e-15, "{out:?}");
}

#[test]
fn a_constant_input_joins_the_biases() {
    for reset in BOTH {
        let weights = families::random(2, 2.0, 3, reset).unwrap();
        let w = |k: f64| array![[0.3 * k, -0.2, 0.5], [0.1, 0.7, -k]];
        let with = weights.clone().with_input_matrices(w(1.0), w(2.0), w(-1.0)).unwrap();
        assert_eq!((with.inputs(), weights.inputs()), (3, 0));
        let x = [0.4, -1.0, 0.2];
        let constant = with.with_input(&x).unwrap();
        let moved = |bias: &Array1<f64>, k: f64| bias + &w(k).dot(&array![0.4, -1.0, 0.2]);
        assert_eq!(constant.bz(), &moved(weights.bz(), 1.0));
        assert_eq!(constant.br(), &moved(weights.br(), 2.0));
        assert_eq!(constant.bh(), &moved(weights.bh(), -1.0));
        assert_eq!((constant.bhh(), constant.inputs()), (weights.bhh(), 0));
        has(&text(with.with_input(&[1.0])), &["input", "expected 3", "found 1"]);
        has(&text(with.with_input(&[1.0, f64::NAN, 0.0])), &["input", "NaN", "index 1"]);
    }
}

#[test]
fn the_map_is_the_euler_step() {
    let weights = families::random(3, 3.0, 5, Reset::After).unwrap();
    let h = Array1::from(state(3, 0));
    let f = weights.flow().velocity(&h).unwrap();
    let step = |map: eigengate::dynamics::GruMap| map.iterate(&h, 1).unwrap();
    assert_eq!(step(weights.map()), &h + &f);
    assert!((step(weights.euler(0.25).unwrap()) - (&h + &(0.25 * &f))).iter().all(|e| e.abs() < 1e-16));
    let twice = weights.map().iterate(&h, 2).unwrap();
    assert_eq!(twice, weights.map().iterate(&step(weights.map()), 1).unwrap());
    for bad in [0.0, -1.0, f64::NAN] {
        has(&text(weights.euler(bad)), &["step", "above 0"]);
    }
}

#[test]
fn weights_are_named() {
    let weights = families::random(2, 2.0, 1, Reset::After).unwrap();
    let changed = weights.with("Uh", &[0, 1], 9.0).unwrap().with("bhh", &[1], -4.0).unwrap();
    assert_eq!((changed.uh()[[0, 1]], changed.bhh()[1]), (9.0, -4.0));
    assert_eq!((changed.get("Uh", &[0, 1]).unwrap(), changed.get("bhh", &[1]).unwrap()), (9.0, -4.0));
    for (name, matrix) in [("Uz", weights.uz()), ("Ur", weights.ur()), ("Uh", weights.uh())] {
        assert_eq!(weights.get(name, &[1, 0]).unwrap(), matrix[[1, 0]]);
        let mut other = weights.with(name, &[1, 0], 0.5).unwrap();
        assert_ne!(other, weights);
        other = other.with(name, &[1, 0], matrix[[1, 0]]).unwrap();
        assert_eq!(other, weights);
    }
    for (name, bias) in [("bz", weights.bz()), ("br", weights.br()), ("bh", weights.bh())] {
        assert_eq!(weights.get(name, &[1]).unwrap(), bias[1]);
    }
    has(&text(weights.get("Wz", &[0, 0])), &["name", "Wz", "Uz, Ur, Uh, bz, br, bh, bhh"]);
    has(&text(weights.get("Uh", &[0, 2])), &["[0, 2] of Uh", "below [2, 2]"]);
    has(&text(weights.get("Uh", &[0])), &["[0] of Uh"]);
    has(&text(weights.get("bh", &[0, 0])), &["[0, 0] of bh", "below [2]"]);
    has(&text(weights.with("bz", &[0], f64::INFINITY)), &["bz", "inf"]);
    let before = families::random(2, 2.0, 1, Reset::Before).unwrap();
    has(&text(before.get("bhh", &[0])), &["bhh"]);
}

#[test]
fn bad_weights_are_refused_by_name() {
    let (u, b) = (Array2::<f64>::zeros((2, 2)), Array1::<f64>::zeros(2));
    let new = |uz: &Array2<f64>, ur: &Array2<f64>, uh: &Array2<f64>, bz: &Array1<f64>, br: &Array1<f64>| {
        let c = b.clone();
        GruWeights::new(Reset::Before, uz.clone(), ur.clone(), uh.clone(), bz.clone(), br.clone(), c)
    };
    let mut nan = u.clone();
    nan[[1, 0]] = f64::NAN;
    has(&text(new(&nan, &u, &u, &b, &b)), &["Uz", "NaN", "index 2"]);
    has(&text(new(&u, &nan, &u, &b, &b)), &["Ur", "NaN"]);
    has(&text(new(&u, &u, &nan, &b, &b)), &["Uh", "NaN"]);
    has(&text(new(&u, &u, &u, &array![0.0, f64::INFINITY], &b)), &["bz", "inf", "index 1"]);
    has(&text(new(&u, &u, &u, &b, &array![0.0])), &["br", "expected 2", "found 1"]);
    has(&text(new(&u, &Array2::zeros((2, 3)), &u, &b, &b)), &["Ur", "expected (2, 2)", "found (2, 3)"]);
    let good = new(&u, &u, &u, &b, &b).unwrap();
    has(&text(good.clone().with_hidden_bias(b.clone())), &["bhh", "Reset::Before"]);
    has(
        &text(good.clone().with_input_matrices(u.clone(), u.clone(), Array2::zeros((3, 2)))),
        &["Wh", "(3, 2)"],
    );
    has(&text(good.flow().velocity(&array![1.0])), &["h has the wrong size", "expected 2"]);
    has(&text(good.flow().velocity(&array![1.0, f64::NAN])), &["h holds NaN"]);
    let mut out = [0.0; 2];
    good.flow().field(&[0.1], &mut out);
    assert!(out.iter().all(|v| v.is_nan()));
    let none = GruWeights::new(
        Reset::Before,
        Array2::zeros((0, 0)),
        Array2::zeros((0, 0)),
        Array2::zeros((0, 0)),
        Array1::zeros(0),
        Array1::zeros(0),
        Array1::zeros(0),
    );
    has(&text(none), &["bh is empty"]);
    assert_eq!(
        format!("{good:?}"),
        "GruWeights(2 units, 0 inputs, reset before the product, largest recurrent weight 0.000)"
    );
}

#[test]
fn families_are_what_they_say() {
    let alpha = 0.3_f64;
    let rotation = families::rotation(3.0, alpha).unwrap();
    let expected = array![[3.0 * alpha.cos(), -3.0 * alpha.sin()], [3.0 * alpha.sin(), 3.0 * alpha.cos()]];
    assert_eq!(rotation.uh(), &expected);
    assert!(rotation.uz().iter().chain(rotation.ur()).chain(rotation.bh()).all(|v| *v == 0.0));
    let two = families::two_bistable_units(4.0, 3.0).unwrap();
    assert_eq!(two.uh(), &array![[4.0, 0.0], [0.0, 3.0]]);
    let random = |scale, seed| families::random(40, scale, seed, Reset::Before).unwrap();
    let weights = random(5.0, 7);
    assert_eq!(weights, random(5.0, 7));
    assert_ne!(weights, random(5.0, 8));
    for matrix in [weights.uz(), weights.ur(), weights.uh()] {
        let square = matrix.iter().map(|v| v * v).sum::<f64>() / 1600.0;
        assert!((square.sqrt() / 5.0 - 1.0).abs() < 0.08, "{square}");
    }
    assert_ne!(weights.uz(), weights.uh());
    has(&text(families::random(0, 1.0, 0, Reset::Before)), &["units", "at least 1"]);
    has(&text(families::random(2, -1.0, 0, Reset::Before)), &["scale", "-1"]);
    has(&text(families::rotation(f64::NAN, 0.0)), &["beta and alpha", "NaN"]);
}
