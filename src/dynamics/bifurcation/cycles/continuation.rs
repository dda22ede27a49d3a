//! Branches of cycles, point by point, with the special points on them.

use super::corrector::{Corrected, Corrector, Metric, Plane, Tangent};
use super::cycle_branch::CycleBranch;
use super::ends::{CycleEnd, Ends};
use super::near::Near;
use super::orbit::Orbit;
use super::point::CyclePoint;
use super::special::between;
use super::start::from_hopf;
use crate::dynamics::bifurcation::equilibria::check_range;
use crate::dynamics::bifurcation::family::ParameterFamily;
use crate::dynamics::bifurcation::options::ContinuationOptions;
use crate::dynamics::cycles::Cycle;
use crate::dynamics::integrate::Integrator;
use crate::error::{Error, Result, finite};
use std::collections::VecDeque;

/// Walks along a branch of cycles of a one-parameter family, by multiple shooting with the period among the unknowns. It is an iterator
/// of the cycles, in order, with located special ones among them; [`run`](Self::run) collects them.
///
/// The length of the branch is measured by `|du|^2 = mean |dx|^2 + (d ln T)^2 + (dp / half the range)^2`, with the mean over the
/// starts of the arcs. Cycles are right to about 1e-8, special ones and that at the border of the range to 1e-11. [`ContinuationOptions::for_cycles`] has steps that suit it; the first one is the amplitude of the first cycle at a
/// Hopf point. In the plane a cycle that repels is followed backward in time. A stiff flow goes to the Rosenbrock method by itself.
///
/// ```
/// use eigengate::dynamics::{ContinuationOptions, CycleContinuation, CycleEnd, ParameterFamily};
///
/// // From the Hopf point of the rotation family to the saddle-nodes that meet on the cycle.
/// let family = ParameterFamily::rotation(3.0)?;
/// let (hopf, options) = ((2.0_f64 / 3.0).acos(), ContinuationOptions::for_cycles());
/// let walk = CycleContinuation::from_hopf(&family, (0.1, 1.0), hopf, &[0.0, 0.0], &options)?;
/// let branch = walk.run()?;
/// assert!(branch.points.iter().all(|cycle| cycle.is_stable()));
/// let CycleEnd::SaddleNode { parameter, passages, .. } = branch.ends[1] else { panic!("{branch:?}") };
/// assert!((parameter - 0.1478220707).abs() < 1e-10 && passages == 4);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct CycleContinuation {
    corrector: Corrector,
    options: ContinuationOptions,
    range: (f64, f64),
    ends: Ends,
    /// The last cycle, as the next step starts from it.
    here: Corrected,
    step: f64,
    /// Arcs that were given to Newton's method so far.
    spent: usize,
    points: Vec<CyclePoint>,
    queue: VecDeque<CyclePoint>,
    start: CycleEnd,
    end: Option<CycleEnd>,
}

/// Growth of an arc above which it is cut.
const GROWN: f64 = 2e3;
/// The integral of the divergence above which a planar orbit is followed backward in time; below the negative of it, forward.
const REPELLING: f64 = 0.7;
/// The farthest that a step may move the orbit, beside its extent: no step leads through the cycle of no extent.
const SHARE: f64 = 0.2;
/// Factors of the step after so many Newton iterations, and after more.
const FACTORS: [f64; 6] = [2.0, 2.0, 2.0, 1.5, 1.2, 1.0];
const SLOWER: f64 = 0.7;
/// The smallest amplitude of a first cycle, in units of the continuation.
const SMALLEST: f64 = 1e-6;
/// The most arcs that are given to Newton's method on one branch: a stiff branch that needs more is given up.
const BUDGET: usize = 4_000;
/// So many cycles within `STILL` of the parameter's length: its digits do not tell them apart.
const ALIKE: usize = 20;
const STILL: f64 = 3e-13;
/// The longest period.
const LONGEST: f64 = 1e6;

