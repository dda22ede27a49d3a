//! Networks as classifiers.

use super::classifier::{Classifier, Cotangent, PulledBack};
use super::queries::same_size;
use crate::error::Result;
use crate::nn::Network;
use crate::nn::blocks::{BLOCK, filled};
use crate::numeric::products_alone;
use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, s};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

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
    let blocks = images.axis_chunks_iter(Axis(0), BLOCK).zip(logits.axis_chunks_iter_mut(Axis(0), BLOCK));
    for_each_block(net, blocks.collect(), |net, (images, mut out)| {
        let block = net.logits(whole(images).view())?;
        same_size("logits of the network", block.dim(), (BLOCK, out.ncols()))?;
        out.assign(&block.slice(s![..images.nrows(), ..]));
        Ok(())
    })?;
    Ok(logits)
}

fn pull_back(
    net: &dyn Network,
    images: ArrayView2<'_, f32>,
    cotangent: &mut Cotangent<'_>,
) -> Result<PulledBack> {
    let mut logits = Array2::zeros((images.nrows(), net.classes()));
    let mut gradient = Array2::zeros(images.dim());
    let blocks = images.axis_chunks_iter(Axis(0), BLOCK).zip(logits.axis_chunks_iter_mut(Axis(0), BLOCK));
    let blocks = blocks.zip(gradient.axis_chunks_iter_mut(Axis(0), BLOCK)).enumerate();
    // One thread at a time; the products take longer by far.
    let cotangent = Mutex::new(cotangent);
    for_each_block(net, blocks.collect(), |net, (position, ((images, mut logits), mut gradient))| {
        let rows = images.nrows();
        let own = s![..rows, ..];
        let (block_logits, block_gradient) = net.pull_back(whole(images).view(), &mut |logits| {
            let start = position * BLOCK;
            let mut ask = cotangent.lock().unwrap_or_else(PoisonError::into_inner);
            let cotangent = (*ask)(start..start + rows, logits.slice(own))?;
            same_size("cotangent", cotangent.dim(), (rows, logits.ncols()))?;
            Ok(filled(cotangent.view()))
        })?;
        same_size("logits of the network", block_logits.dim(), (BLOCK, logits.ncols()))?;
        same_size("input gradient of the network", block_gradient.dim(), (BLOCK, gradient.ncols()))?;
        logits.assign(&block_logits.slice(own));
        gradient.assign(&block_gradient.slice(own));
        Ok(())
    })?;
    Ok(PulledBack { logits, gradient })
}

/// One task for every block: side by side in all threads if there are several and the network allows it, or else one after
/// the other, each in all threads.
fn for_each_block<B: Send>(
    net: &dyn Network,
    blocks: Vec<B>,
    task: impl Fn(&dyn Network, B) -> Result<()> + Sync,
) -> Result<()> {
    let threads = rayon::current_num_threads();
    match net.shared().filter(|_| threads > 1 && blocks.len() > 1) {
        // As soon as one fails the others need not start.
        Some(net) => {
            blocks.into_par_iter().with_max_len(1).try_for_each(|block| products_alone(|| task(net, block)))
        }
        None => blocks.into_iter().try_for_each(|block| task(net, block)),
    }
}

/// The images as a whole block.
fn whole(images: ArrayView2<'_, f32>) -> CowArray<'_, f32, Ix2> {
    if images.nrows() == BLOCK { images.into() } else { filled(images).into() }
}
