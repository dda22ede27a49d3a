//! What a continuation is made with.

use crate::error::{Error, Result};

/// Which system moves the states: both have the same fixed points, with other stabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum System {
    /// The flow `dh/dt = f(h)`.
    #[default]
    Flow,
    /// The map `h' = h + step f(h)`; with step 1 the GRU as it is trained.
    Map {
        /// The size of the step, above 0.
        step: f64,
    },
}

impl System {
    /// The size of the step of a map.
    pub(crate) fn step(self) -> Option<f64> {
        match self {
            System::Flow => None,
            System::Map { step } => Some(step),
        }
    }
}

/// Settings of a continuation. Lengths are measured along the curve in units in which the box of its parameters has sides of 2
/// and a state has the size 1.
///
/// ```
/// use eigengate::dynamics::ContinuationOptions;
///
/// let fine = ContinuationOptions::new().with_steps(1e-9, 0.005);
/// assert_eq!(fine.max_step, 0.005);
/// // Impossible numbers are refused with these numbers.
/// let error = ContinuationOptions::new().with_steps(0.1, 0.01).check().unwrap_err();
/// assert!(error.to_string().contains("0.1") && error.to_string().contains("0.01"));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ContinuationOptions {
    /// The flow (default) or a map.
    pub system: System,
    /// The first step along the curve; 0.005 by default.
    pub first_step: f64,
    /// The smallest step; 1e-9 by default. A curve that needs a smaller one ends there.
    pub min_step: f64,
    /// The largest step; 0.02 by default.
    pub max_step: f64,
    /// The largest angle between the tangents at both ends of a step, in radians; 0.2 by default. A larger one halves the step: what
    /// looks like a sharp turn may be another branch.
    pub max_angle: f64,
    /// The most points of one branch in one direction; 5000 by default.
    pub max_points: usize,
    /// The most Newton iterations of a step; 8 by default.
    pub iterations: usize,
    /// A Newton step below this, in the same units, is the last one; 1e-8 by default, so that the point is right to rounding.
    pub tolerance: f64,
}

impl Default for ContinuationOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ContinuationOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            system: System::Flow,
            first_step: 0.005,
            min_step: 1e-9,
            max_step: 0.02,
            max_angle: 0.2,
            max_points: 5000,
            iterations: 8,
            tolerance: 1e-8,
        }
    }

    /// For branches of cycles, whose points cost more: a first step of 0.02, steps from 1e-7 to 0.1, tangents that turn by 0.45 at
    /// most, at most 1000 points, a last Newton step below 1e-10.
    pub fn for_cycles() -> Self {
        Self {
            first_step: 0.02,
            min_step: 1e-7,
            max_step: 0.1,
            max_angle: 0.45,
            max_points: 1000,
            tolerance: 1e-10,
            ..Self::new()
        }
    }

    /// The map `h' = h + step f(h)` instead of the flow.
    pub fn with_map(mut self, step: f64) -> Self {
        self.system = System::Map { step };
        self
    }

    /// Other smallest and largest steps; the first one is a quarter of the largest.
    pub fn with_steps(mut self, smallest: f64, largest: f64) -> Self {
        (self.min_step, self.max_step) = (smallest, largest);
        self.first_step = (largest / 4.0).max(smallest);
        self
    }

    /// Another largest angle between tangents.
    pub fn with_max_angle(mut self, radians: f64) -> Self {
        self.max_angle = radians;
        self
    }

    /// Another number of points.
    pub fn with_max_points(mut self, points: usize) -> Self {
        self.max_points = points;
        self
    }

    /// Whether the numbers are possible; every continuation asks first.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the inequality that does not hold, and its numbers.
    pub fn check(&self) -> Result<()> {
        let Self { first_step, min_step, max_step, .. } = *self;
        if let System::Map { step } = self.system
            && !(step > 0.0 && step.is_finite())
        {
            return Err(Error::parameter("step of the map", step, "a finite step above 0"));
        }
        if !(0.0 < min_step && min_step <= first_step && first_step <= max_step && max_step.is_finite()) {
            return Err(Error::parameter(
                "steps",
                format!("{min_step} (smallest), {first_step} (first), {max_step} (largest)"),
                "0 < smallest <= first <= largest",
            ));
        }
        if !(self.max_angle > 0.0 && self.max_angle < 1.5) {
            return Err(Error::parameter(
                "max_angle",
                self.max_angle,
                "an angle above 0 and below 1.5 radians",
            ));
        }
        if !(self.tolerance > 0.0 && self.tolerance < min_step.max(1e-6)) {
            return Err(Error::parameter("tolerance", self.tolerance, "a number above 0 and below 1e-6"));
        }
        for (name, count, least) in [("max_points", self.max_points, 2), ("iterations", self.iterations, 2)] {
            if count < least {
                return Err(Error::parameter(name, count, format!("at least {least}")));
            }
        }
        Ok(())
    }
}
