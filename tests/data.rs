//! Data sets, IDX files and MNIST.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/notebook.rs"]
mod notebook;

use eigengate::data::{Dataset, ImageShape, idx, mnist};
use errors::{has, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::{Array2, ShapeBuilder, array};
use notebook::{is_notebook, shown};
use std::io::Write;
use std::path::{Path, PathBuf};

const GREY: ImageShape = ImageShape { channels: 1, height: 1, width: 2 };

/// Six examples; pixel 0 of example `i` is `i / 10`.
fn six() -> Dataset {
    let images = Array2::from_shape_fn((6, 2), |(i, j)| if j == 0 { i as f32 / 10.0 } else { 1.0 });
    Dataset::new(images, vec![0, 1, 2, 0, 1, 0], GREY, 4).unwrap()
}

fn first_pixels(data: &Dataset) -> Vec<usize> {
    data.images().column(0).iter().map(|x| (x * 10.0).round() as usize).collect()
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn image_bytes(count: u32, height: u32, width: u32) -> Vec<u8> {
    let mut bytes = be(&[0x803, count, height, width]);
    bytes.extend((0..count * height * width).map(|i| i as u8));
    bytes
}

fn label_bytes(labels: &[u8]) -> Vec<u8> {
    let mut bytes = be(&[0x801, labels.len() as u32]);
    bytes.extend(labels);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

// Dataset

#[test]
fn a_data_set_gives_back_what_it_was_made_of() {
    let data = six();
    assert_eq!((data.len(), data.is_empty(), data.classes(), data.shape()), (6, false, 4, GREY));
    assert_eq!(data.labels(), [0, 1, 2, 0, 1, 0]);
    assert_eq!(data.images().row(3).to_vec(), [0.3, 1.0]);
    assert_eq!(data.class_counts(), [3, 2, 1, 0]);
    assert_eq!(format!("{data:?}"), "Dataset(6 examples of 1x1x2 pixels, 4 classes)");
    assert_eq!(ImageShape { channels: 3, height: 32, width: 16 }.pixels(), 1536);
}

#[test]
fn the_layout_that_comes_in_does_not_matter() {
    let values = array![[0.1f32, 0.2], [0.3, 0.4]];
    let mut fortran = Array2::zeros((2, 2).f());
    fortran.assign(&values);
    let data = Dataset::new(fortran, vec![0, 1], GREY, 2).unwrap();
    assert_eq!(data.images().to_slice(), Some([0.1, 0.2, 0.3, 0.4].as_slice()));
}

#[test]
fn bad_data_sets_are_refused() {
    let ones = Array2::ones((2, 2));
    let new = |images: Array2<f32>, labels: &[u8], shape, classes| {
        text(Dataset::new(images, labels.to_vec(), shape, classes))
    };
    has(&new(Array2::zeros((0, 2)), &[], GREY, 2), &["images is empty", "at least one row"]);
    has(&new(ones.clone(), &[0], GREY, 2), &["labels", "expected 2 labels", "found 1 labels"]);
    let three = ImageShape { channels: 3, ..GREY };
    has(&new(ones.clone(), &[0, 1], three, 2), &["images", "6 columns for 3x1x2 pixels", "found 2 columns"]);
    has(&new(ones.clone(), &[0, 2], GREY, 2), &["labels = 2 at index 1", "below classes = 2"]);
    has(&new(ones.clone(), &[0, 1], GREY, 0), &["classes = 0", "1 to 256"]);
    has(&new(ones.clone(), &[0, 1], GREY, 257), &["classes = 257", "1 to 256"]);
    has(&new(array![[0.5, f32::NAN]], &[0], GREY, 2), &["images holds NaN", "flat index 1"]);
    has(&new(array![[0.0, 0.0], [f32::INFINITY, 0.0]], &[0, 1], GREY, 2), &["images holds inf", "index 2"]);
    has(&new(array![[0.0, 0.0], [0.0, 1.5]], &[0, 1], GREY, 2), &["images = 1.5 in example 1, column 1"]);
    has(&new(array![[-0.5, 0.0]], &[0], GREY, 2), &["images = -0.5 in example 0, column 0", "[0, 1]"]);
    for shape in [
        ImageShape { channels: 0, ..GREY },
        ImageShape { height: 0, ..GREY },
        ImageShape { width: 0, ..GREY },
        ImageShape { channels: usize::MAX, height: 2, width: 2 },
    ] {
        has(&new(ones.clone(), &[0, 1], shape, 2), &["shape = ", &shape.to_string(), "fits a usize"]);
    }
}

#[test]
fn the_bounds_of_pixels_labels_and_classes_are_taken() {
    Dataset::new(array![[0.0, 1.0]], vec![255], GREY, 256).unwrap();
}

#[test]
fn take_gives_the_first_examples() {
    let data = six().take(4).unwrap();
    assert_eq!(first_pixels(&data), [0, 1, 2, 3]);
    assert_eq!((data.labels(), data.classes()), ([0, 1, 2, 0].as_slice(), 4));
    assert_eq!(six().take(6).unwrap(), six());
    has(&text(six().take(0)), &["n = 0", "1 to 6"]);
    has(&text(six().take(7)), &["n = 7", "1 to 6"]);
}

#[test]
fn select_gives_examples_in_the_order_asked_for() {
    let data = six().select(&[5, 2, 2]).unwrap();
    assert_eq!(first_pixels(&data), [5, 2, 2]);
    assert_eq!(data.labels(), [0, 2, 2]);
    has(&text(six().select(&[])), &["indices is empty"]);
    has(&text(six().select(&[0, 6])), &["indices = 6 at position 1", "below 6"]);
}

#[test]
fn shuffled_keeps_images_with_their_labels() {
    let data = six();
    let shuffled = data.shuffled(7);
    let order = first_pixels(&shuffled);
    assert_eq!(shuffled, data.select(&order).unwrap());
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
    assert_eq!(shuffled, data.shuffled(7));
    assert!((0..20).any(|seed| data.shuffled(seed) != shuffled), "the seed has no effect");
}

#[test]
fn batches_hold_every_example_once_and_depend_on_seed_and_epoch() {
    let data = six();
    let batches = data.batches(4, 1, 0).unwrap();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
    let order = batches.concat();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
    // The order is that of the seed and the epoch; the size only cuts it.
    assert_eq!(data.batches(1, 1, 0).unwrap().concat(), order);
    assert_eq!(data.batches(100, 1, 0).unwrap(), std::slice::from_ref(&order));
    assert!((1..20).any(|epoch| data.batches(4, 1, epoch).unwrap().concat() != order));
    assert!((2..20).any(|seed| data.batches(4, seed, 0).unwrap().concat() != order));
    has(&text(data.batches(0, 1, 0)), &["batch_size = 0", "at least 1"]);
}

#[test]
fn a_data_set_is_shown_as_a_table() {
    if is_notebook() {
        println!();
        return six().evcxr_display();
    }
    assert_eq!(
        shown("a_data_set_is_shown_as_a_table"),
        "EVCXR_BEGIN_CONTENT text/html\n<table>\n<thead><tr><th></th><th>examples</th>\
         <th>channels x height x width</th><th>examples of class</th><th>0</th><th>1</th><th>2</th><th>3</th>\
         </tr></thead>\n<tbody>\n<tr><th></th><td>6</td><td>1x1x2</td><td></td><td>3</td><td>2</td><td>1</td>\
         <td>0</td></tr>\n</tbody>\n</table>\nEVCXR_END_CONTENT\n\
         EVCXR_BEGIN_CONTENT text/plain\nDataset(6 examples of 1x1x2 pixels, 4 classes), \
         examples of each class: 3 2 1 0\nEVCXR_END_CONTENT\n"
    );
}

// IDX

#[test]
fn idx_is_read_plain_and_compressed_whatever_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = image_bytes(2, 2, 3);
    for (name, bytes) in [("plain.gz", bytes.clone()), ("compressed", gzip(&bytes))] {
        let images = idx::read_images(file(&folder, name, &bytes)).unwrap();
        assert_eq!((images.count, images.height, images.width), (2, 2, 3));
        assert_eq!(images.pixels, (0..12).collect::<Vec<u8>>());
        assert_eq!(format!("{images:?}"), "Images(2 of 2x3 bytes)");
    }
    let labels = label_bytes(&[3, 255, 0]);
    for (name, bytes) in [("plain", labels.clone()), ("compressed", gzip(&labels))] {
        assert_eq!(idx::read_labels(file(&folder, name, &bytes)).unwrap(), [3, 255, 0]);
    }
}

#[test]
fn idx_files_that_are_wrong_are_refused_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let good = image_bytes(2, 2, 3);
    let images = |name: &str, bytes: &[u8]| {
        let path = file(&folder, name, bytes);
        let text = text(idx::read_images(&path));
        has(&text, &[&path.display().to_string(), "IDX images"]);
        text
    };
    has(
        &images("other", &label_bytes(&[1])),
        &["0x00000803 (images of", "found the magic number 0x00000801"],
    );
    has(&images("text", b"hello, this is no IDX"), &["0x00000803", "found the magic number 0x68656c6c"]);
    has(&images("nothing", b""), &["a magic number of 4 bytes", "end 0 bytes into it"]);
    has(&images("header", &good[..13]), &["a size of 4 bytes", "end 1 bytes into it"]);
    has(&images("short", &good[..27]), &["12 bytes after the header", "[2, 2, 3]", "found only 11"]);
    has(&images("short.gz", &gzip(&good[..27])), &["12 bytes after the header", "found only 11"]);
    let long = [good.clone(), vec![0]].concat();
    has(&images("long", &long), &["12 bytes after the header", "found more"]);
    has(&images("long.gz", &gzip(&long)), &["12 bytes after the header", "found more"]);
    has(&images("zero", &image_bytes(2, 0, 3)), &["sizes of at least 1", "[2, 0, 3]"]);

    let labels = |name: &str, bytes: &[u8]| text(idx::read_labels(file(&folder, name, bytes)));
    has(
        &labels("images", &good),
        &["IDX labels", "expected the magic number 0x00000801", "found", "0x00000803"],
    );
    has(&labels("short", &label_bytes(&[1, 2])[..9]), &["2 bytes after the header", "found only 1"]);
    has(&labels("long", &[label_bytes(&[1, 2]), vec![9]].concat()), &["2 bytes", "found more"]);
    has(&labels("none", &label_bytes(&[])), &["sizes of at least 1", "[0]"]);
}

#[test]
fn damaged_gzip_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut noise = image_bytes(1, 64, 64);
    let mut state = 1u32;
    for byte in &mut noise[16..] {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        *byte = (state >> 24) as u8;
    }
    let good = gzip(&noise);
    assert_eq!(idx::read_images(file(&folder, "good", &good)).unwrap().pixels, &noise[16..]);
    let half = good.len() / 2;
    // The sum of the content stands 8 bytes before the end.
    let sum = good.len() - 8;
    for (name, cut, flip) in
        [("cut", half, None), ("flip", good.len(), Some(half)), ("sum", good.len(), Some(sum))]
    {
        let mut bytes = good[..cut].to_vec();
        if let Some(at) = flip {
            bytes[at] ^= 0x55;
        }
        let path = file(&folder, name, &bytes);
        has(&text(idx::read_images(&path)), &[name, "IDX images", "a whole gzip stream", "found"]);
    }
    let path = file(&folder, "tail", &[good.as_slice(), b"rest"].concat());
    has(&text(idx::read_images(&path)), &["tail", "a whole gzip stream"]);
}

