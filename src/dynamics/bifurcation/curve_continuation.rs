//! Curves of bifurcations in two parameters, point by point, with points of codimension two on them.

use super::arclength::{Closing, Curve, Node, corrected, dot, norm, start};
use super::bifurcation_curve::{BifurcationCurve, CurvePoint};
use super::critical::CriticalCurve;
use super::crossing::{Crossing, crossings};
use super::equilibrium_branch::BranchEnd;
use super::family::ParameterFamily;
use super::normal_forms::Local;
use super::options::{ContinuationOptions, System};
use super::special::{Bifurcation, SpecialPoint};
use super::spectral_tests::{critical_pair, flip, pairs};
use super::walk::Walk;
use crate::dynamics::complex::Complex;
use crate::error::{Error, Result, finite};
use std::collections::VecDeque;

/// Walks along a curve of folds or Hopf points of a flow, or of folds, flips or Neimark-Sacker points of a map, in a family of
/// two parameters. It is an iterator of the points, with points of codimension two among them; [`run`](Self::run) collects them.
///
/// ```
/// use eigengate::dynamics::{Bifurcation, ContinuationOptions, CurveContinuation, ParameterFamily, families};
///
/// // One unit with the weight w and the bias b: the folds of w = 4, b = -+ (w/2 h - artanh h) with h^2 = 1 - 2/w.
/// let family = ParameterFamily::weight(&families::one_unit(4.0, 0.0)?, "Uh", &[0, 0])?.and_weight("bh", &[0])?;
/// let h = 0.5_f64.sqrt();
/// let start = [4.0, h.atanh() - 2.0 * h];
/// let options = ContinuationOptions::new();
/// let ranges = [(1.0, 6.0), (-2.0, 2.0)];
/// let walk = CurveContinuation::new(&family, Bifurcation::Fold, ranges, &start, &[h], -1.0, &options)?;
/// let curve = walk.run()?;
/// // The two folds meet in a cusp at w = 2, b = 0.
/// let cusp = &curve.specials()[0];
/// assert_eq!(cusp.kind, Bifurcation::Cusp);
/// assert!((cusp.parameters[0] - 2.0).abs() < 1e-9 && cusp.parameters[1].abs() < 1e-9);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub struct CurveContinuation {
    curve: CriticalCurve,
    options: ContinuationOptions,
    walk: Walk,
    queue: VecDeque<CurvePoint>,
    end: Option<BranchEnd>,
}

impl CurveContinuation {
    /// From the point of this kind near `state` at `parameters`, in the direction in which the first parameter rises (`sense` 1) or falls
    /// (-1), as long as both parameters are in their `ranges`. Where the curve stands still in the first parameter, the two senses are
    /// its two directions.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a kind without curves, ranges without length, a start outside of them, and impossible options;
    /// [`Error::Shape`], [`Error::NotFinite`]; [`Error::Numeric`] where no such point is near.
    pub fn new(
        family: &ParameterFamily,
        kind: Bifurcation,
        ranges: [(f64, f64); 2],
        parameters: &[f64],
        state: &[f64],
        sense: f64,
        options: &ContinuationOptions,
    ) -> Result<Self> {
        options.check()?;
        let mut curve = CriticalCurve::new(family, kind, options.system.step(), ranges)?;
        if parameters.len() != 2 {
            return Err(Error::shape("parameters of a start", 2, parameters.len()));
        }
        if state.len() != family.dimension() {
            return Err(Error::shape("state", family.dimension(), state.len()));
        }
        finite("state", state)?;
        for (value, (low, high)) in parameters.iter().zip(ranges) {
            if !(low <= *value && *value <= high) {
                return Err(Error::parameter("parameters", value, format!("a value in [{low}, {high}]")));
            }
        }
        let d = state.len();
        let guess: Vec<f64> = state.iter().chain(parameters).copied().collect();
        curve.keep(&guess)?;
        // Another value of the other parameter, where the curve stands still in this one.
        let fixed = |k: usize| Closing::Fixed(d + k, parameters[k]);
        let first = corrected(&curve, &fixed(1), &guess, options);
        let (y, _) = first.or_else(|_| corrected(&curve, &fixed(0), &guess, options))?;
        let first = start(&mut curve, &y, d, sense, options)?;
        let mut own = Self {
            walk: Walk::new(first, options),
            curve,
            options: options.clone(),
            queue: VecDeque::new(),
            end: None,
        };
        let point = own.point(&own.walk.here, None)?;
        own.queue.push_back(point);
        Ok(own)
    }

