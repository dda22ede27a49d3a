//! The Square attack.

use super::adversarial::Adversarial;
use super::batch::{Batch, check_eps, key};
use super::classifier::Classifier;
use super::fixed_eps::FixedEps;
use super::loss::cross_entropy;
use super::norm::Norm;
use super::queries::Queries;
use super::square_search::{Rules, Search};
use super::square_window::{pattern, share, side};
use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use ndarray::Array2;
use rayon::prelude::*;
use std::ops::Range;

/// Square (Andriushchenko, Croce, Flammarion and Hein 2020, "Square Attack: a query-efficient black-box adversarial attack via
/// random search", ECCV): random search by changes of squares, which needs no gradient. In Linf or L2.
///
/// A proposal that lowers the margin, or that fools, takes the place of the image; an example that fools leaves. The
/// share of pixels in a square is 0.8 at first and halved after proposals 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000.
///
/// In Linf the start is `x0 + eps` or `x0 - eps` in every column of every channel; a proposal moves one square by `2 eps` up or
/// down, by channel, back into the ball and `[0, 1]`. In L2 the start is a pattern on five by five tiles; a proposal empties
/// one window of the change and gives its length, and what is left of `eps`, to another, where the old change and a pattern add up.
///
/// Schedule, sizes and rules are those of the authors' program (in AutoAttack, which does not stretch the schedule to the number of
/// queries). What differs: draws are keyed by (seed, example, restart), so results do not depend on batches, order or threads,
/// where theirs gives one position and one sign to the whole batch; and windows reach the last row and column, which theirs
/// never do. Towards a target, proposals are judged by its cross-entropy. An image that is misclassified as it is stays.
///
/// The attack needs to know rows and columns. An image that is no square is searched by squares that fit into it; a vector, an image of one
/// row or column, has none and is refused, and so are images below 5 x 5 in L2.
///
/// ```
/// use eigengate::attack::{FixedEps, Norm, Square};
/// use eigengate::data::ImageShape;
/// let shape = ImageShape { channels: 1, height: 28, width: 28 };
/// assert_eq!(Square::new(Norm::Linf, shape).with_queries(1000).name(), "Square-1000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square {
    /// The norm of the ball, Linf or L2.
    pub norm: Norm,
    /// Channels, rows and columns of the images.
    pub shape: ImageShape,
    /// Proposals for an example beside its start, at least 1; 5000 by default, as in AutoAttack.
    pub queries: usize,
    /// The share of pixels in the first squares, in `(0, 1]`; 0.8 by default.
    pub share: f64,
    /// Whether the schedule is stretched from 10,000 proposals to `queries`; off by default, as in AutoAttack. torchattacks
    /// does so.
    pub rescaled: bool,
    /// Independent runs, at least 1; 1 by default. Later runs leave out what is fooled.
    pub restarts: usize,
    /// Seed of the draws; 0 by default.
    pub seed: u64,
}

impl Square {
    /// 5000 proposals in one run, for images of this shape.
    pub fn new(norm: Norm, shape: ImageShape) -> Self {
        Self { norm, shape, queries: 5000, share: 0.8, rescaled: false, restarts: 1, seed: 0 }
    }

    /// Another number of proposals.
    pub fn with_queries(mut self, queries: usize) -> Self {
        self.queries = queries;
        self
    }

    /// Another share of pixels in the first squares.
    pub fn with_share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Whether the schedule is stretched to the number of proposals.
    pub fn with_rescaled(mut self, rescaled: bool) -> Self {
        self.rescaled = rescaled;
        self
    }

    /// Another number of runs.
    pub fn with_restarts(mut self, restarts: usize) -> Self {
        self.restarts = restarts;
        self
    }

    /// Another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks the settings, and that squares fit into the model's images.
    pub(super) fn check(&self, model: &dyn Classifier) -> Result<()> {
        if self.norm == Norm::L1 {
            return Err(Error::parameter("norm", self.norm, "Linf or L2 for Square"));
        }
        for (name, count) in [("queries", self.queries), ("restarts", self.restarts)] {
            if count == 0 {
                return Err(Error::parameter(name, count, "at least 1"));
            }
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(Error::parameter("share", self.share, "a share of the pixels in (0, 1]"));
        }
        let ImageShape { channels, height, width } = self.shape;
        let given = format!("{channels} x {height} x {width}");
        if self.shape.checked_pixels() != Some(model.inputs()) {
            let need = format!("the shape of the {} inputs of the model", model.inputs());
            return Err(Error::shape("image shape of Square", need, given));
        }
        let least = if self.norm == Norm::L2 { 5 } else { 2 };
        if height < least || width < least {
            let need = format!(
                "at least {least} rows and {least} columns; vectors have no squares, so leave Square out for them"
            );
            return Err(Error::shape("image shape of Square", need, given));
        }
        Ok(())
    }

