//! npy and npz files, checked from Python too.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/files.rs"]
mod files;
#[path = "common/notebook.rs"]
mod notebook;
#[path = "common/python.rs"]
mod python;

use eigengate::exchange::{self, Npz, NpzArray};
use errors::{has, text};
use files::file;
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn, ShapeBuilder, arr0, array, s};
use notebook::{is_notebook, shown};
use python::python;
use std::path::Path;

/// An npy file of version 1.0 with this header and data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

fn header(dtype: &str, shape: &str) -> String {
    format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}")
}

fn refused(path: &Path) -> String {
    let text = text(exchange::read_npy::<f32, IxDyn>(path));
    has(&text, &[&path.display().to_string(), "npy file"]);
    text
}

// Without Python

#[test]
fn arrays_come_back_whatever_their_order_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let rows = array![[1.5f32, -2.0, f32::MAX], [0.1, f32::MIN_POSITIVE, -0.0]];
    let mut columns = Array2::zeros((2, 3).f());
    columns.assign(&rows);

    exchange::write_npy(&path, &rows).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(exchange::read_npy::<f32, ndarray::Ix2>(&path).unwrap(), rows);
    exchange::write_npy(&path, &columns).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "the order in memory is not part of the file");
    exchange::write_npy(&path, &rows.slice(s![.., ..;-1]).slice(s![.., ..;-1])).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "nor are strides");

    exchange::write_npy(&path, &rows.slice(s![..;-1, ..;2])).unwrap();
    let read: Array2<f32> = exchange::read_npy(&path).unwrap();
    assert_eq!(read, array![[0.1, -0.0], [1.5, f32::MAX]]);
}

#[test]
fn every_element_and_number_of_dimensions_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");

    let f64s = array![0.1f64, f64::MIN, f64::INFINITY];
    exchange::write_npy(&path, &f64s).unwrap();
    assert_eq!(exchange::read_npy::<f64, IxDyn>(&path).unwrap(), f64s.clone().into_dyn());
    exchange::write_npy(&path, &f64s.to_vec()).unwrap();
    assert_eq!(exchange::read_npy::<f64, ndarray::Ix1>(&path).unwrap(), f64s);

    let i64s = array![[[i64::MIN, -1], [0, i64::MAX]]];
    exchange::write_npy(&path, &i64s.view()).unwrap();
    let read: Array3<i64> = exchange::read_npy(&path).unwrap();
    assert_eq!(read, i64s);

    // More than one piece of the reader's buffer, and a rest.
    let u8s: Array1<u8> = (0..200_001u32).map(|i| (i % 251) as u8).collect();
    exchange::write_npy(&path, &u8s).unwrap();
    assert_eq!(exchange::read_npy::<u8, ndarray::Ix1>(&path).unwrap(), u8s);
    let many: Array1<f64> = (0..100_001).map(f64::from).collect();
    exchange::write_npy(&path, &many).unwrap();
    assert_eq!(exchange::read_npy::<f64, ndarray::Ix1>(&path).unwrap(), many);

    exchange::write_npy(&path, &arr0(f32::NAN)).unwrap();
    assert!(exchange::read_npy::<f32, ndarray::Ix0>(&path).unwrap().into_scalar().is_nan());

    // Strides of an empty view are those of the array that it is cut from.
    let empty = Array2::<f32>::zeros((4, 6));
    exchange::write_npy(&path, &empty.slice(s![0..0, ..;2])).unwrap();
    let read: Array2<f32> = exchange::read_npy(&path).unwrap();
    assert_eq!(read.shape(), [0, 3]);
}

#[test]
fn files_that_are_not_npy_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    has(
        &refused(&file(&folder, "nothing", b"")),
        &["expected a start of \"\\x93NUMPY\"", "found a start of \"\""],
    );
    has(&refused(&file(&folder, "text", b"epoch,loss\n1,0.5\n")), &["found a start of \"epoch,lo\""]);
    has(&refused(&file(&folder, "zip", b"PK\x03\x04 and so on")), &["found a zip archive", "open an `Npz`"]);
    has(&refused(&file(&folder, "version", b"\x93NUMPY\x09\x00")), &["version 1 to 3", "found version 9"]);
    has(&text(exchange::read_npy::<f32, IxDyn>(folder.path().join("absent"))), &["cannot read", "absent"]);
    has(&text(exchange::read_npy::<f32, IxDyn>(folder.path())), &["cannot read"]);
}

