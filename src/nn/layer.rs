//! A network written out as the maps that it is made of.

use super::ops::{Activation, Convolution};
use super::parameter::Parameter;
use crate::data::ImageShape;
use crate::device::with_values;
use crate::error::{Error, Result};
use ndarray::{Array1, Array2};

/// One map of the evaluation pass of a network; all maps in turn take an image to its logits. Every row of a batch stands
/// alone. Numbers are float64, so that what is derived from them, such as [bounds](crate::attack::IntervalBounds), has no
/// rounding of its own to speak of.
#[derive(Clone)]
#[non_exhaustive]
pub enum Layer {
    /// `y = W x + b`.
    Dense {
        /// `(outputs, inputs)`.
        weight: Array2<f64>,
        /// `(outputs,)`.
        bias: Array1<f64>,
    },
    /// `y_i = slope_i (x_i - mean_i) + offset_i`: standardised inputs, or a batch normalisation with stored statistics.
    Scale {
        /// `(width,)`.
        mean: Array1<f64>,
        /// `(width,)`.
        slope: Array1<f64>,
        /// `(width,)`.
        offset: Array1<f64>,
    },
    /// A convolution of flattened images.
    Convolution {
        /// Input image, kernel, stride, padding, output channels.
        sizes: Convolution,
        /// `(output channels, input channels * kernel * kernel)`.
        weight: Array2<f64>,
        /// `(output channels,)`.
        bias: Array1<f64>,
    },
    /// The largest of every 2x2 pixels of flattened images of this shape; an odd row or column is left out.
    MaxPool(ImageShape),
    /// A nonlinearity, elementwise.
    Activation(Activation),
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Layer::Dense { weight, .. } => write!(f, "Dense({} to {})", weight.ncols(), weight.nrows()),
            Layer::Scale { slope, .. } => write!(f, "Scale({})", slope.len()),
            Layer::Convolution { sizes, .. } => {
                write!(f, "Convolution({} to {} channels)", sizes.image, sizes.channels)
            }
            Layer::MaxPool(image) => write!(f, "MaxPool({image})"),
            Layer::Activation(activation) => write!(f, "Activation({})", activation.name()),
        }
    }
}

/// The numbers of a parameter as a matrix, `(first size, product of the others)`.
pub(super) fn matrix_of(parameter: &Parameter) -> Result<Array2<f64>> {
    let dims = crate::device::dims(&parameter.value);
    let values = with_values(&parameter.value, |values| values.iter().map(|v| f64::from(*v)).collect())?;
    Array2::from_shape_vec(dims, values).map_err(|e| Error::shape(parameter.name(), format!("{dims:?}"), e))
}

/// The numbers of a parameter one after the other.
pub(super) fn row_of(parameter: &Parameter) -> Result<Array1<f64>> {
    with_values(&parameter.value, |values| values.iter().map(|v| f64::from(*v)).collect())
}

/// Every number of a channel for all of its places.
pub(super) fn spread(channels: &Array1<f64>, width: usize) -> Array1<f64> {
    let places = width / channels.len().max(1);
    channels.iter().flat_map(|value| std::iter::repeat_n(*value, places)).collect()
}
