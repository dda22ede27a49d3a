//! Networks as classifiers.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::fixed_eps::same_size;
use crate::error::Result;
use crate::nn::Network;
use ndarray::{Array2, ArrayView2, s};
use std::ops::Range;

/// Rows of every pass. Always this many, the last block filled up with zeros: the order in which a product is
/// summed may follow its sizes, and a last bit can flip the sign of a small gradient. With one size a result
/// depends on its example alone.
const BLOCK: usize = 256;

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

fn blocks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(rows))
}

/// The rows, followed by zeros up to a whole block.
fn filled(rows: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut block = Array2::zeros((BLOCK, rows.ncols()));
    block.slice_mut(s![..rows.nrows(), ..]).assign(&rows);
    block
}