#[test]
fn damaged_headers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = npy(&header("<f4", "(2,)"), &[0; 8]);
    for cut in [6, 7, 9, 11, 40] {
        has(&refused(&file(&folder, "cut", &whole[..cut])), &["expected a", "found"]);
    }
    for (name, text) in [
        ("garbage", "this is no dictionary"),
        ("key", "{'descr': '<f4', 'shape': (2,), }"),
        ("shape", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }"),
        ("newline", "{\n\n"),
    ] {
        let text = refused(&file(&folder, name, &npy(text, &[0; 8])));
        has(&text, &[name, "expected a header with descr, fortran_order and shape", "found \""]);
    }
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    has(&refused(&file(&folder, "long", &long)), &["at most 10000 bytes", "found one of 4294967295"]);
}

/// The parser of headers would take years for these.
#[test]
fn deep_headers_are_refused_at_once() {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let folder = tempfile::tempdir().unwrap();
        for deep in ["[".repeat(1000) + &"]".repeat(1000), "{1:".repeat(40) + "1" + &"}".repeat(40)] {
            sender.send(refused(&file(&folder, "deep", &npy(&deep, &[])))).unwrap();
        }
    });
    for _ in 0..2 {
        let text = receiver.recv_timeout(std::time::Duration::from_secs(30)).expect("an answer in time");
        has(&text, &["expected a header with descr, fortran_order and shape"]);
    }
}

#[test]
fn other_elements_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let found = |dtype: &str| refused(&file(&folder, "a.npy", &npy(&header(dtype, "(1,)"), &[0; 8])));
    has(&found("<f8"), &["expected elements of dtype <f4", "found <f8 (read it as f64)"]);
    has(&found("|u1"), &["found |u1 (read it as u8)"]);
    has(&found("<i8"), &["found <i8 (read it as i64)"]);
    has(
        &found(">f4"),
        &["expected elements of dtype <f4", "found >f4 (in numpy, save array.astype(\"<f4\"))"],
    );
    has(&found("<c8"), &["found <c8"]);
    let record = "{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    has(&refused(&file(&folder, "record", &npy(record, &[0; 8]))), &["found [('x', '<f4'), ('y', '<f4')]"]);
}

#[test]
fn other_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let with =
        |shape: &str, bytes: usize| file(&folder, "a.npy", &npy(&header("<f4", shape), &vec![0; bytes]));
    has(&refused(&with("(2, 3)", 23)), &["expected 6 values for its shape [2, 3]", "found only 5"]);
    has(&refused(&with("(2, 3)", 0)), &["expected 6 values", "found only 0"]);
    has(&refused(&with("(2, 3)", 25)), &["expected 6 values", "found more"]);
    has(&refused(&with("(0, 3)", 4)), &["expected 0 values", "found more"]);
    // 4 TiB; the memory for it must not be asked for.
    has(&refused(&with("(1048576, 1048576)", 8)), &["expected 1099511627776 values", "found only 2"]);
    for (shape, bytes) in
        [("(9223372036854775807,)", 8), ("(4294967296, 4294967296)", 8), ("(0, 4294967296, 4294967296)", 0)]
    {
        has(&refused(&with(shape, bytes)), &["a shape that fits into memory", "found ["]);
    }
    let path = with("(2, 3)", 24);
    has(&text(exchange::read_npy::<f32, ndarray::Ix1>(&path)), &["1 dimensions", "found the shape [2, 3]"]);
    exchange::read_npy::<f32, ndarray::Ix2>(&path).unwrap();
}