    /// Why the walk ended; `None` as long as it goes on.
    pub fn end(&self) -> Option<&BranchEnd> {
        self.end.as_ref()
    }

    /// All points as one curve.
    ///
    /// # Errors
    /// As the family; [`Error::Numeric`] where eigenvalues cannot be computed.
    pub fn run(mut self) -> Result<BifurcationCurve> {
        let mut points = vec![];
        for point in self.by_ref() {
            points.push(point?);
        }
        let end = self.end.take().unwrap_or(BranchEnd::Start);
        Ok(BifurcationCurve {
            kind: self.curve.kind(),
            names: self.curve.family().names().to_vec(),
            points,
            ends: [BranchEnd::Start, end],
        })
    }

    fn point(&self, node: &Node, special: Option<SpecialPoint>) -> Result<CurvePoint> {
        let d = self.curve.dimension();
        let values = self.curve.eigenvalues(&node.y)?;
        Ok(CurvePoint {
            parameters: node.y[d..].to_vec(),
            state: node.y[..d].to_vec(),
            frequency: self.frequency(&values),
            coefficient: self.coefficient(&node.y, &values).unwrap_or(f64::NAN),
            eigenvalues: values,
            arclength: node.arclength,
            special,
        })
    }

    /// `omega` of a Hopf point, `theta` of a Neimark-Sacker point.
    fn frequency(&self, values: &[Complex]) -> Option<f64> {
        let system = self.options.system;
        let (a, _) = critical_pair(values, system)?;
        match (self.curve.kind(), system) {
            (Bifurcation::Hopf, _) => Some(a.im.abs()),
            (Bifurcation::NeimarkSacker, System::Map { step }) => {
                Some((step * a.im.abs()).atan2(1.0 + step * a.re))
            }
            _ => None,
        }
    }

    /// The coefficient of the normal form.
    fn coefficient(&self, y: &[f64], values: &[Complex]) -> Result<f64> {
        let d = self.curve.dimension();
        let flow = self.curve.flow(y)?;
        let local = Local::new(&*flow, &y[..d], self.options.system.step());
        match (self.curve.kind(), self.frequency(values)) {
            (Bifurcation::Fold, _) => Ok(local.zero()?.0),
            (Bifurcation::Flip, _) => local.flip(),
            (Bifurcation::NeimarkSacker, Some(theta)) if theta > 0.0 => local.neimark_sacker(theta),
            (_, Some(omega)) if omega > 0.0 => Ok(local.hopf(omega)?.real_part),
            _ => Ok(f64::NAN),
        }
    }

