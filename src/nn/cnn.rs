//! Convolutional networks.

mod adjoint;

use super::adjoint::Adjoint;
use super::mlp::Mlp;
use super::network::{Forward, Network, Recorded, show_network};
use super::ops::{Activation, Convolution, GradientsOf, conv_pool};
use super::parameter::Parameter;
use super::tensors::{NETWORK, Tensors};
use crate::data::ImageShape;
use crate::device::{Device, Matrix, Recording};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;
use std::path::Path;

/// Its name in files.
const ARCHITECTURE: &str = "cnn";

/// A convolutional network: blocks of a 3x3 convolution, the nonlinearity and a 2x2 max pooling, then dense layers.
///
/// No padding, as in Nassar2020: its network for MNIST has 800 inputs to the dense layers, that for CIFAR-10 1152.
///
/// ```
/// use eigengate::data::ImageShape;
/// use eigengate::nn::{Activation, Cnn, Network};
///
/// let digits = ImageShape { channels: 1, height: 28, width: 28 };
/// let net = Cnn::new(digits, &[16, 32], &[1000, 10], Activation::Tanh, 1)?;
/// let taps = net.taps();
/// assert_eq!(taps.iter().map(|tap| tap.0.as_str()).collect::<Vec<_>>(), ["conv.0", "conv.1", "hidden.0"]);
/// assert_eq!((taps[1].1, taps[2].1), (32 * 5 * 5, 1000));
/// let images = ndarray::Array2::zeros((3, 784));
/// assert_eq!(net.logits(images.view())?.dim(), (3, 10));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Cnn {
    blocks: Vec<Block>,
    head: Mlp,
}

/// A convolution and its parameters.
#[derive(Clone)]
struct Block {
    sizes: Convolution,
    /// Width of its tap, what is left after pooling.
    outputs: usize,
    weight: Parameter,
    bias: Parameter,
}

impl Cnn {
    /// A network for images of one shape: a block for every entry of `channels`, then dense layers of the given
    /// `widths`, hidden ones first, classes last. Parameters are drawn from `seed` as PyTorch's `nn.Conv2d` and
    /// `nn.Linear` draw them ([`Parameter::uniform`]).
    ///
    /// Parameters are named `conv.0.weight` `[out channels, in channels, 3, 3]`, `conv.0.bias`, …,
    /// `hidden.0.weight`, `hidden.0.bias`, …, `readout.weight`, `readout.bias`; taps `conv.0`, …, `hidden.0`, …, in
    /// that order, so that the last tap is the last hidden dense layer where there is one.
    ///
    /// # Errors
    /// [`Error::Parameter`] without channels or widths, for a size of 0, for more than 256 classes, and for images
    /// that are too small: a block leaves `(size - 2) / 2` pixels of a side, rounded down.
    pub fn new(
        image: ImageShape,
        channels: &[usize],
        widths: &[usize],
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        if channels.is_empty() {
            return Err(Error::parameter("channels", "[]", "the output channels of at least one block"));
        }
        if widths.is_empty() {
            return Err(Error::parameter("widths", "[]", "hidden widths and classes"));
        }
        let sizes = sizes(image, channels)?;
        let mut blocks = Vec::new();
        let mut inputs = image.pixels();
        for (layer, (sizes, pooled)) in sizes.into_iter().enumerate() {
            let Convolution { image, channels, kernel, .. } = sizes;
            let (shape, fan_in) = ([channels, image.channels, kernel, kernel], sizes.taps());
            let (name, index) = (format!("conv.{layer}"), 2 * layer as u64);
            let weight = Parameter::uniform(format!("{name}.weight"), &shape, fan_in, seed, index)?;
            let bias = Parameter::uniform(format!("{name}.bias"), &[channels], fan_in, seed, index + 1)?;
            inputs = pooled.pixels();
            blocks.push(Block { sizes, outputs: inputs, weight, bias });
        }
        let widths: Vec<usize> = std::iter::once(inputs).chain(widths.iter().copied()).collect();
        let head = Mlp::with_index(&widths, activation, seed, 2 * blocks.len() as u64)?;
        Ok(Self { blocks, head })
    }

    /// The shape of its images.
    pub fn image(&self) -> ImageShape {
        self.blocks.first().map_or(ImageShape { channels: 0, height: 0, width: 0 }, |block| block.sizes.image)
    }

    /// Output channels of every block.
    pub fn channels(&self) -> Vec<usize> {
        self.blocks.iter().map(|block| block.sizes.channels).collect()
    }

    /// Hidden units of every dense layer, then classes.
    pub fn widths(&self) -> &[usize] {
        self.head.widths().get(1..).unwrap_or(&[])
    }

    /// The nonlinearity of the blocks and the hidden layers.
    pub fn activation(&self) -> Activation {
        self.head.activation()
    }

