//! Convolutional networks.

mod adjoint;
mod files;
mod layers;

use super::adjoint::Adjoint;
use super::layer::Layer;
use super::mlp::Mlp;
use super::network::{Forward, Network, Recorded};
use super::normalisation::{self, InputScale, Normalisation, Statistics, Trace};
use super::ops::{Activation, Convolution, GradientsOf, Whitening, conv_pool};
use super::parameter::Parameter;
use crate::data::{Dataset, ImageShape, Standardisation};
use crate::device::{Device, Matrix, Recording};
use crate::error::{Error, Result};
use dfdx::prelude::Tape;

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
    input: Option<InputScale>,
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
    behind: Normalisation,
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
            let behind = Normalisation::default();
            blocks.push(Block { sizes, outputs: inputs, weight, bias, behind });
        }
        let widths: Vec<usize> = std::iter::once(inputs).chain(widths.iter().copied()).collect();
        let head = Mlp::with_index(&widths, activation, seed, 2 * blocks.len() as u64)?;
        Ok(Self { input: None, blocks, head })
    }

    /// With batch normalisation behind a hidden layer, as [`Mlp::with_batch_norm`]. Behind a block it is that of every channel,
    /// PyTorch's `BatchNorm2d`, and follows the pooling.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that no hidden layer has.
    pub fn with_batch_norm(mut self, layer: &str) -> Result<Self> {
        let position = normalisation::position(layer, &self.taps())?;
        match self.blocks.get_mut(position) {
            Some(block) => block.behind.set_batch_norm(layer, block.sizes.channels)?,
            None => {
                let (behind, width) = self.head.behind(layer)?;
                behind.set_batch_norm(layer, width)?;
            }
        }
        Ok(self)
    }

    /// With a whitening layer behind a hidden layer, as [`Mlp::with_whitening`]; behind a block it mixes all of its
    /// flattened activations. The networks `-Wh` of Nassar2020 have it behind the last block.
    ///
    /// ```
    /// use eigengate::data::ImageShape;
    /// use eigengate::nn::{Activation, Cnn, ops::Whitening};
    ///
    /// let digits = ImageShape { channels: 1, height: 28, width: 28 };
    /// let net = Cnn::new(digits, &[16, 32], &[1000, 10], Activation::Tanh, 1)?;
    /// let net = net.with_whitening("conv.1", Whitening::default())?;
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that no hidden layer has, [`Whitening::check`].
    pub fn with_whitening(mut self, layer: &str, whitening: Whitening) -> Result<Self> {
        let (behind, width) = self.behind(layer)?;
        behind.set_whitening(layer, width, whitening)?;
        Ok(self)
    }

    /// With `(x - mean) / std` as the first step, as [`Mlp::with_standardisation`].
    ///
    /// # Errors
    /// [`Standardisation::check`] for the channels of its images.
    pub fn with_standardisation(mut self, standardisation: &Standardisation) -> Result<Self> {
        standardisation.check(self.image().channels)?;
        self.input = Some(InputScale::new(standardisation, self.inputs())?);
        Ok(self)
    }

    /// What stands behind a hidden layer, and its width.
    fn behind(&mut self, layer: &str) -> Result<(&mut Normalisation, usize)> {
        let position = normalisation::position(layer, &self.taps())?;
        match self.blocks.get_mut(position) {
            Some(block) => Ok((&mut block.behind, block.outputs)),
            None => self.head.behind(layer),
        }
    }

    fn normalisations(&mut self) -> impl Iterator<Item = &mut Normalisation> {
        self.blocks.iter_mut().map(|block| &mut block.behind).chain(self.head.normalisations())
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

    /// Shows the [summary](Network::summary) in a notebook.
    pub fn evcxr_display(&self) {
        self.summary().show(&format!("{self:?}"));
    }

    fn pass<T: Tape<f32, Device>>(
        &self,
        x: Matrix<T>,
        gradients: GradientsOf,
        trace: &mut Trace,
    ) -> Result<Matrix<T>> {
        let (mut x, mut wanted) = (x, gradients);
        if let Some(input) = &self.input {
            x = input.pass(x, gradients)?;
        }
        for Block { sizes, weight, bias, behind, .. } in &self.blocks {
            x = conv_pool(x, &weight.value, &bias.value, sizes, self.activation(), wanted)?;
            trace.taps.push(x.retaped());
            x = behind.pass(x, gradients, trace)?;
            // The first block's input gradient is only for attacks; behind it all gradients flow.
            if wanted == GradientsOf::Parameters {
                wanted = GradientsOf::Everything;
            }
        }
        self.head.pass(x, wanted, trace)
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
        let blocks = self.blocks.iter();
        blocks
            .flat_map(|b| [&b.weight, &b.bias].into_iter().chain(b.behind.batch_norm_parameters()))
            .chain(self.head.parameters())
            .collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let blocks = self.blocks.iter_mut();
        blocks
            .flat_map(|b| {
                [&mut b.weight, &mut b.bias].into_iter().chain(b.behind.batch_norm_parameters_mut())
            })
            .chain(self.head.parameters_mut())
            .collect()
    }

    fn buffers(&self) -> Vec<&Parameter> {
        let input = self.input.iter().flat_map(InputScale::buffers);
        let blocks = self.blocks.iter().flat_map(|block| block.behind.buffers());
        input.chain(blocks).chain(self.head.buffers()).collect()
    }

    fn buffers_mut(&mut self) -> Vec<&mut Parameter> {
        let input = self.input.iter_mut().flat_map(InputScale::buffers_mut);
        let blocks = self.blocks.iter_mut().flat_map(|block| block.behind.buffers_mut());
        input.chain(blocks).chain(self.head.buffers_mut()).collect()
    }

    #[cfg(not(feature = "cuda"))]
    fn shared(&self) -> Option<&(dyn Network + Sync)> {
        Some(self)
    }

    fn forward(&self, x: Matrix) -> Result<Forward> {
        let mut trace = Trace::new(Statistics::Stored);
        let logits = self.pass(x, GradientsOf::Everything, &mut trace)?;
        Ok(Forward { taps: trace.taps, logits })
    }

    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let mut trace = Trace::new(Statistics::Stored);
        let logits = self.pass(x.retaped::<Recording>(), gradients, &mut trace)?;
        Ok(Recorded { taps: trace.taps, logits })
    }

    fn record_batch(&mut self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        let mut trace = Trace::new(Statistics::OfBatch);
        let logits = self.pass(x.retaped::<Recording>(), gradients, &mut trace)?;
        let mut observed = trace.observed.into_iter();
        self.normalisations().try_for_each(|layer| layer.observe(&mut observed))?;
        Ok(Recorded { taps: trace.taps, logits })
    }

    fn calibrate(&mut self, train: &Dataset) -> Result<()> {
        let pass = |net: &Self, x, trace: &mut Trace| {
            net.pass(x, GradientsOf::Everything, trace).map(|_: Matrix| ())
        };
        normalisation::calibrate(self, train, pass, |net| net.normalisations().collect())
    }

    fn layers(&self) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        self.append_layers(&mut layers)?;
        Ok(layers)
    }

    fn adjoint(&self) -> Result<&dyn Adjoint> {
        let by_example = self.blocks.iter().all(|block| block.behind.is_none()) && self.head.by_example();
        if by_example { Ok(self) } else { Err(normalisation::no_adjoint(format!("{self:?}"))) }
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

impl std::fmt::Debug for Cnn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let join = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        let (channels, widths) = (join(&self.channels()), join(self.widths()));
        write!(
            f,
            "Cnn({}, channels {channels}, dense {widths}, {}, ",
            self.image(),
            self.activation().name()
        )?;
        if self.input.is_some() {
            write!(f, "standardised inputs, ")?;
        }
        for (position, block) in self.blocks.iter().enumerate() {
            if let Some(text) = block.behind.text(&format!("conv.{position}")) {
                write!(f, "{text}, ")?;
            }
        }
        self.head.extras().iter().try_for_each(|extra| write!(f, "{extra}, "))?;
        write!(f, "{} parameters)", self.parameter_count())
    }
}
