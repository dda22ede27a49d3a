//! MNIST: 28x28 grey images of handwritten digits, 60000 to train with and 10000 to test with.
//!
//! Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
//! recognition", Proceedings of the IEEE 86 (1998). The data's licence is in `data/README.md`.

use super::{Dataset, ImageShape, idx};
use crate::error::{Error, Result};
use ndarray::Array2;
use std::io;
use std::path::{Path, PathBuf};

/// Digits 0 to 9.
const CLASSES: usize = 10;

/// The two parts of MNIST, or of data in the same four files (Fashion-MNIST, KMNIST).
#[derive(Clone, PartialEq)]
pub struct Mnist {
    /// To train with; 60000 examples in MNIST.
    pub train: Dataset,
    /// To test with; 10000 examples in MNIST.
    pub test: Dataset,
}

/// Reads the four IDX files of a folder: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
/// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz` at its end (the plain
/// one where both are there).
///
/// A pixel is its byte / 255 in `f32`, so it lies in `[0, 1]`; labels are 0 to 9.
///
/// # Errors
///
/// [`Error::Read`] for a missing file; [`Error::Format`] for a file that is not the IDX file it should
/// be, has another number of labels than there are images, a label above 9, or images of another size
/// than those to train with.
pub fn load(folder: impl AsRef<Path>) -> Result<Mnist> {
    let folder = folder.as_ref();
    let train = part(folder, "train", None)?;
    let test = part(folder, "t10k", Some(train.shape()))?;
    Ok(Mnist { train, test })
}

/// The MNIST that comes with the source of this crate, in `data/mnist`.
///
/// # Errors
///
/// Those of [`load`]: the folder is part of the repository, not of a package from a registry.
pub fn shipped() -> Result<Mnist> {
    load(concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist"))
}

fn part(folder: &Path, name: &str, needed: Option<ImageShape>) -> Result<Dataset> {
    let images_path = find(folder, &format!("{name}-images-idx3-ubyte"))?;
    let labels_path = find(folder, &format!("{name}-labels-idx1-ubyte"))?;
    let images = idx::read_images(&images_path)?;
    let labels = idx::read_labels(&labels_path)?;

    let shape = ImageShape { channels: 1, height: images.height, width: images.width };
    if let Some(needed) = needed.filter(|needed| *needed != shape) {
        let expected = format!("images of {needed} pixels, as in the part to train with");
        return Err(Error::format(&images_path, "IDX images", expected, shape));
    }
    if labels.len() != images.count {
        let expected = format!("{} labels, one for each image of {}", images.count, images_path.display());
        return Err(Error::format(&labels_path, "IDX labels", expected, labels.len()));
    }
    if let Some((index, label)) = labels.iter().enumerate().find(|(_, label)| usize::from(**label) >= CLASSES)
    {
        let found = format!("{label} at index {index}");
        return Err(Error::format(&labels_path, "IDX labels", "labels 0 to 9", found));
    }

    let pixels: Vec<f32> = images.pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let found = pixels.len();
    let pixels = Array2::from_shape_vec((images.count, shape.pixels()), pixels).map_err(|_| {
        Error::shape("images", format!("{} of {shape} pixels", images.count), format!("{found} pixels"))
    })?;
    Dataset::new(pixels, labels, shape, CLASSES)
}

fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let plain = folder.join(name);
    let compressed = folder.join(format!("{name}.gz"));
    if plain.is_file() {
        Ok(plain)
    } else if compressed.is_file() {
        Ok(compressed)
    } else {
        let text = format!("there is no such file, and none called {name}.gz");
        Err(Error::Read { path: plain, source: io::Error::new(io::ErrorKind::NotFound, text) })
    }
}
