//! One step after the other, with step size control.

use super::Integrator;
use super::dense::{DenseStep, evaluate};
use super::dopri5::DormandPrince;
use super::rodas::Rodas;
use crate::dynamics::VectorField;
use crate::error::{Error, Result, finite};

/// A trajectory as it is made: [`advance`](Stepper::advance) takes one step. It keeps its memory at a
/// [`restart`](Stepper::restart), for walks by the thousand.
#[derive(Clone)]
pub struct Stepper {
    options: Integrator,
    method: Work,
    time: f64,
    state: Vec<f64>,
    slope: Vec<f64>,
    /// State and slope at the start of the last step.
    old: (Vec<f64>, Vec<f64>),
    last: DenseStep,
    /// What the next step will try, with the sign of the direction.
    step: f64,
    /// Error of the last accepted step, for the PI control.
    error: f64,
    steps: usize,
    rejected: usize,
}

#[derive(Clone)]
enum Work {
    DormandPrince(DormandPrince),
    Rosenbrock(Rodas),
}

/// Safety factor, largest and smallest change of a step.
const SAFETY: f64 = 0.9;
const GROWTH: f64 = 8.0;
const SHRINK: f64 = 0.2;
/// At rest steps grow without end: not to infinity, from which no step can be halved.
const LONGEST: f64 = 1e100;

impl Stepper {
    /// Stands at `start` at `time`; `direction` is 1 for forward time, -1 for backward time.
    ///
    /// # Errors
    /// [`Error::Shape`] for a start of another dimension, [`Error::NotFinite`] for a start, a time or a field there that
    /// is not finite, [`Error::Parameter`] for tolerances out of range.
    pub fn new(
        options: &Integrator,
        field: &dyn VectorField,
        start: &[f64],
        time: f64,
        direction: f64,
    ) -> Result<Self> {
        options.check()?;
        let d = field.dimension();
        let method = if options.is_rosenbrock() {
            Work::Rosenbrock(Rodas::new(d))
        } else {
            Work::DormandPrince(DormandPrince::new(d))
        };
        let mut stepper = Self {
            options: options.clone(),
            method,
            time,
            state: vec![0.0; d],
            slope: vec![0.0; d],
            old: (vec![0.0; d], vec![0.0; d]),
            last: DenseStep { start: time, step: 0.0, coefficients: vec![0.0; 5 * d] },
            step: 0.0,
            error: 1.0,
            steps: 0,
            rejected: 0,
        };
        stepper.restart(field, start, time, direction)?;
        Ok(stepper)
    }

    /// Goes to another start of the same field, or of one of the same dimension.
    ///
    /// # Errors
    /// As [`Stepper::new`].
    pub fn restart(
        &mut self,
        field: &dyn VectorField,
        start: &[f64],
        time: f64,
        direction: f64,
    ) -> Result<()> {
        let d = self.state.len();
        if field.dimension() != d || start.len() != d {
            let found = format!("a start of {} for a field of {}", start.len(), field.dimension());
            return Err(Error::shape("start of a trajectory", format!("{d} numbers"), found));
        }
        finite("start of a trajectory", start)?;
        finite("time of the start", &[time])?;
        self.state.copy_from_slice(start);
        field.field(start, &mut self.slope);
        finite("vector field at the start", &self.slope)?;
        self.time = time;
        self.error = 1e-4;
        (self.steps, self.rejected) = (0, 0);
        self.last.start = time;
        self.last.step = 0.0;
        self.last.coefficients.fill(0.0);
        self.last.coefficients[..d].copy_from_slice(start);
        self.old.0.copy_from_slice(start);
        self.old.1.copy_from_slice(&self.slope);
        let size = match self.options.first_step {
            Some(step) => step,
            None => self.first_step(field, direction),
        };
        self.step = size.min(self.options.max_step).copysign(direction);
        Ok(())
    }

