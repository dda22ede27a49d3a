//! Events along a trajectory: sign changes of a function of the state, located.

use super::dense::along;
use super::polynomial::{crossing, sign_changes};
use super::stepper::Stepper;
use crate::dynamics::VectorField;
use crate::error::{Error, Result, finite};
use std::fmt;
use std::sync::Arc;

/// Which sign changes count, in the order in which the trajectory is made: in backward time a rising function is one that
/// grows as time falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From negative to positive.
    Rising,
    /// From positive to negative.
    Falling,
    /// Both.
    Both,
}

/// A sign change of a function of the state to look for.
///
/// Crossings of a [section](Event::section) are all found that the dense output has: in a step it is a polynomial. Other functions
/// are looked at in 17 places of a step, and where three of them point to a minimum beyond zero between.
#[derive(Clone)]
pub struct Event {
    kind: Kind,
    direction: Direction,
    /// The run ends at the hit of this number, counted from 1; 0 for never.
    terminal: usize,
}

type Function = Arc<dyn Fn(&[f64]) -> f64 + Send + Sync>;

#[derive(Clone)]
enum Kind {
    /// `normal . h - offset`.
    Section { normal: Vec<f64>, offset: f64 },
    /// Any function.
    Function(Function),
}

/// One sign change that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct EventHit {
    /// Which event, counted from 0 in the order given.
    pub event: usize,
    /// When.
    pub time: f64,
    /// The state there.
    pub state: Vec<f64>,
    /// Whether the function rises there, in the order in which the trajectory is made.
    pub rising: bool,
}

impl Event {
    /// The plane (in two dimensions the line) through `point` with this `normal`: the function is `normal . (h - point)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for two lengths, [`Error::NotFinite`], [`Error::Parameter`] for a normal of zeros.
    pub fn section(point: &[f64], normal: &[f64]) -> Result<Self> {
        if point.len() != normal.len() {
            return Err(Error::shape(
                "normal of a section",
                format!("{} numbers", point.len()),
                normal.len(),
            ));
        }
        finite("point of a section", point)?;
        finite("normal of a section", normal)?;
        if normal.iter().all(|n| *n == 0.0) {
            return Err(Error::parameter("normal", "0", "a vector that is not zero"));
        }
        let offset = point.iter().zip(normal).map(|(p, n)| p * n).sum();
        Ok(Self::of(Kind::Section { normal: normal.to_vec(), offset }))
    }

    /// Sign changes of any function of the state.
    pub fn function(function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static) -> Self {
        Self::of(Kind::Function(Arc::new(function)))
    }

    fn of(kind: Kind) -> Self {
        Self { kind, direction: Direction::Both, terminal: 0 }
    }

    /// Only sign changes from negative to positive, in the order in which the trajectory is made.
    pub fn rising(mut self) -> Self {
        self.direction = Direction::Rising;
        self
    }

    /// Only sign changes from positive to negative.
    pub fn falling(mut self) -> Self {
        self.direction = Direction::Falling;
        self
    }

    /// Ends the run at the first hit.
    pub fn terminal(self) -> Self {
        self.terminal_after(1)
    }

    /// Ends the run at the `n`-th hit, counted from 1; 0 for never.
    pub fn terminal_after(mut self, n: usize) -> Self {
        self.terminal = n;
        self
    }

    /// The function's value at `h`.
    pub fn value(&self, h: &[f64]) -> f64 {
        match &self.kind {
            Kind::Section { normal, offset } => {
                h.iter().zip(normal).map(|(h, n)| h * n).sum::<f64>() - offset
            }
            Kind::Function(function) => function(h),
        }
    }

    /// Below this a value is taken for zero at the start of a run.
    fn rounding(&self, h: &[f64]) -> f64 {
        match &self.kind {
            Kind::Section { normal, offset } => {
                let size: f64 = h.iter().zip(normal).map(|(h, n)| (h * n).abs()).sum();
                16.0 * f64::EPSILON * (size + offset.abs())
            }
            Kind::Function(_) => 0.0,
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Section { normal, offset } => format!("section {normal:?} . h = {offset}"),
            Kind::Function(_) => "function".to_owned(),
        };
        write!(f, "Event({kind}, {:?}, terminal after {})", self.direction, self.terminal)
    }
}

