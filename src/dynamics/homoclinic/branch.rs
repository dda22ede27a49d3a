//! One branch of a manifold, followed to a section.

use super::saddle::polish;
use super::section::SplitSection;
use crate::dynamics::integrate::{DenseStep, Event, Integrator, Stepper, Watch};
use crate::dynamics::{Trajectory, VectorField};
use crate::error::Result;

/// Where a trajectory crosses a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// The place along the section.
    pub(super) place: f64,
    /// The time since the start; positive in backward time too.
    pub(super) time: f64,
    /// Whether, in forward time, it crosses in the direction of the section's normal.
    pub(super) rising: bool,
}

/// A start and a direction of time, 1 or -1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch {
    pub(super) start: [f64; 2],
    pub(super) sense: f64,
}

/// Steps between two looks at whether a trajectory has come to rest.
const LOOK: usize = 20;
/// Field below which it may have.
const SLOW: f64 = 1e-6;

/// The first crossing, to the accuracy of `method`; otherwise why there is none. With `rising`, only crossings count that go, in forward
/// time, in the direction of the section's normal (or against it).
pub(super) fn first_crossing(
    flow: &dyn VectorField,
    method: &Integrator,
    launch: Launch,
    section: &SplitSection,
    rising: Option<bool>,
) -> Result<std::result::Result<Crossing, String>> {
    let events = [Event::section(&section.from, &section.normal())?];
    let mut stepper = Stepper::new(method, flow, &launch.start, 0.0, launch.sense)?;
    let mut watch = Watch::new(&events, &stepper)?;
    let mut hits = vec![];
    loop {
        if let Err(error) = stepper.advance(flow, launch.sense * f64::INFINITY) {
            return Ok(Err(error.to_string()));
        }
        watch.step(flow, &mut stepper, &mut hits);
        for hit in hits.drain(..) {
            let upwards = hit.rising == (launch.sense > 0.0);
            if section.holds(&hit.state) && rising.is_none_or(|rising| rising == upwards) {
                let rising = upwards;
                return Ok(Ok(Crossing { place: section.place(&hit.state), time: hit.time.abs(), rising }));
            }
        }
        if let Some(reason) = ended(flow, &stepper, launch) {
            return Ok(Err(reason));
        }
    }
}

/// Follows a branch until it crosses a section, rests, leaves, or has taken as many steps as `method` allows.
pub(super) fn followed(
    flow: &dyn VectorField,
    method: &Integrator,
    launch: Launch,
    until: Option<&SplitSection>,
) -> Result<(Trajectory, String)> {
    let mut stepper = Stepper::new(method, flow, &launch.start, 0.0, launch.sense)?;
    let mut trajectory = Trajectory::at(0.0, &launch.start);
    loop {
        if let Err(error) = stepper.advance(flow, launch.sense * f64::INFINITY) {
            return Ok((trajectory, error.to_string()));
        }
        trajectory.push(&stepper);
        if until.is_some_and(|section| !crossed(stepper.last(), section).is_empty()) {
            return Ok((trajectory, "it comes to the section".to_owned()));
        }
        if let Some(reason) = ended(flow, &stepper, launch) {
            return Ok((trajectory, reason));
        }
    }
}

/// The first crossing that the dense output of a trajectory has.
pub(super) fn crossing_of(
    trajectory: &Trajectory,
    launch: Launch,
    section: &SplitSection,
) -> Option<Crossing> {
    let (time, place, rising) =
        trajectory.pieces().iter().find_map(|piece| crossed(piece, section).first().copied())?;
    Some(Crossing { place, time: time.abs(), rising: rising == (launch.sense > 0.0) })
}

/// Times and places at which a step crosses a section, and whether it does so in the direction of the normal.
fn crossed(step: &DenseStep, section: &SplitSection) -> Vec<(f64, f64, bool)> {
    let normal = section.normal();
    let offset = normal[0] * section.from[0] + normal[1] * section.from[1];
    let mut found = vec![];
    for (time, rising) in step.crossings(&normal, offset) {
        let mut state = [0.0; 2];
        step.state(time, &mut state);
        if section.holds(&state) {
            found.push((time, section.place(&state), rising));
        }
    }
    found
}

/// Why a trajectory need not be followed further.
fn ended(flow: &dyn VectorField, stepper: &Stepper, launch: Launch) -> Option<String> {
    let h = [stepper.state().first().copied()?, stepper.state().get(1).copied()?];
    let size = launch.start[0].hypot(launch.start[1]);
    if h[0].hypot(h[1]) > 100.0 * (1.0 + size) {
        return Some(format!("it leaves for infinity after the time {:.6}", stepper.time()));
    }
    if !stepper.steps().is_multiple_of(LOOK) || stepper.slope().iter().any(|f| f.abs() > SLOW) {
        return None;
    }
    let rest = polish(flow, h).ok()?;
    let (near, begun) = (
        (rest[0] - h[0]).hypot(rest[1] - h[1]),
        (rest[0] - launch.start[0]).hypot(rest[1] - launch.start[1]),
    );
    let mut jacobian = [0.0; 4];
    flow.jacobian(&rest, &mut jacobian);
    let (trace, determinant) =
        (jacobian[0] + jacobian[3], jacobian[0] * jacobian[3] - jacobian[1] * jacobian[2]);
    let attracts = determinant > 0.0 && trace * launch.sense < 0.0;
    (attracts && near < 1e-3 && begun > 1e-5).then(|| {
        let kind = if launch.sense > 0.0 { "sink" } else { "source" };
        format!("it comes to the {kind} at ({:.6}, {:.6}) first", rest[0], rest[1])
    })
}