impl CycleContinuation {
    /// The branch that is born at the Hopf point `state` at `parameter`, as long as the parameter is in `range`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a range without length, a family of several parameters and impossible options; [`Error::NotFinite`],
    /// [`Error::Shape`]; [`Error::Numeric`] where the fixed point has no imaginary eigenvalues, or where no cycle is found.
    pub fn from_hopf(
        family: &ParameterFamily,
        range: (f64, f64),
        parameter: f64,
        state: &[f64],
        options: &ContinuationOptions,
    ) -> Result<Self> {
        let corrector = corrector(family, range, options)?;
        if state.len() != family.dimension() {
            return Err(Error::shape("Hopf point", family.dimension(), state.len()));
        }
        finite("Hopf point", state.iter().chain([&parameter]))?;
        let (orbit, tangent) = from_hopf(&*family.at(&[parameter])?, state, parameter)?;
        let size = corrector.metric.norm(&tangent);
        let tangent = tangent.scaled(1.0 / size);
        // A first cycle as small as it takes: next to a sharp gate or a saddle the linear flow does not reach far.
        let mut first = options.first_step;
        let here = loop {
            let guess = orbit.moved(&tangent, first);
            match corrector.run(&guess, &Plane::Across(&tangent), &tangent) {
                Ok(here) => break here,
                Err(error) if first < SMALLEST.max(options.min_step) => return Err(error),
                Err(_) => first /= 4.0,
            }
        };
        let frequency = std::f64::consts::TAU / orbit.period;
        let mut own = Self::new(
            corrector,
            range,
            options,
            here,
            CycleEnd::Hopf { parameter, state: state.to_vec(), frequency },
        )?;
        own.step = first;
        Ok(own)
    }

    /// The branch of a cycle at `parameter`, in the direction in which the parameter rises (`sense` 1) or falls (-1), as long as it
    /// is in `range`.
    ///
    /// # Errors
    /// As [`from_hopf`](Self::from_hopf).
    pub fn from_cycle(
        family: &ParameterFamily,
        range: (f64, f64),
        parameter: f64,
        cycle: &Cycle,
        sense: f64,
        options: &ContinuationOptions,
    ) -> Result<Self> {
        let corrector = corrector(family, range, options)?;
        if cycle.point.len() != family.dimension() {
            return Err(Error::shape("point of a cycle", family.dimension(), cycle.point.len()));
        }
        finite("parameter", &[parameter])?;
        let flows = corrector.flows(parameter)?;
        let backward = cycle.point.len() == 2 && cycle.divergence > REPELLING;
        let start = cycle.point.to_vec();
        let time = if backward { -1.0 } else { 1.0 };
        let orbit = Orbit::cut(&flows, &corrector.method, &start, cycle.period, parameter, time)?;
        let nodes = vec![vec![0.0; start.len()]; orbit.nodes.len()];
        let before = Tangent { nodes, log_period: 0.0, parameter: sense };
        let here = corrector.run(&orbit, &Plane::Parameter, &before)?;
        Self::new(corrector, range, options, here, CycleEnd::Start)
    }

    fn new(
        corrector: Corrector,
        range: (f64, f64),
        options: &ContinuationOptions,
        here: Corrected,
        start: CycleEnd,
    ) -> Result<Self> {
        let family = corrector.family.clone();
        let ends = Ends {
            near: Near::new(&family, range),
            family,
            state: corrector.metric.state,
            scale: corrector.metric.parameter,
        };
        let first = CyclePoint::of(&corrector, &here)?;
        let mut own = Self {
            corrector,
            options: options.clone(),
            range,
            ends,
            here,
            step: options.first_step,
            spent: 0,
            points: vec![first.clone()],
            queue: VecDeque::from([first.clone()]),
            start,
            end: None,
        };
        own.fit(&first)?;
        Ok(own)
    }
}

