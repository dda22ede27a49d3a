//! The attacks that AutoAttack is made of.

use super::apgd::{Apgd, ApgdLoss};
use super::classifier::Classifier;
use super::fab::Fab;
use super::fixed_eps::FixedEps;
use super::norm::Norm;
use super::square::Square;
use super::within_eps::WithinEps;
use crate::error::{Error, Result};

/// One of the attacks of an [`AutoAttack`](super::AutoAttack).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// APGD, with any of its losses.
    Apgd(Apgd),
    /// FAB or FAB-T, whose images count within eps.
    Fab(Fab),
    /// Square.
    Square(Square),
}

impl From<Apgd> for Part {
    fn from(apgd: Apgd) -> Self {
        Part::Apgd(apgd)
    }
}

impl From<Fab> for Part {
    fn from(fab: Fab) -> Self {
        Part::Fab(fab)
    }
}

impl From<Square> for Part {
    fn from(square: Square) -> Self {
        Part::Square(square)
    }
}

impl Part {
    pub(super) fn set_seed(&mut self, seed: u64) {
        match self {
            Part::Apgd(apgd) => apgd.seed = seed,
            Part::Fab(fab) => fab.seed = seed,
            Part::Square(square) => square.seed = seed,
        }
    }

    pub(super) fn attack(&self) -> Box<dyn FixedEps> {
        match self {
            Part::Apgd(apgd) => Box::new(*apgd),
            Part::Fab(fab) => Box::new(WithinEps::new(*fab)),
            Part::Square(square) => Box::new(*square),
        }
    }

    pub(super) fn norm(&self) -> Norm {
        self.attack().norm()
    }

    /// Checks what it needs of the model.
    pub(super) fn check(&self, model: &dyn Classifier) -> Result<()> {
        match self {
            Part::Apgd(apgd) => apgd.check(model, false).map_err(|error| match (apgd.loss, error) {
                (ApgdLoss::TargetedDlr, Error::Parameter { name: "classes", value, .. }) => Error::parameter(
                    "classes",
                    value,
                    "at least 4 for APGD-T; for fewer put `AutoAttack::of` together from `Apgd::cross_entropy`, `Apgd::dlr` (3 classes), \
                     `Fab` without targets and `Square`",
                ),
                (_, error) => error,
            }),
            Part::Fab(_) => Ok(()),
            Part::Square(square) => square.check(model),
        }
    }
}
