//! The GRU of a file, whatever wrote it.

use crate::errors::{has, text};
use crate::systems::driven;
use eigengate::dynamics::GruWeights;
use eigengate::dynamics::{Readout, Reset};
use eigengate::exchange::{Npz, write_npy, write_npz};
use eigengate::nn::Gru;
use ndarray::{Array1, Array2, ArrayD, IxDyn, array};
use std::path::Path;

/// The arrays of an npz file as npy files in a folder.
fn unpacked(npz: &Path, folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let file = Npz::open(npz).unwrap();
    for name in file.names() {
        let array: ArrayD<f64> = file.get::<f64, IxDyn>(name).unwrap();
        write_npy(folder.join(format!("{name}.npy")), &array).unwrap();
    }
}

#[test]
fn the_names_need_not_be_known() {
    let folder = tempfile::tempdir().unwrap();
    for reset in [Reset::Before, Reset::After] {
        let weights = driven(4, 2, 3, reset);
        for ending in ["npz", "safetensors"] {
            let path = folder.path().join(format!("keras_{reset:?}.{ending}"));
            weights.write_keras(&path, "model.gru.").unwrap();
            assert_eq!(GruWeights::read(&path).unwrap(), weights);
            if reset == Reset::After {
                let path = folder.path().join(format!("torch.{ending}"));
                weights.write_pytorch(&path, "net.rnn.", 0).unwrap();
                assert_eq!(GruWeights::read(&path).unwrap(), weights);
            }
        }
        let own = folder.path().join(format!("own_{reset:?}.safetensors"));
        let gru = Gru::new(2, &[4], 3, reset, 8).unwrap();
        gru.save(&own).unwrap();
        assert_eq!(GruWeights::read(&own).unwrap(), gru.weights().unwrap());
        let readout = Readout::read_pytorch(&own, "readout.").unwrap();
        assert_eq!(Some(readout), gru.readout().unwrap());
    }
}

#[test]
fn a_folder_of_npy_files_is_a_file_of_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let weights = driven(3, 2, 5, Reset::After);
    let (npz, arrays) = (folder.path().join("torch.npz"), folder.path().join("arrays"));
    weights.write_pytorch(&npz, "gru.", 1).unwrap();
    unpacked(&npz, &arrays);
    // What is no array does not matter.
    std::fs::write(arrays.join("notes.txt"), "trained in May").unwrap();
    assert_eq!(GruWeights::read_pytorch(&arrays, "gru.", 1).unwrap(), weights);
    assert_eq!(GruWeights::read(&arrays).unwrap(), weights);
    // Float32, as PyTorch has it.
    let single = weights.uh().mapv(|u| u as f32);
    let (three, bias) =
        (ndarray::concatenate![ndarray::Axis(0), single, single, single], Array1::<f32>::zeros(9));
    let floats = folder.path().join("floats");
    std::fs::create_dir(&floats).unwrap();
    write_npy(floats.join("weight_hh_l0.npy"), &three).unwrap();
    for name in ["bias_ih_l0", "bias_hh_l0"] {
        write_npy(floats.join(format!("{name}.npy")), &bias).unwrap();
    }
    assert_eq!(GruWeights::read(&floats).unwrap().uh(), single.mapv(f64::from));
    // Another type is named.
    write_npy(floats.join("bias_hh_l0.npy"), &array![1i64, 2]).unwrap();
    has(&text(GruWeights::read(&floats)), &["bias_hh_l0.npy", "<f4", "<i8"]);
}

#[test]
fn several_networks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.safetensors");
    Gru::new(1, &[3, 2], 0, Reset::After, 1).unwrap().save(&path).unwrap();
    has(&text(GruWeights::read(&path)), &["gru.weight_hh_l0, gru.weight_hh_l1", "read_pytorch"]);
    let second = GruWeights::read_pytorch(&path, "gru.", 1).unwrap();
    assert_eq!((second.units(), second.inputs()), (2, 3));
    let other = folder.path().join("other.npz");
    write_npz(&other, &[("weight", &Array2::<f64>::zeros((3, 3)))]).unwrap();
    has(
        &text(GruWeights::read(&other)),
        &["other.npz", "weight_hh_l0", "recurrent_kernel", "the arrays weight"],
    );
    has(&text(Readout::read_pytorch(&other, "fc.")), &["fc.weight", "weight"]);
    has(&text(GruWeights::read(folder.path().join("none"))), &["cannot read", "none"]);
}

#[test]
fn readouts_are_checked() {
    has(
        &text(Readout::new(Array2::zeros((2, 3)), Array1::zeros(3))),
        &["bias of a readout", "expected 2", "found 3"],
    );
    has(&text(Readout::new(Array2::zeros((0, 3)), Array1::zeros(0))), &["readout", "empty"]);
    has(&text(Readout::new(array![[f64::NAN]], array![0.0])), &["readout", "NaN"]);
    let readout = Readout::new(array![[1.0, 2.0], [0.0, -1.0]], array![0.5, 0.0]).unwrap();
    assert_eq!(readout.of(&array![1.0, 3.0]).unwrap(), array![7.5, -3.0]);
    has(&text(readout.of(&array![1.0])), &["expected 2", "found 1"]);
    assert_eq!(format!("{readout:?}"), "Readout(2 units, 2 outputs)");
}
