//! Where the fixed points and cycles of the last system come from.

use super::PathSystem;
use super::event::{Cause, same};
use super::piece::{joins, reaching};
use crate::display::{Content, show};
use crate::dynamics::bifurcation::{
    Bifurcation, BifurcationDiagram, BranchEnd, CycleBranch, CycleEnd, EquilibriumBranch, SpecialPoint,
};
use std::fmt;

/// Since when something is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Birth {
    /// The first system has it.
    First,
    /// It was born on the path.
    Born {
        /// Where.
        place: f64,
        /// By what.
        cause: Cause,
    },
    /// It could not be followed to its beginning; with the reason.
    Unknown(String),
}

impl fmt::Display for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Birth::First => f.write_str("from the first system on"),
            Birth::Born { place, cause } => write!(f, "born at {place:.4} by {cause}"),
            Birth::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

/// A fixed point or a cycle of the last system of a path.
#[derive(Clone, PartialEq)]
pub struct Life {
    /// What it is at the end: the class of a fixed point, `stable_cycle` or `unstable_cycle`.
    pub class: &'static str,
    /// Its state at the end: the fixed point, or a point of the cycle.
    pub state: Vec<f64>,
    /// The period of a cycle.
    pub period: Option<f64>,
    /// Where it comes from.
    pub birth: Birth,
    /// Where its stability changed on the way, at a Hopf point, a pitchfork or another, from the last to the first.
    pub changes: Vec<(f64, Cause)>,
}

impl Life {
    /// Shows it in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: Vec<String> = self.state.iter().map(|h| format!("{h:.4}")).collect();
        write!(f, "{} at ({})", self.class.replace('_', " "), state.join(", "))?;
        if let Some(period) = self.period {
            write!(f, ", period {period:.4}")?;
        }
        write!(f, ", {}", self.birth)
    }
}

/// What a walk along a branch against the path came to.
struct Walk {
    /// Special points that were passed.
    passed: Vec<SpecialPoint>,
    /// The special point at which the branch turns back, or none at the other end of the branch.
    turn: Option<(f64, Option<SpecialPoint>)>,
}

/// From one end of a list of points to where the parameter rises again.
fn walk<T>(points: &[T], from_last: bool, read: impl Fn(&T) -> (f64, Option<SpecialPoint>)) -> Walk {
    let mut order: Vec<&T> = points.iter().collect();
    if from_last {
        order.reverse();
    }
    let mut passed = vec![];
    for (k, pair) in order.windows(2).enumerate() {
        let ((here, special), (next, _)) = (read(pair[0]), read(pair[1]));
        if next > here && k > 0 {
            // The special point is the turning point itself, or its neighbour.
            let nearby = order[k - 1..(k + 2).min(order.len())].iter().find_map(|point| read(point).1);
            let place = nearby.as_ref().map_or(here, SpecialPoint::parameter);
            passed.retain(|other| !nearby.as_ref().is_some_and(|near| same(other, near)));
            return Walk { passed, turn: Some((place, nearby)) };
        }
        passed.extend(special.filter(|special| special.kind.is_bifurcation()));
    }
    Walk { passed, turn: None }
}

/// States of both pieces at one system agree to this.
const SAME: f64 = 1e-7;

/// The fixed points of the last system.
pub(super) fn points(systems: &[PathSystem], pieces: &[BifurcationDiagram]) -> Vec<Life> {
    let Some(last) = systems.last() else { return vec![] };
    let of = |point: &crate::dynamics::FixedPoint| {
        let (mut state, mut changes) = (point.state.to_vec(), vec![]);
        let mut birth = Birth::First;
        for piece in pieces.iter().rev() {
            match back(piece, &state, &mut changes) {
                Ok(before) => state = before,
                Err(found) => {
                    birth = found;
                    break;
                }
            }
        }
        Life { class: point.kind.name(), state: point.state.to_vec(), period: None, birth, changes }
    };
    last.fixed_points.points.iter().map(of).collect()
}

