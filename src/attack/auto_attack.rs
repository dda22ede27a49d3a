//! AutoAttack: attacks in turn, each on what the ones before left.

use super::adversarial::Adversarial;
use super::apgd::Apgd;
use super::auto_part::Part;
use super::auto_report::AutoAttackReport;
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::fab::Fab;
use super::fixed_eps::FixedEps;
use super::minimal_norm::untargeted;
use super::norm::Norm;
use super::queries::Queries;
use super::square::Square;
use super::warning::Warning;
use crate::data::{Dataset, ImageShape};
use crate::error::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis};

/// AutoAttack (Croce and Hein 2020): attacks in a fixed order, each only on the examples that still stand, and always from the
/// clean image. Which attack broke an example is recorded.
///
/// [`standard`](AutoAttack::standard) is APGD-CE, APGD-T (9 targets), FAB-T (9 targets) and Square (5000 queries), one run each with the
/// parameters of the authors' program; the robust accuracy that it finds is what RobustBench lists. It needs a model of 4
/// classes or more, and with fewer than 10 all wrong classes are targets (and a warning says so). For 2 or 3 classes put the parts
/// together yourself:
///
/// ```
/// use eigengate::attack::{Apgd, AutoAttack, Fab, Norm, Square};
/// use eigengate::data::ImageShape;
/// let (norm, shape) = (Norm::Linf, ImageShape { channels: 1, height: 28, width: 28 });
/// let attack = AutoAttack::of(&[
///     Apgd::cross_entropy(norm).into(),
///     Apgd::dlr(norm).into(), // not for 2 classes
///     Fab::new().with_norm(norm).into(),
///     Square::new(norm, shape).into(),
/// ])?;
/// assert_eq!(attack.parts().len(), 4);
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// One thing differs on purpose: an image of FAB that ends beyond eps is drawn back into the ball and counts if it still fools
/// ([`WithinEps`](super::WithinEps)), where theirs counts as a failure. So an example just beyond eps may be broken here alone.
///
/// [`rand`](AutoAttack::rand) is for models with random output: APGD-CE and APGD-DLR, with 20 gradients averaged for every step.
///
/// The checks of that program come as [`Warning`]s: random output, probabilities instead of logits, gradients of zeros, too
/// few classes, Square better than attacks along gradients; and losses that are flat in float32.
///
/// ```no_run
/// use eigengate::attack::{AutoAttack, Norm};
/// use eigengate::data::mnist;
/// use eigengate::nn::Mlp;
///
/// let digits = mnist::shipped()?.test.take(1000)?;
/// let net = Mlp::load("net.safetensors")?;
/// let report = AutoAttack::standard(Norm::Linf, digits.shape()).evaluate(&net, &digits, 0.02)?;
/// println!("{report:?}");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AutoAttack {
    name: String,
    norm: Norm,
    parts: Vec<Part>,
    seed: u64,
}

/// How often the model is asked about the clean images to see whether its output is random.
const ANSWERS: usize = 5;
/// The largest difference of logits that counts as rounding, as in the authors' program.
const ROUNDING: f64 = 1e-4;
/// The largest share of examples that Square may break alone, as in the authors' program.
const SQUARE_ALONE: f64 = 0.002;

impl AutoAttack {
    /// APGD-CE, APGD-T, FAB-T, Square, in Linf or L2, for images of this shape.
    pub fn standard(norm: Norm, shape: ImageShape) -> Self {
        let parts = vec![
            Part::Apgd(Apgd::cross_entropy(norm)),
            Part::Apgd(Apgd::targeted(norm)),
            Part::Fab(Fab::new().with_norm(norm).with_targets(9)),
            Part::Square(Square::new(norm, shape)),
        ];
        Self { name: "AutoAttack".to_owned(), norm, parts, seed: 0 }
    }

    /// APGD-CE and APGD-DLR with 20 draws, in Linf or L2.
    pub fn rand(norm: Norm) -> Self {
        let parts = [Apgd::cross_entropy(norm), Apgd::dlr(norm)].map(|apgd| Part::Apgd(apgd.with_draws(20)));
        Self { name: "AutoAttack rand".to_owned(), norm, parts: parts.to_vec(), seed: 0 }
    }

    /// Attacks of your own choice in this order, all in one norm. Their seeds stay as they are.
    ///
    /// # Errors
    /// [`Error::Empty`] without parts; [`Error::Parameter`] for several norms.
    pub fn of(parts: &[Part]) -> Result<Self> {
        let Some(first) = parts.first() else { return Err(Error::empty("the list of attacks")) };
        let norm = first.norm();
        if let Some(other) = parts.iter().map(Part::norm).find(|other| *other != norm) {
            return Err(Error::parameter("norm", other, format!("one norm for all attacks, here {norm}")));
        }
        let seed = first.attack().seed();
        let names: Vec<String> = parts.iter().map(|part| part.attack().name()).collect();
        Ok(Self { name: names.join(" + "), norm, parts: parts.to_vec(), seed })
    }

