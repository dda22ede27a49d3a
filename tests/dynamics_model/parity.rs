//! Steps and Jacobians of `torch.nn.GRU`, and steps in Keras's layout (`tests/parity/gru.py`).

use eigengate::dynamics::{GruWeights, Reset};
use eigengate::exchange::{Npz, write_npz};
use ndarray::{Array2, Array3, s};

fn path(file: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(file)
}

#[test]
fn both_layers_of_a_torch_gru_step_alike() {
    let numbers = Npz::open(path("gru.npz")).unwrap();
    for file in ["gru_torch.npz", "gru_torch.safetensors"] {
        for (layer, inputs) in [(0, 3), (1, 4)] {
            let weights = GruWeights::read_pytorch(path(file), "rnn.", layer).unwrap();
            assert_eq!((weights.units(), weights.inputs(), weights.reset()), (4, inputs, Reset::After));
            let get = |name: &str| -> Array2<f64> { numbers.get(&format!("l{layer}.{name}")).unwrap() };
            let (x, h, next) = (get("x"), get("h"), get("next"));
            let jacobians: Array3<f64> = numbers.get(&format!("l{layer}.jacobian")).unwrap();
            for row in 0..6 {
                let map = weights.with_input(&x.row(row).to_vec()).unwrap().map();
                let (mut state, mut jacobian) = ([0.0; 4], [0.0; 16]);
                map.step(&h.row(row).to_vec(), &mut state);
                for (a, b) in state.iter().zip(next.row(row)) {
                    assert!((a - b).abs() < 5e-16 * 4.0, "{file} {layer} {row}: {a} {b}");
                }
                map.jacobian(&h.row(row).to_vec(), &mut jacobian);
                for (a, b) in jacobian.iter().zip(jacobians.slice(s![row, .., ..])) {
                    assert!((a - b).abs() < 1e-14, "{file} {layer} {row}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn keras_layers_step_by_their_formulas() {
    let numbers = Npz::open(path("gru.npz")).unwrap();
    let get = |name: &str| -> Array2<f64> { numbers.get(&format!("keras.{name}")).unwrap() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keras.npz");
    let bias = get("bias");
    let first = bias.row(0).to_owned();
    for (reset, next) in [(Reset::After, get("next_after")), (Reset::Before, get("next_before"))] {
        let (kernel, recurrent) = (get("kernel"), get("recurrent_kernel"));
        match reset {
            Reset::After => {
                write_npz(&file, &[("kernel", &kernel), ("recurrent_kernel", &recurrent), ("bias", &bias)])
            }
            Reset::Before => {
                write_npz(&file, &[("kernel", &kernel), ("recurrent_kernel", &recurrent), ("bias", &first)])
            }
        }
        .unwrap();
        let weights = GruWeights::read_keras(&file, "", reset).unwrap();
        for row in 0..5 {
            let mut state = [0.0; 3];
            let map = weights.with_input(&get("x").row(row).to_vec()).unwrap().map();
            map.step(&get("h").row(row).to_vec(), &mut state);
            for (a, b) in state.iter().zip(next.row(row)) {
                assert!((a - b).abs() < 2e-15, "{reset:?} {row}: {a} {b}");
            }
        }
    }
}
