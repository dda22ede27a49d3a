//! Plain functions as classifiers.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::queries::same_size;
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2};

type Logits = dyn Fn(ArrayView2<'_, f32>) -> Result<Array2<f32>> + Send + Sync;
type Gradient = dyn Fn(ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> Result<Array2<f32>> + Send + Sync;

/// A classifier made of two functions: logits of images, and the gradient by the images of the inner product of logits and
/// cotangents.
///
/// ```
/// use eigengate::attack::{Batch, Fgsm, FixedEps, Function};
/// use ndarray::array;
///
/// // Logits (x0 - x1, x1 - x0).
/// let weights = array![[1.0f32, -1.0], [-1.0, 1.0]];
/// let (forward, back) = (weights.clone(), weights);
/// let model = Function::new(2, 2, move |x| Ok(x.dot(&forward)), move |_, u| Ok(u.dot(&back.t())));
/// let image = array![[0.6f32, 0.5]];
/// let found = Fgsm.perturb(&model, Batch::new(image.view(), &[0]), 0.1)?;
/// assert!(found.success[0] && (found.images[[0, 0]] - 0.5).abs() < 1e-6);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct Function {
    inputs: usize,
    classes: usize,
    logits: Box<Logits>,
    gradient: Box<Gradient>,
}

impl Function {
    /// `logits(images)` gives `(batch, classes)` of `(batch, inputs)`; `gradient(images, cotangents)` gives for every image the
    /// gradient `(batch, inputs)` of the inner product of its logits with its row of `(batch, classes)`. A row must depend on its
    /// image alone. Errors of the functions come out of the attack.
    pub fn new(
        inputs: usize,
        classes: usize,
        logits: impl Fn(ArrayView2<'_, f32>) -> Result<Array2<f32>> + Send + Sync + 'static,
        gradient: impl Fn(ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> Result<Array2<f32>> + Send + Sync + 'static,
    ) -> Self {
        Self { inputs, classes, logits: Box::new(logits), gradient: Box::new(gradient) }
    }
}

impl Classifier for Function {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        if images.ncols() != self.inputs {
            return Err(Error::shape("images", format!("{} pixels", self.inputs), images.ncols()));
        }
        let logits = (self.logits)(images)?;
        same_size("logits of the function", logits.dim(), (images.nrows(), self.classes))?;
        Ok(logits)
    }

    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let cotangents = cotangent(0..images.nrows(), logits.view())?;
        same_size("cotangent", cotangents.dim(), logits.dim())?;
        let gradient = (self.gradient)(images, cotangents.view())?;
        same_size("input gradient of the function", gradient.dim(), images.dim())?;
        Ok(PulledBack { logits, gradient })
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({} inputs, {} classes)", self.inputs, self.classes)
    }
}
