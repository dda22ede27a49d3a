//! Several attacks on the same examples.

use super::adversarial::Adversarial;
use super::batch::{Batch, check_eps};
use super::classifier::Classifier;
use super::evaluation::{Described, Evaluation, Record};
use super::fixed_eps::FixedEps;
use super::minimal_norm::MinimalNorm;
use super::norm::Norm;
use super::queries::{Calls, checked_logits};
use super::warning::Warning;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::nn::largest;
use ndarray::{Array2, ArrayView1, Axis};
use std::sync::Arc;

/// Attacks of both families, to be run on a model.
///
/// ```
/// use eigengate::attack::{DeepFool, Fgsm, Pgd, Suite};
/// use eigengate::data::mnist;
/// use eigengate::nn::{Activation, Mlp};
///
/// let digits = mnist::shipped()?.test.take(20)?;
/// let net = Mlp::new(&[784, 30, 10], Activation::Tanh, 0)?;
/// let suite = Suite::new().with(Fgsm).with(Pgd::new().with_steps(5)).with_minimal(DeepFool::new());
/// let found = suite.run(&net, &digits, &[0.05, 0.1])?;
/// let curve = found.curve("PGD-5", "untrained")?;
/// assert!(curve.error[0] <= curve.error[1]);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Suite {
    members: Vec<Member>,
    reuse: bool,
    images: bool,
}

#[derive(Clone)]
enum Member {
    FixedEps(Arc<dyn FixedEps>),
    MinimalNorm(Arc<dyn MinimalNorm>),
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

impl Suite {
    /// Without attacks.
    pub fn new() -> Self {
        Self { members: vec![], reuse: true, images: false }
    }

    /// With an attack of given size, which runs at every eps.
    pub fn with(mut self, attack: impl FixedEps + 'static) -> Self {
        self.members.push(Member::FixedEps(Arc::new(attack)));
        self
    }

    /// With a search for the nearest image, which runs once.
    pub fn with_minimal(mut self, attack: impl MinimalNorm + 'static) -> Self {
        self.members.push(Member::MinimalNorm(Arc::new(attack)));
        self
    }

    /// Whether an attack of given size takes over what it found in a smaller ball, which is inside the larger one; on by
    /// default. Such an example is not attacked again, nor is one that the model gets wrong as it is. So no curve
    /// falls. Off, every restart runs on every example at every eps, as in [`attack_over_eps`](super::attack_over_eps).
    pub fn with_reuse(mut self, reuse: bool) -> Self {
        self.reuse = reuse;
        self
    }

    /// Whether the images are kept, see [`Evaluation::images`]; off by default.
    pub fn with_images(mut self, images: bool) -> Self {
        self.images = images;
        self
    }

    /// Runs all attacks on a data set.
    ///
    /// # Errors
    /// As [`Suite::run_on`].
    pub fn run(&self, model: &dyn Classifier, data: &Dataset, eps: &[f32]) -> Result<Evaluation> {
        self.run_on(model, Batch::of(data), eps)
    }

