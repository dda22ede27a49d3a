//! Diagrams of two parameters: all curves of bifurcations of equilibria.

use super::arclength::{Closing, Curve, corrected, distance};
use super::bifurcation_curve::{BifurcationCurve, frame_of};
use super::critical::CriticalCurve;
use super::curve_continuation::CurveContinuation;
use super::diagram::{BifurcationDiagram, DiagramOptions, special_frame};
use super::equilibrium_branch::BranchEnd;
use super::family::ParameterFamily;
use super::homoclinic_curves::HomoclinicCurve;
use super::options::ContinuationOptions;
use super::special::{Bifurcation, SpecialPoint};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use rayon::prelude::*;
use std::fmt;

/// One one-parameter diagram of a two-parameter family, beside what the curves have there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiagramSlice {
    /// Which parameter is fixed, 0 or 1.
    pub fixed: usize,
    /// Its value.
    pub value: f64,
    /// Special points of kinds that have curves.
    pub specials: usize,
    /// How many of them lie on a curve.
    pub on_curves: usize,
    /// How many points the curves have there.
    pub passes: usize,
    /// Whether the one-parameter diagram is complete.
    pub complete: bool,
}

/// The curves of folds and Hopf points (of a map folds, flips and Neimark-Sacker points) of a family of two parameters, with the points of
/// codimension two on them.
///
/// They start from the special points of one-parameter diagrams along both parameters, and from Bogdanov-Takens points.
///
/// ```
/// use eigengate::dynamics::{DiagramOptions, ParameterFamily, TwoParameterDiagram, families};
///
/// // One unit: two curves of folds that meet in a cusp at the weight 2.
/// let family = ParameterFamily::weight(&families::one_unit(4.0, 0.0)?, "Uh", &[0, 0])?.and_weight("bh", &[0])?;
/// let options = DiagramOptions::new().with_searches(9);
/// let diagram = TwoParameterDiagram::new(&family, [(1.0, 6.0), (-2.0, 2.1)], &options, 5)?;
/// assert_eq!((diagram.curves.len(), diagram.specials().len()), (1, 1));
/// assert!(diagram.complete);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct TwoParameterDiagram {
    /// The names of the parameters.
    pub names: Vec<String>,
    /// Their ranges.
    pub ranges: [(f64, f64); 2],
    /// The curves, in the order in which they were found.
    pub curves: Vec<BifurcationCurve>,
    /// The one-parameter diagrams.
    pub slices: Vec<DiagramSlice>,
    /// Whether every slice is complete, every special point of it lies on a curve, and the curves have no others there. A closed curve
    /// between the slices can still be missing.
    pub complete: bool,
    /// Curves of homoclinic orbits, from [`with_homoclinics`](Self::with_homoclinics).
    pub homoclinics: Vec<HomoclinicCurve>,
}

/// A slice with its special points as `(h, p1, p2)`.
struct Slice {
    fixed: usize,
    value: f64,
    complete: bool,
    specials: Vec<(Bifurcation, Vec<f64>)>,
}

/// Points that are nearer than this, in units of the continuation, are the same.
const SAME: f64 = 1e-5;

impl TwoParameterDiagram {
    /// All curves for parameters in `ranges`, from `slices` one-parameter diagrams along each parameter; 9 are a good number. They are made with
    /// `options`, the curves with the options of the continuation.
    ///
    /// # Errors
    /// As [`BifurcationDiagram::new`]; [`Error::Parameter`] for a family of other than two parameters, and for no slices.
    pub fn new(
        family: &ParameterFamily,
        ranges: [(f64, f64); 2],
        options: &DiagramOptions,
        slices: usize,
    ) -> Result<Self> {
        if slices == 0 {
            return Err(Error::parameter("slices", 0, "at least 1"));
        }
        // Refuses families and ranges that cannot be.
        CriticalCurve::new(family, Bifurcation::Fold, options.continuation.system.step(), ranges)?;
        let found: Vec<Slice> = inner_slices(ranges, slices)
            .par_iter()
            .map(|&(fixed, value)| slice(family, ranges, options, fixed, value))
            .collect::<Result<_>>()?;
        let mut own = Self {
            names: family.names().to_vec(),
            ranges,
            curves: vec![],
            slices: vec![],
            complete: false,
            homoclinics: vec![],
        };
        let settings = &options.continuation;
        for slice in &found {
            for (kind, y) in &slice.specials {
                let passes = own.passes(family, *kind, slice.fixed, slice.value, settings)?;
                if !own.has(&passes, y) {
                    own.start(family, *kind, y, settings)?;
                }
            }
        }
        own.add_hopf_curves_of_bogdanov_takens_points(family, settings)?;
        for slice in &found {
            own.check(family, slice, settings)?;
        }
        own.complete = own.slices.iter().all(|slice| {
            slice.complete && slice.on_curves == slice.specials && slice.passes == slice.specials
        });
        Ok(own)
    }

