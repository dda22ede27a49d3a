//! Branches of equilibria, point by point, with the special points on them.

use super::arclength::{Closing, Curve, Node, beside, corrected, distance, start};
use super::branch_point;
use super::crossing::{Crossing, crossings};
use super::equilibrium_branch::{BranchEnd, EquilibriumBranch, EquilibriumPoint};
use super::equilibrium_curve::EquilibriumCurve;
use super::family::ParameterFamily;
use super::normal_forms::Local;
use super::options::{ContinuationOptions, System};
use super::special::{Bifurcation, SpecialPoint};
use super::spectral_tests::{critical_pair, flip, pairs, unstable};
use super::walk::Walk;
use crate::error::{Error, Result, finite};
use std::collections::VecDeque;

/// Walks along a branch of equilibria of a one-parameter family. It is an iterator of the points, in order, with located special
/// points among them; [`run`](Self::run) collects them.
///
/// ```
/// use eigengate::dynamics::{ContinuationOptions, EquilibriumContinuation, ParameterFamily};
///
/// // The origin of the rotation family: the Hopf point at cos(alpha) = 2/3.
/// let family = ParameterFamily::rotation(3.0)?;
/// let options = ContinuationOptions::new();
/// let walk = EquilibriumContinuation::new(&family, (0.5, 1.2), 0.5, &[0.0, 0.0], 1.0, &options)?;
/// for point in walk {
///     if let Some(special) = point?.special {
///         assert_eq!(special.kind.name(), "hopf");
///         assert!((special.parameter().cos() - 2.0 / 3.0).abs() < 1e-12 && special.converged);
///     }
/// }
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct EquilibriumContinuation {
    curve: EquilibriumCurve,
    options: ContinuationOptions,
    walk: Walk,
    queue: VecDeque<EquilibriumPoint>,
    end: Option<BranchEnd>,
    unexplained: Vec<(f64, f64)>,
}

/// How often a step is halved to explain a change of stability.
const DEPTH: usize = 8;
/// A fold that is nearer to a branch point than this share of the step is none.
const SAME: f64 = 0.05;

impl EquilibriumContinuation {
    /// From the equilibrium near `state` at `parameter`, in the direction in which the parameter rises (`sense` 1) or falls (-1), as
    /// long as the parameter is in `range`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::NotFinite`] for a state that cannot be one; [`Error::Parameter`] for a range without length or without
    /// the parameter, for a family of several parameters, and for impossible options; [`Error::Numeric`] where no equilibrium is near.
    pub fn new(
        family: &ParameterFamily,
        range: (f64, f64),
        parameter: f64,
        state: &[f64],
        sense: f64,
        options: &ContinuationOptions,
    ) -> Result<Self> {
        options.check()?;
        check_range(family, range)?;
        if state.len() != family.dimension() {
            return Err(Error::shape("state", family.dimension(), state.len()));
        }
        finite("state", state)?;
        if !(range.0 <= parameter && parameter <= range.1) {
            let expected = format!("a value in [{}, {}]", range.0, range.1);
            return Err(Error::parameter("parameter", parameter, expected));
        }
        let mut curve = EquilibriumCurve::new(family, range);
        let d = family.dimension();
        let guess: Vec<f64> = state.iter().copied().chain([parameter]).collect();
        let (y, _) = corrected(&curve, &Closing::Fixed(d, parameter), &guess, options)?;
        let first = start(&mut curve, &y, d, sense, options)?;
        let mut own = Self {
            walk: Walk::new(first, options),
            curve,
            options: options.clone(),
            queue: VecDeque::new(),
            end: None,
            unexplained: vec![],
        };
        let point = own.point(&own.walk.here, None)?;
        own.queue.push_back(point);
        Ok(own)
    }

    /// Why the walk ended; `None` as long as it goes on.
    pub fn end(&self) -> Option<&BranchEnd> {
        self.end.as_ref()
    }

