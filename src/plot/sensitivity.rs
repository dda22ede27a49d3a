//! Sensitivity maps of networks side by side.

use super::image::Image;
use super::image_grid::ImageGrid;
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::nn::Network;
use crate::spectra::Sensitivity;
use ndarray::{ArrayView1, Axis};

/// An image beside the gradients of its projections on the eigenvectors `n`, counted from 1, of a tap: a row for each
/// network, a column for each `n` (Nassar2020). Red where a brighter pixel adds to the projection, blue where it takes
/// from it; see [`Sensitivity::projection_gradient`].
///
/// `image` is a row of [`Dataset::images`](crate::data::Dataset::images) of this `shape`. For other maps, as of
/// [`Sensitivity::eigenvalue_gradient`], put an [`ImageGrid`] together.
///
/// # Errors
/// [`Error::Empty`] without networks or numbers, and those of [`Image::pixels`] and
/// [`Sensitivity::projection_gradient`].
///
/// ```
/// use eigengate::prelude::*;
///
/// let digits = mnist::shipped()?.test.take(200)?;
/// let net = Mlp::new(&[784, 20, 10], Activation::Tanh, 1)?;
/// let sensitivity = Sensitivity::new(&net, &digits, "hidden.0")?;
/// let maps = plot::sensitivity_maps(
///     digits.images().row(0),
///     digits.shape(),
///     &[("vanilla", &net, &sensitivity)],
///     &[1, 2, 10],
/// )?;
/// assert_eq!(maps.rows()[0].1.len(), 4);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn sensitivity_maps(
    image: ArrayView1<'_, f32>,
    shape: ImageShape,
    networks: &[(&str, &dyn Network, &Sensitivity)],
    numbers: &[usize],
) -> Result<ImageGrid> {
    if networks.is_empty() {
        return Err(Error::empty("the list of networks"));
    }
    if numbers.is_empty() {
        return Err(Error::empty("the list of eigenvectors"));
    }
    let heads = numbers.iter().map(|n| format!("n = {n}"));
    let mut grid = ImageGrid::new().with_columns(["image".to_owned()].into_iter().chain(heads));
    for (name, net, sensitivity) in networks {
        let mut cells = vec![Image::pixels(image, shape)?];
        for &n in numbers {
            let map = sensitivity.projection_gradient(*net, image.insert_axis(Axis(0)), n)?;
            cells.push(Image::signed(map.index_axis(Axis(0), 0), shape)?);
        }
        grid = grid.with_row(*name, cells);
    }
    Ok(grid)
}
