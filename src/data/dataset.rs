//! Labelled images in memory, and their order.

use crate::error::{Error, Result, finite};
use crate::seed::{self, Purpose};
use ndarray::{Array2, ArrayView2, Axis};

/// The size of one image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageShape {
    /// Colours: 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl ImageShape {
    /// Numbers in one image, `channels * height * width`; `None` where that does not fit a `usize`.
    pub fn checked_pixels(&self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }

    /// Numbers in one image, `channels * height * width`.
    ///
    /// Saturates at `usize::MAX`; a [`Dataset`] never holds such a shape.
    pub fn pixels(&self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// Images with one label each, all checked: there is at least one, every pixel lies in `[0, 1]`, every
/// label is below [`classes`](Dataset::classes).
#[derive(Clone, PartialEq)]
pub struct Dataset {
    images: Array2<f32>,
    labels: Vec<u8>,
    shape: ImageShape,
    classes: usize,
}

impl Dataset {
    /// A data set from arrays.
    ///
    /// `images` is `(examples, channels * height * width)`, each row one image, channel after channel,
    /// row after row, with values in `[0, 1]`. `labels` has one entry for each row, below `classes`
    /// (1 to 256).
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a shape with a zero or a product that overflows, for `classes` outside
    /// of 1 to 256, for a pixel outside of `[0, 1]` and for a label that is not below `classes`;
    /// [`Error::Empty`] without rows; [`Error::Shape`] where the sizes do not agree;
    /// [`Error::NotFinite`] for NaN and infinities.
    pub fn new(images: Array2<f32>, labels: Vec<u8>, shape: ImageShape, classes: usize) -> Result<Self> {
        let pixels = match shape.checked_pixels() {
            Some(pixels) if pixels > 0 => pixels,
            _ => {
                let range = "at least 1 channel, row and column, and a product that fits a usize";
                return Err(Error::parameter("shape", shape, range));
            }
        };
        if !(1..=256).contains(&classes) {
            return Err(Error::parameter("classes", classes, "1 to 256 (labels are bytes)"));
        }
        if images.nrows() == 0 {
            return Err(Error::empty("images"));
        }
        if images.ncols() != pixels {
            let expected = format!("{pixels} columns for {shape} pixels");
            return Err(Error::shape("images", expected, format!("{} columns", images.ncols())));
        }
        if labels.len() != images.nrows() {
            let expected = format!("{} labels, one for each image", images.nrows());
            return Err(Error::shape("labels", expected, format!("{} labels", labels.len())));
        }
        // Rows are handed out as slices, whatever the layout that came in.
        let images =
            if images.is_standard_layout() { images } else { images.as_standard_layout().into_owned() };
        finite("images", &images)?;
        if let Some((index, pixel)) =
            images.iter().enumerate().find(|(_, pixel)| !(0.0..=1.0).contains(*pixel))
        {
            let place = format!("{pixel} in example {}, column {}", index / pixels, index % pixels);
            return Err(Error::parameter("images", place, "pixels in [0, 1] (divide bytes by 255)"));
        }
        if let Some((index, label)) =
            labels.iter().enumerate().find(|(_, label)| usize::from(**label) >= classes)
        {
            let place = format!("{label} at index {index}");
            return Err(Error::parameter("labels", place, format!("labels below classes = {classes}")));
        }
        Ok(Dataset { images, labels, shape, classes })
    }

    /// The number of examples, at least 1.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Always false: a data set has at least one example.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The size of one image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The number of classes; labels are below it. A class may have no examples.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All images, `(examples, channels * height * width)`, in row-major order, with values in `[0, 1]`.
    pub fn images(&self) -> ArrayView2<'_, f32> {
        self.images.view()
    }

    /// The pixels of one example; none where there is no such example.
    pub(crate) fn image(&self, index: usize) -> &[f32] {
        let images = self.images.as_slice().unwrap_or_default();
        images.chunks_exact(self.shape.pixels()).nth(index).unwrap_or_default()
    }

    /// The same labels with other images, `(examples, channels * height * width)`, which the caller has checked.
    pub(super) fn with_images(&self, images: Array2<f32>) -> Dataset {
        Dataset { images, labels: self.labels.clone(), shape: self.shape, classes: self.classes }
    }

    /// All labels, one for each image.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The number of examples of each class, `classes` entries.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        counts
    }

    /// The first `n` examples.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where `n` is 0 or more than there are.
    pub fn take(&self, n: usize) -> Result<Dataset> {
        if n == 0 || n > self.len() {
            return Err(Error::parameter("n", n, format!("1 to {} (the examples there are)", self.len())));
        }
        let order: Vec<usize> = (0..n).collect();
        Ok(self.gather(&order))
    }

    /// The examples at `indices`, in that order; an index may come more than once.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] without indices, [`Error::Parameter`] for an index that is not below
    /// [`len`](Dataset::len).
    pub fn select(&self, indices: &[usize]) -> Result<Dataset> {
        if indices.is_empty() {
            return Err(Error::empty("indices"));
        }
        if let Some((position, index)) = indices.iter().enumerate().find(|(_, index)| **index >= self.len()) {
            let place = format!("{index} at position {position}");
            return Err(Error::parameter("indices", place, format!("indices below {}", self.len())));
        }
        Ok(self.gather(indices))
    }

    /// All examples in a random order that depends on `seed` and on the number of examples alone.
    ///
    /// It is none of the orders that [`batches`](Dataset::batches) gives for the same seed, save for the
    /// epoch `u64::MAX`.
    pub fn shuffled(&self, seed: u64) -> Dataset {
        self.gather(&seed::stream(seed, Purpose::Order, u64::MAX).permutation(self.len()))
    }

    /// The examples of every batch of one epoch: a random order that depends on `seed`, `epoch` and the
    /// number of examples alone, cut into consecutive pieces of `batch_size`.
    ///
    /// Each example comes once; the last batch is smaller where `batch_size` does not divide the number
    /// of examples. Every number is valid for [`select`](Dataset::select).
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where `batch_size` is 0.
    pub fn batches(&self, batch_size: usize, seed: u64, epoch: u64) -> Result<Vec<Vec<usize>>> {
        if batch_size == 0 {
            return Err(Error::parameter("batch_size", batch_size, "at least 1"));
        }
        let order = seed::stream(seed, Purpose::Order, epoch).permutation(self.len());
        Ok(order.chunks(batch_size).map(<[usize]>::to_vec).collect())
    }

    /// Rows in a new order. Every caller has checked `order`: it is not empty and below `len`.
    fn gather(&self, order: &[usize]) -> Dataset {
        Dataset {
            images: self.images.select(Axis(0), order),
            labels: order.iter().filter_map(|&index| self.labels.get(index).copied()).collect(),
            shape: self.shape,
            classes: self.classes,
        }
    }
}
