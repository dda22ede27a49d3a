//! The split function: how far two manifolds are apart on a section.

use super::branch::{Crossing, Launch, first_crossing};
use super::saddle::PlanarSaddle;
use super::section::SplitSection;
use crate::dynamics::VectorField;
use crate::dynamics::integrate::Integrator;
use crate::error::Result;

/// The signed distance of two manifolds on a section, where it is defined.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Place of the unstable manifold minus place of the stable one; `None` where one of them does not come to the section.
    pub value: Option<f64>,
    /// Why there is no value; empty where there is one.
    pub reason: String,
    /// Place of the unstable manifold's first crossing.
    pub unstable: Option<f64>,
    /// Place of the stable manifold's first crossing, in backward time.
    pub stable: Option<f64>,
}

impl Split {
    /// From the first crossings of both, or why there is none.
    pub(super) fn of(
        unstable: std::result::Result<Crossing, String>,
        stable: std::result::Result<Crossing, String>,
    ) -> Self {
        let place =
            |crossing: &std::result::Result<Crossing, String>| crossing.as_ref().ok().map(|c| c.place);
        let places = (place(&unstable), place(&stable));
        let (value, reason) = match (unstable, stable) {
            (Ok(u), Ok(s)) if u.rising == s.rising => (Some(u.place - s.place), String::new()),
            (Ok(_), Ok(_)) => (None, "the manifolds cross the section in different directions".to_owned()),
            (Err(reason), _) => {
                (None, format!("the unstable manifold does not come to the section: {reason}"))
            }
            (_, Err(reason)) => (None, format!("the stable manifold does not come to the section: {reason}")),
        };
        Self { value, reason, unstable: places.0, stable: places.1 }
    }

    /// That of nothing known but a reason.
    pub(super) fn undefined(reason: String) -> Self {
        Self { value: None, reason, unstable: None, stable: None }
    }
}

/// The first crossing with 12 digits: by Dormand-Prince, and where that takes too many steps (a stiff flow, or one that never
/// comes) by the Rosenbrock method.
pub(super) fn precise_crossing(
    flow: &dyn VectorField,
    launch: Launch,
    section: &SplitSection,
    rising: Option<bool>,
) -> Result<std::result::Result<Crossing, String>> {
    let gentle = Integrator::new().with_tolerances(1e-12, 1e-14).with_max_steps(20_000);
    match first_crossing(flow, &gentle, launch, section, rising)? {
        Err(reason) if reason.contains("steps end at") => {
            let stiff = Integrator::rosenbrock().with_tolerances(1e-11, 1e-13).with_max_steps(20_000);
            first_crossing(flow, &stiff, launch, section, rising)
        }
        found => Ok(found),
    }
}

/// The split of two branches of two saddles (or one saddle twice) of one flow.
pub(in crate::dynamics) fn split(
    flow: &dyn VectorField,
    saddles: (&PlanarSaddle, &PlanarSaddle),
    branches: (f64, f64),
    section: &SplitSection,
) -> Result<Split> {
    let leaving = Launch { start: saddles.0.leaving(branches.0), sense: 1.0 };
    let entering = Launch { start: saddles.1.entering(branches.1), sense: -1.0 };
    let crossing = |launch: Launch| precise_crossing(flow, launch, section, None);
    Ok(Split::of(crossing(leaving)?, crossing(entering)?))
}
