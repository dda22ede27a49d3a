//! Fixed points and eigenvalues against verified cases (`tests/data/gru_oracle.json`).

use eigengate::dynamics::{FixedPoints, GruWeights, Kind, Reset};
use ndarray::{Array1, Array2};
use serde_json::Value;

pub(crate) fn cases() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../data/gru_oracle.json")).unwrap();
    file["cases"].as_array().unwrap().clone()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

pub(crate) fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

pub(crate) fn weights(system: &Value) -> GruWeights {
    let vector = |name: &str| Array1::from(numbers(&system[name]));
    let after = system["variant"] == "reset_after";
    let reset = if after { Reset::After } else { Reset::Before };
    let u = ["Uz", "Ur", "Uh"].map(|name| matrix(&system[name]));
    let [uz, ur, uh] = u;
    let weights = GruWeights::new(reset, uz, ur, uh, vector("bz"), vector("br"), vector("bh")).unwrap();
    if after { weights.with_hidden_bias(vector("bhh")).unwrap() } else { weights }
}

/// Fixed points, eigenvalues, classes and indices are those of the case.
pub(crate) fn agree(id: &str, found: &FixedPoints, expected: &[Value]) {
    assert_eq!(found.points.len(), expected.len(), "{id}: {found:?}");
    let mut expected: Vec<&Value> = expected.iter().collect();
    for point in &found.points {
        let distance = |case: &Value| {
            let h = numbers(&case["h"]);
            h.iter().zip(&point.state).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let nearest =
            (0..expected.len()).min_by(|a, b| distance(expected[*a]).total_cmp(&distance(expected[*b])));
        let case = expected.swap_remove(nearest.unwrap());
        // Printed to 25 digits and rounded to nearest.
        assert!(distance(case) < 1e-13, "{id}: {point:?} is off by {:e}", distance(case));
        let values: Vec<Vec<f64>> = case["eig"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(values.len(), point.eigenvalues.len());
        let margin = case["node_focus_margin"].as_f64().unwrap_or(1.0);
        let tolerance = if margin < 1e-8 { 1e-7 } else { 1e-9 };
        for value in &point.eigenvalues {
            let off = values.iter().map(|v| (v[0] - value.re).abs().max((v[1] - value.im).abs()));
            let off = off.fold(f64::INFINITY, f64::min);
            assert!(off < tolerance, "{id}: {point:?}, eigenvalues {values:?}, off by {off:e}");
        }
        // Small eigenvalues too: relative to themselves.
        let mut reals: Vec<f64> = values.iter().map(|v| v[0]).collect();
        reals.sort_by(|a, b| b.total_cmp(a));
        for (value, real) in point.eigenvalues.iter().zip(reals) {
            assert!((value.re - real).abs() <= 1e-6 * real.abs() + 1e-16, "{id}: {value:?} and {real:e}");
        }
        assert_eq!(point.unstable as u64, case["n_unstable"].as_u64().unwrap(), "{id}: {point:?}");
        if let Some(index) = case["index"].as_i64() {
            assert_eq!(i64::from(point.index), index, "{id}: {point:?}");
        }
        let determinant = case["det_gfree"].as_f64().unwrap();
        assert!((point.determinant - determinant).abs() < 1e-9 * (1.0 + determinant.abs()), "{id}");
        if margin > 1e-8 {
            // Some classes of the file take imaginary parts of 1e-61 for a focus.
            let complex = values.iter().any(|v| v[1].abs() > 1e-30);
            let class = case["cls"].as_str().unwrap();
            let class = if complex { class } else { class.trim_end_matches("_focus") };
            assert!(complex || !point.kind.name().ends_with("focus"), "{id}: {point:?}");
            assert!(point.kind.name().starts_with(class), "{id}: {point:?} is no {class}");
        }
        if let Some(multipliers) = case["map_multipliers"].as_array() {
            for multiplier in point.multipliers(1.0) {
                let off = multipliers
                    .iter()
                    .map(numbers)
                    .map(|m| (m[0] - multiplier.re).hypot(m[1] - multiplier.im));
                assert!(off.fold(f64::INFINITY, f64::min) < 1e-9, "{id}");
            }
        }
        assert!(point.certified && point.residual < 1e-14);
    }
}

#[test]
fn all_fixed_points_of_every_case_are_found_and_proved() {
    let mut compared = 0;
    for case in cases() {
        let id = case["id"].as_str().unwrap();
        let Some(expected) = case["fixed_points"].as_array() else { continue };
        let found = weights(&case["system"]).fixed_points().unwrap();
        assert!(found.complete && found.index_sum == 1, "{id}: {found:?}");
        agree(id, &found, expected);
        if let Some(topology) = case["topology"].as_array() {
            let (sinks, saddles, sources) = found.topology();
            assert_eq!(
                format!("{topology:?}"),
                format!("{:?}", [sinks, saddles, sources].map(Value::from)),
                "{id}"
            );
        }
        compared += 1;
    }
    assert!(compared >= 41, "{compared}");
}

#[test]
fn at_a_fold_the_half_stable_point_is_data_and_not_certified() {
    let mut compared = 0;
    for case in cases().iter().filter(|case| case["kind"] == "at_fold") {
        let id = case["id"].as_str().unwrap();
        let found = weights(&case["system"]).fixed_points().unwrap();
        let h = case["half_stable"]["h"].as_f64().unwrap();
        assert!(!found.complete && found.undecided.len() == 1, "{id}: {found:?}");
        let region = &found.undecided[0];
        assert!(region.contains(&[h]) && region.width() < 1e-6, "{id}: {region:?}");
        let near = found.points.iter().filter(|point| !point.certified).collect::<Vec<_>>();
        assert_eq!(near.len(), 1, "{id}");
        assert_eq!(near[0].kind, Kind::NonHyperbolic);
        assert!((near[0].state[0] - h).abs() < 2e-8, "{id}: {}", near[0].state[0] - h);
        assert!(near[0].eigenvalues[0].abs() < 1e-7);
        assert_eq!(found.undecided_index(), 0, "{id}");
        let mut others = found.clone();
        others.points.retain(|point| point.certified);
        agree(id, &others, case["other_fixed_points"].as_array().unwrap());
        compared += 1;
    }
    assert_eq!(compared, 2);
}
