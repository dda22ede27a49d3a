//! Channels of mean 0 and standard deviation 1.

use super::{Dataset, ImageShape};
use crate::error::{Error, Result, finite};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The mean and the standard deviation of every channel: `y = (x - mean) / std`.
///
/// A [`Dataset`] keeps its pixels in `[0, 1]`, because attacks measure and clip there. So standardising is the first
/// step of a network, not a step of loading data.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test;
/// let standard = Standardisation::of(&digits)?;
/// let images = standard.apply(digits.images(), digits.shape())?;
/// assert!(images.mean().is_some_and(|mean| mean.abs() < 1e-3));
/// let back = standard.invert(images.view(), digits.shape())?;
/// assert!((&back - &digits.images()).iter().all(|difference| difference.abs() < 1e-6));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Standardisation {
    /// The mean of each channel; finite.
    pub mean: Vec<f32>,
    /// The standard deviation of each channel, above 0; as many as there are means.
    pub std: Vec<f32>,
}

impl Standardisation {
    /// The usual numbers for CIFAR-10's training set, red, green, blue, as in Nassar2020: mean 0.49137, 0.48235,
    /// 0.44667; standard deviation 0.24706, 0.24353, 0.26157. (Of bytes: 125.3, 123.0, 113.9; 63.0, 62.1, 66.7.)
    pub fn cifar10() -> Self {
        Self { mean: vec![0.49137, 0.48235, 0.44667], std: vec![0.24706, 0.24353, 0.26157] }
    }

    /// The numbers of a data set, over all examples and pixels of a channel, computed in `f64`. The standard deviation is
    /// that of the pixels that are there (divided by their number).
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where all pixels of a channel are the same.
    pub fn of(data: &Dataset) -> Result<Self> {
        let ImageShape { channels, height, width } = data.shape();
        let count = (data.len() * height * width) as f64;
        // Sums of rows are added in the order of rows, whatever thread has made them.
        let means = |value: &(dyn Fn(usize, f64) -> f64 + Sync)| -> Vec<f64> {
            let rows: Vec<Vec<f64>> = (0..data.len())
                .into_par_iter()
                .with_min_len(64)
                .map(|row| {
                    let planes = data.image(row).chunks_exact(height * width).enumerate();
                    planes.map(|(c, plane)| plane.iter().map(|&x| value(c, f64::from(x))).sum()).collect()
                })
                .collect();
            (0..channels).map(|c| rows.iter().filter_map(|row| row.get(c)).sum::<f64>() / count).collect()
        };
        let mean = means(&|_, x| x);
        let variance = means(&|c, x| mean.get(c).map_or(0.0, |mean| (x - mean) * (x - mean)));
        let standard = Self {
            std: variance.iter().map(|variance| variance.sqrt() as f32).collect(),
            mean: mean.iter().map(|&mean| mean as f32).collect(),
        };
        standard.check(channels)?;
        Ok(standard)
    }

    /// Whether these are numbers for images of so many channels.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] for another number of channels; [`Error::NotFinite`] and [`Error::Parameter`] for numbers out of
    /// range.
    pub fn check(&self, channels: usize) -> Result<()> {
        for (what, values) in [("mean", &self.mean), ("std", &self.std)] {
            if values.len() != channels {
                let expected = format!("{channels} numbers, one for each channel");
                return Err(Error::shape(what, expected, values.len()));
            }
            finite(what, values)?;
        }
        match self.std.iter().enumerate().find(|(_, std)| **std <= 0.0) {
            Some((channel, std)) => {
                let range = "standard deviations above 0 (a channel with one value everywhere has none)";
                Err(Error::parameter("std", format!("{std} in channel {channel}"), range))
            }
            None => Ok(()),
        }
    }

    /// `(x - mean) / std` of images `(examples, channels * height * width)`, in `f32`.
    ///
    /// # Errors
    ///
    /// As [`check`](Standardisation::check), and [`Error::Shape`] where the images have another number of columns
    /// than `shape` has pixels.
    pub fn apply(&self, images: ArrayView2<'_, f32>, shape: ImageShape) -> Result<Array2<f32>> {
        self.map(images, shape, |x, mean, std| (x - mean) / std)
    }

    /// `y std + mean`, the images that [`apply`](Standardisation::apply) was given, up to rounding.
    ///
    /// # Errors
    ///
    /// As [`apply`](Standardisation::apply).
    pub fn invert(&self, images: ArrayView2<'_, f32>, shape: ImageShape) -> Result<Array2<f32>> {
        self.map(images, shape, |y, mean, std| y * std + mean)
    }

    fn map(
        &self,
        images: ArrayView2<'_, f32>,
        shape: ImageShape,
        value: impl Fn(f32, f32, f32) -> f32,
    ) -> Result<Array2<f32>> {
        self.check(shape.channels)?;
        if shape.checked_pixels() != Some(images.ncols()) || images.ncols() == 0 {
            let expected = format!("{} columns for {shape} pixels", shape.pixels());
            return Err(Error::shape("images", expected, format!("{} columns", images.ncols())));
        }
        let plane = shape.height * shape.width;
        let mut out = images.as_standard_layout().into_owned();
        for mut row in out.axis_iter_mut(Axis(0)) {
            for (mut plane, (&mean, &std)) in
                row.exact_chunks_mut(plane).into_iter().zip(self.mean.iter().zip(&self.std))
            {
                plane.mapv_inplace(|x| value(x, mean, std));
            }
        }
        Ok(out)
    }
}
