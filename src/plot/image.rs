//! One small image of a grid.

use super::color_map::{ColorMap, share};
use super::image_grid::ImageGrid;
use super::theme::Color;
use crate::data::ImageShape;
use crate::error::{Error, Result, finite};
use ndarray::ArrayView1;

/// A small image, to be shown beside others in an [`ImageGrid`](super::ImageGrid).
#[derive(Clone, PartialEq)]
pub struct Image {
    /// Of the pixels as they are shown: 3 channels for colours, 1 for everything else.
    shape: ImageShape,
    values: Vec<f32>,
    signed: bool,
    caption: Option<String>,
}

impl Image {
    /// Pixels as they are, in `[0, 1]`: grey from black to white for one channel, red, green and blue for three.
    /// `values` is a row of [`Dataset::images`](crate::data::Dataset::images), `(channels * height * width,)`.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are not as many values as `shape` says, [`Error::Parameter`] for a shape without
    /// pixels or with other than one or three channels and for a pixel outside of `[0, 1]`, [`Error::NotFinite`].
    ///
    /// ```
    /// use eigengate::{data::mnist, plot::Image};
    ///
    /// let digits = mnist::shipped()?.test;
    /// let image = Image::pixels(digits.images().row(0), digits.shape())?;
    /// assert_eq!(format!("{image:?}"), "Image(28 x 28 pixels)");
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn pixels(values: ArrayView1<'_, f32>, shape: ImageShape) -> Result<Self> {
        check("pixels of an image", values, shape)?;
        if let Some((index, pixel)) =
            values.iter().enumerate().find(|(_, pixel)| !(0.0..=1.0).contains(*pixel))
        {
            let expected = "pixels in [0, 1]; Image::signed shows values of either sign";
            return Err(Error::parameter("values", format!("{pixel} at index {index}"), expected));
        }
        Ok(Self { shape, values: values.to_vec(), signed: false, caption: None })
    }

    /// A map of values of either sign, such as a gradient by the pixels: blue below 0, red above, as
    /// [`ColorMap::Diverging`]. Its limits are symmetric, and stand below it.
    ///
    /// Three channels are added up: of a gradient that is the derivative by a change of all colours of a pixel alike.
    ///
    /// # Errors
    /// As [`Image::pixels`], but for any values that are finite.
    ///
    /// ```
    /// use eigengate::{data::ImageShape, plot::Image};
    ///
    /// let shape = ImageShape { channels: 1, height: 1, width: 2 };
    /// let map = Image::signed(ndarray::array![-0.5, 0.25].view(), shape)?;
    /// assert_eq!(map.largest(), 0.5);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn signed(values: ArrayView1<'_, f32>, shape: ImageShape) -> Result<Self> {
        check("values of a map", values, shape)?;
        let mut summed = vec![0.0f32; shape.height * shape.width];
        for (index, value) in values.iter().enumerate() {
            if let Some(sum) = summed.get_mut(index % (shape.height * shape.width)) {
                *sum += value;
            }
        }
        finite("the sum of the channels of a map", &summed)?;
        let shape = ImageShape { channels: 1, ..shape };
        Ok(Self { shape, values: summed, signed: true, caption: None })
    }

    /// The image with this text below it, instead of the limits of a map or of nothing.
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// The largest absolute value.
    pub fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |most, value| most.max(value.abs()))
    }

    /// Shows the image in the current notebook cell; outside of a notebook it does nothing.
    pub fn evcxr_display(&self) {
        ImageGrid::new().with_row("", [self.clone()]).evcxr_display();
    }

    pub(super) fn height(&self) -> usize {
        self.shape.height
    }

    pub(super) fn width(&self) -> usize {
        self.shape.width
    }

    pub(super) fn is_signed(&self) -> bool {
        self.signed
    }

    pub(super) fn caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// Colours from left to right, the upper row first; those of a map for values from `-limit` to `limit`.
    pub(super) fn colors(&self, limit: f64) -> Vec<Option<Color>> {
        let shares = |value: &f32| {
            let limits = if self.signed { (-limit, limit) } else { (0.0, 1.0) };
            share(f64::from(*value), limits)
        };
        let plane = self.shape.height * self.shape.width;
        if self.shape.channels == 3 {
            let byte = |value: &f32| ColorMap::Grey.at(shares(value)).red;
            let mut planes = self.values.chunks(plane);
            let mut next = || planes.next().unwrap_or_default();
            let (red, green, blue) = (next(), next(), next());
            let colors = red.iter().zip(green).zip(blue);
            return colors.map(|((r, g), b)| Some(Color::new(byte(r), byte(g), byte(b)))).collect();
        }
        let map = if self.signed { ColorMap::Diverging } else { ColorMap::Grey };
        self.values.iter().map(|value| Some(map.at(shares(value)))).collect()
    }
}

fn check(what: &str, values: ArrayView1<'_, f32>, shape: ImageShape) -> Result<()> {
    let pixels = shape.checked_pixels().filter(|&pixels| pixels > 0 && matches!(shape.channels, 1 | 3));
    let Some(pixels) = pixels else {
        return Err(Error::parameter("shape", shape, "1 or 3 channels, and at least 1 row and column"));
    };
    if values.len() != pixels {
        return Err(Error::shape(what, format!("{pixels} values for {shape} pixels"), values.len()));
    }
    finite(what, values)
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (height, width) = (self.height(), self.width());
        match (self.signed, self.shape.channels) {
            (true, _) => write!(f, "Image({height} x {width} values, up to ±{:.3e})", self.largest()),
            (false, 3) => write!(f, "Image({height} x {width} pixels in colour)"),
            _ => write!(f, "Image({height} x {width} pixels)"),
        }
    }
}