    /// Runs all attacks on a batch, those of given size at every eps, in ascending order.
    ///
    /// # Errors
    /// [`Error::Empty`] without attacks, and without eps where an attack needs one; [`Error::Parameter`] for two attacks of the same
    /// name and norm, and for bad eps; as [`FixedEps::run`] and [`MinimalNorm::search`].
    pub fn run_on(&self, model: &dyn Classifier, batch: Batch<'_>, eps: &[f32]) -> Result<Evaluation> {
        let attacks: Vec<Described> = self.members.iter().map(Member::describe).collect();
        if attacks.is_empty() {
            return Err(Error::empty("the list of attacks"));
        }
        for (place, attack) in attacks.iter().enumerate() {
            if attacks[..place].iter().any(|other| other.name == attack.name) {
                return Err(Error::parameter("attack", &attack.name, "attacks of different names"));
            }
        }
        eps.iter().try_for_each(|eps| check_eps(*eps))?;
        if eps.is_empty() && attacks.iter().any(|attack| !attack.minimal) {
            return Err(Error::empty("the list of eps"));
        }
        batch.check(model)?;
        let _memory = crate::device::ReleaseAtEnd;
        let mut eps = eps.to_vec();
        eps.sort_by(f32::total_cmp);
        eps.dedup();
        let clean = checked_logits(model, batch.images)?;
        let mut found = Evaluation::new(attacks, eps.clone(), batch.len());
        for (attack, member) in self.members.iter().enumerate() {
            let mut run = Run { model, batch, clean: &clean, attack, suite: self, found: &mut found };
            match member {
                Member::FixedEps(member) => run.fixed_eps(&**member, &eps)?,
                Member::MinimalNorm(member) => run.minimal_norm(&**member)?,
            }
        }
        Ok(found)
    }
}

impl Member {
    fn describe(&self) -> Described {
        match self {
            Member::FixedEps(a) => {
                Described { name: a.name(), norm: a.norm(), seed: a.seed(), minimal: false }
            }
            Member::MinimalNorm(a) => {
                Described { name: a.name(), norm: a.norm(), seed: a.seed(), minimal: true }
            }
        }
    }
}

/// One attack on all examples.
struct Run<'a, 'b> {
    model: &'a dyn Classifier,
    batch: Batch<'b>,
    /// Logits of the clean images.
    clean: &'a Array2<f32>,
    attack: usize,
    suite: &'a Suite,
    found: &'a mut Evaluation,
}

impl Run<'_, '_> {
    fn fixed_eps(&mut self, attack: &dyn FixedEps, eps: &[f32]) -> Result<()> {
        let batch = self.batch;
        // What fooled so far, with its image.
        let mut known: Vec<Option<(Record, Vec<f32>)>> = vec![None; batch.len()];
        if self.suite.reuse {
            for (row, known) in known.iter_mut().enumerate() {
                if batch.fooled(row, &self.clean.row(row).to_vec()) {
                    let image = batch.images.row(row);
                    let logits = self.clean.row(row).to_vec();
                    let mut record = self.record(row, Some(0.0), image, &logits, attack.norm());
                    record.first_success = Some(0);
                    *known = Some((record, image.to_vec()));
                }
            }
        }
        for &eps in eps {
            let mut images = batch.images.to_owned();
            let mut best: Vec<Option<Record>> = vec![None; batch.len()];
            let mut rows = Vec::with_capacity(batch.len());
            for (row, known) in known.iter().enumerate() {
                match known {
                    Some((record, image)) if self.suite.reuse => {
                        let calls = Calls::default();
                        best[row] = Some(Record { eps: Some(eps), calls, ..record.clone() });
                        images.row_mut(row).iter_mut().zip(image).for_each(|(to, from)| *to = *from);
                        self.found.records.extend(best[row].clone());
                    }
                    _ => rows.push(row),
                }
            }
            for restart in 0..attack.restarts().max(1) {
                if rows.is_empty() {
                    break;
                }
                for (record, image) in self.restart(attack, eps, restart, &rows)? {
                    let row = record.example;
                    let better = best[row].as_ref().is_none_or(|best| {
                        (record.success && !best.success)
                            || (record.success == best.success && record.margin < best.margin)
                    });
                    if better {
                        images.row_mut(row).iter_mut().zip(&image).for_each(|(to, from)| *to = *from);
                        best[row] = Some(record.clone());
                    }
                    if record.success && known[row].is_none() {
                        known[row] = Some((record.clone(), image));
                    }
                    self.found.records.push(record);
                }
                if self.suite.reuse {
                    rows.retain(|row| known[*row].is_none());
                }
            }
            if self.suite.images {
                self.found.keep_images(self.attack, Some(eps), images);
            }
        }
        self.settle();
        Ok(())
    }

