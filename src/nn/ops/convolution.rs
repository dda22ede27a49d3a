//! The sizes of a convolution and of a pooling, and their checks.

use crate::data::ImageShape;
use crate::device::{Matrix, dims};
use crate::error::{Error, Result};

/// The sizes of a convolution with a square kernel.
///
/// Images are rows of a matrix, `(batch, channels * height * width)`, channel after channel, row after row: PyTorch's
/// NCHW, flattened.
///
/// ```
/// use eigengate::data::ImageShape;
/// use eigengate::nn::ops::Convolution;
///
/// let digits = ImageShape { channels: 1, height: 28, width: 28 };
/// let convolution = Convolution { padding: 1, ..Convolution::new(digits, 16, 3) };
/// assert_eq!(convolution.output()?, ImageShape { channels: 16, height: 28, width: 28 });
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// One input image.
    pub image: ImageShape,
    /// Output channels, at least 1.
    pub channels: usize,
    /// Side of the kernel in pixels, at least 1.
    pub kernel: usize,
    /// Pixels between neighbouring outputs, at least 1.
    pub stride: usize,
    /// Zeros around the image, on every side.
    pub padding: usize,
}

impl Convolution {
    /// Stride 1, no padding.
    pub fn new(image: ImageShape, channels: usize, kernel: usize) -> Self {
        Self { image, channels, kernel, stride: 1, padding: 0 }
    }

    /// One output image: `(size + 2 padding - kernel) / stride + 1` pixels high and wide, rounded down.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a size of 0, an image smaller than the kernel, and sizes beyond any memory.
    pub fn output(&self) -> Result<ImageShape> {
        let Self { image, channels, kernel, stride, padding } = *self;
        for (name, size) in [("channels", channels), ("kernel", kernel), ("stride", stride)] {
            if size == 0 {
                return Err(Error::parameter(name, 0, "at least 1"));
            }
        }
        if image.checked_pixels().is_none_or(|pixels| pixels == 0) {
            return Err(Error::parameter(
                "image",
                image,
                "at least one pixel, in sizes that fit into memory",
            ));
        }
        let side = |size: usize| {
            let padded = size.checked_add(padding.checked_mul(2)?)?;
            Some(padded.checked_sub(kernel)? / stride + 1)
        };
        let (Some(height), Some(width)) = (side(image.height), side(image.width)) else {
            let expected =
                format!("at least {kernel}x{kernel} pixels with the padding of {padding}, for that kernel");
            return Err(Error::parameter("image", image, expected));
        };
        let output = ImageShape { channels, height, width };
        let patches = kernel.checked_mul(kernel).and_then(|n| n.checked_mul(image.channels));
        let patches = patches.and_then(|n| n.checked_mul(height)?.checked_mul(width)?.checked_mul(channels));
        match patches {
            Some(n) if n < 1 << 40 => Ok(output),
            _ => Err(Error::parameter("channels", channels, "a convolution that fits into memory")),
        }
    }

    /// One output image after a 2x2 max pooling with stride 2.
    ///
    /// # Errors
    /// As [`Convolution::output`], and [`Error::Parameter`] where it leaves less than 2x2 pixels.
    pub fn pooled(&self) -> Result<ImageShape> {
        pooled(self.output()?)
    }

    /// Weights of one output channel, `channels * kernel * kernel` of the input.
    pub fn taps(&self) -> usize {
        self.image.channels.saturating_mul(self.kernel).saturating_mul(self.kernel)
    }

    /// The sizes of input, weight `(channels, taps)` and bias `(1, channels)`; the output image.
    pub(super) fn check<T>(&self, x: &Matrix<T>, weight: &Matrix, bias: &Matrix) -> Result<ImageShape> {
        let output = self.output()?;
        check_images(x, self.image, "input of a convolution")?;
        let (need, is) = ((self.channels, self.taps()), dims(weight));
        if need != is {
            return Err(Error::shape("weight of a convolution", format!("{need:?}"), format!("{is:?}")));
        }
        let (need, is) = ((1, self.channels), dims(bias));
        if need != is {
            return Err(Error::shape("bias of a convolution", format!("{need:?}"), format!("{is:?}")));
        }
        Ok(output)
    }
}

/// That there is at least one row and every row is an `image`.
pub(super) fn check_images<T>(x: &Matrix<T>, image: ImageShape, what: &str) -> Result<()> {
    let (batch, pixels) = dims(x);
    if batch == 0 {
        return Err(Error::empty(format!("the {what}")));
    }
    if image.checked_pixels() != Some(pixels) {
        let need = format!("(batch, {}), images of {image}", image.pixels());
        return Err(Error::shape(what, need, format!("({batch}, {pixels})")));
    }
    Ok(())
}

/// What a 2x2 max pooling with stride 2 makes of an image: half its height and width, rounded down.
///
/// # Errors
/// [`Error::Parameter`] for less than 2x2 pixels.
pub(super) fn pooled(image: ImageShape) -> Result<ImageShape> {
    if image.channels == 0 || image.height < 2 || image.width < 2 {
        return Err(Error::parameter("image", image, "at least 2x2 pixels to pool"));
    }
    Ok(ImageShape { height: image.height / 2, width: image.width / 2, ..image })
}
