//! Weights to and from files: round trips, the oracle's torch layout, and what is refused.

use crate::errors::{has, text};
use crate::oracle;
use eigengate::dynamics::{GruWeights, Reset, families};
use eigengate::exchange::{ToNpy, write_npz};
use ndarray::{Array1, Array2, Array3, Axis, array, concatenate};
use std::path::PathBuf;

fn with_input(reset: Reset) -> GruWeights {
    let w = |k: f64| array![[k, 0.5], [-0.25, k * k], [1.0, -k]];
    families::random(3, 2.0, 5, reset).unwrap().with_input_matrices(w(1.0), w(2.0), w(3.0)).unwrap()
}

#[test]
fn what_is_written_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["npz", "safetensors"] {
        for weights in [with_input(Reset::After), families::random(2, 4.0, 1, Reset::After).unwrap()] {
            let path = folder.path().join(format!("torch.{ending}"));
            weights.write_pytorch(&path, "encoder.gru.", 2).unwrap();
            assert_eq!(GruWeights::read_pytorch(&path, "encoder.gru.", 2).unwrap(), weights);
        }
        for reset in [Reset::Before, Reset::After] {
            for weights in [with_input(reset), families::random(2, 4.0, 1, reset).unwrap()] {
                let path = folder.path().join(format!("keras.{ending}"));
                weights.write_keras(&path, "gru.").unwrap();
                assert_eq!(GruWeights::read_keras(&path, "gru.", reset).unwrap(), weights);
            }
        }
    }
    let before = with_input(Reset::Before);
    let path = folder.path().join("before.npz");
    has(&text(before.write_pytorch(&path, "", 0)), &["reset", "Before", "write_keras"]);
    assert!(!path.exists());
}