    fn scales(&self, d: usize) -> Vec<f64> {
        let sides = self.ranges.iter().map(|(low, high)| 0.5 * (high - low));
        std::iter::repeat_n(1.0, d).chain(sides).collect()
    }

    fn has(&self, passes: &[Vec<f64>], y: &[f64]) -> bool {
        let scales = self.scales(y.len() - 2);
        passes.iter().any(|other| distance(other, y, &scales) < SAME)
    }

    /// A curve through `(h, p1, p2)`; none where the continuation does not start.
    fn start(
        &mut self,
        family: &ParameterFamily,
        kind: Bifurcation,
        y: &[f64],
        options: &ContinuationOptions,
    ) -> Result<()> {
        let d = y.len() - 2;
        let half = |sense: f64| -> Result<BifurcationCurve> {
            CurveContinuation::new(family, kind, self.ranges, &y[d..], &y[..d], sense, options)?.run()
        };
        let mut forward = match half(1.0) {
            Ok(forward) => forward,
            Err(Error::Numeric { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if forward.ends[1] == BranchEnd::Closed {
            forward.ends[0] = BranchEnd::Closed;
            self.curves.push(forward);
            return Ok(());
        }
        match half(-1.0) {
            Ok(backward) => self.curves.push(BifurcationCurve::joined(backward, forward)),
            Err(Error::Numeric { .. }) => self.curves.push(forward),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A curve of Hopf points ends at every Bogdanov-Takens point of a curve of folds.
    fn add_hopf_curves_of_bogdanov_takens_points(
        &mut self,
        family: &ParameterFamily,
        options: &ContinuationOptions,
    ) -> Result<()> {
        let points: Vec<Vec<f64>> = self
            .curves
            .iter()
            .filter(|curve| curve.kind == Bifurcation::Fold)
            .flat_map(BifurcationCurve::specials)
            .filter(|special| special.kind == Bifurcation::BogdanovTakens)
            .map(|special| special.state.iter().chain(&special.parameters).copied().collect())
            .collect();
        for y in points {
            let ends: Vec<Vec<f64>> = self
                .curves
                .iter()
                .filter(|curve| curve.kind == Bifurcation::Hopf)
                .flat_map(BifurcationCurve::specials)
                .filter(|special| special.kind == Bifurcation::BogdanovTakens)
                .map(|special| special.state.iter().chain(&special.parameters).copied().collect())
                .collect();
            if self.has(&ends, &y) {
                continue;
            }
            let before = self.curves.len();
            self.start(family, Bifurcation::Hopf, &y, options)?;
            // Of the two directions one has neutral saddles alone.
            for curve in &mut self.curves[before..] {
                curve.points.retain(|point| point.special.is_some() || point.frequency > Some(0.0));
                for end in &mut curve.ends {
                    if matches!(end, BranchEnd::Stuck(reason) if reason.contains("neutral saddles")) {
                        *end = BranchEnd::At(Bifurcation::BogdanovTakens);
                    }
                }
            }
            self.curves.retain(|curve| curve.points.len() > 1);
        }
        Ok(())
    }

    /// Points `(h, p1, p2)` of all curves of a kind where one parameter has a value.
    fn passes(
        &self,
        family: &ParameterFamily,
        kind: Bifurcation,
        fixed: usize,
        value: f64,
        options: &ContinuationOptions,
    ) -> Result<Vec<Vec<f64>>> {
        let mut critical = CriticalCurve::new(family, kind, options.system.step(), self.ranges)?;
        let d = family.dimension();
        let mut found = vec![];
        for curve in self.curves.iter().filter(|curve| curve.kind == kind) {
            for pair in curve.points.windows(2) {
                let (a, b) = (pair[0].parameters[fixed], pair[1].parameters[fixed]);
                if (a < value) == (b < value) {
                    continue;
                }
                let share = (value - a) / (b - a);
                let unknowns = |k: usize| -> Vec<f64> {
                    pair[k].state.iter().chain(&pair[k].parameters).copied().collect()
                };
                let guess: Vec<f64> =
                    unknowns(0).iter().zip(unknowns(1)).map(|(a, b)| a + share * (b - a)).collect();
                let polished = critical
                    .keep(&guess)
                    .and_then(|()| corrected(&critical, &Closing::Fixed(d + fixed, value), &guess, options));
                found.push(polished.map_or(guess, |(y, _)| y));
            }
        }
        Ok(found)
    }

    fn check(
        &mut self,
        family: &ParameterFamily,
        slice: &Slice,
        options: &ContinuationOptions,
    ) -> Result<()> {
        let (mut on_curves, mut passes) = (0, 0);
        for kind in kinds(options) {
            let there = self.passes(family, kind, slice.fixed, slice.value, options)?;
            passes += there.len();
            on_curves +=
                slice.specials.iter().filter(|(other, y)| *other == kind && self.has(&there, y)).count();
        }
        self.slices.push(DiagramSlice {
            fixed: slice.fixed,
            value: slice.value,
            specials: slice.specials.len(),
            on_curves,
            passes,
            complete: slice.complete,
        });
        Ok(())
    }

    /// The points of codimension two of all curves. One that lies on two curves is there once, where both call it the same.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        let mut kept: Vec<SpecialPoint> = vec![];
        let of_homoclinics = self.homoclinics.iter().flat_map(HomoclinicCurve::specials);
        for special in self.curves.iter().flat_map(BifurcationCurve::specials).chain(of_homoclinics) {
            let y = |s: &SpecialPoint| -> Vec<f64> { s.state.iter().chain(&s.parameters).copied().collect() };
            let scales = self.scales(special.state.len());
            let same = |other: &SpecialPoint| {
                other.kind == special.kind && distance(&y(other), &y(&special), &scales) < SAME
            };
            if !kept.iter().any(same) {
                kept.push(special);
            }
        }
        kept
    }

    /// One row per point of a curve: `curve`, `kind`, both parameters by their names, `h1`, …, `frequency`, `coefficient`, `special`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        frame_of(&self.curves.iter().collect::<Vec<_>>())
    }

    /// One row per point of codimension two, as in [`BifurcationDiagram::special_frame`].
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn special_frame(&self) -> Result<Frame> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        special_frame(&names, &self.specials())
    }

    /// Shows the points of codimension two as a table in a notebook.
    pub fn evcxr_display(&self) {
        if let Ok(frame) = self.special_frame() {
            frame.evcxr_display();
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// Which parameter is fixed, and its value: `count` values inside of each range, off the middle, as families are symmetric about
/// round numbers.
pub(crate) fn inner_slices(ranges: [(f64, f64); 2], count: usize) -> Vec<(usize, f64)> {
    let share = |k: usize| (k as f64 + 0.4871) / count as f64;
    let of = |fixed: usize| {
        let (low, high) = ranges[fixed];
        (0..count).map(move |k| (fixed, low + (high - low) * share(k)))
    };
    of(0).chain(of(1)).collect()
}

/// Kinds of special points of equilibria that have curves.
fn kinds(options: &ContinuationOptions) -> Vec<Bifurcation> {
    match options.system.step() {
        None => vec![Bifurcation::Fold, Bifurcation::Hopf],
        Some(_) => vec![Bifurcation::Fold, Bifurcation::Flip, Bifurcation::NeimarkSacker],
    }
}

/// The one-parameter diagram with one parameter fixed.
fn slice(
    family: &ParameterFamily,
    ranges: [(f64, f64); 2],
    options: &DiagramOptions,
    fixed: usize,
    value: f64,
) -> Result<Slice> {
    let free = 1 - fixed;
    let one = family.slice(&[value; 2], free)?;
    let diagram = BifurcationDiagram::new(&one, ranges[free], options)?;
    let kinds = kinds(&options.continuation);
    let specials = diagram.specials().into_iter().filter(|special| kinds.contains(&special.kind));
    let unknowns = |special: SpecialPoint| {
        let mut parameters = [value; 2];
        parameters[free] = special.parameter();
        (special.kind, special.state.into_iter().chain(parameters).collect())
    };
    Ok(Slice { fixed, value, complete: diagram.complete, specials: specials.map(unknowns).collect() })
}

impl fmt::Debug for TwoParameterDiagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |kind: Bifurcation| self.curves.iter().filter(|curve| curve.kind == kind).count();
        let kinds = [Bifurcation::Fold, Bifurcation::Hopf, Bifurcation::Flip, Bifurcation::NeimarkSacker];
        let counts: Vec<String> = kinds
            .into_iter()
            .filter(|kind| count(*kind) > 0)
            .map(|kind| format!("{} {kind}", count(kind)))
            .collect();
        let homoclinics = match self.homoclinics.len() {
            0 => String::new(),
            n => format!(", {n} homoclinic"),
        };
        let verdict = if self.complete { "complete on" } else { "NOT complete on" };
        write!(
            f,
            "TwoParameterDiagram({}; curves: {}{homoclinics}; {} points of codimension two; {verdict} all {} slices)",
            self.names.join(", "),
            if counts.is_empty() { "none".to_owned() } else { counts.join(", ") },
            self.specials().len(),
            self.slices.len()
        )
    }
}
