//! Boundaries between classes, linearised.

use super::norm::Norm;
use super::queries::Queries;
use crate::error::Result;
use ndarray::{Array2, Axis};

/// Images whose boundaries are asked for together: their gradients by all classes are in memory at once.
const IMAGES: usize = 256;

/// Where the linearisation of `f = z_class - z_from` is zero: the hyperplane `value + gradient . (x - at) = 0`.
pub(super) struct Boundary {
    /// `f` at the image.
    pub(super) value: f64,
    /// Its gradient there.
    pub(super) gradient: Vec<f32>,
    /// Distance of the hyperplane, `|value| / (dual norm of the gradient + guard)`.
    pub(super) distance: f64,
}

/// For every one of `rows` the nearest linearised boundary at its row of `x`.
///
/// `classes[row]` is the class to leave, followed by those that it is left for. One gradient per boundary: that of
/// the difference, not a difference of gradients, which would cancel.
pub(super) fn nearest_boundaries(
    queries: &mut Queries<'_>,
    (norm, guard): (Norm, f64),
    rows: &[usize],
    x: &Array2<f32>,
    classes: &[Vec<usize>],
) -> Result<Vec<Boundary>> {
    let mut nearest = Vec::with_capacity(rows.len());
    for rows in rows.chunks(IMAGES) {
        // An image once for every boundary.
        let asked: Vec<(usize, usize, usize)> = rows
            .iter()
            .filter_map(|&row| Some((row, classes.get(row)?.split_first()?)))
            .flat_map(|(row, (&from, others))| others.iter().map(move |&class| (row, from, class)))
            .collect();
        let images: Vec<usize> = asked.iter().map(|(row, ..)| *row).collect();
        let pulled = queries.pull_back(&images, x.select(Axis(0), &images).view(), |i, _, out| {
            if let Some(&(_, from, class)) = asked.get(i) {
                difference(out, class, from);
            }
        })?;
        let boundaries = asked.iter().zip(pulled.logits.rows()).zip(pulled.gradient.rows());
        let mut last = None;
        for ((&(row, from, class), logits), gradient) in boundaries {
            let value = f64::from(logits[class]) - f64::from(logits[from]);
            let gradient = gradient.to_vec();
            let distance = value.abs() / (dual(norm, &gradient) + guard);
            let boundary = Boundary { value, gradient, distance };
            match nearest.last_mut() {
                Some(best) if last == Some(row) => {
                    let best: &mut Boundary = best;
                    if distance < best.distance {
                        *best = boundary;
                    }
                }
                _ => nearest.push(boundary),
            }
            last = Some(row);
        }
    }
    Ok(nearest)
}

/// Sets the cotangent whose gradient is that of `z_up - z_down`. A model of the user's may have fewer logits than it
/// promises, which is told afterwards.
pub(super) fn difference(cotangent: &mut [f32], up: usize, down: usize) {
    for (class, slope) in [(up, 1.0), (down, -1.0)] {
        if let Some(entry) = cotangent.get_mut(class) {
            *entry = slope;
        }
    }
}

/// The norm that measures gradients where changes are measured in `norm`.
fn dual(norm: Norm, gradient: &[f32]) -> f64 {
    let norm = match norm {
        Norm::Linf => Norm::L1,
        Norm::L2 => Norm::L2,
        Norm::L1 => Norm::Linf,
    };
    norm.of(gradient.iter().copied())
}

/// Classes by falling logit; of equal logits the first comes first.
pub(super) fn ranked(logits: &[f32]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    classes.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    classes
}