    /// All points as one branch.
    ///
    /// # Errors
    /// As the family; [`Error::Numeric`] where eigenvalues cannot be computed.
    pub fn run(mut self) -> Result<EquilibriumBranch> {
        let mut points = vec![];
        for point in self.by_ref() {
            points.push(point?);
        }
        let end = self.end.take().unwrap_or(BranchEnd::Start);
        Ok(EquilibriumBranch {
            name: self.curve.family().names().first().cloned().unwrap_or_default(),
            system: self.options.system,
            points,
            ends: [BranchEnd::Start, end],
            unexplained: self.unexplained,
        })
    }

    /// The whole branch through the equilibrium near `state` at `parameter`, in both directions.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`run`](Self::run).
    pub fn branch(
        family: &ParameterFamily,
        range: (f64, f64),
        parameter: f64,
        state: &[f64],
        options: &ContinuationOptions,
    ) -> Result<EquilibriumBranch> {
        let half = |sense: f64| Self::new(family, range, parameter, state, sense, options)?.run();
        let mut forward = half(1.0)?;
        if forward.ends[1] == BranchEnd::Closed {
            forward.ends[0] = BranchEnd::Closed;
            return Ok(forward);
        }
        Ok(EquilibriumBranch::joined(half(-1.0)?, forward))
    }

    fn point(&self, node: &Node, special: Option<SpecialPoint>) -> Result<EquilibriumPoint> {
        let d = self.curve.dimension();
        let eigenvalues = self.curve.eigenvalues(&node.y)?;
        Ok(EquilibriumPoint {
            parameter: node.y[d],
            state: node.y[..d].to_vec(),
            unstable: unstable(&eigenvalues, self.options.system),
            eigenvalues,
            arclength: node.arclength,
            special,
        })
    }

    /// The special points of a step, then its end.
    fn collect(&mut self, from: &Node, to: &Node) -> Result<()> {
        let mut found = vec![];
        self.between(from, to, 0, &mut found)?;
        found.sort_by(|a, b| a.0.arclength.total_cmp(&b.0.arclength));
        for (node, special) in found {
            let point = self.point(&node, Some(special))?;
            self.queue.push_back(point);
        }
        let last = self.point(to, None)?;
        self.queue.push_back(last);
        Ok(())
    }

    /// All special points between two nodes. Where they do not explain how many eigenvalues become unstable, the step is halved.
    fn between(
        &mut self,
        from: &Node,
        to: &Node,
        depth: usize,
        found: &mut Vec<(Node, SpecialPoint)>,
    ) -> Result<()> {
        let own = self.located(from, to)?;
        let count = |node: &Node| -> Result<i64> {
            Ok(unstable(&self.curve.eigenvalues(&node.y)?, self.options.system) as i64)
        };
        let change = count(to)? - count(from)?;
        let explained = own.iter().map(|(_, special)| match special.kind {
            Bifurcation::Hopf | Bifurcation::NeimarkSacker => 2,
            Bifurcation::NeutralSaddle => 0,
            _ => 1,
        });
        // Every special point changes the number up or down.
        let (sum, most) = explained.fold((0, 0), |(sum, most), k: i64| (sum + k, most + k));
        if change.abs() <= most && (sum - change).rem_euclid(2) == 0 {
            found.extend(own);
            return Ok(());
        }
        let middle = beside(&self.curve, from, 0.5 * (to.arclength - from.arclength), &self.options);
        match middle {
            Ok(middle) if depth < DEPTH => {
                self.between(from, &middle, depth + 1, found)?;
                // The rest of the step as a step of its own.
                let mut rest = to.clone();
                let ahead = self.ahead(&middle, to);
                rest.arclength = middle.arclength + ahead;
                self.between(&middle, &rest, depth + 1, found)
            }
            _ => {
                let d = self.curve.dimension();
                self.unexplained.push((from.y[d], to.y[d]));
                found.extend(own);
                Ok(())
            }
        }
    }