    /// A first step by Hairer, Norsett and Wanner, section II.4.
    fn first_step(&mut self, field: &dyn VectorField, direction: f64) -> f64 {
        let d = self.state.len();
        let size = self.scaled(&self.state);
        let speed = self.scaled(&self.slope);
        let guess = if size < 1e-10 || speed < 1e-10 { 1e-6 } else { 0.01 * size / speed };
        let guess = guess.min(self.options.max_step);
        for i in 0..d {
            self.old.0[i] = self.state[i] + guess.copysign(direction) * self.slope[i];
        }
        field.field(&self.old.0, &mut self.old.1);
        for i in 0..d {
            self.old.1[i] -= self.slope[i];
        }
        let bend = self.scaled(&self.old.1) / guess;
        self.old.0.copy_from_slice(&self.state);
        self.old.1.copy_from_slice(&self.slope);
        let largest = speed.max(bend);
        let order = if self.options.is_rosenbrock() { 4.0 } else { 5.0 };
        let second =
            if largest <= 1e-15 { (guess * 1e-3).max(1e-6) } else { (0.01 / largest).powf(1.0 / order) };
        let chosen = (100.0 * guess).min(second);
        if chosen.is_finite() && chosen > 0.0 { chosen } else { 1e-6 }
    }

    /// Root mean square of `values` over the tolerance at the state.
    fn scaled(&self, values: &[f64]) -> f64 {
        let (rtol, atol) = (self.options.rtol, self.options.atol);
        let sum: f64 =
            values.iter().zip(&self.state).map(|(v, y)| (v / (atol + rtol * y.abs())).powi(2)).sum();
        (sum / values.len().max(1) as f64).sqrt()
    }

    /// The time reached.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The state reached.
    pub fn state(&self) -> &[f64] {
        &self.state
    }

    /// The vector field there.
    pub fn slope(&self) -> &[f64] {
        &self.slope
    }

    /// The state at the start of the last step.
    pub fn previous(&self) -> &[f64] {
        &self.old.0
    }

    /// The interpolant of the last step; of no length before the first.
    pub fn last(&self) -> &DenseStep {
        &self.last
    }

    /// Steps taken since the start.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Steps rejected since the start.
    pub fn rejected(&self) -> usize {
        self.rejected
    }

    /// Takes one step, not beyond the time `limit` (which may be infinite).
    ///
    /// # Errors
    /// [`Error::Numeric`] where the step size underflows, where the field is not finite, after as many steps as
    /// [`Integrator::with_max_steps`] allows. The stepper then stands where it stood.
    pub fn advance(&mut self, field: &dyn VectorField, limit: f64) -> Result<()> {
        if self.steps >= self.options.max_steps {
            return Err(self.failed(format!(
                "{} steps end at t = {} (step {:e}) before {limit}; allow more steps, loosen the tolerances{}",
                self.steps,
                self.time,
                self.step,
                if self.options.is_rosenbrock() { "" } else { ", or take the Rosenbrock method if the system is stiff" }
            )));
        }
        if let Work::Rosenbrock(work) = &mut self.method {
            work.linearise(field, &self.state);
        }
        let mut refused = false;
        loop {
            let left = limit - self.time;
            let mut h = self.step;
            // Ends on the limit, and does not leave a crumb before it.
            let last = h.abs() * 1.01 >= left.abs();
            if last {
                h = left;
            } else if h.abs() * 2.0 > left.abs() {
                h = left / 2.0;
            }
            if h.abs() <= 4.0 * f64::EPSILON * self.time.abs() || h.abs() < 1e-280 {
                if last && self.step.abs() > h.abs() {
                    self.rest_at(limit);
                    return Ok(());
                }
                return Err(self.failed(format!(
                    "the step size fell to {h:e} at t = {} (state {:?}); the field may be discontinuous, infinite there, \
                     or the tolerances below rounding",
                    self.time, self.state
                )));
            }
            let error = self.attempt(field, h);
            // The slope where the step ends is needed by the next one.
            if error <= 1.0 && self.new_slope(field) {
                self.accept(h, if last { limit } else { self.time + h }, error, refused, last);
                return Ok(());
            }
            let error = if error <= 1.0 { f64::INFINITY } else { error };
            self.rejected += 1;
            refused = true;
            let factor = if error.is_finite() { SAFETY * error.powf(-self.exponent()) } else { 0.1 };
            self.step = h * factor.clamp(0.1, 0.9);
        }
    }

    fn exponent(&self) -> f64 {
        if self.options.is_rosenbrock() { 0.25 } else { 0.2 }
    }