#[test]
fn failed_writes_leave_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let values = vec![1.0f32];
    let absent = folder.path().join("absent").join("a.npy");
    has(&text(exchange::write_npy(&absent, &values)), &["cannot write", "absent", "folder exists"]);
    has(&text(exchange::write_npz(&absent, &[("a", &values)])), &["cannot write", "absent"]);

    let inner = folder.path().join("folder");
    std::fs::create_dir(&inner).unwrap();
    file(&folder, "folder/kept", b"kept");
    has(&text(exchange::write_npy(&inner, &values)), &["cannot write", "folder"]);
    assert_eq!(std::fs::read(inner.join("kept")).unwrap(), b"kept");

    let path = file(&folder, "old.npz", b"old");
    has(&text(exchange::write_npz(&path, &[])), &["arrays is empty"]);
    let twice = exchange::write_npz(&path, &[("a", &values), ("b", &values), ("a", &values)]);
    has(&text(twice), &["arrays = \"a\" twice", "each name once"]);
    for name in ["", "a/b", "a\\b", "a\nb"] {
        let text = text(exchange::write_npz(&path, &[("a", &values), (name, &values)]));
        has(&text, &[&format!("arrays = {name:?} at position 1"), "at least one character"]);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
}

#[test]
fn npz_gives_back_arrays_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let (images, labels, alpha) = (array![[0.5f32, 1.0], [0.0, 0.25]], vec![3u8, 1], arr0(1.25f64));
    exchange::write_npz(&path, &[("images", &images), ("labels", &labels), ("alpha", &alpha.view())])
        .unwrap();
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["images", "labels", "alpha"]);
    let described: Vec<_> = npz.arrays().iter().map(|a| (a.dtype.as_str(), a.shape.clone())).collect();
    assert_eq!(described, [("<f4", vec![2, 2]), ("|u1", vec![2]), ("<f8", vec![])]);
    assert_eq!(npz.get::<f32, ndarray::Ix2>("images").unwrap(), images);
    assert_eq!(npz.get::<u8, ndarray::Ix1>("labels").unwrap().to_vec(), labels);
    assert_eq!(npz.get::<f64, ndarray::Ix0>("alpha").unwrap(), alpha);
    let debug = format!("{npz:?}");
    has(&debug, &["Npz(", "a.npz: images <f4 [2, 2], labels |u1 [2], alpha <f8 [])"]);

    has(&text(npz.get::<f32, IxDyn>("image")), &["name = image", "that are there: images, labels, alpha"]);
    has(&text(npz.get::<f64, IxDyn>("images")), &["a.npz", "<f8 in the array \"images\"", "found <f4"]);
    has(&text(npz.get::<f32, ndarray::Ix3>("images")), &["3 dimensions in the array \"images\"", "[2, 2]"]);
}

#[test]
fn the_same_arrays_give_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (array![[1.0f64, 2.0]], vec![1u8]);
    let write = |name: &str| {
        let path = folder.path().join(name);
        exchange::write_npz(&path, &[("a", &a), ("b", &b)]).unwrap();
        std::fs::read(path).unwrap()
    };
    let first = write("1.npz");
    // Times in zip archives are in steps of two seconds.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(write("2.npz"), first);
}

#[test]
fn damaged_archives_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let values: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    exchange::write_npz(&path, &[("a", &values)]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let opened = |name: &str, bytes: &[u8]| {
        let text = text(Npz::open(file(&folder, name, bytes)));
        has(&text, &[name, "npz file", "expected"]);
        text
    };
    has(&opened("cut.npz", &whole[..whole.len() / 2]), &["a zip archive of npy files", "found invalid Zip"]);
    has(&opened("nothing.npz", b""), &["a zip archive of npy files", "found invalid Zip"]);
    has(&opened("one.npz", &npy(&header("<f4", "(1,)"), &[0; 4])), &["a zip archive of npy files"]);
    has(&text(Npz::open(folder.path().join("absent.npz"))), &["cannot read", "absent.npz"]);

    let mut flipped = whole.clone();
    flipped[2000] ^= 1;
    let npz = Npz::open(file(&folder, "flipped.npz", &flipped)).unwrap();
    let text = text(npz.get::<f32, IxDyn>("a"));
    has(&text, &["flipped.npz", "content without damage in the array \"a\"", "hecksum"]);
}