    /// How far `to` is along the tangent of `from`.
    fn ahead(&self, from: &Node, to: &Node) -> f64 {
        let parts = to.y.iter().zip(&from.y).zip(self.curve.scales()).zip(&from.tangent);
        parts.map(|(((to, from), scale), t)| (to - from) / scale * t).sum()
    }

    fn located(&self, from: &Node, to: &Node) -> Result<Vec<(Node, SpecialPoint)>> {
        let (curve, options, d) = (&self.curve, &self.options, self.curve.dimension());
        let step = to.arclength - from.arclength;
        let along = |test: &mut dyn FnMut(&Node) -> Result<f64>| crossings(curve, from, to, test, options);
        let crossed = along(&mut |node| Ok(node.determinant))?;
        let turned = along(&mut |node| Ok(node.tangent[d]))?;
        let system = self.options.system;
        let paired = along(&mut |node| Ok(pairs(&curve.eigenvalues(&node.y)?, system)))?;
        let flipped = match system {
            System::Flow => vec![],
            System::Map { step } => along(&mut |node| Ok(flip(&curve.eigenvalues(&node.y)?, step)))?,
        };
        let mut found = vec![];
        for crossing in &crossed {
            found.push(self.branch_point(crossing)?);
        }
        // Where a branch turns at the crossing with another one, no two equilibria meet.
        let crosses = found.len();
        let apart = |turn: &Crossing, found: &[(Node, SpecialPoint)]| {
            let off = |cross: &Node| distance(&cross.y, &turn.node.y, curve.scales());
            found.iter().take(crosses).all(|(cross, _)| off(cross) > SAME * step)
        };
        for crossing in &turned {
            if apart(crossing, &found) {
                found.push(self.special(crossing, Bifurcation::Fold)?);
            }
        }
        for crossing in &paired {
            let values = curve.eigenvalues(&crossing.node.y)?;
            let complex = critical_pair(&values, system).is_some_and(|(a, _)| a.im != 0.0);
            let kind = match (complex, system) {
                (false, _) => Bifurcation::NeutralSaddle,
                (true, System::Flow) => Bifurcation::Hopf,
                (true, System::Map { .. }) => Bifurcation::NeimarkSacker,
            };
            found.push(self.special(crossing, kind)?);
        }
        for crossing in &flipped {
            found.push(self.special(crossing, Bifurcation::Flip)?);
        }
        Ok(found)
    }

    fn special(&self, crossing: &Crossing, kind: Bifurcation) -> Result<(Node, SpecialPoint)> {
        let converged = crossing.width < 1e-10;
        Ok((crossing.node.clone(), self.described(crossing, kind, converged)?))
    }

    fn branch_point(&self, crossing: &Crossing) -> Result<(Node, SpecialPoint)> {
        let mut crossing = crossing.clone();
        let polished = branch_point::polished(&self.curve, &crossing.node.y)?;
        let converged = polished.is_some();
        if let Some(y) = polished {
            crossing.node.y = y;
        }
        let mut special = self.described(&crossing, Bifurcation::BranchPoint, converged)?;
        let d = self.curve.dimension();
        let y = &crossing.node.y;
        let flow = self.curve.family().at(&y[d..])?;
        let local = Local::new(&*flow, &y[..d], self.options.system.step());
        // At a degenerate point it stays a branch point without a coefficient.
        if let (Ok((quadratic, cubic)), Ok(size)) = (local.zero(), local.quadratic_size()) {
            let symmetric = quadratic.abs() <= 1e-6 * size.max(cubic.abs());
            (special.kind, special.coefficient) = match symmetric {
                true => (Bifurcation::Pitchfork, cubic),
                false => (Bifurcation::Transcritical, quadratic),
            };
        }
        Ok((crossing.node, special))
    }

