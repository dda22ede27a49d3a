//! The homoclinic orbits of `tests/data/gru_oracle.json`.

use eigengate::Result;
use eigengate::dynamics::{GruWeights, Reset};
use ndarray::{Array1, Array2};
use serde_json::Value;

/// A case of section E.
pub struct HomoclinicCase {
    pub id: String,
    pub weights: GruWeights,
    pub parameter: String,
    pub index: Vec<usize>,
    /// The parameter at which the orbit exists.
    pub value: f64,
    pub saddle: [f64; 2],
    pub cycle_side: f64,
    pub cycle_stable: bool,
    /// That of the cycle 1e-3 beside the orbit.
    pub first_period: f64,
}

pub fn homoclinic_cases() -> Result<Vec<HomoclinicCase>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gru_oracle.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let all = file["cases"].as_array().unwrap().iter().filter(|case| case["section"] == "E");
    all.map(|case| {
        let index = numbers(&case["index"]).into_iter().map(|k| k as usize).collect();
        Ok(HomoclinicCase {
            id: case["id"].as_str().unwrap().to_owned(),
            weights: weights(&case["system"])?,
            parameter: case["parameter"].as_str().unwrap().to_owned(),
            index,
            value: case["value"].as_f64().unwrap(),
            saddle: numbers(&case["saddle"]).try_into().unwrap(),
            cycle_side: case["cycle_side"].as_f64().unwrap(),
            cycle_stable: case["cycle_stable"].as_bool().unwrap(),
            first_period: case["period_data"][0]["period"].as_f64().unwrap(),
        })
    })
    .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn weights(system: &Value) -> Result<GruWeights> {
    let vector = |name: &str| Array1::from(numbers(&system[name]));
    let matrix = |name: &str| {
        let rows: Vec<Vec<f64>> = system[name].as_array().unwrap().iter().map(numbers).collect();
        Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| rows[i][j])
    };
    let (uz, ur, uh) = (matrix("Uz"), matrix("Ur"), matrix("Uh"));
    GruWeights::new(Reset::Before, uz, ur, uh, vector("bz"), vector("br"), vector("bh"))
}
