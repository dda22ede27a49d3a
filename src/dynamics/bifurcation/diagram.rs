//! Diagrams: all branches of a one-parameter family.

use super::arclength::{Closing, corrected, distance};
use super::cycles::CycleBranch;
use super::diagram_cycles::CycleSearch;
use super::equilibria::{EquilibriumContinuation, check_range};
use super::equilibrium_branch::{EquilibriumBranch, frame_of};
use super::equilibrium_curve::EquilibriumCurve;
use super::family::ParameterFamily;
use super::options::ContinuationOptions;
use super::special::{Bifurcation, SpecialPoint};
use crate::display::{Content, show};
use crate::dynamics::MultiStart;
use crate::error::{Error, Result, finite};
use crate::frame::Frame;
use std::fmt;

/// What a diagram is made with.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagramOptions {
    /// Settings of each continuation.
    pub continuation: ContinuationOptions,
    /// At how many values of the parameter, evenly from end to end of the range, all fixed points are searched for; 65 by default.
    /// Each of them must lie on a branch, and a branch starts from each that lies on none yet.
    pub searches: usize,
    /// Further starts, as a value of the parameter and a state near an equilibrium. Families of other systems than GRUs have no
    /// others.
    pub starts: Vec<(f64, Vec<f64>)>,
}

impl Default for DiagramOptions {
    fn default() -> Self {
        Self { continuation: ContinuationOptions::new(), searches: 65, starts: vec![] }
    }
}

impl DiagramOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Other settings of the continuations.
    pub fn with_continuation(mut self, options: ContinuationOptions) -> Self {
        self.continuation = options;
        self
    }

    /// Another number of searches, at least 1.
    pub fn with_searches(mut self, searches: usize) -> Self {
        self.searches = searches;
        self
    }

    /// One start more.
    pub fn with_start(mut self, parameter: f64, state: &[f64]) -> Self {
        self.starts.push((parameter, state.to_vec()));
        self
    }
}

/// A search for all fixed points at one value of the parameter, beside what the branches have there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiagramSearch {
    /// The parameter.
    pub parameter: f64,
    /// Fixed points that were found.
    pub fixed_points: usize,
    /// How many of them lie on a branch.
    pub on_branches: usize,
    /// How many points the branches have there.
    pub passes: usize,
    /// Whether these are proved to be all.
    pub certified: bool,
}

/// All branches of equilibria of a one-parameter family that pass a fixed point at one of many values of the parameter.
///
/// ```
/// use eigengate::dynamics::{BifurcationDiagram, DiagramOptions, ParameterFamily};
///
/// let family = ParameterFamily::rotation(3.0)?;
/// let diagram = BifurcationDiagram::new(&family, (0.05, 1.2), &DiagramOptions::new())?;
/// // Four folds at one angle, on two closed curves or four arcs; the Hopf point of the origin.
/// assert_eq!(diagram.specials().len(), 5);
/// assert!(diagram.complete);
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct BifurcationDiagram {
    /// The name of the parameter.
    pub name: String,
    /// Its range.
    pub range: (f64, f64),
    /// The branches, in the order in which they were found.
    pub branches: Vec<EquilibriumBranch>,
    /// The searches.
    pub searches: Vec<DiagramSearch>,
    /// Whether at every search the fixed points were proved to be all, every one of them lies on a branch, and the branches have no
    /// others. A closed branch between two searches can still be missing.
    pub complete: bool,
    /// Branches of cycles, from [`with_cycles`](Self::with_cycles).
    pub cycles: Vec<CycleBranch>,
    /// Searches for cycles, beside the branches.
    pub cycle_searches: Vec<CycleSearch>,
    /// Parameters of Hopf points and cycles from which no branch could be followed, with the reason.
    pub cycle_failures: Vec<(f64, String)>,
}

/// States that are nearer than this are the same.
const SAME: f64 = 1e-6;