    /// The point with its normal form.
    fn described(&self, crossing: &Crossing, kind: Bifurcation, converged: bool) -> Result<SpecialPoint> {
        let d = self.curve.dimension();
        let y = &crossing.node.y;
        let system = self.options.system;
        let values = self.curve.eigenvalues(y)?;
        let flow = self.curve.family().at(&y[d..])?;
        let local = Local::new(&*flow, &y[..d], system.step());
        let pair = critical_pair(&values, system);
        let frequency = pair.and_then(|(a, _)| match (kind, system) {
            (Bifurcation::Hopf, _) => Some(a.im.abs()),
            (Bifurcation::NeimarkSacker, System::Map { step }) => {
                Some((step * a.im.abs()).atan2(1.0 + step * a.re))
            }
            _ => None,
        });
        let crossing_speed = match frequency {
            Some(_) => self.crossing_speed(&crossing.node),
            None => None,
        };
        let first_lyapunov = match (kind, frequency) {
            (Bifurcation::Hopf, Some(omega)) => local.hopf(omega).ok(),
            _ => None,
        };
        let coefficient = match (kind, frequency) {
            (Bifurcation::Fold, _) => local.zero().map_or(f64::NAN, |(quadratic, _)| quadratic),
            (Bifurcation::Flip, _) => local.flip().unwrap_or(f64::NAN),
            (Bifurcation::NeimarkSacker, Some(theta)) => local.neimark_sacker(theta).unwrap_or(f64::NAN),
            _ => first_lyapunov.map_or(f64::NAN, |first| first.real_part),
        };
        Ok(SpecialPoint {
            kind,
            parameters: vec![y[d]],
            state: y[..d].to_vec(),
            bracket: (crossing.bracket.0[d], crossing.bracket.1[d]),
            converged,
            frequency,
            crossing_speed,
            first_lyapunov,
            coefficient,
        })
    }

    /// The derivative of the growth rate of the critical pair by the parameter, along the branch.
    fn crossing_speed(&self, node: &Node) -> Option<f64> {
        let (d, system) = (self.curve.dimension(), self.options.system);
        let rate = |y: &[f64]| -> Option<f64> {
            let (a, _) = critical_pair(&self.curve.eigenvalues(y).ok()?, system)?;
            match system {
                System::Flow => Some(a.re),
                System::Map { step } => Some((1.0 + step * a.re).hypot(step * a.im)),
            }
        };
        let step = 1e-4;
        let (up, down) = (
            beside(&self.curve, node, step, &self.options).ok()?,
            beside(&self.curve, node, -step, &self.options).ok()?,
        );
        Some((rate(&up.y)? - rate(&down.y)?) / (up.y[d] - down.y[d]))
    }
}

impl Iterator for EquilibriumContinuation {
    type Item = Result<EquilibriumPoint>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.queue.is_empty() {
            if self.end.is_some() {
                return None;
            }
            if let Err(error) = self.advance() {
                self.end = Some(BranchEnd::Stuck(error.to_string()));
                // Where the numbers end the branch ends, with the reason; what the family refuses is an error.
                if !matches!(error, Error::Numeric { .. }) {
                    return Some(Err(error));
                }
            }
        }
        self.queue.pop_front().map(Ok)
    }
}

impl EquilibriumContinuation {
    fn advance(&mut self) -> Result<()> {
        let from = self.walk.here.clone();
        let (to, end) = self.walk.step(&mut self.curve, &self.options)?;
        self.end = end;
        match to {
            Some(to) => self.collect(&from, &to),
            None => Ok(()),
        }
    }
}

/// Refuses a range of the parameter that is none, and families of several parameters.
pub(crate) fn check_range(family: &ParameterFamily, (low, high): (f64, f64)) -> Result<()> {
    if family.parameters() != 1 {
        let expected = "a family of one parameter; `slice` fixes the others";
        return Err(Error::parameter("parameters", family.parameters(), expected));
    }
    if !(low < high && (high - low).is_finite()) {
        return Err(Error::parameter("range", format!("[{low}, {high}]"), "finite low < high"));
    }
    Ok(())
}
