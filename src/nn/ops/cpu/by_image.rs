//! The backward pass of an operation that treats every image by itself.

use crate::device::{Contiguous, Device, values_mut};
use crate::nn::ops::GradientsOf;
use crate::numeric::column_sums;
use dfdx::prelude::{Gradients, HasErr, ZerosTensor};
use rayon::prelude::*;

/// Images that one task handles. Their parameter gradients are added in float32, those of the tasks in their order:
/// the result does not depend on the number of threads.
const IMAGES: usize = 32;

/// Images of a task where a parameter gradient has `len` numbers: more of them where gradients are so large that one
/// a task would take more memory than the images.
pub(crate) fn task_images(batch: usize, len: usize) -> usize {
    /// Numbers in the gradients of all tasks together, 32 MiB; but 8 tasks at least.
    const NUMBERS: usize = 1 << 23;
    let tasks = (NUMBERS / len.max(1)).max(8);
    batch.div_ceil(tasks).max(IMAGES)
}

/// What the gradients of one image are added to; `None` for those that are not asked for.
pub(crate) struct Wanted<'a> {
    /// The weight gradient in the layout of the operation, and the bias gradient.
    pub parameters: Option<(&'a mut [f32], &'a mut [f32])>,
    /// The gradient by this image.
    pub input: Option<&'a mut [f32]>,
}

/// The tensors of the operation, and what is asked for.
pub(crate) struct ByImage<'a> {
    pub x: &'a Contiguous,
    pub weight: &'a Contiguous,
    pub bias: &'a Contiguous,
    pub gradients: GradientsOf,
    /// Numbers of a weight gradient in the layout of the operation.
    pub layout: usize,
}

impl ByImage<'_> {
    /// Calls `each(scratch, image, wanted)` for every image, on all cores; `fold(sums, dw)` adds a weight gradient in
    /// the layout of the operation to the one in that of the weight.
    pub(crate) fn run<S>(
        &self,
        g: &mut Gradients<f32, Device>,
        scratch: impl Fn() -> S + Send + Sync,
        each: impl Fn(&mut S, usize, Wanted<'_>) + Sync,
        fold: impl Fn(&[f64], &mut [f32]),
    ) -> Result<(), <Device as HasErr>::Err> {
        let (batch, pixels) = self.x.dims();
        let channels = self.bias.values().len();
        let width = self.layout + channels;
        let images = task_images(batch, width);

        let mut dx = vec![];
        if self.gradients.input() {
            dx = std::mem::take(&mut **g.get_or_alloc_mut(self.x.tensor())?);
        }
        let tasks = if self.gradients.parameters() { batch.div_ceil(images) } else { 0 };
        let mut sums = self.x.tensor().device().try_zeros_like(&(tasks, width))?;
        let mut sums_of_tasks = values_mut(&mut sums).chunks_exact_mut(width);
        let mut dx_of_tasks = dx.chunks_mut(images * pixels);
        let work: Vec<_> = (0..batch)
            .step_by(images)
            .map(|start| (start..(start + images).min(batch), sums_of_tasks.next(), dx_of_tasks.next()))
            .collect();
        work.into_par_iter().for_each_init(scratch, |scratch, (range, mut sums, dx)| {
            let mut dx = dx.map(|dx| dx.chunks_exact_mut(pixels));
            for image in range {
                let parameters = sums.as_mut().map(|sums| sums.split_at_mut(self.layout));
                let input = dx.as_mut().and_then(Iterator::next);
                each(scratch, image, Wanted { parameters, input });
            }
        });
        if self.gradients.input() {
            **g.get_or_alloc_mut(self.x.tensor())? = dx;
        }
        if self.gradients.parameters() {
            let totals = column_sums(values_mut(&mut sums), width);
            let (dw, db) = totals.split_at(self.layout);
            fold(dw, g.get_or_alloc_mut(self.weight.tensor())?);
            let bias = g.get_or_alloc_mut(self.bias.tensor())?;
            bias.iter_mut().zip(db).for_each(|(bias, sum)| *bias += *sum as f32);
        }
        Ok(())
    }
}