#[test]
fn the_torch_layout_of_a_case_is_its_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.npz");
    let mut compared = 0;
    for case in oracle::cases().iter().filter(|case| case["torch"].is_object()) {
        let (id, torch) = (case["id"].as_str().unwrap(), &case["torch"]);
        let hh = oracle::matrix(&torch["weight_hh_l0"]);
        let bias = |name: &str| Array1::from(oracle::numbers(&torch[name]));
        let (ih, bhh) = (bias("bias_ih_l0"), bias("bias_hh_l0"));
        write_npz(&path, &[("weight_hh_l0", &hh), ("bias_ih_l0", &ih), ("bias_hh_l0", &bhh)]).unwrap();
        let read = GruWeights::read_pytorch(&path, "", 0).unwrap();
        let expected = oracle::weights(&case["system"]);
        assert_eq!((read.uz(), read.ur(), read.uh()), (expected.uz(), expected.ur(), expected.uh()), "{id}");
        for (a, b) in [(read.bz(), expected.bz()), (read.br(), expected.br()), (read.bh(), expected.bh())] {
            assert!((a - b).iter().all(|e| e.abs() < 1e-15), "{id}");
        }
        assert_eq!(read.bhh(), expected.bhh(), "{id}");
        let stacked = GruWeights::from_stacked(Reset::After, "r,z,n", hh, ih, bhh).unwrap();
        assert_eq!(stacked, read);
        if let Some(points) = case["fixed_points"].as_array() {
            oracle::agree(id, &read.fixed_points().unwrap(), points);
        }
        compared += 1;
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn the_order_of_gates_is_named() {
    let block = |k: f64| Array2::from_elem((2, 2), k);
    let stack = concatenate(Axis(0), &[block(1.0).view(), block(2.0).view(), block(3.0).view()]).unwrap();
    let bias = array![1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
    for (order, [z, r, h]) in
        [("rzn", [2.0, 1.0, 3.0]), ("zrh", [1.0, 2.0, 3.0]), ("n, z, r", [2.0, 3.0, 1.0])]
    {
        let stacked =
            GruWeights::from_stacked(Reset::After, order, stack.clone(), bias.clone(), 10.0 * &bias).unwrap();
        assert_eq!((stacked.uz()[[0, 0]], stacked.ur()[[0, 0]], stacked.uh()[[0, 0]]), (z, r, h), "{order}");
        assert_eq!((stacked.bz()[0], stacked.br()[0]), (11.0 * z, 11.0 * r));
        assert_eq!((stacked.bh()[1], stacked.bhh()[1]), (h, 10.0 * h));
    }
    for order in ["rz", "rzx", "rrn", "ifgo", ""] {
        let refused =
            GruWeights::from_stacked(Reset::After, order, stack.clone(), bias.clone(), bias.clone());
        has(&text(refused), &["order", order, "each of z (update), r (reset) and n (candidate) once"]);
    }
}

/// An npz file of these arrays.
fn file(folder: &tempfile::TempDir, arrays: &[(&str, &dyn ToNpy)]) -> PathBuf {
    let path = folder.path().join("bad.npz");
    write_npz(&path, arrays).unwrap();
    path
}

#[test]
fn bad_files_are_refused_by_the_name_of_the_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let (hh, b) = (Array2::<f64>::zeros((6, 2)), Array1::<f64>::zeros(6));
    let torch = |arrays: &[(&str, &dyn ToNpy)]| text(GruWeights::read_pytorch(file(&folder, arrays), "", 0));
    let mut nan = hh.clone();
    nan[[3, 1]] = f64::NAN;
    has(&torch(&[("weight_hh_l0", &nan)]), &["weight_hh_l0", "NaN", "index 7"]);
    has(&torch(&[("weight_ih_l0", &hh)]), &["the array `weight_hh_l0`", "found weight_ih_l0"]);
    has(&torch(&[("weight_hh_l1", &hh)]), &["`weight_hh_l0`", "weight_hh_l1"]);
    has(&torch(&[("weight_hh_l0", &hh), ("bias_hh_l0", &b)]), &["the array `bias_ih_l0`"]);
    has(&torch(&[("weight_hh_l0", &hh), ("bias_ih_l0", &b)]), &["the array `bias_hh_l0`"]);
    let short = Array1::<f64>::zeros(5);
    let arrays: [(&str, &dyn ToNpy); 3] = [("weight_hh_l0", &hh), ("bias_hh_l0", &b), ("bias_ih_l0", &short)];
    has(&torch(&arrays), &["bias_ih_l0", "expected 6", "found 5"]);
    let turned = Array2::<f64>::zeros((2, 6));
    has(&torch(&[("weight_hh_l0", &turned)]), &["weight_hh_l0", "(3 d, d)", "(2, 6); it is transposed"]);
    let lstm = Array2::<f64>::zeros((8, 2));
    has(&torch(&[("weight_hh_l0", &lstm)]), &["weight_hh_l0", "LSTM"]);
    let cube = Array3::<f64>::zeros((6, 2, 1));
    has(&torch(&[("weight_hh_l0", &cube)]), &["weight_hh_l0", "2 dimensions", "[6, 2, 1]"]);
    let input = Array2::<f64>::zeros((5, 3));
    let arrays: [(&str, &dyn ToNpy); 2] = [("weight_hh_l0", &hh), ("weight_ih_l0", &input)];
    has(&torch(&arrays), &["weight_ih_l0", "6 rows", "(5, 3)"]);
    let whole = Array2::<i64>::zeros((6, 2));
    has(&torch(&[("weight_hh_l0", &whole)]), &["weight_hh_l0", "<i8", "float64 or float32"]);
    has(&text(GruWeights::read_pytorch(folder.path().join("none.npz"), "", 0)), &["cannot read", "none.npz"]);
    let other = folder.path().join("other.safetensors");
    std::fs::write(&other, b"no tensors").unwrap();
    has(&text(GruWeights::read_pytorch(&other, "", 0)), &["other.safetensors", "GRU weights"]);

    let keras =
        |arrays: &[(&str, &dyn ToNpy)], reset| text(GruWeights::read_keras(file(&folder, arrays), "", reset));
    let (kernel, after) = (Array2::<f64>::zeros((2, 6)), Array2::<f64>::zeros((2, 6)));
    let arrays: [(&str, &dyn ToNpy); 2] = [("recurrent_kernel", &kernel), ("bias", &after)];
    has(&keras(&arrays, Reset::Before), &["bias", "reset_after=True", "Reset::After"]);
    let arrays: [(&str, &dyn ToNpy); 2] = [("recurrent_kernel", &kernel), ("bias", &b)];
    has(&keras(&arrays, Reset::After), &["bias", "reset_after=False", "Reset::Before"]);
    has(&keras(&[("recurrent_kernel", &hh)], Reset::After), &["recurrent_kernel", "(d, 3 d)", "(6, 2)"]);
    has(&keras(&[("kernel", &kernel)], Reset::After), &["the array `recurrent_kernel`"]);
    let mut nan = after.clone();
    nan[[1, 2]] = f64::NEG_INFINITY;
    let arrays: [(&str, &dyn ToNpy); 2] = [("recurrent_kernel", &kernel), ("bias", &nan)];
    has(&keras(&arrays, Reset::After), &["bias", "-inf", "index 8"]);
}

#[test]
fn single_precision_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let hh = Array2::<f32>::from_elem((3, 1), 0.1);
    let read = GruWeights::read_pytorch(file(&folder, &[("weight_hh_l0", &hh)]), "", 0).unwrap();
    assert_eq!(read.uz()[[0, 0]], f64::from(0.1_f32));
    assert!(read.bh().iter().chain(read.bhh()).all(|b| *b == 0.0));
}