    /// Writes all parameters, their names and the architecture as safetensors, readable by the Python package
    /// `safetensors`. A write that fails leaves a file of that name as it was.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = Tensors::of_network(self, ARCHITECTURE, self.activation());
        file.set("image", self.image().to_string());
        file.write(path.as_ref())
    }

    /// Reads a network that [`Cnn::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] where the file is no safetensors file or no `Cnn`;
    /// [`Error::Shape`] where its arrays do not fit together; [`Error::NotFinite`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (file, activation) = Tensors::read_network(path, ARCHITECTURE)?;
        let text = file.text("image", path)?;
        let image = parse_shape(text)
            .ok_or_else(|| Error::format(path, NETWORK, "an image such as 1x28x28", format!("`{text}`")))?;
        let mut channels = Vec::new();
        while let Some(&[outputs, ..]) = file.shape(&format!("conv.{}.weight", channels.len())) {
            channels.push(outputs);
        }
        let widths = file.widths(path)?;
        // Before anything of these sizes is made: the text could say anything.
        let left = sizes(image, &channels)?.last().map(|(_, pooled)| pooled.pixels());
        let (Some((inputs, dense)), Some(left)) = (widths.split_first(), left) else {
            return Err(Error::format(path, NETWORK, "an array `conv.0.weight`", "none"));
        };
        if left != *inputs {
            let what = format!("first dense layer in {}", path.display());
            return Err(Error::shape(what, format!("{left} inputs for images of {image}"), inputs));
        }
        let mut net = Self::new(image, &channels, dense, activation, 0)?;
        file.fill_parameters("", path, &mut net)?;
        Ok(net)
    }

    /// Replaces the parameters by those of a file that [`Cnn::save`] wrote for a network of the same sizes.
    ///
    /// # Errors
    /// As [`Cnn::load`], and [`Error::Shape`] for other sizes; the network is as it was.
    pub fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let (file, _) = Tensors::read_network(path, ARCHITECTURE)?;
        file.fill_parameters("", path, self)
    }

    /// Shows a table of layers, shapes and parameters in a notebook.
    pub fn evcxr_display(&self) {
        show_network(self, &format!("{self:?}"));
    }

    fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
    ) -> Result<(Vec<Matrix>, Matrix<T>)> {
        let (mut x, mut wanted) = (x, gradients);
        let mut taps = Vec::new();
        for Block { sizes, weight, bias, .. } in &self.blocks {
            x = conv_pool(x, &weight.value, &bias.value, sizes, self.activation(), wanted)?;
            taps.push(x.retaped());
            // The first block's input gradient is only for attacks; behind it all gradients flow.
            if wanted == GradientsOf::Parameters {
                wanted = GradientsOf::Everything;
            }
        }
        let (hidden, logits) = self.head.pass(x, wanted)?;
        taps.extend(hidden);
        Ok((taps, logits))
    }
}

impl Network for Cnn {
    fn inputs(&self) -> usize {
        self.image().pixels()
    }

    fn classes(&self) -> usize {
        self.head.classes()
    }

    fn taps(&self) -> Vec<(String, usize)> {
        let blocks = self.blocks.iter().enumerate();
        let blocks = blocks.map(|(layer, block)| (format!("conv.{layer}"), block.outputs));
        blocks.chain(self.head.taps()).collect()
    }

    fn parameters(&self) -> Vec<&Parameter> {
        let blocks = self.blocks.iter().flat_map(|block| [&block.weight, &block.bias]);
        blocks.chain(self.head.parameters()).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let blocks = self.blocks.iter_mut().flat_map(|block| [&mut block.weight, &mut block.bias]);
        blocks.chain(self.head.parameters_mut()).collect()
    }

    fn forward(&self, x: Matrix) -> Result<Forward> {
        let (taps, logits) = self.pass(x, GradientsOf::Everything)?;
        Ok(Forward { taps, logits })
    }

    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let (taps, logits) = self.pass(x.retaped::<Recording>(), gradients)?;
        Ok(Recorded { taps, logits })
    }

    fn adjoint(&self) -> Result<&dyn Adjoint> {
        Ok(self)
    }
}

/// The convolution of every block and what its pooling leaves.
fn sizes(image: ImageShape, channels: &[usize]) -> Result<Vec<(Convolution, ImageShape)>> {
    let mut input = image;
    let mut all = Vec::new();
    for &channels in channels {
        let sizes = Convolution::new(input, channels, 3);
        let small = |e| match e {
            // The text should speak of the image that the user gave, not of what blocks have left of it.
            Error::Parameter { name: "image", .. } if image.pixels() > 0 => {
                let expected =
                    format!("images that leave at least 4x4 pixels before block {}, not {input}", all.len());
                Error::parameter("image", image, expected)
            }
            other => other,
        };
        let pooled = sizes.pooled().map_err(small)?;
        all.push((sizes, pooled));
        input = pooled;
    }
    Ok(all)
}

/// `channels x height x width` as [`ImageShape`] is written.
fn parse_shape(text: &str) -> Option<ImageShape> {
    let mut sizes = text.split('x').map(|size| size.parse().ok());
    let shape = ImageShape { channels: sizes.next()??, height: sizes.next()??, width: sizes.next()?? };
    sizes.next().is_none().then_some(shape)
}

impl std::fmt::Debug for Cnn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let join = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        write!(
            f,
            "Cnn({}, channels {}, dense {}, {}, {} parameters)",
            self.image(),
            join(&self.channels()),
            join(self.widths()),
            self.activation().name(),
            self.parameter_count()
        )
    }
}
