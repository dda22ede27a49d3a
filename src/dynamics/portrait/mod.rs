//! Portraits: one call for everything that a GRU's flow has.

mod checks;
mod space;
mod tables;

pub use checks::Check;
pub use space::{Orbit, Space};

use super::{
    Attractors, Basins, Branch, FixedPoints, GruWeights, LimitCycles, MultiStart, Nullcline, PlanarPoint,
    Polyline, SlowPoint, Window, basins, limit_cycles, nullclines, saddle_manifolds, streamlines,
};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use ndarray::Array2;

/// What a portrait is made with.
#[derive(Clone, Debug, PartialEq)]
pub struct PortraitOptions {
    /// What nullclines and streamlines of two units are computed in, and what a figure shows: `[-1.04, 1.04]^2` by default, where
    /// everything is. Fixed points, cycles, manifolds and basins are those of the whole plane whatever the view.
    pub view: Window,
    /// Cells of the basins of two units along either side; 200 by default, 0 for no basins.
    pub basins: usize,
    /// The distance of streamlines as a share of the view; 0.07 by default, 0 for no streamlines.
    pub spacing: f64,
    /// The arc length at which the manifold of a saddle is given up; 60 by default.
    pub max_length: f64,
    /// The time that orbits of more than two units are followed for; 200 by default. Those that leave a fixed point have more, to come
    /// away from it.
    pub time: f64,
    /// Seed of the starts of orbits and of the search for fixed points of more than three units; 0 by default.
    pub seed: u64,
    /// States that a network of more than three units passes at work, one a row `(states, d)`; none by default. The search for fixed points
    /// starts from them besides, orbits start from some of them, and the principal components are theirs.
    pub states: Option<Array2<f64>>,
}

impl Default for PortraitOptions {
    fn default() -> Self {
        let view = Window { low: [-1.04; 2], high: [1.04; 2] };
        Self { view, basins: 200, spacing: 0.07, max_length: 60.0, time: 200.0, seed: 0, states: None }
    }
}

impl PortraitOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another view, for a figure of a part.
    pub fn with_view(mut self, view: Window) -> Self {
        self.view = view;
        self
    }

    /// Another number of cells of the basins, or 0 for none.
    pub fn with_basins(mut self, cells: usize) -> Self {
        self.basins = cells;
        self
    }

    /// Another distance of streamlines, or 0 for none.
    pub fn with_spacing(mut self, share: f64) -> Self {
        self.spacing = share;
        self
    }

    /// Another time for orbits of more than two units.
    pub fn with_time(mut self, time: f64) -> Self {
        self.time = time;
        self
    }

    /// States that a network of more than three units passes at work.
    pub fn with_states(mut self, states: Array2<f64>) -> Self {
        self.states = Some(states);
        self
    }

    fn check(&self) -> Result<()> {
        if self.basins > 4000 {
            return Err(Error::parameter("basins", self.basins, "at most 4000 cells along a side"));
        }
        if !(self.spacing == 0.0 || (0.005..=0.5).contains(&self.spacing)) {
            return Err(Error::parameter("spacing", self.spacing, "0, or a share from 0.005 to 0.5"));
        }
        for (name, value) in [("max_length", self.max_length), ("time", self.time)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::parameter(name, value, "a finite number above 0"));
            }
        }
        Window::new(self.view.low, self.view.high).map(|_| ())
    }
}

/// Everything that the flow of a GRU has: fixed points, and by the number of units nullclines, cycles, manifolds, basins
/// and streamlines (two), or orbits (three and more).
///
/// ```
/// use eigengate::dynamics::{Portrait, PortraitOptions, families};
///
/// let weights = families::rotation(3.0, 0.5)?;
/// let portrait = Portrait::new(&weights, &PortraitOptions::new().with_basins(50))?;
/// let plane = portrait.plane.as_ref().unwrap();
/// assert_eq!((portrait.fixed_points.points.len(), plane.cycles.cycles.len()), (1, 1));
/// assert!(portrait.holds());
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Portrait {
    /// The system.
    pub weights: GruWeights,
    /// What it was made with.
    pub options: PortraitOptions,
    /// All fixed points, proved for up to three units; for more what a heuristic search found.
    pub fixed_points: FixedPoints,
    /// What two units have besides.
    pub plane: Option<Plane>,
    /// What three units and more have besides.
    pub space: Option<Space>,
}