/// Looks for events in one step after the other.
pub(crate) struct Watch<'a> {
    events: &'a [Event],
    /// Of every event: the sign that the function had last, 0 where a run starts on the zero.
    signs: Vec<f64>,
    hits: Vec<usize>,
}

/// Places of a step in which a function is looked at.
const PLACES: usize = 16;

impl<'a> Watch<'a> {
    pub(crate) fn new(events: &'a [Event], stepper: &Stepper) -> Result<Self> {
        let mut signs = vec![];
        for event in events {
            if let Kind::Section { normal, .. } = &event.kind
                && normal.len() != stepper.state().len()
            {
                return Err(Error::shape(
                    "normal of a section",
                    format!("{} numbers", stepper.state().len()),
                    normal.len(),
                ));
            }
            let value = event.value(stepper.state());
            finite("function of an event at the start", &[value])?;
            signs.push(if value.abs() <= event.rounding(stepper.state()) { 0.0 } else { value.signum() });
        }
        Ok(Self { events, signs, hits: vec![0; events.len()] })
    }

    /// Adds the hits of the last step to `found`, in order. True where a terminal event ended it: the stepper then
    /// stands at the event.
    pub(crate) fn step(
        &mut self,
        field: &dyn VectorField,
        stepper: &mut Stepper,
        found: &mut Vec<EventHit>,
    ) -> bool {
        // Fraction of the step, event, rising.
        let mut marks: Vec<(f64, usize, bool)> = vec![];
        for (index, event) in self.events.iter().enumerate() {
            let Some(sign) = self.signs.get_mut(index) else { continue };
            let (from, changes) = places(event, stepper, *sign);
            *sign = from;
            for s in changes {
                let rising = *sign < 0.0;
                *sign = -*sign;
                if event.direction == Direction::Both || rising == (event.direction == Direction::Rising) {
                    marks.push((s, index, rising));
                }
            }
            if *sign == 0.0 {
                let value = event.value(stepper.state());
                *sign = if value.abs() <= event.rounding(stepper.state()) { 0.0 } else { value.signum() };
            }
        }
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (s, index, rising) in marks {
            let (Some(event), Some(hits)) = (self.events.get(index), self.hits.get_mut(index)) else {
                continue;
            };
            let (s, state) = polish(event, field, stepper, s);
            *hits += 1;
            let ends = event.terminal != 0 && *hits >= event.terminal;
            let time = stepper.last().start() + s * (stepper.last().end() - stepper.last().start());
            if ends {
                stepper.cut_at(field, s, &state);
            }
            found.push(EventHit { event: index, time, state, rising });
            if ends {
                return true;
            }
        }
        false
    }
}

/// The sign of `event` after the start of the last step, and the fractions of the step at which it changes from there on.
/// `sign` is that before the step, 0 where a run starts on the zero.
fn places(event: &Event, stepper: &Stepper, sign: f64) -> (f64, Vec<f64>) {
    match &event.kind {
        Kind::Section { normal, offset } => {
            let mut line = along(&stepper.last().coefficients, normal);
            line[0] -= offset;
            let ends = event.value(stepper.state());
            // No root where the largest deviation from the chord does not reach zero.
            let bend = [2, 3, 4].map(|k| line[k].abs()).iter().sum::<f64>();
            if sign != 0.0 && line[0].abs().min(ends.abs()) > bend && (ends > 0.0) == (sign > 0.0) {
                return (sign, vec![]);
            }
            let changes = sign_changes(&line);
            settled(
                changes,
                sign,
                &|s| super::polynomial::value(&line, s),
                event.rounding(stepper.state()),
                ends,
            )
        }
        Kind::Function(_) => {
            let mut state = vec![0.0; stepper.state().len()];
            let value = |s: f64, state: &mut Vec<f64>| {
                stepper.interpolate(s, state);
                event.value(state)
            };
            let values: Vec<f64> =
                (0..=PLACES).map(|k| value(k as f64 / PLACES as f64, &mut state)).collect();
            let cell = std::cell::RefCell::new(state);
            let f = |s: f64| value(s, &mut cell.borrow_mut());
            let mut cuts: Vec<f64> = (0..=PLACES).map(|k| k as f64 / PLACES as f64).collect();
            for (k, three) in values.windows(3).enumerate() {
                if let Some(s) = dip(three, k, &f) {
                    cuts.push(s);
                }
            }
            cuts.sort_by(f64::total_cmp);
            let changes: Vec<f64> = cuts.windows(2).filter_map(|two| crossing(&f, two[0], two[1])).collect();
            settled(changes, sign, &f, 0.0, event.value(stepper.state()))
        }
    }
}