    /// One restart on some rows: a record and an image for each.
    fn restart(
        &mut self,
        attack: &dyn FixedEps,
        eps: f32,
        restart: usize,
        rows: &[usize],
    ) -> Result<Vec<(Record, Vec<f32>)>> {
        let batch = self.batch;
        let chosen = |classes: &[u8]| -> Vec<u8> { rows.iter().map(|row| classes[*row]).collect() };
        let clean = batch.images.select(Axis(0), rows);
        let (labels, targets) = (chosen(batch.labels), batch.targets.map(chosen));
        let numbers: Vec<usize> = rows.iter().map(|row| batch.number(*row)).collect();
        let mut part = Batch::new(clean.view(), &labels).with_numbers(&numbers);
        if let Some(targets) = &targets {
            part = part.with_targets(targets);
        }
        let found: Adversarial = attack.run(self.model, part, eps, restart)?;
        found.check(clean.dim())?;
        let logits = checked_logits(self.model, found.images.view())?;
        for warning in &found.warnings {
            Warning::add(&mut self.found.warnings, warning.clone());
        }
        let record = |place: usize| {
            let logits = logits.row(place).to_vec();
            let image = found.images.row(place);
            let mut record = self.record(rows[place], Some(eps), image, &logits, attack.norm());
            record.restart = found.restarts[place].max(restart as u32);
            (record.step, record.first_success) = (found.steps[place], found.first_success[place]);
            record.calls = found.calls[place];
            (record, image.to_vec())
        };
        Ok((0..rows.len()).map(record).collect())
    }

    fn minimal_norm(&mut self, attack: &dyn MinimalNorm) -> Result<()> {
        let found = attack.search(self.model, self.batch)?;
        found.check(self.batch.images.dim())?;
        let logits = checked_logits(self.model, found.images.view())?;
        for warning in &found.warnings {
            Warning::add(&mut self.found.warnings, warning.clone());
        }
        for row in 0..self.batch.len() {
            let image = found.images.row(row);
            let mut record = self.record(row, None, image, &logits.row(row).to_vec(), attack.norm());
            record.restart = found.restarts[row];
            (record.step, record.first_success) = (found.steps[row], found.first_success[row]);
            record.calls = found.calls[row];
            self.found.records.push(record);
        }
        if self.suite.images {
            self.found.keep_images(self.attack, None, found.images);
        }
        self.settle();
        Ok(())
    }

    /// What the model says of an image, and how large its change is. Only an image inside its ball counts.
    fn record(
        &self,
        row: usize,
        eps: Option<f32>,
        image: ArrayView1<'_, f32>,
        logits: &[f32],
        norm: Norm,
    ) -> Record {
        let (clean, image) = (self.batch.images.row(row).to_vec(), image.to_vec());
        let size = |norm: Norm| norm.between(&clean, &image);
        let inside = eps.is_none_or(|eps| size(norm) <= f64::from(eps) + 1e-6 * f64::from(eps).max(1.0));
        Record {
            example: row,
            number: self.batch.number(row),
            attack: self.attack,
            eps,
            found_at: eps,
            restart: 0,
            label: self.batch.labels.get(row).copied().unwrap_or(0),
            target: self.batch.targets.and_then(|targets| targets.get(row).copied()),
            clean: largest(&self.clean.row(row).to_vec()),
            adversarial: largest(logits),
            success: inside && self.batch.fooled(row, logits),
            margin: self.batch.margin(row, logits),
            sizes: [size(Norm::Linf), size(Norm::L2), size(Norm::L1)],
            step: 0,
            first_success: None,
            calls: Calls::default(),
        }
    }

    /// Warnings are about examples that were not fooled at any eps.
    fn settle(&mut self) {
        let fooled: std::collections::HashSet<usize> = self
            .found
            .records
            .iter()
            .filter(|record| record.attack == self.attack && record.success)
            .map(|record| record.number)
            .collect();
        let name = &self.found.attacks[self.attack].name;
        self.found.warnings.retain_mut(|warning| {
            warning.attack() != Some(name.as_str())
                || warning.keep_examples(|number| !fooled.contains(&number))
        });
    }
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.members.iter().map(|member| member.describe().name).collect();
        write!(f, "Suite({})", names.join(", "))
    }
}
