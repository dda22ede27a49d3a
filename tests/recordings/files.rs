//! Responses in files that numpy writes.

use crate::errors::{has, text};
use crate::python::python;
use eigengate::prelude::*;
use eigengate::{Error, Result};
use ndarray::Array3;

/// The number at every place of the files below, as far as their type can hold it.
fn value(repeat: usize, stimulus: usize, neuron: usize) -> f64 {
    ((100 * repeat + 20 * stimulus + neuron) % 120) as f64
}

#[test]
fn files_of_all_types_and_orders_give_the_same_responses() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let script = "
import numpy as np, sys
from pathlib import Path
folder = Path(sys.argv[1])
r, s, n = np.meshgrid(np.arange(3), np.arange(5), np.arange(37), indexing='ij')
x = (100 * r + 20 * s + n) % 120
arrays = {}
for dtype in '<f4 >f4 <f8 >f8 |u1 |i1 <u2 >u2 <i2 >i2 <u4 >u4 <i4 >i4 <u8 >u8 <i8 >i8'.split():
    for order in 'CF':
        name = dtype.replace('<', 'little_').replace('>', 'big_').replace('|', 'byte_') + order
        arrays[name] = np.asarray(x.astype(dtype), order=order)
        np.save(folder / name, arrays[name])
np.savez_compressed(folder / 'packed.npz', **arrays)
np.savez(folder / 'stored.npz', **arrays)
np.save(folder / 'one.npy', np.asfortranarray(x[1].astype('<i2')))
print(' '.join(arrays))
";
    let names = python(script, &[folder.path()]);
    let want = Array3::from_shape_fn((3, 5, 37), |(r, s, n)| value(r, s, n));
    assert_eq!(names.split_whitespace().count(), 36);
    for name in names.split_whitespace() {
        let recording = Recording::open(folder.path().join(format!("{name}.npy")))?;
        assert_eq!((recording.name(), recording.is_mapped()), (name, false));
        assert_eq!(recording.responses()?, want, "{name}");
        for archive in ["packed.npz", "stored.npz"] {
            let recording = Recording::open_npz(folder.path().join(archive), name)?;
            assert_eq!(recording.responses()?, want, "{name} in {archive}");
        }
    }
    // Two dimensions are one repeat.
    let one = Recording::open(folder.path().join("one.npy"))?;
    assert_eq!((one.repeats(), one.stimuli(), one.neurons()), (1, 5, 37));
    assert_eq!(one.responses()?.index_axis(ndarray::Axis(0), 0), want.index_axis(ndarray::Axis(0), 1));
    Ok(())
}

#[test]
fn large_files_are_mapped() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let (npy, npz) = (folder.path().join("large.npy"), folder.path().join("large.npz"));
    // A little more than 64 MiB, an odd number of neurons.
    let shape = (2, 4, 2_097_153);
    let all = Array3::from_shape_fn(shape, |(r, s, n)| (r * 10 + s) as f32 + (n % 1000) as f32 / 1024.0);
    exchange::write_npy(&npy, &all)?;
    exchange::write_npz(&npz, &[("small", &array![1.0]), ("responses", &all)])?;
    for recording in [Recording::open(&npy)?, Recording::open_npz(&npz, "responses")?] {
        assert!(recording.is_mapped() && format!("{recording:?}").contains("<f4 from a mapped file"));
        let neurons = [0, 1023, 1024, 777_777, 2_097_152];
        let some = recording.select_neurons(&neurons)?;
        assert!(!some.is_mapped() && some.neuron_numbers() == neurons);
        let found = some.responses()?;
        for ((repeat, stimulus, place), value) in found.indexed_iter() {
            assert_eq!(*value, f64::from(all[[repeat, stimulus, neurons[place]]]));
        }
    }
    Ok(())
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
import numpy as np, sys
from pathlib import Path
folder = Path(sys.argv[1])
np.save(folder / 'half.npy', np.zeros((2, 3, 4), '<f2'))
np.save(folder / 'complex.npy', np.zeros((2, 3, 4), '<c8'))
np.save(folder / 'flat.npy', np.zeros(12))
np.save(folder / 'four.npy', np.zeros((1, 2, 3, 4)))
np.save(folder / 'none.npy', np.zeros((2, 0, 4)))
np.savez(folder / 'some.npz', a=np.zeros((2, 3, 4)))
whole = (folder / 'four.npy').read_bytes()
(folder / 'short.npy').write_bytes(whole[:-3])
(folder / 'long.npy').write_bytes(whole + b'0')
";
    python(script, &[folder.path()]);
    let open = |name: &str| text(Recording::open(folder.path().join(name)));
    has(&open("half.npy"), &["half.npy", "<f2", "astype(\"<f4\")"]);
    has(&open("complex.npy"), &["<c8"]);
    has(&open("flat.npy"), &["(repeats, stimuli, neurons)", "[12]"]);
    has(&open("four.npy"), &["[1, 2, 3, 4]"]);
    has(&open("none.npy"), &["without stimuli"]);
    has(&open("short.npy"), &["shape [1, 2, 3, 4]", "189 bytes"]);
    has(&open("long.npy"), &["193 bytes"]);
    has(&open("absent.npy"), &["cannot read", "absent.npy"]);
    has(&open("some.npz"), &["zip archive"]);
    has(&text(Recording::open_npz(folder.path().join("some.npz"), "b")), &["name = b", "a"]);
}

#[test]
fn what_is_not_finite_is_named_with_its_place() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = PopulationSimulation::new(30, 40).run()?.recording.responses()?;
    all[[1, 7, 33]] = f64::NAN;
    let parts = ["neuron 33", "stimulus 7", "repeat 1", "NaN at flat index 1513"];
    has(&text(Recording::new(all.view())), &parts);
    for fortran in [false, true] {
        let path = folder.path().join("nan.npy");
        exchange::write_npy(&path, &all)?;
        if fortran {
            let script =
                "import numpy as np, sys; np.save(sys.argv[1], np.asfortranarray(np.load(sys.argv[1])))";
            python(script, &[&path]);
        }
        let recording = Recording::open(&path)?;
        assert_eq!(format!("{recording:?}").contains("Fortran"), fortran);
        has(&text(cv_pca(&recording)), &parts);
        has(&text(plain_spectrum(&recording)), &parts);
        has(&text(recording.z_scored()), &parts);
        assert!(matches!(recording.responses(), Err(Error::NotFinite { index: 1513, .. })));
    }
    Ok(())
}
