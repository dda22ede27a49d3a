//! Random crops and mirror images: every epoch sees every example a little different.

use super::{Dataset, ImageShape};
use crate::error::{Error, Result};
use crate::seed::{Purpose, epoch_stream};
use ndarray::Array2;
use rayon::prelude::*;

/// A random crop of the image padded with zeros, then a mirror image of every other one.
///
/// The image is padded with `padding` zeros on each side; a piece of the image's own size is cut out there, its place
/// uniform among the `(2 padding + 1)^2` possible ones; with probability 1/2 left and right are exchanged. This is
/// `RandomCrop(size, padding)` and `RandomHorizontalFlip()` of torchvision, on pixels in `[0, 1]`: padded before
/// any standardisation, so that zeros are black.
///
/// The random numbers are keyed by (seed, epoch, example): what becomes of an example depends neither on the batch that it
/// is in nor on order or threads. [`Training::with_augmentation`](crate::train::Training::with_augmentation)
/// trains with it.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(100)?;
/// // Digits may be moved; most of them are no digits in the mirror.
/// let moved = Augmentation { padding: 2, flip: false };
/// let (first, second) = (moved.augment(&digits, 1, 0)?, moved.augment(&digits, 1, 1)?);
/// assert!(first != second && first.labels() == digits.labels());
/// assert_eq!(moved.augment(&digits.take(7)?, 1, 0)?, first.take(7)?);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Augmentation {
    /// Pixels added on each side, 0 to one less than the smaller side of the image; 0 for no crop.
    pub padding: usize,
    /// Whether half of the images are mirrored, left to right.
    pub flip: bool,
}

impl Augmentation {
    /// What is usual for CIFAR-10 (Nassar2020, and K. He et al., "Deep residual learning", 2016): padding 4, with
    /// mirror images.
    pub fn cifar10() -> Self {
        Self { padding: 4, flip: true }
    }

    /// Whether images of this shape can be augmented.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where `padding` is as large as an image: a crop could then have nothing of it.
    pub fn check(&self, shape: ImageShape) -> Result<()> {
        let side = shape.height.min(shape.width);
        if self.padding >= side {
            let expected = format!("less than {side}, the smaller side of {shape} pixels");
            return Err(Error::parameter("padding", self.padding, expected));
        }
        Ok(())
    }

    /// What becomes of an example in an epoch, both counted from 0.
    pub fn draw(&self, seed: u64, epoch: u64, example: u64) -> Crop {
        let mut random = epoch_stream(seed, Purpose::Augmentation, epoch, example);
        let places = (self.padding as u64).saturating_mul(2).saturating_add(1);
        let mut place = || random.below(places) as usize;
        let (top, left) = (place(), place());
        Crop { padding: self.padding, top, left, flip: self.flip && random.below(2) == 1 }
    }

    /// All examples as they are in an epoch, counted from 0. What training sees, to look at.
    ///
    /// # Errors
    ///
    /// As [`check`](Augmentation::check).
    pub fn augment(&self, data: &Dataset, seed: u64, epoch: u64) -> Result<Dataset> {
        let shape = data.shape();
        self.check(shape)?;
        let mut images = Array2::zeros(data.images().dim());
        if let Some(values) = images.as_slice_mut() {
            let rows = values.par_chunks_exact_mut(shape.pixels()).with_min_len(64);
            rows.enumerate().for_each(|(example, row)| {
                self.draw(seed, epoch, example as u64).fill(data.image(example), shape, row);
            });
        }
        Ok(data.with_images(images))
    }
}

/// What [`Augmentation`] does to one image.
///
/// ```
/// use eigengate::data::{Crop, ImageShape};
///
/// // One pixel to the right and one down: the piece begins above and to the left of the image.
/// let crop = Crop { padding: 1, top: 0, left: 0, flip: false };
/// let mut out = [0.5; 4];
/// crop.apply(&[0.1, 0.2, 0.3, 0.4], ImageShape { channels: 1, height: 2, width: 2 }, &mut out)?;
/// assert_eq!(out, [0.0, 0.0, 0.0, 0.1]);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crop {
    /// Zeros added on each side.
    pub padding: usize,
    /// The first row of the piece in the padded image, 0 to `2 padding`; `padding` leaves the image where it is.
    pub top: usize,
    /// Its first column, likewise.
    pub left: usize,
    /// Whether left and right are exchanged afterwards.
    pub flip: bool,
}

impl Crop {
    /// Writes the piece of `image`, both `(channels, height, width)` in row-major order, to `out`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] where one of them has not the numbers of `shape`.
    pub fn apply(&self, image: &[f32], shape: ImageShape, out: &mut [f32]) -> Result<()> {
        for (what, length) in [("image", image.len()), ("out", out.len())] {
            if length == 0 || Some(length) != shape.checked_pixels() {
                return Err(Error::shape(what, format!("{shape} pixels"), length));
            }
        }
        self.fill(image, shape, out);
        Ok(())
    }

    /// As [`apply`](Crop::apply), for callers who have checked the sizes.
    pub(crate) fn fill(&self, image: &[f32], shape: ImageShape, out: &mut [f32]) {
        let plane = shape.height * shape.width;
        for (image, out) in image.chunks_exact(plane).zip(out.chunks_exact_mut(plane)) {
            for (row, out) in out.chunks_exact_mut(shape.width).enumerate() {
                let source = row.saturating_add(self.top).checked_sub(self.padding);
                let source = source.and_then(|row| image.chunks_exact(shape.width).nth(row));
                self.fill_row(source.unwrap_or_default(), out);
                if self.flip {
                    out.reverse();
                }
            }
        }
    }

    /// `out[j] = row[j + left - padding]`, and 0 outside of the row.
    fn fill_row(&self, row: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        let (skip_in, skip_out) =
            (self.left.saturating_sub(self.padding), self.padding.saturating_sub(self.left));
        out.iter_mut().skip(skip_out).zip(row.iter().skip(skip_in)).for_each(|(out, pixel)| *out = *pixel);
    }
}