/// Any byte may be wrong; nothing may panic or take the memory of the machine.
#[test]
fn no_damage_panics() {
    let folder = tempfile::tempdir().unwrap();
    let (npy_path, npz_path) = (folder.path().join("a.npy"), folder.path().join("a.npz"));
    let values = array![[1.0f32, 2.0], [3.0, 4.0]];
    exchange::write_npy(&npy_path, &values).unwrap();
    exchange::write_npz(&npz_path, &[("a", &values), ("b", &values)]).unwrap();
    let (npy, npz) = (std::fs::read(&npy_path).unwrap(), std::fs::read(&npz_path).unwrap());
    for value in [0x00, 0x28, 0x7f, 0xff] {
        for at in 0..npy.len() {
            let mut bytes = npy.clone();
            bytes[at] = value;
            std::fs::write(&npy_path, bytes).unwrap();
            let _ = exchange::read_npy::<f32, IxDyn>(&npy_path);
        }
        for at in 0..npz.len() {
            let mut bytes = npz.clone();
            bytes[at] = value;
            std::fs::write(&npz_path, bytes).unwrap();
            if let Ok(npz) = Npz::open(&npz_path) {
                for name in npz.names() {
                    let _ = npz.get::<f32, IxDyn>(name);
                }
            }
        }
    }
}

#[test]
fn an_archive_is_shown_as_a_table() {
    if is_notebook() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        exchange::write_npz(&path, &[("a<b", &array![[1.0f32, 2.0]])]).unwrap();
        println!();
        return Npz::open(&path).unwrap().evcxr_display();
    }
    let shown = shown("an_archive_is_shown_as_a_table");
    has(&shown, &["text/html\n<table>", "<tr><th>a&lt;b</th><td>&lt;f4</td><td>[1, 2]</td></tr>"]);
    has(&shown, &["text/plain\nNpz(", "a.npz: a<b <f4 [1, 2])\nEVCXR_END"]);
}

// With Python

#[test]
fn numpy_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let wide = array![[0.1f32, -1.5, 3e38], [f32::NAN, f32::NEG_INFINITY, -0.0]];
    exchange::write_npy(path("f4.npy"), &wide).unwrap();
    exchange::write_npy(path("t.npy"), &wide.t()).unwrap();
    exchange::write_npy(path("f8.npy"), &vec![0.1f64, 1e-300]).unwrap();
    exchange::write_npy(
        path("u1.npy"),
        &Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as u8),
    )
    .unwrap();
    exchange::write_npy(path("i8.npy"), &arr0(i64::MIN)).unwrap();
    exchange::write_npy(path("empty.npy"), &Array2::<f32>::zeros((0, 5))).unwrap();
    exchange::write_npz(
        path("all.npz"),
        &[("wide", &wide), ("counts", &vec![1i64, -2]), ("größe", &arr0(7u8))],
    )
    .unwrap();
    python(
        r#"
import sys, zipfile, numpy as np
folder = sys.argv[1]
def load(name, dtype, shape):
    array = np.load(f"{folder}/{name}")
    assert array.dtype == np.dtype(dtype), array.dtype
    assert array.shape == shape, array.shape
    return array
wide = np.array([[0.1, -1.5, 3e38], [np.nan, -np.inf, -0.0]], dtype="<f4")
same = lambda a, b: a.tobytes() == np.ascontiguousarray(b).tobytes()
assert np.array_equal(load("f4.npy", "<f4", (2, 3)), wide, equal_nan=True)
assert np.signbit(load("f4.npy", "<f4", (2, 3))[1, 2])
assert np.array_equal(load("t.npy", "<f4", (3, 2)), wide.T, equal_nan=True)
assert same(load("f8.npy", "<f8", (2,)), np.array([0.1, 1e-300]))
assert same(load("u1.npy", "u1", (2, 3, 4)), np.fromfunction(lambda i, j, k: 100 * i + 10 * j + k, (2, 3, 4)).astype("u1"))
assert load("i8.npy", "<i8", ()) == -2**63
load("empty.npy", "<f4", (0, 5))
npz = np.load(f"{folder}/all.npz")
assert npz.files == ["wide", "counts", "größe"], npz.files
assert npz["wide"].dtype == "<f4" and np.array_equal(npz["wide"], wide, equal_nan=True)
assert npz["counts"].dtype == "<i8" and npz["counts"].tolist() == [1, -2]
assert npz["größe"].dtype == "u1" and npz["größe"] == 7
assert zipfile.ZipFile(f"{folder}/all.npz").testzip() is None
"#,
        &[folder.path()],
    );
}