impl BifurcationDiagram {
    /// All branches for parameters in `range`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for impossible options, a range without length, a family of several parameters, and for nothing to start
    /// from; as the family.
    pub fn new(family: &ParameterFamily, range: (f64, f64), options: &DiagramOptions) -> Result<Self> {
        options.continuation.check()?;
        check_range(family, range)?;
        if options.searches == 0 {
            return Err(Error::parameter("searches", 0, "at least 1"));
        }
        let curve = EquilibriumCurve::new(family, range);
        let mut own = Self {
            name: family.names().first().cloned().unwrap_or_default(),
            range,
            branches: vec![],
            searches: vec![],
            complete: false,
            cycles: vec![],
            cycle_searches: vec![],
            cycle_failures: vec![],
        };
        let mut found = vec![];
        for parameter in places(range, options.searches) {
            let Some((states, certified)) = fixed_points(family, parameter)? else { break };
            found.push((parameter, states, certified));
        }
        if found.is_empty() && options.starts.is_empty() {
            let expected = "at least one: of systems that are no GRUs the fixed points are not searched for";
            return Err(Error::parameter("starts", 0, expected));
        }
        for (parameter, state) in &options.starts {
            if state.len() != family.dimension() {
                return Err(Error::shape("a start of a diagram", family.dimension(), state.len()));
            }
            finite("a start of a diagram", state)?;
            if !(range.0 <= *parameter && *parameter <= range.1) {
                let expected = format!("a parameter in [{}, {}]", range.0, range.1);
                return Err(Error::parameter("starts", parameter, expected));
            }
            let guess: Vec<f64> = state.iter().copied().chain([*parameter]).collect();
            let closing = Closing::Fixed(state.len(), *parameter);
            let (y, _) = corrected(&curve, &closing, &guess, &options.continuation)?;
            own.start(family, &curve, *parameter, &y[..state.len()], options)?;
        }
        for (parameter, states, _) in &found {
            for state in states {
                own.start(family, &curve, *parameter, state, options)?;
            }
        }
        for (parameter, states, certified) in found {
            let passes = own.states_at(&curve, parameter, options);
            let on_branches = states.iter().filter(|state| known(&passes, state)).count();
            own.searches.push(DiagramSearch {
                parameter,
                fixed_points: states.len(),
                on_branches,
                passes: distinct(&passes),
                certified,
            });
        }
        own.complete = !own.searches.is_empty()
            && own.searches.iter().all(|search| {
                search.certified
                    && search.on_branches == search.fixed_points
                    && search.passes == search.fixed_points
            });
        Ok(own)
    }

