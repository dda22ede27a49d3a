//! One straight piece of a path.

use super::{PathSystem, WeightPathOptions, diagram_options};
use crate::dynamics::bifurcation::{
    BifurcationDiagram, CycleBranch, CycleContinuation, CyclePoint, ParameterFamily, all_cycles,
};
use crate::dynamics::cycles::Cycle;
use crate::dynamics::gru::GruWeights;
use crate::dynamics::multistart::MultiStart;
use crate::error::{Error, Result};

/// What a system of the path has.
pub(super) fn system(place: f64, weights: &GruWeights, options: &WeightPathOptions) -> Result<PathSystem> {
    let fixed_points = match weights.units() {
        1..=3 => weights.fixed_points()?,
        _ => MultiStart::new().run(&weights.flow())?.split().0,
    };
    let cycles = match (options.cycles, weights.units()) {
        (true, 2) => all_cycles(weights)?.0,
        _ => vec![],
    };
    Ok(PathSystem { place, weights: weights.clone(), fixed_points, cycles })
}

/// All branches of the straight line from `a` to `b`.
pub(super) fn diagram(
    a: &PathSystem,
    b: &PathSystem,
    options: &WeightPathOptions,
) -> Result<BifurcationDiagram> {
    let (range, ends) = ((a.place, b.place), (a.weights.clone(), b.weights.clone()));
    let of = move |p: &[f64]| {
        let place = p.first().copied().unwrap_or(f64::NAN);
        ends.0.towards(&ends.1, (place - range.0) / (range.1 - range.0))
    };
    let family = ParameterFamily::of_gru(a.weights.units(), &[&options.name], of);
    let diagram = BifurcationDiagram::new(&family, range, &diagram_options(options))?;
    if !options.cycles || family.dimension() < 2 {
        return Ok(diagram);
    }
    let mut diagram = diagram.with_cycles(&family, &options.cycle_continuation, 0)?;
    for (system, sense) in [(a, 1.0), (b, -1.0)] {
        for cycle in &system.cycles {
            if reaching(&diagram.cycles, system.place).any(|(_, _, point)| is(point, cycle)) {
                continue;
            }
            let walk = CycleContinuation::from_cycle(
                &family,
                range,
                system.place,
                cycle,
                sense,
                &options.cycle_continuation,
            );
            match walk.and_then(CycleContinuation::run) {
                Ok(branch) => diagram.cycles.push(branch),
                Err(Error::Numeric { reason, .. }) => diagram.cycle_failures.push((system.place, reason)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(diagram)
}

/// Relative differences of periods and extents up to which two cycles at one place are one.
const SAME_PERIOD: f64 = 1e-6;
const SAME_EXTENT: f64 = 1e-2;

/// Whether the cycle of a branch is this one.
fn is(point: &CyclePoint, cycle: &Cycle) -> bool {
    alike((point.period, point.extent, point.is_stable()), (cycle.period, cycle.extent, cycle.stable))
}

/// Whether two branches, one on either side of a system, have the same cycle there.
pub(super) fn joins(a: &CyclePoint, b: &CyclePoint) -> bool {
    alike((a.period, a.extent, a.is_stable()), (b.period, b.extent, b.is_stable()))
}

fn alike(a: (f64, f64, bool), b: (f64, f64, bool)) -> bool {
    a.2 == b.2 && (a.0 / b.0 - 1.0).abs() < SAME_PERIOD && (a.1 / b.1 - 1.0).abs() < SAME_EXTENT
}

/// Branches with an end at this place, an end of the piece: the number of the branch, whether it is its last point, and the point.
pub(super) fn reaching(
    branches: &[CycleBranch],
    place: f64,
) -> impl Iterator<Item = (usize, bool, &CyclePoint)> {
    branches.iter().enumerate().flat_map(move |(k, branch)| {
        let near = move |point: &&CyclePoint| (point.parameter - place).abs() <= 1e-9 * place.abs().max(1.0);
        let first = branch.points.first().filter(near).map(|point| (k, false, point));
        let last = branch.points.last().filter(near).map(|point| (k, true, point));
        first.into_iter().chain(last)
    })
}
