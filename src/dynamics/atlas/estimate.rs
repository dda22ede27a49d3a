//! Whether a search for cycles may find some: quick and rough walks from the fixed points.

use super::super::portrait::WHOLE;
use super::super::walk::{Oriented, Step, Walker};
use super::super::window::{along, distance};
use super::super::{FixedPoints, GruFlow, Integrator, PlanarPoint};
use crate::error::Result;

/// How many different places walks came to that are no fixed points, forward and backward in time: about as many stable and
/// unstable cycles may be there. `None` where one of them is slow: a cycle that passes nearly closed gates is costly and not clean.
pub(super) fn open_ends(flow: &GruFlow, found: &FixedPoints) -> Result<Option<[usize; 2]>> {
    let points = found.points.iter().map(PlanarPoint::try_from).collect::<Result<Vec<_>>>()?;
    let mut ends = [0, 0];
    for (side, forward) in [true, false].into_iter().enumerate() {
        let mut starts = vec![];
        for point in &points {
            let away = if forward { point.kind.is_source() } else { point.kind.is_stable() };
            if away {
                starts.push(along(point.state, NEAR, [0.8, 0.6]));
            }
        }
        if forward {
            starts.extend([[-1.0, -0.97], [1.0, 0.97]]);
        }
        let attracts = |point: &&PlanarPoint| {
            if forward { point.kind.is_stable() } else { point.kind.is_source() }
        };
        let attractors: Vec<[f64; 2]> = points.iter().filter(attracts).map(|point| point.state).collect();
        match of(flow, forward, &starts, &attractors)? {
            Some(count) => ends[side] = count,
            None => return Ok(None),
        }
    }
    Ok(Some(ends))
}

/// Where a walk begins and what counts as having come to a fixed point.
const NEAR: f64 = 0.01;
const THERE: f64 = 0.02;
/// Steps of a walk, and how many of its last ones tell where it goes round.
const STEPS: usize = 300;
const LAST: usize = 100;
/// A walk is slow where a `1 - z` is below this.
const SLOW: f64 = 0.01;

fn of(flow: &GruFlow, forward: bool, starts: &[[f64; 2]], attractors: &[[f64; 2]]) -> Result<Option<usize>> {
    let method = Integrator::new().with_tolerances(1e-3, 1e-4).with_max_steps(STEPS + 1);
    let mut walker = Walker::new(Oriented { field: flow, forward }, &WHOLE, &method, [0.0; 2])?;
    // Corners of what the last part of a walk fills.
    let mut open: Vec<[f64; 4]> = vec![];
    'walks: for start in starts {
        if walker.restart(*start).is_err() {
            continue;
        }
        let mut filled = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for step in 0..STEPS {
            if walker.step() != Step::Inside {
                continue 'walks;
            }
            let here = walker.here();
            if attractors.iter().any(|at| distance(*at, here) < THERE) {
                continue 'walks;
            }
            if step + LAST >= STEPS {
                let mut speed = [0.0; 2];
                flow.update_complement(&here, &mut speed);
                if speed[0].min(speed[1]) < SLOW {
                    return Ok(None);
                }
                for axis in 0..2 {
                    filled[axis] = filled[axis].min(here[axis]);
                    filled[axis + 2] = filled[axis + 2].max(here[axis]);
                }
            }
        }
        let same = |other: &[f64; 4]| other.iter().zip(&filled).all(|(a, b)| (a - b).abs() < 0.05);
        if !open.iter().any(same) {
            open.push(filled);
        }
    }
    Ok(Some(open.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Atlas, families};

    #[test]
    fn walks_tell_how_many_cycles_there_may_be() {
        for (angle, expected) in [(0.1, [0, 0]), (0.7, [1, 0]), (1.0, [0, 0])] {
            let weights = families::rotation(3.0, angle).unwrap();
            let found = weights.fixed_points().unwrap();
            assert_eq!(open_ends(&weights.flow(), &found).unwrap(), Some(expected), "{angle}");
        }
        // A cycle of a slow unit.
        let slow = families::rotation(3.0, 0.7).unwrap().with("bz", &[0], 6.0).unwrap();
        assert_eq!(open_ends(&slow.flow(), &slow.fixed_points().unwrap()).unwrap(), None);
    }

    #[test]
    fn they_are_right_for_most_of_the_atlas() {
        let atlas = Atlas::shipped().unwrap();
        let right = atlas.entries().iter().filter(|entry| {
            let found = entry.weights.fixed_points().unwrap();
            let class = &entry.class;
            open_ends(&entry.weights.flow(), &found).unwrap()
                == Some([class.stable_cycles, class.unstable_cycles])
        });
        let right = right.count();
        assert!(2 * right > atlas.len(), "{right} of {}", atlas.len());
    }
}
