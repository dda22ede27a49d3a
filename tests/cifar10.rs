//! CIFAR-10 from files that are made here; nothing is downloaded.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/notebook.rs"]
mod notebook;

use eigengate::data::cifar10::{self, CLASSES, Cifar10};
use eigengate::data::{Dataset, ImageShape};
use errors::{has, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use notebook::{is_notebook, shown};
use std::io::Write;
use std::path::Path;

const TRAIN: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST: &str = "test_batch.bin";
const URL: &str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";

type Files = Vec<(String, Vec<u8>)>;

/// A label, and planes that hold `red`, `green`, `blue`, but for pixel (row 2, column 5) of the red one, which is 200.
fn record(label: u8, [red, green, blue]: [u8; 3]) -> Vec<u8> {
    let mut bytes = vec![label];
    for plane in [red, green, blue] {
        bytes.extend([plane; 1024]);
    }
    bytes[1 + 2 * 32 + 5] = 200;
    bytes
}

/// File `k` to train with (from 0) has `k + 1` records with labels `k, k + 1, …` and red planes of `10 k`, `10 k + 1`, …; the
/// test file has two.
fn small() -> Files {
    let batch = |k: u8, count: u8| -> Vec<u8> {
        (0..count).flat_map(|i| record((k + i) % 10, [10 * k + i, 100, 150])).collect()
    };
    let mut files: Files = (0..5).map(|k| (TRAIN[k as usize].to_owned(), batch(k, k + 1))).collect();
    files.push((TEST.to_owned(), batch(8, 2)));
    files
}

fn write(folder: &Path, files: &Files) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// With the folder as an entry of its own, as in the real archive, and its files in an order like there.
fn tar(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(vec![]);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_mode(0o755);
    builder.append_data(&mut header, "cifar-10-batches-bin/", std::io::empty()).unwrap();
    for (name, bytes) in files.iter().rev() {
        append(&mut builder, &format!("cifar-10-batches-bin/{name}"), bytes);
    }
    builder.into_inner().unwrap()
}

fn append(builder: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, path, bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// What `small` must give, by hand.
#[track_caller]
fn is_small(cifar: &Cifar10) {
    let red = |data: &Dataset| -> Vec<u8> {
        data.images().column(0).iter().map(|x| (x * 255.0).round() as u8).collect()
    };
    assert_eq!(cifar.train.labels(), [0, 1, 2, 2, 3, 4, 3, 4, 5, 6, 4, 5, 6, 7, 8]);
    assert_eq!(red(&cifar.train), [0, 10, 11, 20, 21, 22, 30, 31, 32, 33, 40, 41, 42, 43, 44]);
    assert_eq!((cifar.test.labels(), red(&cifar.test)), ([8, 9].as_slice(), vec![80, 81]));
}

#[test]
fn planes_are_red_green_blue_and_rows_come_one_after_the_other() {
    let folder = folder();
    write(folder.path(), &small());
    let cifar = cifar10::load(folder.path()).unwrap();
    is_small(&cifar);
    let shape = ImageShape { channels: 3, height: 32, width: 32 };
    for data in [&cifar.train, &cifar.test] {
        assert_eq!((data.shape(), data.classes()), (shape, 10));
    }
    let image = cifar.test.images().row(1).to_owned().into_shape_with_order((3, 32, 32)).unwrap();
    for ((channel, row, column), &pixel) in image.indexed_iter() {
        let byte = if (channel, row, column) == (0, 2, 5) { 200u8 } else { [81, 100, 150][channel] };
        assert_eq!(pixel, f32::from(byte) / 255.0, "{channel} {row} {column}");
    }
    assert_eq!(cifar.class_names, CLASSES);
    assert_eq!(
        format!("{cifar:?}"),
        "Cifar10(train: Dataset(15 examples of 3x32x32 pixels, 10 classes), \
         test: Dataset(2 examples of 3x32x32 pixels, 10 classes))"
    );
}

#[test]
fn the_folder_its_parent_and_the_archive_give_the_same() {
    let (here, parent) = (folder(), folder());
    write(here.path(), &small());
    let wanted = cifar10::load(here.path()).unwrap();
    write(&parent.path().join("cifar-10-batches-bin"), &small());
    // The unpacked files come first: the archive beside them is not even opened.
    std::fs::write(parent.path().join("cifar-10-binary.tar.gz"), "no archive").unwrap();
    assert!(cifar10::load(parent.path()).unwrap() == wanted);

    for (name, bytes) in
        [("cifar-10-binary.tar.gz", gzip(&tar(&small()))), ("cifar-10-binary.tar", tar(&small()))]
    {
        let packed = folder();
        let path = packed.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert!(cifar10::load(packed.path()).unwrap() == wanted, "{name}");
        assert!(cifar10::load(&path).unwrap() == wanted, "{name} itself");
        // The version for Python may be there too.
        std::fs::create_dir(packed.path().join("cifar-10-batches-py")).unwrap();
        assert!(cifar10::load(packed.path()).unwrap() == wanted, "{name} beside pickles");
    }
}

/// By another program, with dot folders and a file of macOS's that ends like one of ours.
#[test]
fn archives_of_the_system_are_read() {
    let folder = folder();
    let inside = folder.path().join("cifar-10-batches-bin");
    write(&inside, &small());
    write(&inside, &vec![("._data_batch_1.bin".to_owned(), vec![1, 2, 3])]);
    let wanted = cifar10::load(folder.path()).unwrap();
    for format in ["ustar", "pax"] {
        let path = folder.path().join(format!("{format}.tar.gz"));
        let status = std::process::Command::new("tar")
            .arg(format!("--format={format}"))
            .arg("-czf")
            .args([path.as_path(), "-C".as_ref(), folder.path(), "./cifar-10-batches-bin".as_ref()])
            .status()
            .unwrap();
        assert!(status.success());
        assert!(cifar10::load(&path).unwrap() == wanted, "{format}");
    }
}

#[test]
fn class_names_are_those_of_the_file() {
    let with = |names: &[u8]| {
        let folder = folder();
        let mut files = small();
        files.push(("batches.meta.txt".to_owned(), names.to_vec()));
        write(folder.path(), &files);
        let loaded = cifar10::load(folder.path());
        std::fs::write(folder.path().join("packed.tar"), tar(&files)).unwrap();
        let packed = cifar10::load(folder.path().join("packed.tar"));
        assert_eq!(loaded.as_ref().ok(), packed.as_ref().ok());
        loaded.map(|cifar| cifar.class_names)
    };
    // The real file has Unix line ends and an empty line at its end.
    let names = CLASSES.join("\n") + "\n\n";
    assert_eq!(with(names.as_bytes()).unwrap(), CLASSES);
    let other = "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj";
    assert_eq!(with(other.as_bytes()).unwrap(), ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    has(&text(with(b"cat\ndog\n")), &["batches.meta.txt", "ten lines with a name each", "found 2;"]);
    has(&text(with(b"cat\n\xff")), &["batches.meta.txt", "invalid utf-8", "without the file"]);
}

#[test]
fn batches_that_are_wrong_are_refused_with_what_is_wrong() {
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = small();
        files.iter_mut().filter(|(other, _)| other == name).for_each(|(_, bytes)| change(bytes));
        let (unpacked, packed) = (folder(), folder());
        write(unpacked.path(), &files);
        let archive = packed.path().join("cifar-10-binary.tar.gz");
        std::fs::write(&archive, gzip(&tar(&files))).unwrap();
        let (one, two) = (text(cifar10::load(unpacked.path())), text(cifar10::load(packed.path())));
        has(&one, &[&unpacked.path().join(name).display().to_string(), "CIFAR-10 batch"]);
        // The same of the archive, whose files are named as those of a folder.
        assert_eq!(
            one.replace(&unpacked.path().display().to_string(), ""),
            two.replace(&archive.display().to_string(), "")
        );
        one
    };
    let records = "whole records of 3073 bytes";
    has(&with(TRAIN[2], &Vec::clear), &[records, "at least 1", "found 0 of them and 0 bytes more"]);
    has(
        &with(TRAIN[2], &|bytes| bytes.truncate(3 * 3073 - 1)),
        &[records, "found 2 of them and 3072 bytes more"],
    );
    has(&with(TEST, &|bytes| bytes.push(0)), &[records, "found 2 of them and 1 bytes more"]);
    has(&with(TRAIN[1], &|bytes| bytes[3073] = 10), &["labels 0 to 9", "10 in record 1, counted from 0"]);
    has(&with(TEST, &|bytes| bytes[0] = 255), &["labels 0 to 9", "255 in record 0"]);
}

#[test]
fn missing_batches_are_named() {
    for name in [TRAIN[3], TEST] {
        let (unpacked, packed) = (folder(), folder());
        let files = small().into_iter().filter(|(other, _)| other != name).collect();
        write(unpacked.path(), &files);
        has(
            &text(cifar10::load(unpacked.path())),
            &["cannot read", &unpacked.path().join(name).display().to_string(), "missing", URL],
        );
        std::fs::write(packed.path().join("cifar-10-binary.tar"), tar(&files)).unwrap();
        has(&text(cifar10::load(packed.path())), &["cannot read", &format!(".tar/{name}"), "missing", URL]);
    }
}

#[test]
fn folders_without_the_binary_version_are_told_where_it_is() {
    let empty = folder();
    has(&text(cifar10::load(empty.path())), &["data_batch_1.bin", "cifar-10-binary.tar.gz", "download", URL]);
    has(&text(cifar10::load(empty.path().join("absent"))), &["cannot read", "absent", "No such file"]);

    let python = folder();
    let inside = python.path().join("cifar-10-batches-py");
    write(&inside, &vec![("data_batch_1".to_owned(), vec![0x80, 2])]);
    for path in [python.path(), &inside] {
        has(
            &text(cifar10::load(path)),
            &["Python pickles", "expected the binary version", "cifar-10-batches-bin", URL],
        );
    }
    let mut builder = tar::Builder::new(vec![]);
    append(&mut builder, "cifar-10-batches-py/data_batch_1", &[0x80, 2]);
    let packed = folder();
    let path = packed.path().join("cifar-10-python.tar.gz");
    std::fs::write(&path, gzip(&builder.into_inner().unwrap())).unwrap();
    has(&text(cifar10::load(packed.path())), &["Python pickles (cifar-10-python.tar.gz)", URL]);
    has(&text(cifar10::load(&path)), &["Python pickles (data_batch_1 in it)", URL]);
}

#[test]
fn damaged_archives_are_refused() {
    let folder = folder();
    let path = folder.path().join("cifar-10-binary.tar.gz");
    let refused = |bytes: &[u8], parts: &[&str]| {
        std::fs::write(&path, bytes).unwrap();
        let text = text(cifar10::load(folder.path()));
        has(&text, &[&path.display().to_string(), "expected a whole tar archive", "download", URL]);
        has(&text, parts);
    };
    let plain = tar(&small());
    let packed = gzip(&plain);
    refused(b"<html>404</html>", &["damaged"]);
    refused(b"", &["none of its files"]);
    refused(&packed[..packed.len() - 100], &["damaged"]);
    let mut sum = packed.clone();
    let place = sum.len() - 8;
    sum[place] ^= 1;
    refused(&sum, &["damaged"]);
    // Within a file, where only the header tells how much there should be.
    refused(&plain[..2048], &["only", "of the 6146 bytes of test_batch.bin"]);
    // A header: the size of the first file.
    let mut header = plain.clone();
    header[512 + 130] ^= 1;
    refused(&header, &["checksum"]);
    let twice = [small(), vec![(TRAIN[0].to_owned(), record(1, [0; 3]))]].concat();
    refused(&gzip(&tar(&twice)), &["data_batch_1.bin twice"]);
    let mut builder = tar::Builder::new(vec![]);
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "data_batch_1.bin", "/etc/passwd").unwrap();
    refused(&gzip(&builder.into_inner().unwrap()), &["data_batch_1.bin as something else than a file"]);
}

#[test]
fn cifar_is_shown_with_the_names_of_its_classes() {
    if is_notebook() {
        let folder = folder();
        write(folder.path(), &small());
        println!();
        return cifar10::load(folder.path()).unwrap().evcxr_display();
    }
    has(
        &shown("cifar_is_shown_with_the_names_of_its_classes"),
        &[
            "<th>examples of class</th><th>airplane</th><th>automobile</th><th>bird</th>",
            "<tr><th>train</th><td>15</td><td>3x32x32</td><td></td><td>1</td><td>1</td><td>2</td>",
            "test: Dataset(2 examples of 3x32x32 pixels, 10 classes), examples of each class: 0 0 0 0 0 0 0 0 1 1",
        ],
    );
}
