//! What training, spectra and attacks need of a network.

use super::adjoint::Adjoint;
use super::layer::Layer;
use super::ops::{GradientsOf, pairing};
use super::parameter::Parameter;
use super::summary::Summary;
use crate::data::Dataset;
use crate::device::{Matrix, Recording, refused, to_array, to_device};
use crate::error::{Error, Result};
use dfdx::prelude::{Gradients, Tensor};
use ndarray::{Array2, ArrayView2};

/// A pass without a tape.
#[derive(Clone)]
pub struct Forward {
    /// Activations of every hidden layer after its nonlinearity, `(batch, width)`, first layer first.
    pub taps: Vec<Matrix>,
    /// `(batch, classes)`.
    pub logits: Matrix,
}

/// A pass whose tape leads from the logits back to what was asked for.
pub struct Recorded {
    /// The taps without tape; `tap.retaped::<Recording>()` starts a branch of the tape at one of them.
    pub taps: Vec<Matrix>,
    /// `(batch, classes)`, with the tape.
    pub logits: Matrix<Recording>,
}

/// A classifier with taps and named parameters.
///
/// Object safe: training, spectra and attacks take `&dyn Network`, so that a notebook cell compiles none of
/// their code.
pub trait Network {
    /// Number of inputs.
    fn inputs(&self) -> usize;

    /// Number of classes.
    fn classes(&self) -> usize;

    /// Width and name of every tap, first hidden layer first.
    fn taps(&self) -> Vec<(String, usize)>;

    /// All parameters in a fixed order.
    fn parameters(&self) -> Vec<&Parameter>;

    /// All parameters, to change.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter>;

    /// Arrays that are kept with the parameters but not trained, in a fixed order: running statistics, whitening factors,
    /// the standardisation of inputs. None by default.
    fn buffers(&self) -> Vec<&Parameter> {
        vec![]
    }

    /// All buffers, to change.
    fn buffers_mut(&mut self) -> Vec<&mut Parameter> {
        vec![]
    }

    /// A pass over `x` `(batch, inputs)` without a tape. Normalisations take their stored statistics: every example
    /// stands alone.
    ///
    /// # Errors
    /// [`Error::Shape`] for another width, [`Error::Empty`] for an empty batch.
    fn forward(&self, x: Matrix) -> Result<Forward>;

    /// The same pass, recorded.
    ///
    /// # Errors
    /// As for [`Network::forward`].
    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded>;

    /// A recorded pass for training: normalisations take mean, variance and factor of this batch, with the gradient through
    /// them, and running statistics take in the batch, as in PyTorch's training mode. A network without normalisations
    /// does what [`Network::record`] does, which is the default.
    ///
    /// # Errors
    /// As for [`Network::forward`], and what normalisations refuse: [`Error::Numeric`] for a single row.
    fn record_batch(&mut self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        self.record(x, gradients)
    }

    /// Computes what evaluation needs of the training set as a whole: mean and factor of every whitening. Training
    /// does so at its start and after every epoch. Nothing by default.
    ///
    /// # Errors
    /// As for [`Network::forward`]; [`Error::Numeric`] where a covariance has no factor.
    fn calibrate(&mut self, train: &Dataset) -> Result<()> {
        let _ = train;
        Ok(())
    }

    /// The network as one whose backward pass can be recorded. A network that is one returns itself.
    ///
    /// # Errors
    /// [`Error::NoAdjoint`], by default.
    fn adjoint(&self) -> Result<&dyn Adjoint> {
        Err(Error::NoAdjoint {
            network: std::any::type_name::<Self>().to_owned(),
            reason: "train it without one, or implement `Adjoint` for it".to_owned(),
        })
    }

    /// The maps of an evaluation pass, in turn, which take an image to its logits: what bounds need to know.
    ///
    /// # Errors
    /// [`Error::NoLayers`], by default.
    fn layers(&self) -> Result<Vec<Layer>> {
        Err(Error::NoLayers { network: std::any::type_name::<Self>().to_owned() })
    }

    /// The network as one that several threads may ask at the same time, without gradients by its parameters; `None`, the
    /// default, where it must stay with one. Attacks then pass blocks of images through it side by side.
    ///
    /// Every thread takes memory from its own [`device`](crate::device::device()): [`Network::forward`] and [`Network::record`]
    /// with [`GradientsOf::Input`] must ask no tensor of the network for memory.
    fn shared(&self) -> Option<&(dyn Network + Sync)> {
        None
    }

    /// Number of trainable numbers.
    fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|p| p.len()).sum()
    }

    /// Number of hidden units, those of all taps together.
    fn unit_count(&self) -> usize {
        self.taps().iter().map(|(_, width)| width).sum()
    }

    /// A table of layers, units and parameters.
    fn summary(&self) -> Summary {
        Summary::new(self.inputs(), self.classes(), &self.taps(), &self.parameters(), &self.buffers())
    }

    /// Logits `(batch, classes)` of `images` `(batch, inputs)`.
    ///
    /// # Errors
    /// As for [`Network::forward`].
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        to_array(&self.forward(to_device(images)?)?.logits)
    }

    /// Logits `(batch, classes)`, and for every image the gradient by its pixels, `(batch, inputs)`, of the inner
    /// product of its logits with its row of `cotangent(logits)`.
    ///
    /// # Errors
    /// As for [`Network::forward`]; [`Error::Shape`] where the cotangent has another shape than the logits.
    fn pull_back(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &mut dyn FnMut(ArrayView2<'_, f32>) -> Result<Array2<f32>>,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        let x = to_device(images)?;
        let recorded = self.record(x.clone(), GradientsOf::Input)?;
        let logits = to_array(&recorded.logits)?;
        let cotangent = to_device(cotangent(logits.view())?.view())?;
        let mut gradients = backward(pairing(recorded.logits, &cotangent)?)?;
        let values = take_gradient(&mut gradients, &x)?;
        let gradient = Array2::from_shape_vec(images.dim(), values)
            .map_err(|e| Error::shape("input gradient", format!("{:?}", images.dim()), e))?;
        Ok((logits, gradient))
    }
}

/// Runs the tape of a recorded number.
pub(crate) fn backward(
    loss: crate::device::Scalar<Recording>,
) -> Result<Gradients<f32, crate::device::Device>> {
    use dfdx::prelude::Backward;
    loss.try_backward().map_err(refused)
}

/// The gradient by `x`, which is contiguous, in row-major order.
pub(crate) fn take_gradient(
    gradients: &mut Gradients<f32, crate::device::Device>,
    x: &Tensor<(usize, usize), f32, crate::device::Device>,
) -> Result<Vec<f32>> {
    // Not `as_vec`, which finds every number's place anew.
    #[cfg(not(feature = "cuda"))]
    return Ok(gradients.get_or_alloc_mut(x).map_err(refused)?.to_vec());
    #[cfg(feature = "cuda")]
    {
        gradients.try_alloc_for(x).map_err(refused)?;
        Ok(gradients.get(x).as_vec())
    }
}
