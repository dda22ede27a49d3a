//! What happens on a path.

use crate::display::{Content, show};
use crate::dynamics::bifurcation::{
    Bifurcation, BifurcationDiagram, CycleBranch, CycleEnd, EquilibriumBranch, SpecialPoint,
};
use std::fmt;

/// By what something is born or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A bifurcation of a fixed point or of a cycle.
    Local(Bifurcation),
    /// A homoclinic orbit, into which a cycle goes or out of which it comes.
    Homoclinic,
    /// A saddle and a node that meet on the cycle.
    SaddleNodeOnCycle,
}

impl Cause {
    /// The name in snake case, as in `fold_of_cycles`.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Local(kind) => kind.name(),
            Cause::Homoclinic => "homoclinic",
            Cause::SaddleNodeOnCycle => "saddle_node_on_cycle",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name().replace('_', " "))
    }
}

/// What a bifurcation does as one goes along the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Two fixed points (of a pitchfork: two beside a third) are born.
    PointsBorn,
    /// They are lost.
    PointsLost,
    /// A cycle is born; of a fold of cycles two.
    CycleBorn,
    /// It is lost.
    CycleLost,
    /// Nothing is born or lost but stability changes, or the normal form does not tell.
    Stability,
}

impl Change {
    /// In snake case: `points_born`, `points_lost`, `cycle_born`, `cycle_lost`, `stability`.
    pub fn name(self) -> &'static str {
        match self {
            Change::PointsBorn => "points_born",
            Change::PointsLost => "points_lost",
            Change::CycleBorn => "cycle_born",
            Change::CycleLost => "cycle_lost",
            Change::Stability => "stability",
        }
    }
}

/// A bifurcation on a path.
#[derive(Clone, PartialEq)]
pub struct PathEvent {
    /// Where it is.
    pub place: f64,
    /// What it is.
    pub cause: Cause,
    /// What it does, seen in the direction of the path.
    pub change: Change,
    /// The state: the fixed point, or a point of the cycle.
    pub state: Vec<f64>,
    /// Unstable directions on both sides of it. Of a fold those of the two that are born or lost, the smaller number first; otherwise those
    /// before it and after it on the path.
    pub unstable: [usize; 2],
    /// Whether it is located to rounding.
    pub converged: bool,
}

impl PathEvent {
    /// Shows it in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for PathEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: Vec<String> = self.state.iter().map(|h| format!("{h:.4}")).collect();
        write!(f, "{:.4}: {}, {}", self.place, self.cause, self.change.name().replace('_', " "))?;
        write!(
            f,
            ", at ({}), unstable directions {} and {}",
            state.join(", "),
            self.unstable[0],
            self.unstable[1]
        )?;
        f.write_str(if self.converged { "" } else { " [guess]" })
    }
}

/// All events of the pieces, in order.
pub(super) fn events(pieces: &[BifurcationDiagram]) -> Vec<PathEvent> {
    let mut all = vec![];
    for piece in pieces {
        let mut own: Vec<PathEvent> = vec![];
        for special in piece.specials().iter().filter(|special| special.kind.is_bifurcation()) {
            let of_points = piece.branches.iter().filter_map(|branch| of_branch(branch, special));
            let of_cycles = piece.cycles.iter().filter_map(|branch| of_cycle_branch(branch, special));
            // Of the two branches through a pitchfork the one that turns there tells more.
            let found = of_points.chain(of_cycles).min_by_key(|event| event.change == Change::Stability);
            own.extend(found);
        }
        own.extend(piece.cycles.iter().flat_map(ends));
        own.sort_by(|a, b| a.place.total_cmp(&b.place));
        all.extend(own);
    }
    all
}

/// Whether two are the same special point. Numbers that a kind has not are NaN, so that equality does not tell.
pub(super) fn same(a: &SpecialPoint, b: &SpecialPoint) -> bool {
    a.kind == b.kind && a.parameters == b.parameters && a.state == b.state
}

/// The points before and behind the special point in a list: parameters and unstable directions.
fn sides<T>(
    points: &[T],
    special: impl Fn(&T) -> bool,
    read: impl Fn(&T) -> (f64, usize),
) -> Option<[(f64, usize); 2]> {
    let k = points.iter().position(special)?;
    let before = points.get(k.checked_sub(1)?)?;
    Some([read(before), read(points.get(k + 1)?)])
}

/// What a special point does along the path, by the two sides of it on a branch that turns there or goes on.
fn event(special: &SpecialPoint, sides: [(f64, usize); 2], born: Change, lost: Change) -> PathEvent {
    let place = special.parameter();
    let [(a, before), (b, after)] = sides;
    let turns = (a > place) == (b > place);
    let change = match (turns, a > place) {
        (true, true) => born,
        (true, false) => lost,
        _ => match special.cycle_side() {
            Some(side) if side > 0.0 => Change::CycleBorn,
            Some(_) => Change::CycleLost,
            None => Change::Stability,
        },
    };
    let unstable = match turns {
        true => [before.min(after), before.max(after)],
        false if a > b => [after, before],
        false => [before, after],
    };
    PathEvent {
        place,
        cause: Cause::Local(special.kind),
        change,
        state: special.state.clone(),
        unstable,
        converged: special.converged,
    }
}

fn of_branch(branch: &EquilibriumBranch, special: &SpecialPoint) -> Option<PathEvent> {
    let is = |point: &crate::dynamics::EquilibriumPoint| {
        point.special.as_ref().is_some_and(|own| same(own, special))
    };
    let sides = sides(&branch.points, is, |point| (point.parameter, point.unstable))?;
    Some(event(special, sides, Change::PointsBorn, Change::PointsLost))
}

fn of_cycle_branch(branch: &CycleBranch, special: &SpecialPoint) -> Option<PathEvent> {
    let is =
        |point: &crate::dynamics::CyclePoint| point.special.as_ref().is_some_and(|own| same(own, special));
    let sides = sides(&branch.points, is, |point| (point.parameter, point.unstable))?;
    Some(event(special, sides, Change::CycleBorn, Change::CycleLost))
}

/// Homoclinic orbits and folds on the cycle at the ends of a branch of cycles.
fn ends(branch: &CycleBranch) -> Vec<PathEvent> {
    let cycles = [branch.points.first(), branch.points.last()];
    let mut events = vec![];
    for (end, cycle) in branch.ends.iter().zip(cycles) {
        let (Some(place), Some(cycle)) = (end.parameter(), cycle) else { continue };
        let (cause, state, converged) = match end {
            CycleEnd::Homoclinic { saddle, connection, .. } => {
                (Cause::Homoclinic, saddle, connection.is_some())
            }
            CycleEnd::SaddleNode { state, .. } => (Cause::SaddleNodeOnCycle, state, true),
            _ => continue,
        };
        let change = if cycle.parameter > place { Change::CycleBorn } else { Change::CycleLost };
        let unstable = [cycle.unstable; 2];
        events.push(PathEvent { place, cause, change, state: state.clone(), unstable, converged });
    }
    events
}