/// What two units have beside fixed points.
#[derive(Clone)]
pub struct Plane {
    /// The nullclines of the first and of the second unit, in the view.
    pub nullclines: [Nullcline; 2],
    /// The limit cycles.
    pub cycles: LimitCycles,
    /// Sinks, sources and cycles with their neighbourhoods; tells where a state goes.
    pub attractors: Attractors,
    /// The branches of the manifolds of all saddles.
    pub manifolds: Vec<Branch>,
    /// The basins of attraction, unless the options have none.
    pub basins: Option<Basins>,
    /// Streamlines, in the view.
    pub streamlines: Vec<Polyline>,
}

/// Where everything of two units is looked for: a little more than the square in which every orbit ends.
pub(crate) const WHOLE: Window = Window { low: [-1.04; 2], high: [1.04; 2] };

impl Portrait {
    /// Works everything out. The same weights and options give the same portrait.
    ///
    /// # Errors
    /// [`Error::Parameter`] for options out of range; [`Error::Numeric`] where a method fails.
    pub fn new(weights: &GruWeights, options: &PortraitOptions) -> Result<Self> {
        options.check()?;
        let (fixed_points, slow_points) = match weights.units() {
            1..=3 => (weights.fixed_points()?, Vec::new()),
            _ => heuristic(weights, options)?,
        };
        let plane = match weights.units() {
            2 => Some(Plane::new(weights, &fixed_points, options)?),
            _ => None,
        };
        let space = match weights.units() {
            1 | 2 => None,
            _ => Some(Space::new(weights, &fixed_points, slow_points, options)?),
        };
        Ok(Self { weights: weights.clone(), options: options.clone(), fixed_points, plane, space })
    }

    /// Shows the table and the verdict in a notebook.
    pub fn evcxr_display(&self) {
        match self.frame() {
            Ok(frame) => frame.evcxr_display(),
            Err(error) => show(&[Content::Plain(&error.to_string())]),
        }
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

/// What a search from random starts finds: fixed points, which may not be all, and slow points.
fn heuristic(weights: &GruWeights, options: &PortraitOptions) -> Result<(FixedPoints, Vec<SlowPoint>)> {
    let search = MultiStart { states: options.states.clone(), ..MultiStart::new().with_seed(options.seed) };
    Ok(search.run(&weights.flow())?.split())
}

impl GruWeights {
    /// Everything that its flow has, with the default [`PortraitOptions`].
    ///
    /// # Errors
    /// As [`Portrait::new`].
    pub fn portrait(&self) -> Result<Portrait> {
        Portrait::new(self, &PortraitOptions::default())
    }
}

impl Plane {
    fn new(weights: &GruWeights, found: &FixedPoints, options: &PortraitOptions) -> Result<Self> {
        let flow = weights.flow();
        let points: Vec<PlanarPoint> =
            found.points.iter().map(PlanarPoint::try_from).collect::<Result<_>>()?;
        let cycles = limit_cycles(&flow, &WHOLE, &points)?;
        let attractors = Attractors::new(&flow, &WHOLE, &points, &cycles.cycles)?;
        let manifolds = saddle_manifolds(&flow, &attractors, options.max_length)?;
        let basins = match options.basins {
            0 => None,
            cells => Some(basins(&flow, &attractors, &manifolds, cells, cells)?),
        };
        let streamlines = match options.spacing {
            0.0 => Vec::new(),
            spacing => streamlines(&flow, options.view, spacing)?,
        };
        let nullclines = nullclines(&flow, &options.view)?;
        Ok(Self { nullclines, cycles, attractors, manifolds, basins, streamlines })
    }
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sinks, saddles, sources) = self.fixed_points.topology();
        write!(
            f,
            "Portrait({} units: {sinks} sinks, {saddles} saddles, {sources} sources",
            self.weights.units()
        )?;
        if let Some(plane) = &self.plane {
            let stable = plane.cycles.cycles.iter().filter(|cycle| cycle.stable).count();
            write!(f, ", {stable} stable and {} unstable cycles", plane.cycles.cycles.len() - stable)?;
        }
        let (failed, all) = (self.checks().iter().filter(|check| !check.holds).count(), self.checks().len());
        match (self.holds(), failed) {
            (true, _) => write!(f, "; certified, all {all} checks hold)"),
            (false, 0) => write!(f, "; not certified)"),
            (false, _) => write!(f, "; {failed} of {all} checks do not hold)"),
        }
    }
}