/// Would need 16 TiB, or overflow; must neither allocate nor panic.
#[test]
fn absurd_sizes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = [be(&[0x803, 1 << 20, 1 << 12, 1 << 12]), vec![7; 5]].concat();
    has(&text(idx::read_images(file(&folder, "huge", &bytes))), &["huge", "17592186044416 bytes", "only 5"]);
    has(
        &text(idx::read_images(file(&folder, "huge.gz", &gzip(&bytes)))),
        &["17592186044416 bytes", "only 5"],
    );
    let bytes = be(&[0x803, u32::MAX, u32::MAX, u32::MAX]);
    has(&text(idx::read_images(file(&folder, "over", &bytes))), &["over", "fit into memory", "4294967295"]);
    let bytes = be(&[0x801, u32::MAX]);
    has(&text(idx::read_labels(file(&folder, "labels", &bytes))), &["4294967295 bytes", "only 0"]);
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    has(&text(idx::read_images(folder.path().join("absent"))), &["cannot read", "absent", "No such file"]);
    has(&text(idx::read_labels(folder.path())), &["cannot read", &folder.path().display().to_string()]);
}

// MNIST

/// Two images to train with, one to test with, each of 2x2 pixels.
fn small_mnist(folder: &Path, compress: bool) {
    let write = |name: &str, bytes: Vec<u8>| {
        let (name, bytes) =
            if compress { (format!("{name}.gz"), gzip(&bytes)) } else { (name.to_owned(), bytes) };
        std::fs::write(folder.join(name), bytes).unwrap();
    };
    write("train-images-idx3-ubyte", image_bytes(2, 2, 2));
    write("train-labels-idx1-ubyte", label_bytes(&[9, 4]));
    write("t10k-images-idx3-ubyte", image_bytes(1, 2, 2));
    write("t10k-labels-idx1-ubyte", label_bytes(&[1]));
}