fn corrector(
    family: &ParameterFamily,
    range: (f64, f64),
    options: &ContinuationOptions,
) -> Result<Corrector> {
    options.check()?;
    check_range(family, range)?;
    if options.system.step().is_some() {
        return Err(Error::parameter(
            "system",
            format!("{:?}", options.system),
            "the flow: maps have no cycles here",
        ));
    }
    Ok(Corrector {
        family: family.clone(),
        method: Integrator::new().with_tolerances(1e-9, 1e-11).with_max_steps(20_000),
        fine: Integrator::new().with_tolerances(1e-12, 1e-13).with_max_steps(40_000),
        metric: Metric { state: 1.0, parameter: 0.5 * (range.1 - range.0) },
        tolerance: options.tolerance,
        gap: 1e-9,
        iterations: options.iterations,
    })
}

impl CycleContinuation {
    /// Where the walk ended; `None` as long as it goes on.
    pub fn end(&self) -> Option<&CycleEnd> {
        self.end.as_ref()
    }

    /// Follows the branch to its end.
    ///
    /// # Errors
    /// As the family.
    pub fn run(mut self) -> Result<CycleBranch> {
        let mut points = vec![];
        for point in self.by_ref() {
            points.push(point?);
        }
        let name = self.corrector.family.names().first().cloned().unwrap_or_default();
        Ok(CycleBranch { name, points, ends: [self.start, self.end.unwrap_or(CycleEnd::Start)] })
    }

    /// One step: the special cycles on the way, then the next one, into the queue.
    fn advance(&mut self) -> Result<()> {
        let extent = self.points.last().map_or(f64::INFINITY, |point| point.extent);
        // How far a step of 1 moves the orbit: near a homoclinic orbit it is the period that grows.
        let moves = self.corrector.metric.of_nodes(&self.here.tangent);
        self.step = self.step.min(self.options.max_step).min(SHARE * extent / moves);
        let Some((found, step)) = self.found() else { return Ok(()) };
        let (found, way) = self.within(found, step)?;
        let point = CyclePoint::of(&self.corrector, &found)?;
        if let Some(before) = self.points.last() {
            self.queue.extend(between(&self.corrector, &self.here, way, (before, &found, &point))?);
        }
        self.step = step * FACTORS.get(found.iterations).copied().unwrap_or(SLOWER);
        self.here = found;
        self.points.push(point.clone());
        self.queue.push_back(point.clone());
        if self.end.is_none() {
            self.end = self.ended(&point)?;
        }
        if self.end.is_none() {
            self.fit(&point)?;
        }
        Ok(())
    }

    /// The next orbit and how long the step to it was; otherwise the walk has ended.
    fn found(&mut self) -> Option<(Corrected, f64)> {
        loop {
            self.spent += self.here.orbit.nodes.len();
            if self.spent > BUDGET {
                let reason =
                    format!("it takes more than {BUDGET} arcs in all: the flow is stiff along the cycle");
                self.end = Some(CycleEnd::Stuck { reason });
                return None;
            }
            let guess = self.here.orbit.moved(&self.here.tangent, self.step);
            let plane = Plane::Across(&self.here.tangent);
            let reason = match self.corrector.run(&guess, &plane, &self.here.tangent) {
                Ok(found) => {
                    let cosine = self.corrector.metric.product(&self.here.tangent, &found.tangent);
                    if cosine > self.options.max_angle.cos() {
                        return Some((found, self.step));
                    }
                    format!("its tangent turns by {:.2}", cosine.clamp(-1.0, 1.0).acos())
                }
                Err(error) => error.to_string(),
            };
            if reason.contains("steps end at") && !self.corrector.method.is_rosenbrock() {
                let stiff = Integrator::rosenbrock().with_max_steps(50_000);
                self.corrector.method = stiff.clone().with_tolerances(1e-8, 1e-10);
                self.corrector.fine = stiff.with_tolerances(1e-10, 1e-12);
                continue;
            }
            self.step *= 0.5;
            if self.step < self.options.min_step {
                let reason = format!("its step fell below {:.1e}: {reason}", self.options.min_step);
                self.end = Some(CycleEnd::Stuck { reason });
                return None;
            }
        }
    }

