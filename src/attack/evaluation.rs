//! One record per (example, attack, eps, restart), and what follows from them.

use super::curve::{ErrorCurve, decimal, wilson};
use super::norm::Norm;
use super::queries::Calls;
use super::warning::Warning;
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use ndarray::{Array2, ArrayView2};

/// What the attacks of a [`Suite`](super::Suite) did to every example.
#[derive(Clone)]
pub struct Evaluation {
    pub(super) attacks: Vec<Described>,
    pub(super) eps: Vec<f32>,
    examples: usize,
    pub(super) records: Vec<Record>,
    images: Vec<(usize, Option<f32>, Array2<f32>)>,
    pub(super) warnings: Vec<Warning>,
}

/// An attack as tables name it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) norm: Norm,
    pub(super) seed: u64,
    pub(super) minimal: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// Row of the batch.
    pub(super) example: usize,
    /// Position in the data set.
    pub(super) number: usize,
    pub(super) attack: usize,
    /// `None` for a search for the nearest image.
    pub(super) eps: Option<f32>,
    /// The eps at which the image was found: a smaller one where it was taken over.
    pub(super) found_at: Option<f32>,
    pub(super) restart: u32,
    pub(super) label: u8,
    pub(super) target: Option<u8>,
    pub(super) clean: u8,
    pub(super) adversarial: u8,
    pub(super) success: bool,
    pub(super) margin: f64,
    /// L-infinity, L2, L1.
    pub(super) sizes: [f64; 3],
    pub(super) step: u32,
    pub(super) first_success: Option<u32>,
    pub(super) calls: Calls,
}

impl Record {
    fn size(&self, norm: Norm) -> f64 {
        match norm {
            Norm::Linf => self.sizes[0],
            Norm::L2 => self.sizes[1],
            Norm::L1 => self.sizes[2],
        }
    }
}

impl Evaluation {
    pub(super) fn new(attacks: Vec<Described>, eps: Vec<f32>, examples: usize) -> Self {
        Self { attacks, eps, examples, records: vec![], images: vec![], warnings: vec![] }
    }

    pub(super) fn keep_images(&mut self, attack: usize, eps: Option<f32>, images: Array2<f32>) {
        self.images.push((attack, eps, images));
    }

    /// Names of the attacks, in the order in which they ran.
    pub fn attacks(&self) -> Vec<&str> {
        self.attacks.iter().map(|attack| attack.name.as_str()).collect()
    }

    /// The sizes of the balls, ascending.
    pub fn eps(&self) -> &[f32] {
        &self.eps
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.examples
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.examples == 0
    }

