//! How the eigenvalues of a representation, and what an image has along its eigenvectors, change with the pixels.

use super::measure::covariances;
use super::{Precision, Tap};
use crate::data::Dataset;
use crate::device::{Matrix, Recording, to_array, to_device, zeros};
use crate::display::{Content, escape_html, show};
use crate::error::{Error, Result, finite};
use crate::nn::Network;
use crate::nn::blocks::{blocks, filled};
use crate::nn::network::{backward, take_gradient};
use crate::nn::ops::{GradientsOf, pairing};
use crate::numeric::symmetric_eigen;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

/// Sensitivity of one tap of a network to the pixels of its inputs, along each eigenvector of the tap's covariance
/// over a data set (Nassar2020).
///
/// With activations `f(x)`, their mean `m` over `B` images and the eigenvectors `v_n` of their covariance, largest
/// eigenvalue `lambda_1` first and `n` counted from 1:
///
/// ```text
/// projection           p_n(x)           = v_n . (f(x) - m)
/// its gradient         d p_n / dx       = J(x)' v_n,                     J = df/dx
/// eigenvalue           lambda_n         = sum_i p_n(x_i)^2 / (B - 1)
/// its gradient         d lambda_n / dx_i = 2 p_n(x_i) J(x_i)' v_n / (B - 1)
/// ```
///
/// The largest component of each `v_n` by absolute value, the first of equal ones, is positive: else the sign of a map
/// would be an accident. Covariance and eigenvectors are float64; the network runs in evaluation mode, as it does
/// for attacks, and a result depends on its image alone, not on the batch.
///
/// ```
/// use eigengate::prelude::*;
///
/// let data = mnist::shipped()?.test.take(200)?;
/// let net = Mlp::new(&[784, 20, 10], Activation::Tanh, 1)?;
/// let sensitivity = Sensitivity::new(&net, &data, "hidden.0")?;
/// let digits = data.images().slice_move(s![..3, ..]);
///
/// let map = sensitivity.projection_gradient(&net, digits, 1)?;
/// assert_eq!(map.dim(), (3, 784));
/// // How much of the digit's first principal component a small change of its pixels adds.
/// let moved = &digits + &map.mapv(|g| 1e-2 * g);
/// let before = sensitivity.projections(&net, digits, 1)?;
/// assert!(sensitivity.projections(&net, moved.view(), 1)?[0] > before[0]);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Sensitivity {
    tap: String,
    position: usize,
    inputs: usize,
    /// Images behind the covariance, `B`.
    images: usize,
    mean: Array1<f64>,
    /// In descending order.
    eigenvalues: Vec<f64>,
    /// `(width, width)`, as columns.
    vectors: Array2<f64>,
}

impl Sensitivity {
    /// Mean, eigenvalues and eigenvectors of the covariance of `tap` over `data`. A tap is named by its position,
    /// counted from 0, or by its name: see [`Tap`].
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tap that the network does not have, [`Error::Shape`] where the images do not fit the
    /// network, [`Error::Empty`] for fewer than two images, [`Error::NotFinite`] for a diverged network.
    pub fn new(net: &dyn Network, data: &Dataset, tap: impl Into<Tap>) -> Result<Self> {
        // What is generic is compiled again in every cell that calls it, so it does nothing else.
        Self::of(net, data, &tap.into())
    }