#[test]
fn mnist_is_loaded_from_plain_and_compressed_files() {
    for compress in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        small_mnist(folder.path(), compress);
        let mnist = mnist::load(folder.path()).unwrap();
        assert_eq!(mnist.train.labels(), [9, 4]);
        assert_eq!(mnist.train.shape(), ImageShape { channels: 1, height: 2, width: 2 });
        assert_eq!(
            mnist.train.images().row(1).to_vec(),
            [4.0f32 / 255.0, 5.0 / 255.0, 6.0 / 255.0, 7.0 / 255.0]
        );
        assert_eq!((mnist.test.labels(), mnist.test.classes()), ([1].as_slice(), 10));
    }
}

#[test]
fn mnist_files_that_do_not_fit_each_other_are_refused() {
    let with = |name: &str, bytes: Option<Vec<u8>>| {
        let folder = tempfile::tempdir().unwrap();
        small_mnist(folder.path(), false);
        match bytes {
            Some(bytes) => drop(file(&folder, name, &bytes)),
            None => std::fs::remove_file(folder.path().join(name)).unwrap(),
        }
        let text = text(mnist::load(folder.path()));
        has(&text, &[&folder.path().join(name).display().to_string()]);
        text
    };
    let labels = "train-labels-idx1-ubyte";
    has(&with(labels, Some(label_bytes(&[1]))), &["expected 2 labels", "train-images", "found 1"]);
    has(&with(labels, Some(label_bytes(&[1, 2, 3]))), &["expected 2 labels", "found 3"]);
    has(&with(labels, Some(label_bytes(&[1, 10]))), &["labels 0 to 9", "found 10 at index 1"]);
    has(&with(labels, None), &["cannot read", "none called train-labels-idx1-ubyte.gz"]);
    let images = "t10k-images-idx3-ubyte";
    has(&with(images, Some(image_bytes(1, 2, 3))), &["images of 1x2x2 pixels", "found 1x2x3"]);
    has(&with(images, None), &["cannot read", "none called t10k-images-idx3-ubyte.gz"]);
}

/// The numbers were computed from the unpacked files with Python.
#[test]
fn the_shipped_mnist_is_mnist() {
    let mnist = mnist::shipped().unwrap();
    let shape = ImageShape { channels: 1, height: 28, width: 28 };
    assert_eq!((mnist.train.len(), mnist.train.shape(), mnist.train.classes()), (60000, shape, 10));
    assert_eq!((mnist.test.len(), mnist.test.shape(), mnist.test.classes()), (10000, shape, 10));
    assert_eq!(mnist.train.class_counts(), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    assert_eq!(mnist.test.class_counts(), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    assert_eq!(mnist.train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(mnist.test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    let sum =
        |data: &Dataset| data.images().iter().map(|&x| (f64::from(x) * 255.0).round() as u64).sum::<u64>();
    assert_eq!((sum(&mnist.train), sum(&mnist.test)), (1_567_298_545, 264_923_200));
    assert_eq!(mnist.train.images()[(0, 5 * 28 + 12)], 3.0 / 255.0);
    assert_eq!(
        format!("{mnist:?}"),
        "Mnist(train: Dataset(60000 examples of 1x28x28 pixels, 10 classes), \
         test: Dataset(10000 examples of 1x28x28 pixels, 10 classes))"
    );
}
