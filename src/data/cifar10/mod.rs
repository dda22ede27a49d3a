//! CIFAR-10: 32x32 colour images of ten kinds of things, 50000 to train with and 10000 to test with.
//!
//! The data is not shipped: [`load`] reads a folder that you name, with the binary version of
//! <https://www.cs.toronto.edu/~kriz/cifar.html> in it, packed or unpacked.
//!
//! Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University
//! of Toronto (2009).

mod source;

use super::{Dataset, ImageShape};
use crate::error::{Error, Result};
use ndarray::Array2;
use source::Source;
use std::path::Path;

/// The names of the classes, by label.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
/// Bytes of an image: the red plane, the green plane, the blue plane, each row after row.
const PIXELS: usize = 3 * 32 * 32;
/// Bytes of an example: its label, then its image.
const RECORD: usize = 1 + PIXELS;

const TRAIN: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST: [&str; 1] = ["test_batch.bin"];
const NAMES: &str = "batches.meta.txt";

/// The two parts of CIFAR-10.
#[derive(Clone, PartialEq)]
pub struct Cifar10 {
    /// To train with, in the order of the files; 50000 examples of 3x32x32 pixels in CIFAR-10.
    pub train: Dataset,
    /// To test with; 10000 examples in CIFAR-10.
    pub test: Dataset,
    /// The names of the ten classes, by label: those of `batches.meta.txt`, or [`CLASSES`] without that file.
    pub class_names: Vec<String>,
}

/// Reads CIFAR-10's binary version from a folder: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
///
/// `folder` is `cifar-10-batches-bin` itself, or a folder that holds it, or one that holds the archive
/// `cifar-10-binary.tar.gz` (or `.tar`) as it was downloaded, or the path of that archive. They are tried in this
/// order.
///
/// A file is a row of records of 3073 bytes: the label, 0 to 9, then 1024 bytes of red, of green and of blue, each row after
/// row. There are 10000 of them in CIFAR-10; any number but 0 is taken. A pixel is its byte / 255 in `f32`, so it
/// lies in `[0, 1]`: to standardise is up to the network ([`Standardisation`](super::Standardisation)).
///
/// All of CIFAR-10 needs 740 MB of memory, and 150 MB more while it is read.
///
/// # Errors
///
/// [`Error::Read`] for a missing folder or file; [`Error::Format`] for a file that is empty, ends within a record
/// or has a label above 9, for other than ten names of classes, for an archive that is damaged, and where there is
/// the version of Python pickles instead. Each says where the binary version is to be had.
///
/// ```no_run
/// use eigengate::prelude::*;
///
/// let cifar = cifar10::load("/data/cifar-10-batches-bin")?;
/// assert_eq!((cifar.train.len(), cifar.test.len()), (50_000, 10_000));
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// With files that are made on the spot, one red image in each:
///
/// ```
/// use eigengate::prelude::*;
///
/// let folder = tempfile::tempdir().unwrap();
/// let mut record = vec![8]; // a ship
/// record.extend([255; 1024]);
/// record.extend([0; 2048]);
/// for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
///     std::fs::write(folder.path().join(format!("{name}.bin")), &record).unwrap();
/// }
/// let cifar = cifar10::load(folder.path())?;
/// assert_eq!(cifar.train.len(), 5);
/// assert_eq!(cifar.class_names[usize::from(cifar.train.labels()[0])], "ship");
/// assert_eq!((cifar.train.images()[(0, 1023)], cifar.train.images()[(0, 1024)]), (1.0, 0.0));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn load(folder: impl AsRef<Path>) -> Result<Cifar10> {
    let files: Vec<&str> = TRAIN.into_iter().chain(TEST).chain([NAMES]).collect();
    let mut source = Source::find(folder.as_ref(), &files)?;
    let class_names = class_names(&mut source)?;
    // The small part first: where a file of it is bad, that is said before the large one is unpacked.
    let test = part(&mut source, &TEST)?;
    let train = part(&mut source, &TRAIN)?;
    Ok(Cifar10 { train, test, class_names })
}

fn part(source: &mut Source, names: &[&str]) -> Result<Dataset> {
    let mut files = vec![];
    for name in names {
        let bytes = source.need(name)?;
        check(&source.path(name), &bytes)?;
        files.push(bytes);
    }
    let examples = files.iter().map(|bytes| bytes.len() / RECORD).sum();
    let mut labels = Vec::with_capacity(examples);
    let mut pixels = Vec::with_capacity(examples * PIXELS);
    for bytes in files {
        for (label, image) in bytes.chunks_exact(RECORD).filter_map(<[u8]>::split_first) {
            labels.push(*label);
            pixels.extend(image.iter().map(|&byte| f32::from(byte) / 255.0));
        }
    }
    let found = pixels.len();
    let images = Array2::from_shape_vec((examples, PIXELS), pixels).map_err(|_| {
        Error::shape("images", format!("{examples} of {SHAPE} pixels"), format!("{found} pixels"))
    })?;
    Dataset::new(images, labels, SHAPE, CLASSES.len())
}

/// Whether a file is a row of records.
fn check(path: &Path, bytes: &[u8]) -> Result<()> {
    let refuse = |expected: &str, found: String| Error::format(path, "CIFAR-10 batch", expected, found);
    let (records, rest) = (bytes.len() / RECORD, bytes.len() % RECORD);
    if bytes.is_empty() || rest > 0 {
        let expected = "whole records of 3073 bytes (a label and 3072 pixels), at least 1";
        return Err(refuse(
            expected,
            format!("{records} of them and {rest} bytes more; copy the file again"),
        ));
    }
    let labels = bytes.chunks_exact(RECORD).filter_map(<[u8]>::first);
    match labels.enumerate().find(|(_, label)| usize::from(**label) >= CLASSES.len()) {
        Some((record, label)) => {
            Err(refuse("labels 0 to 9", format!("{label} in record {record}, counted from 0")))
        }
        None => Ok(()),
    }
}

fn class_names(source: &mut Source) -> Result<Vec<String>> {
    let Some(bytes) = source.take(NAMES)? else {
        return Ok(CLASSES.map(str::to_owned).to_vec());
    };
    let refuse = |found: String| {
        let found = format!("{found}; without the file the usual names are taken");
        Error::format(&source.path(NAMES), "CIFAR-10 names", "ten lines with a name each", found)
    };
    let text = String::from_utf8(bytes).map_err(|error| refuse(error.to_string()))?;
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() == CLASSES.len() { Ok(names) } else { Err(refuse(names.len().to_string())) }
}
