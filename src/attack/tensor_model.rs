//! A user's own dfdx model as a classifier.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::queries::same_size;
use crate::device::{Matrix, Recording, to_array, to_device};
use crate::error::{Error, Result};
use crate::nn::blocks::{BLOCK, blocks, filled};
use crate::nn::network::{backward, take_gradient};
use crate::nn::ops::pairing;
use ndarray::{Array2, ArrayView2, s};

type Forward = dyn Fn(Matrix<Recording>) -> Result<Matrix<Recording>>;

/// A classifier made of one function over dfdx tensors: images with a tape in, logits with the tape out.
///
/// Images come in blocks of 256, the last one filled up with zeros, so that a row is summed in the same order whatever stands
/// beside it. Normalisations must take stored statistics.
///
/// ```
/// use dfdx::prelude::TryMatMul;
/// use eigengate::attack::{FixedEps, Fgsm, TensorModel};
/// use eigengate::data::mnist;
/// use eigengate::Error;
/// use eigengate::device::matrix;
///
/// let digits = mnist::shipped()?.test.take(5)?;
/// let weight = matrix(&vec![0.01; 784 * 10], 784, 10)?;
/// let refused = |error| Error::Device(format!("{error:?}"));
/// let model = TensorModel::new(784, 10, move |x| x.try_matmul(weight.clone()).map_err(refused));
/// assert_eq!(Fgsm.attack(&model, &digits, 0.1)?.len(), 5);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct TensorModel {
    inputs: usize,
    classes: usize,
    forward: Box<Forward>,
}

impl TensorModel {
    /// `forward` gives logits `(batch, classes)` of images `(batch, inputs)`.
    pub fn new(
        inputs: usize,
        classes: usize,
        forward: impl Fn(Matrix<Recording>) -> Result<Matrix<Recording>> + 'static,
    ) -> Self {
        Self { inputs, classes, forward: Box::new(forward) }
    }

    fn check(&self, images: ArrayView2<'_, f32>) -> Result<()> {
        match images.ncols() == self.inputs {
            true => Ok(()),
            false => Err(Error::shape("images", format!("{} pixels", self.inputs), images.ncols())),
        }
    }

    /// Logits of a block, with the tape, and without.
    fn pass(&self, x: &Matrix) -> Result<(Matrix<Recording>, Array2<f32>)> {
        let recorded = (self.forward)(x.retaped::<Recording>())?;
        let logits = to_array(&recorded)?;
        same_size("logits of the model", logits.dim(), (BLOCK, self.classes))?;
        Ok((recorded, logits))
    }
}

impl Classifier for TensorModel {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.check(images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes));
        for rows in blocks(images.nrows()) {
            let x = to_device(filled(images.slice(s![rows.clone(), ..])).view())?;
            let block = self.pass(&x)?.1;
            logits.slice_mut(s![rows.clone(), ..]).assign(&block.slice(s![..rows.len(), ..]));
        }
        Ok(logits)
    }

    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        self.check(images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes));
        let mut gradient = Array2::zeros(images.dim());
        for rows in blocks(images.nrows()) {
            let own = s![..rows.len(), ..];
            let x = to_device(filled(images.slice(s![rows.clone(), ..])).view())?;
            let (recorded, block) = self.pass(&x)?;
            let cotangents = cotangent(rows.clone(), block.slice(own))?;
            same_size("cotangent", cotangents.dim(), (rows.len(), self.classes))?;
            let cotangents = to_device(filled(cotangents.view()).view())?;
            let mut gradients = backward(pairing(recorded, &cotangents)?)?;
            let values = take_gradient(&mut gradients, &x)?;
            let slopes = ArrayView2::from_shape((BLOCK, self.inputs), &values)
                .map_err(|e| Error::shape("input gradient", format!("{BLOCK} x {}", self.inputs), e))?;
            logits.slice_mut(s![rows.clone(), ..]).assign(&block.slice(own));
            gradient.slice_mut(s![rows.clone(), ..]).assign(&slopes.slice(own));
        }
        Ok(PulledBack { logits, gradient })
    }
}

impl std::fmt::Debug for TensorModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TensorModel({} inputs, {} classes)", self.inputs, self.classes)
    }
}
