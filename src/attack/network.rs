//! Networks as classifiers.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::queries::same_size;
use crate::error::Result;
use crate::nn::Network;
use crate::nn::blocks::{blocks, filled};
use ndarray::{Array2, ArrayView2, s};

impl<N: Network> Classifier for N {
    fn inputs(&self) -> usize {
        Network::inputs(self)
    }

    fn classes(&self) -> usize {
        Network::classes(self)
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        logits(self, images)
    }

    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        pull_back(self, images, cotangent)
    }
}

/// A network whose type is not known, which cannot itself become a `&dyn Classifier`.
pub(crate) struct AnyNetwork<'a>(pub(crate) &'a dyn Network);

impl Classifier for AnyNetwork<'_> {
    fn inputs(&self) -> usize {
        self.0.inputs()
    }

    fn classes(&self) -> usize {
        self.0.classes()
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        logits(self.0, images)
    }

    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        pull_back(self.0, images, cotangent)
    }
}

fn logits(net: &dyn Network, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    let mut logits = Array2::zeros((images.nrows(), net.classes()));
    for rows in blocks(images.nrows()) {
        let block = net.logits(filled(images.slice(s![rows.clone(), ..])).view())?;
        logits.slice_mut(s![rows.clone(), ..]).assign(&block.slice(s![..rows.len(), ..]));
    }
    Ok(logits)
}

fn pull_back(
    net: &dyn Network,
    images: ArrayView2<'_, f32>,
    cotangent: &mut Cotangent<'_>,
) -> Result<PulledBack> {
    let mut logits = Array2::zeros((images.nrows(), net.classes()));
    let mut gradient = Array2::zeros(images.dim());
    for rows in blocks(images.nrows()) {
        let block = filled(images.slice(s![rows.clone(), ..]));
        let own = s![..rows.len(), ..];
        let (block_logits, block_gradient) = net.pull_back(block.view(), &mut |logits| {
            let cotangent = cotangent(rows.clone(), logits.slice(own))?;
            same_size("cotangent", cotangent.dim(), (rows.len(), logits.ncols()))?;
            Ok(filled(cotangent.view()))
        })?;
        logits.slice_mut(s![rows.clone(), ..]).assign(&block_logits.slice(own));
        gradient.slice_mut(s![rows.clone(), ..]).assign(&block_gradient.slice(own));
    }
    Ok(PulledBack { logits, gradient })
}