#[test]
fn what_numpy_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    python(
        r#"
import sys, numpy as np
folder = sys.argv[1]
values = np.arange(6).reshape(2, 3)
for dtype in ["<f4", "<f8", "u1", "<i8"]:
    name = dtype.strip("<")
    np.save(f"{folder}/{name}-c.npy", values.astype(dtype))
    np.save(f"{folder}/{name}-f.npy", np.asfortranarray(values.astype(dtype)))
cube = np.arange(24.0).reshape(2, 3, 4)
np.save(f"{folder}/cube-f.npy", np.asfortranarray(cube))
np.save(f"{folder}/scalar.npy", np.float32(2.5))
np.save(f"{folder}/big.npy", values.astype(">f4"))
np.save(f"{folder}/bool.npy", values > 2)
with open(f"{folder}/version2.npy", "wb") as file:
    np.lib.format.write_array(file, values.astype("<f8"), version=(2, 0))
with open(f"{folder}/two.npy", "wb") as file:
    np.save(file, values.astype("<f4")); np.save(file, values)
arrays = dict(c=values.astype("<f4"), f=np.asfortranarray(values), big=values.astype(">f8"), texts=np.array(["a"]))
np.savez(f"{folder}/stored.npz", **arrays)
np.savez_compressed(f"{folder}/compressed.npz", **arrays)
"#,
        &[folder.path()],
    );
    let path = |name: &str| folder.path().join(name);
    let values = array![[0i64, 1, 2], [3, 4, 5]];
    for order in ["c", "f"] {
        let f4: Array2<f32> = exchange::read_npy(path(&format!("f4-{order}.npy"))).unwrap();
        assert_eq!(f4, values.mapv(|x| x as f32));
        let f8: Array2<f64> = exchange::read_npy(path(&format!("f8-{order}.npy"))).unwrap();
        assert_eq!(f8, values.mapv(|x| x as f64));
        let u1: Array2<u8> = exchange::read_npy(path(&format!("u1-{order}.npy"))).unwrap();
        assert_eq!(u1, values.mapv(|x| x as u8));
        let i8: ArrayD<i64> = exchange::read_npy(path(&format!("i8-{order}.npy"))).unwrap();
        assert_eq!(i8, values.clone().into_dyn());
    }
    let cube: Array3<f64> = exchange::read_npy(path("cube-f.npy")).unwrap();
    assert_eq!(cube, Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (12 * i + 4 * j + k) as f64));
    assert_eq!(exchange::read_npy::<f32, ndarray::Ix0>(path("scalar.npy")).unwrap(), arr0(2.5));
    let version2: Array2<f64> = exchange::read_npy(path("version2.npy")).unwrap();
    assert_eq!(version2, values.mapv(|x| x as f64));
    has(&refused(&path("big.npy")), &["expected elements of dtype <f4", "found >f4", "astype(\"<f4\")"]);
    has(&refused(&path("bool.npy")), &["found |b1"]);
    has(&refused(&path("two.npy")), &["expected 6 values", "found more"]);

    for name in ["stored.npz", "compressed.npz"] {
        let npz = Npz::open(path(name)).unwrap();
        assert_eq!(npz.names(), ["c", "f", "big", "texts"]);
        let NpzArray { dtype, shape, .. } = &npz.arrays()[2];
        assert_eq!((dtype.as_str(), shape.as_slice()), (">f8", [2, 3].as_slice()));
        assert_eq!(npz.get::<f32, ndarray::Ix2>("c").unwrap(), values.mapv(|x| x as f32));
        assert_eq!(npz.get::<i64, ndarray::Ix2>("f").unwrap(), values);
        has(&text(npz.get::<f64, IxDyn>("big")), &[name, "<f8 in the array \"big\"", "found >f8"]);
        has(&text(npz.get::<f64, IxDyn>("texts")), &["found <U1"]);
    }
}