/// Where the fixed point that a piece ends with was at its beginning, or what it was born by.
fn back(
    piece: &BifurcationDiagram,
    state: &[f64],
    changes: &mut Vec<(f64, Cause)>,
) -> Result<Vec<f64>, Birth> {
    let end = piece.range.1;
    let near = |point: &crate::dynamics::EquilibriumPoint, place: f64, state: &[f64]| {
        let off = point.state.iter().zip(state).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        (point.parameter - place).abs() <= 1e-9 * place.abs().max(1.0) && off < SAME
    };
    let of = |branch: &EquilibriumBranch| {
        let last = branch.points.last().is_some_and(|point| near(point, end, state));
        (last || branch.points.first().is_some_and(|point| near(point, end, state))).then_some(last)
    };
    let found = piece.branches.iter().find_map(|branch| of(branch).map(|last| (branch, last)));
    let Some((branch, from_last)) = found else {
        return Err(Birth::Unknown(format!("no branch reaches it at {end}")));
    };
    let walk = walk(&branch.points, from_last, |point| (point.parameter, point.special.clone()));
    changes.extend(walk.passed.iter().map(|s| (s.parameter(), Cause::Local(s.kind))));
    if let Some((place, special)) = walk.turn {
        let kind = special.map_or(Bifurcation::Fold, |special| special.kind);
        return Err(Birth::Born { place, cause: Cause::Local(kind) });
    }
    let (there, how) = match from_last {
        true => (branch.points.first(), &branch.ends[0]),
        false => (branch.points.last(), &branch.ends[1]),
    };
    match (how, there) {
        (BranchEnd::Range | BranchEnd::Start, Some(point)) if point.parameter < end => {
            Ok(point.state.clone())
        }
        (BranchEnd::At(kind), Some(point)) => {
            Err(Birth::Born { place: point.parameter, cause: Cause::Local(*kind) })
        }
        (how, _) => Err(Birth::Unknown(how.to_string())),
    }
}

/// The cycles that reach the last system.
pub(super) fn cycles(pieces: &[BifurcationDiagram]) -> Vec<Life> {
    let Some(last) = pieces.last() else { return vec![] };
    let mut lives = vec![];
    for (number, from_last, cycle) in reaching(&last.cycles, last.range.1) {
        let mut changes = vec![];
        let (mut piece, mut branch, mut side) = (pieces.len() - 1, &last.cycles[number], from_last);
        let birth = loop {
            match cycle_back(&pieces[piece], branch, side, &mut changes) {
                Err(birth) => break birth,
                Ok(_) if piece == 0 => break Birth::First,
                Ok(point) => {
                    let before = &pieces[piece - 1];
                    let next =
                        reaching(&before.cycles, before.range.1).find(|(_, _, other)| joins(other, point));
                    let Some((number, last, _)) = next else {
                        break Birth::Unknown(format!(
                            "no branch of cycles reaches it at {}",
                            before.range.1
                        ));
                    };
                    (piece, branch, side) = (piece - 1, &before.cycles[number], last);
                }
            }
        };
        let class = if cycle.is_stable() { "stable_cycle" } else { "unstable_cycle" };
        lives.push(Life { class, state: cycle.state.clone(), period: Some(cycle.period), birth, changes });
    }
    lives
}

/// The cycle with which the piece begins, of the branch that ends it, or what it was born by.
fn cycle_back<'a>(
    piece: &BifurcationDiagram,
    branch: &'a CycleBranch,
    from_last: bool,
    changes: &mut Vec<(f64, Cause)>,
) -> Result<&'a crate::dynamics::CyclePoint, Birth> {
    let walk = walk(&branch.points, from_last, |point| (point.parameter, point.special.clone()));
    changes.extend(walk.passed.iter().map(|s| (s.parameter(), Cause::Local(s.kind))));
    if let Some((place, _)) = walk.turn {
        return Err(Birth::Born { place, cause: Cause::Local(Bifurcation::FoldOfCycles) });
    }
    let (there, how) = match from_last {
        true => (branch.points.first(), &branch.ends[0]),
        false => (branch.points.last(), &branch.ends[1]),
    };
    let born = |place: f64, cause: Cause| Err(Birth::Born { place, cause });
    match (how, there) {
        (CycleEnd::Hopf { parameter, .. }, _) => born(*parameter, Cause::Local(Bifurcation::Hopf)),
        (CycleEnd::Homoclinic { parameter, .. }, _) => born(*parameter, Cause::Homoclinic),
        (CycleEnd::SaddleNode { parameter, .. }, _) => born(*parameter, Cause::SaddleNodeOnCycle),
        (CycleEnd::Range | CycleEnd::Start, Some(point)) if point.parameter < piece.range.1 => Ok(point),
        (how, _) => Err(Birth::Unknown(format!("{how:?}"))),
    }
}