    /// The runs of `restarts`, each on what the ones before have not fooled.
    fn search(
        &self,
        model: &dyn Classifier,
        batch: Batch<'_>,
        eps: f32,
        restarts: Range<usize>,
    ) -> Result<Adversarial> {
        batch.check(model)?;
        check_eps(eps)?;
        self.check(model)?;
        let mut queries = Queries::new(model, batch.len());
        let (mut found, _) = Adversarial::from_clean(batch, &mut queries)?;
        for restart in restarts {
            self.go(batch, eps, restart, &mut queries, &mut found)?;
        }
        found.calls = queries.into_calls();
        Ok(found)
    }

    /// One run on the examples that are not fooled yet.
    fn go(
        &self,
        batch: Batch<'_>,
        eps: f32,
        restart: usize,
        queries: &mut Queries<'_>,
        found: &mut Adversarial,
    ) -> Result<()> {
        let rules = Rules { norm: self.norm, shape: self.shape, eps };
        let rows = (0..batch.len()).filter(|row| !found.success[*row]);
        let mut searches: Vec<Search> = rows
            .map(|row| {
                let random = stream(self.seed, Purpose::Square, key(batch, row, restart));
                Search::new(row, batch.images.row(row).to_vec(), random)
            })
            .collect();
        let mut patterns = [vec![], vec![]];
        for step in 0..=self.queries {
            if searches.is_empty() {
                break;
            }
            let mut x = Array2::<f32>::zeros((searches.len(), batch.images.ncols()));
            let side = self.side(step);
            if self.norm == Norm::L2 && patterns[0].len() != side * side {
                patterns = [pattern(side, false), pattern(side, true)];
            }
            let rows = x.as_slice_mut().unwrap_or_default().par_chunks_mut(batch.images.ncols());
            searches.par_iter_mut().zip(rows).for_each(|(search, x)| match step {
                0 => search.start(&rules, x),
                _ => search.propose(&rules, side, &patterns, x),
            });
            let rows: Vec<usize> = searches.iter().map(|search| search.row).collect();
            let logits = queries.logits(&rows, x.view())?;
            let mut answers = rows
                .iter()
                .zip(x.rows())
                .zip(logits.rows())
                .map(|((&row, x), logits)| {
                    let logits = logits.to_vec();
                    let fooled = found.offer(batch, row, (x, &logits), (step, restart));
                    let loss = match batch.targets {
                        None => batch.margin(row, &logits),
                        Some(targets) => cross_entropy(&logits, targets[row]),
                    };
                    (loss, fooled)
                })
                .collect::<Vec<_>>()
                .into_iter();
            let x = x.as_standard_layout();
            let mut images = x.rows().into_iter();
            searches.retain_mut(|search| match (answers.next(), images.next().and_then(|x| x.to_slice())) {
                (Some((loss, false)), Some(x)) => {
                    search.judge(loss, x);
                    true
                }
                _ => false,
            });
        }
        Ok(())
    }

    /// The side of the square of a step; step 0 is the start.
    fn side(&self, step: usize) -> usize {
        let proposal = step.saturating_sub(1);
        let proposal = match self.rescaled {
            true => (proposal as f64 / self.queries as f64 * 10_000.0) as usize,
            false => proposal,
        };
        let least = if self.norm == Norm::L2 { (3, true) } else { (1, false) };
        side(share(self.share, proposal), self.shape, least)
    }
}

impl FixedEps for Square {
    fn name(&self) -> String {
        let queries = if self.queries == 5000 { String::new() } else { format!("-{}", self.queries) };
        let restarts = if self.restarts == 1 { String::new() } else { format!("x{}", self.restarts) };
        format!("Square{queries}{restarts}")
    }

    fn norm(&self) -> Norm {
        self.norm
    }

    fn restarts(&self) -> usize {
        self.restarts
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, restart: usize) -> Result<Adversarial> {
        self.search(model, batch, eps, restart..restart + 1)
    }

    fn perturb(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32) -> Result<Adversarial> {
        self.search(model, batch, eps, 0..self.restarts)
    }
}