    fn of(net: &dyn Network, data: &Dataset, tap: &Tap) -> Result<Self> {
        let _memory = crate::device::ReleaseAtEnd;
        let taps = net.taps();
        let position = tap.position(&taps)?;
        let sums = covariances(net, data, &[position], Precision::Double)?;
        let (Some(sum), Some((tap, _))) = (sums.first(), taps.into_iter().nth(position)) else {
            return Err(Error::empty("the list of hidden layers"));
        };
        let eigen = symmetric_eigen(sum.finish()?.view())?;
        let mut vectors = eigen.vectors;
        for mut vector in vectors.axis_iter_mut(Axis(1)) {
            let largest = vector.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a });
            if largest.is_some_and(|value| value < 0.0) {
                vector.mapv_inplace(|v| -v);
            }
        }
        Ok(Self {
            tap,
            position,
            inputs: net.inputs(),
            images: data.len(),
            mean: sum.mean()?,
            eigenvalues: eigen.values.to_vec(),
            vectors,
        })
    }

    /// Name of the tap, e.g. `hidden.0`.
    pub fn tap(&self) -> &str {
        &self.tap
    }

    /// `lambda_1 >= lambda_2 >= ...`, one for each unit of the tap.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The mean activation of every unit over the data set, `(width,)`.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// `v_n`, `(width,)`, of length 1, its largest component by absolute value positive.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an `n` that is not of `1..=width`, or whose eigenvalue equals one of its neighbours to
    /// rounding, as that of units that are constant: its eigenvector is then any of a plane.
    pub fn eigenvector(&self, n: usize) -> Result<ArrayView1<'_, f64>> {
        let values = &self.eigenvalues;
        let found = n.checked_sub(1).and_then(|index| Some((index, *values.get(index)?)));
        let (index, value) = found.ok_or_else(|| {
            Error::parameter("n", n, format!("1 to {}, the units of {}", values.len(), self.tap))
        })?;
        let largest = values.first().map_or(0.0, |value| value.abs());
        let rounding = values.len() as f64 * f64::EPSILON * largest;
        let neighbours =
            [index.checked_sub(1), Some(index + 1)].into_iter().flatten().filter_map(|i| values.get(i));
        if neighbours.into_iter().any(|other| (value - other).abs() <= rounding) {
            let simple =
                format!("the number of an eigenvalue that comes once: {value:.3e} equals its neighbour");
            return Err(Error::parameter("n", n, simple));
        }
        Ok(self.vectors.index_axis(Axis(1), index))
    }

    /// `p_n(x)` of every image, `(batch,)`; `images` is `(batch, inputs)`, of the data set or not, and `n` is counted
    /// from 1.
    ///
    /// # Errors
    /// Those of [`Sensitivity::eigenvector`]; [`Error::Shape`] for images of another width and for a network whose
    /// inputs or tap are not those of the one this was made of; [`Error::Empty`] for no images, [`Error::NotFinite`].
    pub fn projections(
        &self,
        net: &dyn Network,
        images: ArrayView2<'_, f32>,
        n: usize,
    ) -> Result<Array1<f64>> {
        let _memory = crate::device::ReleaseAtEnd;
        let vector = self.check(net, images, n)?;
        let mut projections = Vec::with_capacity(images.nrows());
        for rows in blocks(images.nrows()) {
            let block = filled(images.slice(s![rows.clone(), ..]));
            let taps = net.forward(to_device(block.view())?)?.taps;
            projections.extend(self.project(&taps, vector, rows.len())?);
        }
        finite("projections", &projections)?;
        Ok(projections.into())
    }

    /// The gradient of `p_n(x)` by every pixel, `J(x)' v_n`, for every image: `(batch, inputs)` as `images`, which need
    /// not be of the data set. `n` is counted from 1.
    ///
    /// # Errors
    /// As [`Sensitivity::projections`].
    pub fn projection_gradient(
        &self,
        net: &dyn Network,
        images: ArrayView2<'_, f32>,
        n: usize,
    ) -> Result<Array2<f32>> {
        Ok(self.pull_back(net, images, n)?.1)
    }

    /// The gradient of `lambda_n` by every pixel of every image, `2 p_n(x) J(x)' v_n / (B - 1)`: `(batch, inputs)` as
    /// `images`. `n` is counted from 1.
    ///
    /// For an image of the data set this is exact while all other images stay: to first order neither the change of
    /// `v_n` counts, which is orthogonal to it, nor that of the mean, from which the `p_n` add up to 0. For any other
    /// image it is the gradient of `lambda_n` of the data set with that image added, to leading order in `1 / B`.
    ///
    /// # Errors
    /// As [`Sensitivity::projections`].
    pub fn eigenvalue_gradient(
        &self,
        net: &dyn Network,
        images: ArrayView2<'_, f32>,
        n: usize,
    ) -> Result<Array2<f32>> {
        let (projections, mut gradient) = self.pull_back(net, images, n)?;
        // A covariance of fewer than two images was refused.
        let examples = self.images as f64 - 1.0;
        for (mut row, p) in gradient.outer_iter_mut().zip(&projections) {
            let factor = 2.0 * p / examples;
            row.mapv_inplace(|g| (factor * f64::from(g)) as f32);
        }
        Ok(gradient)
    }

    /// `p_n(x)` and `J(x)' v_n` of every image.
    fn pull_back(
        &self,
        net: &dyn Network,
        images: ArrayView2<'_, f32>,
        n: usize,
    ) -> Result<(Vec<f64>, Array2<f32>)> {
        let _memory = crate::device::ReleaseAtEnd;
        let vector = self.check(net, images, n)?;
        let direction = vector.mapv(|v| v as f32);
        let mut projections = Vec::with_capacity(images.nrows());
        let mut gradient = Array2::zeros(images.dim());
        for rows in blocks(images.nrows()) {
            let block = filled(images.slice(s![rows.clone(), ..]));
            let x = to_device(block.view())?;
            let recorded = net.record(x.clone(), GradientsOf::Input)?;
            projections.extend(self.project(&recorded.taps, vector, rows.len())?);
            let tap = self.tap_of(&recorded.taps)?.retaped::<Recording>();
            let mut cotangent = Array2::zeros((block.nrows(), vector.len()));
            cotangent.outer_iter_mut().for_each(|mut row| row.assign(&direction));
            let branch = pairing(tap, &to_device(cotangent.view())?)?;
            // The tape below the tap is that of the logits: with zeros they bring it in and add nothing.
            let nothing = zeros(block.nrows(), net.classes())?;
            let mut gradients = backward(branch + pairing(recorded.logits, &nothing)?)?;
            let values = take_gradient(&mut gradients, &x)?;
            let values = ArrayView2::from_shape(block.dim(), &values)
                .map_err(|e| Error::shape("input gradient", format!("{:?}", block.dim()), e))?;
            gradient.slice_mut(s![rows.clone(), ..]).assign(&values.slice(s![..rows.len(), ..]));
        }
        finite("projections", &projections)?;
        finite("gradient of the projections", &gradient)?;
        Ok((projections, gradient))
    }

    /// `v_n`, once network and images are found to fit.
    fn check(&self, net: &dyn Network, images: ArrayView2<'_, f32>, n: usize) -> Result<ArrayView1<'_, f64>> {
        let vector = self.eigenvector(n)?;
        self.check_images(net, images)?;
        Ok(vector)
    }

    /// That the network is the one this was made of, and that images fit it.
    pub(super) fn check_images(&self, net: &dyn Network, images: ArrayView2<'_, f32>) -> Result<()> {
        let own = (self.tap.clone(), self.mean.len());
        let taps = net.taps();
        if net.inputs() != self.inputs || taps.get(self.position) != Some(&own) {
            let expected = format!("{} inputs and a tap {} of {} units", self.inputs, own.0, own.1);
            return Err(Error::shape(
                "network",
                expected,
                format!("{} inputs and taps {taps:?}", net.inputs()),
            ));
        }
        if images.nrows() == 0 {
            return Err(Error::empty("images"));
        }
        if images.ncols() != self.inputs {
            let found = format!("{:?}", images.dim());
            return Err(Error::shape("images", format!("(batch, {})", self.inputs), found));
        }
        finite("images", images)
    }

    /// `(width, width)`, the eigenvectors as columns, largest eigenvalue first.
    pub(super) fn vectors(&self) -> ArrayView2<'_, f64> {
        self.vectors.view()
    }

    /// `p_n` of the first `rows` rows of a pass.
    fn project(&self, taps: &[Matrix], vector: ArrayView1<'_, f64>, rows: usize) -> Result<Vec<f64>> {
        let activations = to_array(self.tap_of(taps)?)?;
        let project = |row: ArrayView1<'_, f32>| {
            let centred = row.iter().zip(&self.mean).map(|(f, m)| f64::from(*f) - m);
            centred.zip(&vector).map(|(f, v)| f * v).sum()
        };
        Ok(activations.outer_iter().take(rows).map(project).collect())
    }

    pub(super) fn tap_of<'a>(&self, taps: &'a [Matrix]) -> Result<&'a Matrix> {
        taps.get(self.position)
            .ok_or_else(|| Error::shape("list of taps", format!("more than {}", self.position), taps.len()))
    }

    /// Shows a summary in a notebook.
    pub fn evcxr_display(&self) {
        let text = format!("{self:?}");
        show(&[Content::Html(&escape_html(&text)), Content::Plain(&text)]);
    }
}

impl std::fmt::Debug for Sensitivity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ends = (self.eigenvalues.first().copied(), self.eigenvalues.last().copied());
        let (largest, smallest) = (ends.0.unwrap_or(f64::NAN), ends.1.unwrap_or(f64::NAN));
        write!(
            f,
            "Sensitivity({}: {} inputs, {} eigenvectors over {} images, eigenvalues {largest:.3e} to {smallest:.3e})",
            self.tap,
            self.inputs,
            self.eigenvalues.len(),
            self.images
        )
    }
}
