//! Walks along the orbits of a planar field.

use super::field::VectorField;
use super::integrate::{Integrator, Stepper};
use super::window::{Window, distance};
use crate::error::Result;

/// A planar field forward or backward in time, at the speed of [`VectorField::rescaled`].
#[derive(Clone, Copy)]
pub(crate) struct Oriented<'a> {
    pub(crate) field: &'a dyn VectorField,
    pub(crate) forward: bool,
}

impl Oriented<'_> {
    fn turned(&self, out: &mut [f64]) {
        if !self.forward {
            out.iter_mut().for_each(|value| *value = -*value);
        }
    }

    /// Its value at a point.
    pub(crate) fn at(&self, h: [f64; 2]) -> [f64; 2] {
        let mut out = [0.0; 2];
        self.field(&h, &mut out);
        out
    }
}

impl VectorField for Oriented<'_> {
    fn dimension(&self) -> usize {
        2
    }

    fn field(&self, h: &[f64], out: &mut [f64]) {
        self.field.rescaled(h, out);
        self.turned(out);
    }

    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.field.rescaled_jacobian(h, out);
        self.turned(out);
    }
}

/// Places of a way are not farther apart.
const CHORD: f64 = 0.01;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It ended in the window.
    Inside,
    /// It ended outside.
    Left,
    /// It could not be taken.
    Stuck,
}

/// A walk, step by step. Walks by the thousand share its memory.
pub(crate) struct Walker<'a> {
    pub(crate) field: Oriented<'a>,
    window: Window,
    stepper: Stepper,
    memory: [f64; 2],
}

impl<'a> Walker<'a> {
    /// Stands at `start`; a step that ends outside of `window`, or more than a thousandth of its sides beyond, leaves.
    pub(crate) fn new(
        field: Oriented<'a>,
        window: &Window,
        method: &Integrator,
        start: [f64; 2],
    ) -> Result<Self> {
        let stepper = Stepper::new(method, &field, &start, 0.0, 1.0)?;
        Ok(Walker { field, window: window.widened(1e-3), stepper, memory: [0.0; 2] })
    }

    /// Goes to another start.
    pub(crate) fn restart(&mut self, start: [f64; 2]) -> Result<()> {
        self.stepper.restart(&self.field, &start, 0.0, 1.0)
    }

    /// Takes one step.
    pub(crate) fn step(&mut self) -> Step {
        if self.stepper.advance(&self.field, f64::INFINITY).is_err() {
            Step::Stuck
        } else if self.window.contains(self.here()) {
            Step::Inside
        } else {
            Step::Left
        }
    }

    /// Where it stands.
    pub(crate) fn here(&self) -> [f64; 2] {
        let state = self.stepper.state();
        [state[0], state[1]]
    }

    /// Where it stood before the last step.
    pub(crate) fn before(&self) -> [f64; 2] {
        let state = self.stepper.previous();
        [state[0], state[1]]
    }

    /// The place at the fraction `s` of the last step, by interpolation.
    pub(crate) fn within(&mut self, s: f64) -> [f64; 2] {
        self.stepper.interpolate(s, &mut self.memory);
        self.memory
    }

    /// The same by a step of that size: as accurate as steps are.
    pub(crate) fn within_exactly(&mut self, s: f64) -> [f64; 2] {
        self.stepper.step_again(&self.field, s, &mut self.memory);
        self.memory
    }

    /// Appends places of the last step, its ends left out, until the fraction `to` of it, so close that chords differ little from
    /// the orbit.
    pub(crate) fn trace(&mut self, to: f64, way: &mut Vec<[f64; 2]>) {
        let length = distance(self.before(), self.here());
        let pieces = ((length * to / CHORD).ceil() as usize).clamp(1, 100);
        for k in 1..pieces {
            let place = self.within(to * k as f64 / pieces as f64);
            way.push(place);
        }
    }

    /// The time that the last step until the fraction `to` takes at the speed of the field, not rescaled.
    pub(crate) fn time_of_step(&mut self, to: f64) -> f64 {
        let step = self.stepper.last();
        let width = to * (step.end() - step.start());
        let mut slowness = |s: f64| 1.0 / self.field.field.time_scale(&self.within(s));
        width * (slowness(0.0) + 4.0 * slowness(0.5 * to) + slowness(to)) / 6.0
    }

    /// Steps since the start.
    pub(crate) fn steps(&self) -> usize {
        self.stepper.steps()
    }
}
