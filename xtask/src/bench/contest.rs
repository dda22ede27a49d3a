//! The two sides of a case take turns.

use std::process::Command;
use std::time::Duration;

use super::cases::{Case, PRODUCT_FLOPS};
use super::side::{Repetition, Side};
use crate::project::Result;

/// Between two repetitions: threads that still wait actively for work go to sleep.
const PAUSE: Duration = Duration::from_millis(100);

/// What a side took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Median wall time of one repetition.
    pub seconds: f64,
    /// Largest memory of its process during the repetitions, in bytes; `None` where the system does not tell.
    pub peak: Option<u64>,
}

/// A case that ran; without `peer` where PyTorch is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What ran.
    pub case: Case,
    /// Our side.
    pub ours: Measured,
    /// The other side.
    pub peer: Option<Measured>,
}

impl Outcome {
    /// Our median over the peer's.
    pub fn ratio(&self) -> Option<f64> {
        self.peer.map(|peer| self.ours.seconds / peer.seconds)
    }

    /// Whether the ratio, or the time of a case without a peer, is above what the case allows.
    pub fn is_over(&self) -> bool {
        self.ratio().zip(self.case.at_most).is_some_and(|(ratio, bound)| ratio > bound)
            || self.case.alone.is_some_and(|bound| self.ours.seconds > bound)
    }
}

/// Prepares `case` in a process of each side, and repeats it: ours, peer, ours, peer, …
pub fn hold(
    case: Case,
    ours: &mut Command,
    peer: Option<&mut Command>,
    repetitions: usize,
) -> Result<Outcome> {
    let mut sides = vec![Side::start(ours)?];
    if let Some(peer) = peer {
        sides.push(Side::start(peer)?);
    }
    let mut runs: Vec<Vec<Repetition>> = vec![vec![]; sides.len()];
    for _ in 0..repetitions {
        for (side, runs) in sides.iter_mut().zip(&mut runs) {
            std::thread::sleep(PAUSE);
            runs.push(side.run()?);
        }
    }
    check_losses(&runs)?;
    let mut measured = Vec::new();
    for (side, runs) in sides.iter_mut().zip(&runs) {
        let seconds = median(runs.iter().map(|run| run.seconds).collect());
        measured.push(Measured { seconds, peak: side.peak()? });
    }
    match measured.as_slice() {
        [ours] => Ok(Outcome { case, ours: *ours, peer: None }),
        [ours, peer] => Ok(Outcome { case, ours: *ours, peer: Some(*peer) }),
        _ => Err("a case has one or two sides".to_owned()),
    }
}

/// Products of which the fastest is taken.
const PRODUCTS: usize = 5;

/// The speed of this machine's float32 matrix products: that of the fastest so far.
pub struct Products {
    side: Side,
    best: f64,
}

impl Products {
    /// Starts the program that multiplies.
    pub fn start(ours: &mut Command) -> Result<Self> {
        Ok(Products { side: Side::start(ours)?, best: f64::INFINITY })
    }

    /// Multiplies some times more, and gives the operations a second. Done before every case, so that a machine that was
    /// slow at the start is found out.
    pub fn speed(&mut self) -> Result<f64> {
        for _ in 0..PRODUCTS {
            self.best = self.best.min(self.side.run()?.seconds);
        }
        Ok(PRODUCT_FLOPS / self.best)
    }
}

/// The sides draw different random numbers, so their losses differ a little. Where they differ much, e.g. because one
/// of them left out a penalty, the sides did different work, and their times say nothing.
fn check_losses(runs: &[Vec<Repetition>]) -> Result<()> {
    let first = |side: usize| runs.get(side)?.first()?.loss;
    match (first(0), first(1)) {
        (Some(ours), Some(peer)) if !(ours / peer < 1.5 && peer / ours < 1.5) => Err(format!(
            "the sides do not do the same work: after the first step our loss is {ours}, the peer's {peer}"
        )),
        _ => Ok(()),
    }
}

/// The middle one of `values`, or the mean of the two in the middle; NaN without values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        Some(&upper) if values.len() % 2 == 1 => upper,
        Some(&upper) => 0.5 * (values.get(middle.wrapping_sub(1)).unwrap_or(&upper) + upper),
        None => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::super::side::tests::program;
    use super::*;

    fn case() -> Case {
        cases::all().remove(0)
    }

    #[test]
    fn medians_are_the_middle_or_the_mean_of_the_middle_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 100.0]), 3.5);
        assert_eq!(median(vec![0.5]), 0.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn both_sides_are_measured() -> Result<()> {
        let peer = &mut program(0.5, 2.4, 4096);
        let outcome = hold(case(), &mut program(0.25, 2.3, 1024), Some(peer), 3)?;
        assert_eq!(outcome.ours, Measured { seconds: 0.25, peak: Some(1024) });
        assert_eq!(outcome.peer, Some(Measured { seconds: 0.5, peak: Some(4096) }));
        assert_eq!((outcome.ratio(), outcome.is_over()), (Some(0.5), false));
        Ok(())
    }

    #[test]
    fn ours_alone_is_measured_without_a_peer() -> Result<()> {
        let outcome = hold(case(), &mut program(0.25, 2.3, 1024), None, 2)?;
        assert_eq!(outcome.ours.seconds, 0.25);
        assert_eq!((outcome.peer, outcome.ratio(), outcome.is_over()), (None, None, false));
        Ok(())
    }

    #[test]
    fn sides_that_do_different_work_are_an_error() {
        let without_penalty = &mut program(0.5, 2.3, 4096);
        let result = hold(case(), &mut program(0.25, 50.0, 1024), Some(without_penalty), 1);
        assert!(result.is_err_and(|error| error.contains("do not do the same work")));
        let nan = Repetition { seconds: 1.0, loss: Some(f64::NAN) };
        assert!(check_losses(&[vec![nan], vec![nan]]).is_err());
    }

    #[test]
    fn the_speed_of_products_is_that_of_the_fastest() -> Result<()> {
        let mut products = Products::start(&mut program(0.5, 0.0, 0))?;
        assert_eq!(products.speed()?, 2.0 * PRODUCT_FLOPS);
        products.best = 0.25;
        assert_eq!(products.speed()?, 4.0 * PRODUCT_FLOPS);
        Ok(())
    }
}