    /// The tests of this kind of curve, with what vanishes.
    fn located(&self, from: &Node, to: &Node) -> Result<Vec<(Node, SpecialPoint)>> {
        let (curve, options, d) = (&self.curve, &self.options, self.curve.dimension());
        let system = options.system;
        let along = |test: &mut dyn FnMut(&Node) -> Result<f64>| crossings(curve, from, to, test, options);
        let mut found: Vec<(Bifurcation, Crossing)> = vec![];
        let mut add = |kind: Bifurcation, all: Vec<Crossing>| {
            found.extend(all.into_iter().map(|crossing| (kind, crossing)));
        };
        // Sum and product of the critical pair, multipliers for a map.
        let pair = |node: &Node| -> Result<Option<(Complex, Complex)>> {
            let multiplier = |v: Complex| match system {
                System::Flow => v,
                System::Map { step } => Complex::real(1.0) + v.scaled(step),
            };
            let both = critical_pair(&curve.eigenvalues(&node.y)?, system);
            Ok(both.map(|(a, b)| (multiplier(a), multiplier(b))))
        };
        // NaN where it has none, as next to a double eigenvalue: no sign changes there.
        let coefficient = |node: &Node| -> Result<f64> {
            Ok(self.coefficient(&node.y, &curve.eigenvalues(&node.y)?).unwrap_or(f64::NAN))
        };
        match curve.kind() {
            Bifurcation::Fold => {
                add(Bifurcation::Cusp, along(&mut |node| self.quadratic(node))?);
                let double = match system {
                    System::Flow => Bifurcation::BogdanovTakens,
                    System::Map { .. } => Bifurcation::Resonance11,
                };
                add(double, along(&mut |node| self.double_zero(node))?);
                if d > 2 && system == System::Flow {
                    let mut rest =
                        |node: &Node| Ok(pairs(&without_zero(curve.eigenvalues(&node.y)?), system));
                    add(Bifurcation::ZeroHopf, along(&mut rest)?);
                }
                if let System::Map { step } = system {
                    let mut test = |node: &Node| Ok(flip(&curve.eigenvalues(&node.y)?, step));
                    add(Bifurcation::FoldFlip, along(&mut test)?);
                }
            }
            Bifurcation::Hopf => {
                let mut product = |node: &Node| Ok(pair(node)?.map_or(1.0, |(a, b)| (a * b).re));
                add(Bifurcation::BogdanovTakens, along(&mut product)?);
                add(Bifurcation::GeneralizedHopf, along(&mut |node| coefficient(node))?);
                if d > 2 {
                    let mut zero =
                        |node: &Node| Ok(product_of(&without_pair(curve.eigenvalues(&node.y)?, system)));
                    add(Bifurcation::ZeroHopf, along(&mut zero)?);
                }
            }
            Bifurcation::NeimarkSacker => {
                let mut one = |node: &Node| Ok(pair(node)?.map_or(1.0, |(a, b)| 2.0 - (a + b).re));
                add(Bifurcation::Resonance11, along(&mut one)?);
                let mut minus = |node: &Node| Ok(pair(node)?.map_or(1.0, |(a, b)| 2.0 + (a + b).re));
                add(Bifurcation::Resonance12, along(&mut minus)?);
                add(Bifurcation::Chenciner, along(&mut |node| coefficient(node))?);
            }
            _ => {
                add(Bifurcation::GeneralizedFlip, along(&mut |node| coefficient(node))?);
                add(Bifurcation::Resonance12, along(&mut |node| self.double_zero(node))?);
                let mut zero = |node: &Node| Ok(product_of(&curve.eigenvalues(&node.y)?));
                add(Bifurcation::FoldFlip, along(&mut zero)?);
            }
        }
        let mut specials = vec![];
        for (kind, crossing) in found {
            let y = &crossing.node.y;
            let values = curve.eigenvalues(y)?;
            // A pair of real eigenvalues on a curve of Hopf points: it is one of neutral saddles there.
            let neutral = self.frequency(&values) == Some(0.0);
            if neutral && matches!(kind, Bifurcation::GeneralizedHopf | Bifurcation::Chenciner) {
                continue;
            }
            // A neutral saddle beside a fold is nothing.
            if kind == Bifurcation::ZeroHopf
                && curve.kind() == Bifurcation::Fold
                && critical_pair(&without_zero(values.clone()), system).is_none_or(|(a, _)| a.im == 0.0)
            {
                continue;
            }
            specials.push((
                crossing.node.clone(),
                SpecialPoint {
                    frequency: self.frequency(&values),
                    ..SpecialPoint::new(
                        kind,
                        y[d..].to_vec(),
                        y[..d].to_vec(),
                        (crossing.bracket.0[d], crossing.bracket.1[d]),
                        crossing.width < 1e-10,
                    )
                },
            ));
        }
        specials.sort_by(|a, b| a.0.arclength.total_cmp(&b.0.arclength));
        Ok(specials)
    }

