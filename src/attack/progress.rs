//! What searches of several steps keep of the images they visit.

use super::adversarial::Adversarial;
use super::batch::Batch;
use super::queries::Queries;
use crate::error::Result;
use ndarray::{Array2, ArrayView1};

impl Adversarial {
    /// The clean images, and their logits. Where one is misclassified it is what is returned: success at step 0. The others
    /// have an infinite margin, so that the first image visited takes their place.
    pub(super) fn from_clean(batch: Batch<'_>, queries: &mut Queries<'_>) -> Result<(Self, Array2<f32>)> {
        let rows: Vec<usize> = (0..batch.len()).collect();
        let logits = queries.logits(&rows, batch.images)?;
        let mut found = Self::nothing(batch);
        found.judge(batch, batch.images, logits.view());
        for row in rows {
            match found.success[row] {
                true => found.first_success[row] = Some(0),
                false => found.margins[row] = f64::INFINITY,
            }
        }
        Ok((found, logits))
    }

    /// Takes an image of an example if it fools where the one kept does not, or else if its margin is smaller. Gives whether
    /// it fools.
    pub(super) fn offer(
        &mut self,
        batch: Batch<'_>,
        row: usize,
        (image, logits): (ArrayView1<'_, f32>, &[f32]),
        (step, restart): (usize, usize),
    ) -> bool {
        let (fooled, margin) = (batch.fooled(row, logits), batch.margin(row, logits));
        if fooled && self.first_success[row].is_none() {
            self.first_success[row] = Some(step as u32);
        }
        let better = margin < self.margins[row];
        if (fooled && !self.success[row]) || (fooled == self.success[row] && better) {
            self.images.row_mut(row).assign(&image);
            (self.success[row], self.margins[row]) = (fooled, margin);
            (self.steps[row], self.restarts[row]) = (step as u32, restart as u32);
        }
        fooled
    }
}
