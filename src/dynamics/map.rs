//! The map of a GRU, and the Euler step of any size.

use super::field::VectorField;
use super::flow::GruFlow;
use crate::error::{Error, Result};
use ndarray::Array1;
use std::fmt;

/// The map `h' = h + step f(h)` of the flow `f` of a GRU. With step 1 it is the GRU that networks are trained as.
///
/// Its fixed points are those of the flow; an eigenvalue `lambda` of the flow is the multiplier `1 + step lambda` here. So a
/// sink of the flow may be unstable for the map.
#[derive(Clone, PartialEq)]
pub struct GruMap {
    flow: GruFlow,
    step: f64,
}

impl GruMap {
    pub(crate) fn new(flow: GruFlow, step: f64) -> Result<Self> {
        if !(step.is_finite() && step > 0.0) {
            return Err(Error::parameter("step", step, "a finite step above 0"));
        }
        Ok(Self { flow, step })
    }

    pub(crate) fn unit_step(flow: GruFlow) -> Self {
        Self { flow, step: 1.0 }
    }

    /// The flow.
    pub fn flow(&self) -> &GruFlow {
        &self.flow
    }

    /// The size of the step.
    pub fn step_size(&self) -> f64 {
        self.step
    }

    /// The next state. Both slices hold `d` numbers; others give NaN.
    pub fn step(&self, h: &[f64], out: &mut [f64]) {
        self.flow.field(h, out);
        for (out, h) in out.iter_mut().zip(h) {
            *out = h + self.step * *out;
        }
    }

    /// The Jacobian `I + step Df`, row-major, `d * d` numbers.
    pub fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.flow.jacobian(h, out);
        for (index, value) in out.iter_mut().enumerate() {
            *value *= self.step;
            if index % (self.flow.dimension() + 1) == 0 {
                *value += 1.0;
            }
        }
    }

    /// The state after `steps` steps from `h`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`] for `h`.
    pub fn iterate(&self, h: &Array1<f64>, steps: usize) -> Result<Array1<f64>> {
        let mut state = self.flow.checked(h)?;
        let mut next = state.clone();
        for _ in 0..steps {
            self.step(&state, &mut next);
            std::mem::swap(&mut state, &mut next);
        }
        Ok(Array1::from(state))
    }
}

impl fmt::Debug for GruMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GruMap({} units, step {})", self.flow.units(), self.step)
    }
}