    /// A branch through this state, unless one is there.
    fn start(
        &mut self,
        family: &ParameterFamily,
        curve: &EquilibriumCurve,
        parameter: f64,
        state: &[f64],
        options: &DiagramOptions,
    ) -> Result<()> {
        if known(&self.states_at(curve, parameter, options), state) {
            return Ok(());
        }
        let through =
            EquilibriumContinuation::branch(family, self.range, parameter, state, &options.continuation);
        match through {
            Ok(branch) => self.branches.push(branch),
            // A fold at the very start: the search reports it as a point that is not on a branch.
            Err(Error::Numeric { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn states_at(&self, curve: &EquilibriumCurve, parameter: f64, options: &DiagramOptions) -> Vec<Vec<f64>> {
        let states = |branch: &EquilibriumBranch| branch.states_at(curve, parameter, &options.continuation);
        self.branches.iter().flat_map(states).collect()
    }

    /// The special points of all branches, of cycles too, by rising parameter. A point that lies on two branches is there once.
    pub fn specials(&self) -> Vec<SpecialPoint> {
        let mut all: Vec<SpecialPoint> = self.branches.iter().flat_map(EquilibriumBranch::specials).collect();
        all.extend(self.cycles.iter().flat_map(CycleBranch::specials));
        all.sort_by(|a, b| a.parameter().total_cmp(&b.parameter()));
        let scale = 0.5 * (self.range.1 - self.range.0);
        let mut kept: Vec<SpecialPoint> = vec![];
        for special in all {
            let same = |other: &SpecialPoint| {
                other.kind == special.kind
                    && (other.parameter() - special.parameter()).abs() < SAME * scale
                    && near(&other.state, &special.state)
            };
            if !kept.iter().any(same) {
                kept.push(special);
            }
        }
        kept
    }

    /// The special points of one kind.
    pub fn specials_of(&self, kind: Bifurcation) -> Vec<SpecialPoint> {
        self.specials().into_iter().filter(|special| special.kind == kind).collect()
    }

    /// One row per point of a branch: `branch`, the parameter by its name, `h1`, …, eigenvalues, `unstable`, `stable`, `special`.
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn frame(&self) -> Result<Frame> {
        frame_of(&self.name, &self.branches.iter().collect::<Vec<_>>())
    }

    /// One row per special point: `kind`, the parameter by its name, `h1`, …, `bracket_low`, `bracket_high`, `converged`, `frequency`,
    /// `coefficient`, `supercritical` (null where it has no meaning), `l1` (Kuznetsov's).
    ///
    /// # Errors
    /// [`Error::Polars`], which would be a bug.
    pub fn special_frame(&self) -> Result<Frame> {
        special_frame(&[&self.name], &self.specials())
    }

    /// Shows the special points as a table in a notebook.
    pub fn evcxr_display(&self) {
        if let Ok(frame) = self.special_frame() {
            frame.evcxr_display();
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// A table of special points, with a column for each parameter.
pub(crate) fn special_frame(names: &[&str], specials: &[SpecialPoint]) -> Result<Frame> {
    let d = specials.first().map_or(0, |special| special.state.len());
    let mut frame =
        Frame::new().with("kind", specials.iter().map(|special| special.kind.name().to_owned()))?;
    for (k, name) in names.iter().enumerate() {
        let value = |special: &SpecialPoint| special.parameters.get(k).copied();
        frame = frame.with(name, specials.iter().map(value))?;
    }
    for i in 0..d {
        frame = frame.with(&format!("h{}", i + 1), specials.iter().map(|special| special.state[i]))?;
    }
    let number = |value: f64| value.is_finite().then_some(value);
    frame
        .with("bracket_low", specials.iter().map(|s| s.bracket.0.min(s.bracket.1)))?
        .with("bracket_high", specials.iter().map(|s| s.bracket.0.max(s.bracket.1)))?
        .with("converged", specials.iter().map(|s| s.converged))?
        .with("frequency", specials.iter().map(|s| s.frequency))?
        .with("coefficient", specials.iter().map(|s| number(s.coefficient)))?
        .with("supercritical", specials.iter().map(SpecialPoint::is_supercritical))?
        .with("l1", specials.iter().map(|s| s.first_lyapunov.map(|first| first.kuznetsov)))
}

/// Values of the parameter, both ends among them.
pub(crate) fn places((low, high): (f64, f64), count: usize) -> Vec<f64> {
    match count {
        1 => vec![0.5 * (low + high)],
        n => (0..n).map(|k| (low + (high - low) * k as f64 / (n - 1) as f64).min(high)).collect(),
    }
}

/// All fixed points of a GRU and whether they are proved to be all; `None` for other systems.
fn fixed_points(family: &ParameterFamily, parameter: f64) -> Result<Option<(Vec<Vec<f64>>, bool)>> {
    let Some(weights) = family.weights_at(&[parameter])? else { return Ok(None) };
    let (points, certified) = match weights.units() {
        1..=3 => {
            let found = weights.fixed_points()?;
            (found.points, found.complete)
        }
        _ => (MultiStart::new().run(&weights.flow())?.points, false),
    };
    Ok(Some((points.iter().map(|point| point.state.to_vec()).collect(), certified)))
}

fn near(a: &[f64], b: &[f64]) -> bool {
    distance(a, b, &vec![1.0; a.len()]) < SAME
}

fn known(states: &[Vec<f64>], state: &[f64]) -> bool {
    states.iter().any(|other| near(other, state))
}

/// How many different states there are.
fn distinct(states: &[Vec<f64>]) -> usize {
    let before = |k: usize| states.iter().take(k);
    states.iter().enumerate().filter(|(k, state)| !before(*k).any(|other| near(other, state))).count()
}

impl fmt::Debug for BifurcationDiagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.complete { "complete at" } else { "NOT complete at" };
        write!(
            f,
            "BifurcationDiagram({} in [{}, {}]: {} branches of equilibria, {} of cycles, {} special points; {verdict} all {} searches)",
            self.name,
            self.range.0,
            self.range.1,
            self.branches.len(),
            self.cycles.len(),
            self.specials().len(),
            self.searches.len()
        )
    }
}