    /// Scaled error of one trial step, NaN or infinite where it cannot be taken.
    fn attempt(&mut self, field: &dyn VectorField, h: f64) -> f64 {
        let (next, error) = match &mut self.method {
            Work::DormandPrince(work) => {
                work.attempt(field, &self.state, &self.slope, h);
                (&work.next, &work.error)
            }
            Work::Rosenbrock(work) => {
                if !work.attempt(field, &self.state, &self.slope, h) {
                    return f64::INFINITY;
                }
                (&work.next, &work.error)
            }
        };
        let (rtol, atol) = (self.options.rtol, self.options.atol);
        let mut sum = 0.0;
        for i in 0..next.len() {
            let scale = atol + rtol * next[i].abs().max(self.state[i].abs());
            sum += (error[i] / scale).powi(2);
        }
        let error = (sum / next.len().max(1) as f64).sqrt();
        if error.is_nan() { f64::INFINITY } else { error }
    }

    /// Puts the slope at the end of the trial step beside the old one; false where it is not finite.
    fn new_slope(&mut self, field: &dyn VectorField) -> bool {
        match &self.method {
            Work::DormandPrince(work) => self.old.1.copy_from_slice(work.slope()),
            Work::Rosenbrock(work) => field.field(&work.next, &mut self.old.1),
        }
        self.old.1.iter().all(|v| v.is_finite())
    }

    fn accept(&mut self, h: f64, time: f64, error: f64, refused: bool, cut: bool) {
        let DenseStep { start, step, coefficients } = &mut self.last;
        (*start, *step) = (self.time, h);
        std::mem::swap(&mut self.old.0, &mut self.state);
        std::mem::swap(&mut self.old.1, &mut self.slope);
        match &self.method {
            Work::DormandPrince(work) => {
                work.dense(&self.old.0, h, coefficients);
                self.state.copy_from_slice(&work.next);
            }
            Work::Rosenbrock(work) => {
                work.dense(&self.old.0, coefficients);
                self.state.copy_from_slice(&work.next);
            }
        }
        self.time = time;
        self.steps += 1;
        let error = error.max(1e-10);
        let k = self.exponent();
        // PI control: error^-(k - 0.75 beta) with beta = 0.2 k, times the last error^beta.
        let factor = SAFETY * error.powf(-0.85 * k) * self.error.powf(0.2 * k);
        let most = if refused { 1.0 } else { GROWTH };
        let proposed = h.abs() * factor.clamp(SHRINK, most);
        // A step cut short by the limit says nothing against the longer one that was planned.
        let size = if cut && !refused { proposed.max(self.step.abs()) } else { proposed };
        self.step = size.min(self.options.max_step).min(LONGEST).copysign(h);
        self.error = error.max(1e-4);
    }

    fn rest_at(&mut self, limit: f64) {
        self.last.start = self.time;
        self.last.step = limit - self.time;
        let d = self.state.len();
        self.last.coefficients.fill(0.0);
        self.last.coefficients[..d].copy_from_slice(&self.state);
        self.old.0.copy_from_slice(&self.state);
        self.old.1.copy_from_slice(&self.slope);
        self.time = limit;
    }

    /// The state at the fraction `s` of the last step, by the interpolant.
    pub(crate) fn interpolate(&self, s: f64, out: &mut [f64]) {
        evaluate(&self.last.coefficients, s, out);
    }

    /// The state at the fraction `s` of the last step, by a step of that size from its start: as accurate as the steps
    /// are, where the interpolant is of lower order.
    pub(crate) fn step_again(&mut self, field: &dyn VectorField, s: f64, out: &mut [f64]) {
        let h = s * self.last.step;
        match &mut self.method {
            Work::DormandPrince(work) => {
                work.attempt(field, &self.old.0, &self.old.1, h);
                out.copy_from_slice(&work.next);
            }
            Work::Rosenbrock(work) => {
                work.linearise(field, &self.old.0);
                if work.attempt(field, &self.old.0, &self.old.1, h) {
                    out.copy_from_slice(&work.next);
                } else {
                    evaluate(&self.last.coefficients, s, out);
                }
            }
        }
    }

    /// Ends the last step at its fraction `s`, in `state`.
    pub(crate) fn cut_at(&mut self, field: &dyn VectorField, s: f64, state: &[f64]) {
        self.time = self.last.start + s * self.last.step;
        self.state.copy_from_slice(state);
        field.field(state, &mut self.slope);
    }

    /// Goes on from another state at the same time, with the step size as it is.
    pub(crate) fn replace(&mut self, field: &dyn VectorField, state: &[f64]) {
        self.state.copy_from_slice(state);
        field.field(state, &mut self.slope);
    }

    fn failed(&self, reason: String) -> Error {
        Error::Numeric { method: self.options.name(), reason }
    }
}
