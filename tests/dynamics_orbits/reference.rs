//! The reference cases of `tests/data/gru_oracle.json`.

use eigengate::dynamics::{GruWeights, Reset};
use ndarray::{Array1, Array2};
use serde_json::Value;

pub struct Case {
    pub id: String,
    pub weights: GruWeights,
    pub json: Value,
}

pub fn cases(section: &str, kind: &str) -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gru_oracle.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let all = file["cases"].as_array().unwrap().iter();
    let chosen =
        all.filter(|case| case["section"] == section && case["kind"].as_str().unwrap().contains(kind));
    chosen
        .map(|case| Case {
            id: case["id"].as_str().unwrap().to_owned(),
            weights: weights(&case["system"]),
            json: case.clone(),
        })
        .collect()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

pub fn pair(value: &Value) -> [f64; 2] {
    numbers(value).try_into().unwrap()
}

fn weights(system: &Value) -> GruWeights {
    let vector = |name: &str| Array1::from(numbers(&system[name]));
    let matrix = |name: &str| {
        let rows: Vec<Vec<f64>> = system[name].as_array().unwrap().iter().map(numbers).collect();
        Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| rows[i][j])
    };
    let reset = if system["variant"] == "reset_after" { Reset::After } else { Reset::Before };
    let weights = GruWeights::new(
        reset,
        matrix("Uz"),
        matrix("Ur"),
        matrix("Uh"),
        vector("bz"),
        vector("br"),
        vector("bh"),
    )
    .unwrap();
    if system["bhh"].is_null() { weights } else { weights.with_hidden_bias(vector("bhh")).unwrap() }
}
