//! The family of attacks that search a ball of given size.

use super::classifier::Classifier;
use super::loss::cross_entropy_cotangent;
use crate::data::Dataset;
use crate::display::{Content, show};
use crate::error::{Error, Result, finite};
use crate::seed::Stream;
use ndarray::{Array2, ArrayView2, Zip};

/// Examples under attack.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Clean images `(batch, inputs)` in `[0, 1]`.
    pub images: ArrayView2<'a, f32>,
    /// The class that counts as right, one per image.
    pub labels: &'a [u8],
    /// Number of the first example in its data set. Random starts are keyed by the number of the example, so that
    /// they do not depend on how a data set is cut.
    pub first: usize,
}

/// What an attack found, one row per example. Every image is inside its ball and in `[0, 1]`.
#[derive(Clone)]
pub struct Adversarial {
    /// `(batch, inputs)`.
    pub images: Array2<f32>,
    /// Gradient steps that led to the image; 0 where it is the start.
    pub steps: Vec<u32>,
    /// The restart it was found in, counted from 0.
    pub restarts: Vec<u32>,
}

impl Adversarial {
    /// Shows the number of images in a notebook; they leave as npy.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl std::fmt::Debug for Adversarial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Adversarial({} images of {} pixels)", self.images.nrows(), self.images.ncols())
    }
}

/// An attack that looks for the worst image within `eps` of the clean one, in the largest change of a pixel.
pub trait FixedEps: Send + Sync {
    /// Its name in tables and legends, e.g. `PGD-40`.
    fn name(&self) -> String;

    /// Attacks every example of the batch.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `eps` below 0 or not finite and for settings out of range; [`Error::Shape`] and
    /// [`Error::Empty`] for a batch that does not fit the model; [`Error::NotFinite`] for NaN in images or gradients.
    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial>;

    /// Attacks every example of a data set.
    ///
    /// # Errors
    /// As [`FixedEps::perturb`].
    fn attack(&self, model: &dyn Classifier, data: &Dataset, eps: f32) -> Result<Adversarial> {
        self.perturb(model, Batch { images: data.images(), labels: data.labels(), first: 0 }, eps)
    }
}

impl Batch<'_> {
    /// What every attack checks before it starts.
    pub(super) fn check(&self, model: &dyn Classifier, eps: f32) -> Result<()> {
        if !(eps >= 0.0 && eps.is_finite()) {
            return Err(Error::parameter("eps", eps, "a finite size of at least 0 (pixels are in [0, 1])"));
        }
        if self.images.nrows() == 0 {
            return Err(Error::empty("the batch under attack"));
        }
        if self.images.ncols() != model.inputs() {
            let need = format!("{} pixels, the inputs of the model", model.inputs());
            return Err(Error::shape("images under attack", need, self.images.ncols()));
        }
        if self.labels.len() != self.images.nrows() {
            return Err(Error::shape("labels under attack", self.images.nrows(), self.labels.len()));
        }
        if let Some(label) = self.labels.iter().find(|&&label| usize::from(label) >= model.classes()) {
            return Err(Error::parameter("label", label, format!("a class in 0..{}", model.classes())));
        }
        finite("images under attack", self.images.iter())?;
        match self.images.iter().find(|pixel| !(0.0..=1.0).contains(*pixel)) {
            Some(pixel) => Err(Error::parameter("pixel", pixel, "images scaled to [0, 1]")),
            None => Ok(()),
        }
    }

    /// A uniform random point of every example's ball, clipped to `[0, 1]`, from the numbers of `random(row)`.
    pub(super) fn random_point(&self, eps: f32, random: impl Fn(usize) -> Stream) -> Array2<f32> {
        let mut x = self.images.to_owned();
        for (row, mut x) in x.rows_mut().into_iter().enumerate() {
            let mut random = random(row);
            x.mapv_inplace(|clean| into_ball(clean + random.uniform_in(-eps, eps), clean, eps));
        }
        x
    }

    /// Logits and gradient of every example's cross-entropy at `at`.
    pub(super) fn ascent(
        &self,
        model: &dyn Classifier,
        at: &Array2<f32>,
    ) -> Result<super::classifier::PulledBack> {
        let pulled = model.pull_back(at.view(), &mut |rows, logits| {
            Ok(cross_entropy_cotangent(logits, self.labels.get(rows).unwrap_or(&[])))
        })?;
        same_size("logits of the model", pulled.logits.dim(), (at.nrows(), model.classes()))?;
        same_size("input gradient of the model", pulled.gradient.dim(), at.dim())?;
        finite("the input gradient", pulled.gradient.iter())?;
        Ok(pulled)
    }

    /// `x <- clip(x + step sign(gradient))` to the ball around the clean image and to `[0, 1]`; `sign(0) = 0`.
    pub(super) fn climb(&self, x: &mut Array2<f32>, gradient: &Array2<f32>, step: f32, eps: f32) {
        Zip::from(x).and(gradient).and(self.images).for_each(|x, &g, &clean| {
            let sign = if g == 0.0 { 0.0 } else { g.signum() };
            *x = into_ball(*x + step * sign, clean, eps);
        });
    }
}

/// Models and attacks may be the user's own: what they give is checked before it is indexed.
pub(super) fn same_size(what: &str, found: (usize, usize), needed: (usize, usize)) -> Result<()> {
    if found == needed {
        Ok(())
    } else {
        Err(Error::shape(what, format!("{needed:?}"), format!("{found:?}")))
    }
}

/// Logits of images, of the size that the model promises.
pub(super) fn checked_logits(model: &dyn Classifier, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    let logits = model.logits(images)?;
    same_size("logits of the model", logits.dim(), (images.nrows(), model.classes()))?;
    Ok(logits)
}

/// The nearest value within `eps` of `clean` and in `[0, 1]`.
pub(super) fn into_ball(value: f32, clean: f32, eps: f32) -> f32 {
    value.clamp((clean - eps).max(0.0), (clean + eps).min(1.0))
}