    /// `w' D2g(v, v)` with vectors that are continuous along a step: it vanishes at a cusp.
    fn quadratic(&self, node: &Node) -> Result<f64> {
        let d = self.curve.dimension();
        let (v, w) = self.curve.vectors(&node.y)?;
        let mut second = vec![0.0; d];
        self.curve.flow(&node.y)?.gate_free_bilinear(&node.y[..d], &v, &v, &mut second);
        Ok(dot(&w, &second) / (norm(&w) * dot(&v, &v)))
    }

    /// The product of the left and the right null vector of the Jacobian, which vanishes where the eigenvalue is double.
    fn double_zero(&self, node: &Node) -> Result<f64> {
        let d = self.curve.dimension();
        let (v, mut w) = self.curve.vectors(&node.y)?;
        if self.curve.kind() == Bifurcation::Fold {
            // Of Df = diag(c) Dg it is w / c.
            let mut factors = vec![0.0; d];
            self.curve.flow(&node.y)?.gate_factors(&node.y[..d], &mut factors);
            w.iter_mut().zip(&factors).for_each(|(w, c)| *w /= c);
        }
        Ok(dot(&w, &v) / (norm(&w) * norm(&v)))
    }

    /// The special points of a step, then its end. Where a curve of Hopf points becomes one of neutral saddles, it ends.
    fn collect(&mut self, from: &Node, to: &Node) -> Result<()> {
        for (node, special) in self.located(from, to)? {
            let last = match (self.curve.kind(), special.kind) {
                (Bifurcation::Hopf, Bifurcation::BogdanovTakens) => true,
                (Bifurcation::NeimarkSacker, kind) => {
                    matches!(kind, Bifurcation::Resonance11 | Bifurcation::Resonance12)
                }
                _ => false,
            };
            let kind = special.kind;
            let point = self.point(&node, Some(special))?;
            // From such a point into the wrong direction, or beyond another: nothing but neutral saddles.
            let begins = self.queue.is_empty() && node.arclength < 1e-6;
            if last && begins {
                continue;
            }
            self.queue.push_back(point);
            if last {
                self.end = Some(BranchEnd::At(kind));
                return Ok(());
            }
        }
        let point = self.point(to, None)?;
        if matches!(self.curve.kind(), Bifurcation::Hopf | Bifurcation::NeimarkSacker)
            && point.frequency == Some(0.0)
        {
            self.end = Some(BranchEnd::Stuck("these are neutral saddles".into()));
            return Ok(());
        }
        self.queue.push_back(point);
        Ok(())
    }

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

impl Iterator for CurveContinuation {
    type Item = Result<CurvePoint>;

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

/// Without the eigenvalue that is nearest to 0.
fn without_zero(mut values: Vec<Complex>) -> Vec<Complex> {
    let least = (0..values.len()).min_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs()));
    if let Some(least) = least {
        values.remove(least);
    }
    values
}

/// Without the critical pair.
fn without_pair(values: Vec<Complex>, system: System) -> Vec<Complex> {
    let Some((a, b)) = critical_pair(&values, system) else { return values };
    let mut rest = values;
    for one in [a, b] {
        if let Some(place) = rest.iter().position(|v| *v == one) {
            rest.remove(place);
        }
    }
    rest
}

/// The real part of the product, relative to the sizes.
fn product_of(values: &[Complex]) -> f64 {
    let largest = values.iter().fold(f64::MIN_POSITIVE, |largest, v| largest.max(v.abs()));
    values.iter().fold(Complex::real(1.0), |product, v| product * v.scaled(1.0 / largest)).re
}