    /// What makes the results doubtful.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// One row per (example, attack, eps, restart), by attack, then by eps:
    ///
    /// `example` (position in the data set), `attack`, `norm`, `eps` (null for a search for the nearest image, which has one row per
    /// example), `found_at` (the eps at which the image was found, smaller where it was taken over), `restart`, `label`, `target`
    /// (null where untargeted), `clean` and `adversarial` (predicted classes), `success`, `margin` (below 0 where the image fools),
    /// `linf`, `l2` and `l1` (size of the change), `step` (that led to the image), `first_success` (the first step after which an
    /// image fooled, or null), `forward` and `gradient` (calls of the model in this row), `seed`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        let r = || self.records.iter();
        let of = |record: &Record| &self.attacks[record.attack];
        Frame::new()
            .with("example", r().map(|r| r.number as i64))?
            .with("attack", r().map(|r| of(r).name.as_str()))?
            .with("norm", r().map(|r| of(r).norm.to_string()))?
            .with("eps", r().map(|r| r.eps.map(decimal)))?
            .with("found_at", r().map(|r| r.found_at.map(decimal)))?
            .with("restart", r().map(|r| i64::from(r.restart)))?
            .with("label", r().map(|r| i64::from(r.label)))?
            .with("target", r().map(|r| r.target.map(i64::from)))?
            .with("clean", r().map(|r| i64::from(r.clean)))?
            .with("adversarial", r().map(|r| i64::from(r.adversarial)))?
            .with("success", r().map(|r| r.success))?
            .with("margin", r().map(|r| r.margin))?
            .with("linf", r().map(|r| r.sizes[0]))?
            .with("l2", r().map(|r| r.sizes[1]))?
            .with("l1", r().map(|r| r.sizes[2]))?
            .with("step", r().map(|r| i64::from(r.step)))?
            .with("first_success", r().map(|r| r.first_success.map(i64::from)))?
            .with("forward", r().map(|r| i64::from(r.calls.forward)))?
            .with("gradient", r().map(|r| i64::from(r.calls.gradient)))?
            .with("seed", r().map(|r| of(r).seed))
    }

    /// Which examples an attack fooled within `eps`, by row of the batch. An attack of given size says so at the eps at which it ran
    /// and, of what it found, for all larger ones; a search for the nearest image at every eps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an attack that did not run.
    pub fn fooled(&self, attack: &str, eps: f64) -> Result<Vec<bool>> {
        let position = self.position(attack)?;
        let norm = self.attacks[position].norm;
        let mut fooled = vec![false; self.examples];
        for record in self.records.iter().filter(|record| record.attack == position && record.success) {
            let within = match record.eps {
                Some(at) => decimal(at) == eps,
                None => record.size(norm) <= eps * (1.0 + 1e-6),
            };
            fooled[record.example] |= within;
        }
        Ok(fooled)
    }

    /// Error rate of an attack at every eps, with its binomial standard error over the examples; `name` goes into the legend.
    ///
    /// # Errors
    /// As [`Evaluation::fooled`].
    pub fn curve(&self, attack: &str, name: &str) -> Result<ErrorCurve> {
        self.curve_of(name, &self.eps_values(), |eps| self.fooled(attack, eps))
    }

    /// The same at any eps, from the minimal distances of one run.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an attack that did not run or is not a search for the nearest image.
    pub fn curve_at(&self, attack: &str, name: &str, eps: &[f64]) -> Result<ErrorCurve> {
        if !self.attacks[self.position(attack)?].minimal {
            return Err(Error::parameter(
                "attack",
                attack,
                "a search for the nearest image, or Evaluation::curve",
            ));
        }
        self.curve_of(name, eps, |eps| self.fooled(attack, eps))
    }

    /// Error rate of all attacks in a norm together: an example counts where any of them fooled it, so this is the worst case of every
    /// example and not the largest of the rates.
    ///
    /// # Errors
    /// [`Error::Parameter`] where no attack ran in this norm.
    pub fn worst_case(&self, norm: Norm, name: &str) -> Result<ErrorCurve> {
        let members: Vec<&str> = self
            .attacks
            .iter()
            .filter(|attack| attack.norm == norm)
            .map(|attack| attack.name.as_str())
            .collect();
        if members.is_empty() {
            return Err(Error::parameter("norm", norm, "the norm of an attack that ran"));
        }
        self.curve_of(name, &self.eps_values(), |eps| {
            let mut any = vec![false; self.examples];
            for attack in &members {
                any.iter_mut().zip(self.fooled(attack, eps)?).for_each(|(any, fooled)| *any |= fooled);
            }
            Ok(any)
        })
    }

    /// One row per (attack, eps): `attack`, `norm`, `eps`, `examples`, `fooled`, `error` (their ratio), `standard_error`
    /// (`sqrt(p (1 - p) / n)`), `low` and `high` (the 95 % interval of Wilson 1927).
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn rates(&self) -> Result<Frame> {
        let mut rows = vec![];
        for attack in &self.attacks {
            for eps in self.eps_values() {
                let fooled = self.fooled(&attack.name, eps)?.into_iter().filter(|fooled| *fooled).count();
                rows.push((attack, eps, fooled));
            }
        }
        let (n, r) = (self.examples, || rows.iter());
        let rate = |fooled: usize| fooled as f64 / n.max(1) as f64;
        Frame::new()
            .with("attack", r().map(|r| r.0.name.as_str()))?
            .with("norm", r().map(|r| r.0.norm.to_string()))?
            .with("eps", r().map(|r| r.1))?
            .with("examples", r().map(|_| n as i64))?
            .with("fooled", r().map(|r| r.2 as i64))?
            .with("error", r().map(|r| rate(r.2)))?
            .with("standard_error", r().map(|r| (rate(r.2) * (1.0 - rate(r.2)) / n.max(1) as f64).sqrt()))?
            .with("low", r().map(|r| wilson(r.2, n).0))?
            .with("high", r().map(|r| wilson(r.2, n).1))
    }

    /// The size of the smallest change that fooled every example, in the norm of the attack, by row of the batch; NaN where none did.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an attack that did not run.
    pub fn distances(&self, attack: &str) -> Result<Vec<f64>> {
        let position = self.position(attack)?;
        let norm = self.attacks[position].norm;
        let mut distances = vec![f64::NAN; self.examples];
        for record in self.records.iter().filter(|record| record.attack == position && record.success) {
            let distance = &mut distances[record.example];
            *distance = distance.min(record.size(norm));
        }
        Ok(distances)
    }

    /// The median of [`Evaluation::distances`], where an example that was not fooled is infinitely far: infinite where that is
    /// half of them.
    ///
    /// # Errors
    /// As [`Evaluation::distances`].
    pub fn median_distance(&self, attack: &str) -> Result<f64> {
        let distances = self.distances(attack)?.into_iter();
        let mut distances: Vec<f64> = distances.map(|d| if d.is_nan() { f64::INFINITY } else { d }).collect();
        distances.sort_by(f64::total_cmp);
        let (low, high) = ((distances.len().max(1) - 1) / 2, distances.len() / 2);
        match (distances.get(low), distances.get(high)) {
            (Some(low), Some(high)) => Ok(0.5 * (low + high)),
            _ => Ok(f64::NAN),
        }
    }

    /// The images of an attack, `(examples, inputs)`, if [they were kept](super::Suite::with_images): at one of the eps, or the nearest
    /// ones of a search, for which eps is `None`. The best restart of every example; where `fooled` says no, they do not fool.
    /// [`write_npy`](crate::exchange::write_npy) saves them.
    pub fn images(&self, attack: &str, eps: Option<f32>) -> Option<ArrayView2<'_, f32>> {
        let position = self.position(attack).ok()?;
        let kept = self.images.iter().find(|(attack, at, _)| *attack == position && *at == eps);
        kept.map(|(_, _, images)| images.view())
    }

    fn position(&self, attack: &str) -> Result<usize> {
        self.attacks.iter().position(|known| known.name == attack).ok_or_else(|| {
            Error::parameter("attack", attack, format!("one of {:?}, which ran", self.attacks()))
        })
    }

    fn eps_values(&self) -> Vec<f64> {
        self.eps.iter().map(|eps| decimal(*eps)).collect()
    }

    fn curve_of(
        &self,
        name: &str,
        eps: &[f64],
        fooled: impl Fn(f64) -> Result<Vec<bool>>,
    ) -> Result<ErrorCurve> {
        let counts = eps.iter().map(|eps| Ok(fooled(*eps)?.into_iter().filter(|fooled| *fooled).count()));
        Ok(ErrorCurve::from_counts(name, eps, &counts.collect::<Result<Vec<_>>>()?, self.examples))
    }

    /// Shows the rates in a notebook.
    pub fn evcxr_display(&self) {
        match self.rates() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
    }
}

impl std::fmt::Debug for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let attacks = self.attacks().join(", ");
        write!(f, "Evaluation({} examples, eps {:?}: {attacks})", self.examples, self.eps)
    }
}