    /// Another seed for every part; 0 by default.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.parts.iter_mut().for_each(|part| part.set_seed(seed));
        self
    }

    /// The attacks, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Attacks every example of a data set.
    ///
    /// # Errors
    /// As [`AutoAttack::evaluate_batch`].
    pub fn evaluate(&self, model: &dyn Classifier, data: &Dataset, eps: f32) -> Result<AutoAttackReport> {
        self.evaluate_batch(model, Batch::of(data), eps)
    }

    /// Attacks every example of a batch without targets.
    ///
    /// # Errors
    /// As [`FixedEps::run`], before anything is asked of the model: [`Error::Parameter`] where it has too few classes for a part,
    /// [`Error::Shape`] where Square's shape does not fit.
    pub fn evaluate_batch(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
    ) -> Result<AutoAttackReport> {
        batch.check(model)?;
        check_eps(eps)?;
        untargeted(&self.name, batch)?;
        self.parts.iter().try_for_each(|part| part.check(model))?;
        let mut queries = Queries::new(model, batch.len());
        let (mut found, clean) = Adversarial::from_clean(batch, &mut queries)?;
        let mut warnings = look_at_logits(batch, &mut queries, clean.view())?;
        let mut broken_by: Vec<Option<usize>> = vec![None; batch.len()];
        let clean_errors = found.success.clone();
        for (turn, part) in self.parts.iter().enumerate() {
            let standing: Vec<usize> = (0..batch.len()).filter(|row| !found.success[*row]).collect();
            if standing.is_empty() {
                break;
            }
            let tried = part.attack().perturb(model, Rows::of(batch, &standing).batch(), eps)?;
            let fooled = self.asked_again(&tried, &standing, batch, &mut queries)?;
            for (i, &row) in standing.iter().enumerate() {
                found.calls[row].add(tried.calls[i]);
                if fooled[i] || (!tried.success[i] && tried.margins[i] < found.margins[row]) {
                    found.take(row, &tried, i);
                }
                if fooled[i] {
                    broken_by[row] = Some(turn);
                }
            }
            tried.warnings.into_iter().for_each(|warning| Warning::add(&mut warnings, warning));
        }
        found.warnings = warnings;
        found.warnings.extend(self.square_alone(&broken_by));
        found.settle(batch);
        for (calls, more) in found.calls.iter_mut().zip(queries.into_calls()) {
            calls.add(more);
        }
        let attacks = self.parts.iter().map(|part| part.attack().name()).collect();
        let names = (self.name.clone(), attacks);
        Ok(AutoAttackReport::new(names, (self.norm, eps), batch, found, (clean_errors, broken_by)))
    }

    /// Which of the images that fooled do so again; a random model may have changed its mind.
    fn asked_again(
        &self,
        tried: &Adversarial,
        standing: &[usize],
        batch: Batch<'_>,
        queries: &mut Queries<'_>,
    ) -> Result<Vec<bool>> {
        let mut fooled = vec![false; standing.len()];
        let places: Vec<usize> = (0..standing.len()).filter(|i| tried.success[*i]).collect();
        if places.is_empty() {
            return Ok(fooled);
        }
        let rows: Vec<usize> = places.iter().map(|i| standing[*i]).collect();
        let logits = queries.logits(&rows, tried.images.select(Axis(0), &places).view())?;
        for ((&place, &row), logits) in places.iter().zip(&rows).zip(logits.rows()) {
            fooled[place] = batch.fooled(row, &logits.to_vec());
        }
        Ok(fooled)
    }

    fn square_alone(&self, broken_by: &[Option<usize>]) -> Option<Warning> {
        let square = self.parts.iter().position(|part| matches!(part, Part::Square(_)))?;
        let broken = broken_by.iter().filter(|by| **by == Some(square)).count();
        let examples = broken_by.len();
        let after_gradients = self.parts.iter().take(square).next().is_some();
        (after_gradients && broken as f64 > SQUARE_ALONE * examples as f64)
            .then_some(Warning::SquareStronger { broken, examples })
    }
}

/// Some rows of a batch.
struct Rows {
    images: Array2<f32>,
    labels: Vec<u8>,
    numbers: Vec<usize>,
}

impl Rows {
    fn of(batch: Batch<'_>, rows: &[usize]) -> Self {
        Self {
            images: batch.images.select(Axis(0), rows),
            labels: rows.iter().map(|row| batch.labels[*row]).collect(),
            numbers: rows.iter().map(|row| batch.number(*row)).collect(),
        }
    }

    fn batch(&self) -> Batch<'_> {
        Batch::new(self.images.view(), &self.labels).with_numbers(&self.numbers)
    }
}

/// Warnings about the logits of the clean images: random, or probabilities.
fn look_at_logits(
    batch: Batch<'_>,
    queries: &mut Queries<'_>,
    clean: ArrayView2<'_, f32>,
) -> Result<Vec<Warning>> {
    let rows: Vec<usize> = (0..batch.len()).collect();
    let mut difference = 0.0f64;
    for _ in 1..ANSWERS {
        let again = queries.logits(&rows, batch.images)?;
        for (a, b) in again.iter().zip(clean) {
            difference = difference.max((f64::from(*a) - f64::from(*b)).abs());
        }
    }
    let mut warnings = vec![];
    if difference > ROUNDING {
        warnings.push(Warning::RandomOutput { difference });
    }
    let inside = clean.iter().all(|z| (0.0..=1.0).contains(z));
    let sums = |row: ndarray::ArrayView1<'_, f32>| row.iter().map(|z| f64::from(*z)).sum::<f64>();
    if inside && clean.rows().into_iter().all(|row| (sums(row) - 1.0).abs() < 1e-5) {
        warnings.push(Warning::Probabilities);
    }
    Ok(warnings)
}

impl FixedEps for AutoAttack {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    /// The whole sequence; there is one run, whatever the restart.
    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, _: usize) -> Result<Adversarial> {
        Ok(self.evaluate_batch(model, batch, eps)?.adversarial)
    }
}