/// Makes the list of sign changes agree with the `sign` before the step and with the value at its end, which the
/// interpolant at 0 and at 1 has to rounding only.
fn settled(
    mut changes: Vec<f64>,
    sign: f64,
    f: &dyn Fn(f64) -> f64,
    rounding: f64,
    end: f64,
) -> (f64, Vec<f64>) {
    if sign == 0.0 {
        // The run began on the zero: a change where it leaves is none.
        changes.retain(|s| *s > 1e-9);
        let value = f(changes.first().unwrap_or(&1.0) / 2.0);
        return (if value.abs() <= rounding { 0.0 } else { value.signum() }, changes);
    }
    let start = f(0.0);
    if (start >= 0.0) != (sign > 0.0) && start != 0.0 {
        changes.insert(0, 0.0);
    }
    if end != 0.0 {
        let even = changes.len().is_multiple_of(2);
        if even != ((end > 0.0) == (sign > 0.0)) {
            changes.push(1.0);
        }
    }
    (sign, changes)
}

/// Where a function that keeps its sign at three places in a row dips to the other side between them.
fn dip(values: &[f64], k: usize, f: &dyn Fn(f64) -> f64) -> Option<f64> {
    let &[a, b, c] = values else { return None };
    let sign = b.signum();
    if a.signum() != sign || c.signum() != sign || b == 0.0 {
        return None;
    }
    // The parabola's vertex, in places from the middle one, and its value.
    let (slope, curve) = ((c - a) / 2.0, a - 2.0 * b + c);
    if curve * sign <= 0.0 {
        return None;
    }
    let vertex = -slope / curve;
    let lowest = (b + slope * vertex / 2.0) * sign;
    if vertex.abs() > 1.0 || lowest > 0.25 * b.abs() {
        return None;
    }
    // Golden section for the minimum of sign * f.
    let at = |x: f64| (k as f64 + 1.0 + x) / PLACES as f64;
    let (mut left, mut right) = (at(-1.0), at(1.0));
    let golden = 0.618_033_988_749_894_9;
    for _ in 0..60 {
        let (p, q) = (right - golden * (right - left), left + golden * (right - left));
        let (fp, fq) = (sign * f(p), sign * f(q));
        if fp < 0.0 {
            return Some(p);
        }
        if fq < 0.0 {
            return Some(q);
        }
        if fp < fq { right = q } else { left = p }
    }
    None
}

/// The event by steps from the start of the last step, which are of higher order than its interpolant: a few secant
/// corrections of the fraction `s`.
fn polish(event: &Event, field: &dyn VectorField, stepper: &mut Stepper, s: f64) -> (f64, Vec<f64>) {
    let d = stepper.state().len();
    let mut state = vec![0.0; d];
    if s >= 1.0 {
        return (1.0, stepper.state().to_vec());
    }
    let width = 1e-4_f64.min(0.5 * (1.0 - s)).max(1e-9);
    let mut slope = {
        stepper.interpolate(s - width, &mut state);
        let before = event.value(&state);
        stepper.interpolate(s + width, &mut state);
        (event.value(&state) - before) / (2.0 * width)
    };
    let mut s = s;
    stepper.step_again(field, s, &mut state);
    let mut value = event.value(&state);
    for _ in 0..4 {
        let next = (s - value / slope).clamp(0.0, 1.0);
        if value == 0.0 || !next.is_finite() || (next - s).abs() > 0.01 || next == s {
            break;
        }
        let mut trial = vec![0.0; d];
        stepper.step_again(field, next, &mut trial);
        let reached = event.value(&trial);
        if reached.abs() >= value.abs() || reached.is_nan() {
            break;
        }
        let steeper = (reached - value) / (next - s);
        if steeper.is_finite() && steeper * slope > 0.0 {
            slope = steeper;
        }
        (s, value, state) = (next, reached, trial);
    }
    (s, state)
}
