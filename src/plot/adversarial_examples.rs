//! Adversarial images beside what they were made of.

use super::image::Image;
use super::image_grid::{ImageGrid, Limits};
use crate::attack::Classifier;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::nn::largest;
use ndarray::{Array2, ArrayView1, ArrayView2, s};

/// Clean images, and below them for every attack what it made of them and the change, with what the model says under each: a
/// column for each of `examples`, positions in `data`. `attacks` has names and adversarial images `(data.len(), pixels)`, such as
/// [`Adversarial::images`](crate::attack::Adversarial::images).
///
/// A change is blue where pixels became darker and red where they became brighter; all changes are on one scale.
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let net = Mlp::new(&[784, 10], Activation::Tanh, 1)?;
/// let found = Fgsm.attack(&net, &digits, 0.1)?;
/// let grid = plot::adversarial_examples(&net, &digits, &[("FGSM", found.images.view())], &[0, 1, 2])?;
/// assert_eq!(grid.rows().len(), 3);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without attacks or examples, [`Error::Parameter`] for an example that `data` does not have,
/// [`Error::Shape`] for images of another number or size than those of `data`, those of [`Image::pixels`] and of the model.
pub fn adversarial_examples(
    model: &dyn Classifier,
    data: &Dataset,
    attacks: &[(&str, ArrayView2<'_, f32>)],
    examples: &[usize],
) -> Result<ImageGrid> {
    if attacks.is_empty() {
        return Err(Error::empty("the list of attacks"));
    }
    if examples.is_empty() {
        return Err(Error::empty("the list of examples"));
    }
    if let Some(example) = examples.iter().find(|example| **example >= data.len()) {
        return Err(Error::parameter("example", example, format!("a position in 0..{}", data.len())));
    }
    let clean = data.images();
    let shape = data.shape();
    let pixels = |images: ArrayView2<'_, f32>| -> Result<Vec<Image>> {
        let chosen = images.select(ndarray::Axis(0), examples);
        let logits = model.logits(chosen.view())?;
        let said = |row: ArrayView1<'_, f32>| largest(&row.to_vec());
        let images = chosen.outer_iter().zip(logits.outer_iter());
        images.map(|(x, z)| Ok(Image::pixels(x, shape)?.with_caption(format!("{}", said(z))))).collect()
    };
    let labels = examples.iter().filter_map(|example| data.labels().get(*example));
    let heads = labels.map(|label| format!("a {label}"));
    let mut grid = ImageGrid::new().with_columns(heads).with_limits(Limits::Grid);
    grid = grid.with_row("clean", pixels(clean)?);
    for (name, images) in attacks {
        if images.dim() != clean.dim() {
            let (expected, found) = (format!("{:?}", clean.dim()), format!("{:?}", images.dim()));
            return Err(Error::shape(format!("images of `{name}`"), expected, found));
        }
        grid = grid.with_row(*name, pixels(*images)?);
        let change = |example: &usize| {
            let change: Array2<f32> =
                &images.slice(s![*example..example + 1, ..]) - &clean.slice(s![*example..example + 1, ..]);
            // Without a text of its own it would stand lower than images with one.
            Image::signed(change.row(0), shape)
        };
        grid = grid.with_row("change", examples.iter().map(change).collect::<Result<Vec<_>>>()?);
    }
    Ok(grid)
}
