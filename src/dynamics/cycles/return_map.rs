//! The return map of a Poincare section.

use super::{Cycle, Shooting};
use crate::dynamics::VectorField;
use crate::dynamics::integrate::{Event, Integrator, Stepper, Watch};
use crate::dynamics::root::brent;
use crate::error::{Error, Result, finite};

/// The map of a section to itself: where, and after which time, the trajectory through a point of the section crosses it again in
/// the same direction.
#[derive(Clone, Debug)]
pub struct ReturnMap {
    point: Vec<f64>,
    normal: Vec<f64>,
    integrator: Integrator,
    max_time: f64,
    backward: bool,
}

/// A return to a section.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// Where.
    pub state: Vec<f64>,
    /// After which time; positive in backward time too.
    pub time: f64,
}

impl ReturnMap {
    /// Of the plane through `point` across `normal`; trajectories count that cross it in the direction of `normal`. Times up to 1e5.
    ///
    /// # Errors
    /// As [`Event::section`].
    pub fn new(point: &[f64], normal: &[f64]) -> Result<Self> {
        Event::section(point, normal)?;
        Ok(Self {
            point: point.to_vec(),
            normal: normal.to_vec(),
            integrator: Integrator::new().with_tolerances(1e-11, 1e-13),
            max_time: 1e5,
            backward: false,
        })
    }

    /// Another integrator than Dormand-Prince with tolerances 1e-11 and 1e-13.
    pub fn with_integrator(mut self, integrator: Integrator) -> Self {
        self.integrator = integrator;
        self
    }

    /// The longest time that a return may take.
    pub fn with_max_time(mut self, time: f64) -> Self {
        self.max_time = time;
        self
    }

    /// The inverse map, in backward time.
    pub fn backward(mut self) -> Self {
        self.backward = true;
        self
    }

    /// The first return of the trajectory through `h`, which need not be on the section.
    ///
    /// # Errors
    /// [`Error::Numeric`] where there is none in time; as [`Integrator::run_with_events`].
    pub fn image(&self, flow: &dyn VectorField, h: &[f64]) -> Result<Return> {
        let event = Event::section(&self.point, &self.normal)?.terminal();
        let events = [if self.backward { event.falling() } else { event.rising() }];
        let limit = if self.backward { -self.max_time } else { self.max_time };
        let mut stepper = Stepper::new(&self.integrator, flow, h, 0.0, limit)?;
        let mut watch = Watch::new(&events, &stepper)?;
        let mut hits = vec![];
        while stepper.time() != limit {
            stepper.advance(flow, limit)?;
            if watch.step(flow, &mut stepper, &mut hits)
                && let Some(hit) = hits.pop()
            {
                return Ok(Return { state: hit.state, time: hit.time.abs() });
            }
        }
        Err(Error::Numeric {
            method: "the return map",
            reason: format!(
                "the trajectory through {h:?} does not return in the time {} (it ends at {:?}); allow more time, or move \
                 the section",
                self.max_time,
                stepper.state()
            ),
        })
    }

    /// The cycle that crosses a section in the plane between the places `from` and `to`, which the return map must move in
    /// different directions along the section: the root of the displacement by Brent's method, then [`Shooting`].
    ///
    /// # Errors
    /// [`Error::Shape`] for a flow that is not planar; [`Error::Parameter`] where the displacements have one sign (the text has
    /// them); as [`ReturnMap::image`] and [`Shooting::run`].
    pub fn cycle(&self, flow: &dyn VectorField, from: &[f64], to: &[f64]) -> Result<Cycle> {
        if flow.dimension() != 2 || from.len() != 2 || to.len() != 2 {
            let found = format!("{} and places of {} and {}", flow.dimension(), from.len(), to.len());
            return Err(Error::shape("flow of a return map's cycle", "2 dimensions", found));
        }
        finite("places on the section", from.iter().chain(to))?;
        let side = [-self.normal[1], self.normal[0]];
        let place = |s: f64| [0, 1].map(|i| from[i] + s * (to[i] - from[i]));
        let mut last = (from.to_vec(), 0.0);
        let mut displacement = |s: f64| -> Result<f64> {
            let at = place(s);
            let back = self.image(flow, &at)?;
            let moved = (0..2).map(|i| side[i] * (back.state[i] - at[i])).sum();
            last = (back.state, back.time);
            Ok(moved)
        };
        let (first, second) = (displacement(0.0)?, displacement(1.0)?);
        if (first > 0.0) == (second > 0.0) {
            let value = format!("{from:?} and {to:?}");
            let expected = format!(
                "places that the return map moves in different directions (found displacements {first:.3e} and {second:.3e})"
            );
            return Err(Error::parameter("places", value, expected));
        }
        brent(&mut displacement, (0.0, first), (1.0, second), 1e-12)?;
        Shooting::new().run(flow, &last.0, last.1)
    }
}