    /// The cycle itself, or the one at the border of the range where it is beyond; and how far it is.
    fn within(&mut self, found: Corrected, step: f64) -> Result<(Corrected, f64)> {
        let (low, high) = self.range;
        let reached = found.orbit.parameter;
        if (low..=high).contains(&reached) {
            return Ok((found, step));
        }
        self.end = Some(CycleEnd::Range);
        let border = reached.clamp(low, high);
        let before = self.here.orbit.parameter;
        let share = ((border - before) / (reached - before)).clamp(0.0, 1.0);
        let mut guess = self.here.orbit.moved(&self.here.tangent, share * step);
        guess.parameter = border;
        let last = self.corrector.refined().run(&guess, &Plane::Parameter, &self.here.tangent)?;
        Ok((last, share * step))
    }

    fn ended(&self, point: &CyclePoint) -> Result<Option<CycleEnd>> {
        if point.period > LONGEST {
            let reason = format!("the period {} is above {LONGEST:e}", point.period);
            return Ok(Some(CycleEnd::Stuck { reason }));
        }
        if let Some(end) = self.ends.end(&self.points)? {
            return Ok(Some(end));
        }
        let alike = self.points.iter().rev().take(ALIKE);
        let far = alike.fold(0.0, |far: f64, other| far.max((other.parameter - point.parameter).abs()));
        if self.points.len() > ALIKE && far < STILL * self.corrector.metric.parameter {
            let reason = format!(
                "the last {ALIKE} cycles are within {far:.1e} of one value of the parameter, as in a canard explosion or next to a \
                 homoclinic orbit: its digits do not tell them apart"
            );
            return Ok(Some(CycleEnd::Stuck { reason }));
        }
        if let [first, .., before, last] = self.points.as_slice()
            && self.points.len() > 4
        {
            // Between the last two cycles, in all that does not depend on the point that stands for a cycle.
            let signature = |p: &CyclePoint| {
                let mut all = vec![p.parameter / self.corrector.metric.parameter, p.period.ln()];
                all.extend(p.low.iter().chain(&p.high));
                all
            };
            let (a, b, c) = (signature(before), signature(last), signature(first));
            let far =
                |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
            if far(&a, &c) + far(&c, &b) < 1.02 * far(&a, &b) {
                return Ok(Some(CycleEnd::Closed));
            }
        }
        let most = self.points.len() >= self.options.max_points;
        Ok(most.then(|| CycleEnd::Stuck {
            reason: format!("{} cycles are the most that the options allow", self.points.len()),
        }))
    }

    /// Turns the direction of time and cuts long arcs where that is called for.
    fn fit(&mut self, point: &CyclePoint) -> Result<()> {
        let mut changed = false;
        let planar = self.here.orbit.dimension() == 2;
        let wanted = if planar && point.divergence > REPELLING {
            -1.0
        } else if !planar || point.divergence < -REPELLING {
            1.0
        } else {
            self.here.orbit.sense
        };
        if wanted != self.here.orbit.sense {
            self.here.orbit.reverse(&mut self.here.tangent);
            changed = true;
        }
        for _ in 0..12 {
            if changed {
                let (tangent, arcs) = self.corrector.tangent_anew(&self.here.orbit, &self.here.tangent)?;
                (self.here.tangent, self.here.arcs) = (tangent, arcs);
            }
            let flows = self.corrector.flows(self.here.orbit.parameter)?;
            let method = &self.corrector.method;
            changed =
                self.here.orbit.refine(&flows, method, &self.here.arcs, GROWN, &mut self.here.tangent)?;
            if !changed {
                break;
            }
        }
        Ok(())
    }
}

impl Iterator for CycleContinuation {
    type Item = Result<CyclePoint>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.queue.is_empty()
            && self.end.is_none()
            && let Err(error) = self.advance()
        {
            self.end = Some(CycleEnd::Stuck { reason: error.to_string() });
            return Some(Err(error));
        }
        self.queue.pop_front().map(Ok)
    }
}
