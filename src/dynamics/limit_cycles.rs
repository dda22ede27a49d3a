//! All limit cycles of a planar field, confirmed.

use super::attractors::outline;
use super::classify::Kind;
use super::cycle_search::{OpenWalk, search};
use super::cycles::{Cycle, Shooting};
use super::field::VectorField;
use super::integrate::Integrator;
use super::planar::PlanarPoint;
use super::window::{Polyline, Window, norm};
use crate::display::{Content, show};
use crate::error::Result;
use std::fmt;

/// The limit cycles of a planar field in a window.
#[derive(Clone)]
pub struct LimitCycles {
    /// Confirmed by shooting, from the longest orbit to the shortest: a nested one comes after those around it.
    pub cycles: Vec<Cycle>,
    /// The sum of the indices of the fixed points inside of each cycle. It must be 1.
    pub index_sums: Vec<i32>,
    /// Roots of a return map that shooting did not confirm, or that lie on a loop through a saddle, with the reason.
    pub unconfirmed: Vec<(Polyline, String)>,
    /// Walks that ended nowhere: a cycle may have been missed there.
    pub undecided: Vec<OpenWalk>,
}

/// Searches for all limit cycles in `window`, of which `points` are all fixed points.
///
/// Nothing is said of where they are. Walks from saddles, sources, sinks and the border lead to every cycle next to one of these,
/// and walks from its two sides to the cycles next to it.
///
/// ```
/// use eigengate::dynamics::{PlanarPoint, Window, families, limit_cycles};
///
/// let weights = families::rotation(3.0, 0.7)?;
/// let points: Vec<PlanarPoint> =
///     weights.fixed_points()?.points.iter().map(PlanarPoint::try_from).collect::<Result<_, _>>()?;
/// let found = limit_cycles(&weights.flow(), &Window::UNIT, &points)?;
/// assert_eq!(found.cycles.len(), 1);
/// assert!((found.cycles[0].period - 14.977200040).abs() < 1e-8);
/// assert!(found.undecided.is_empty());
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) where the field is not planar.
pub fn limit_cycles(field: &dyn VectorField, window: &Window, points: &[PlanarPoint]) -> Result<LimitCycles> {
    let found = search(field, window, points)?;
    let (mut confirmed, mut unconfirmed) = (vec![], vec![]);
    for ring in found.rings {
        if let Some((saddle, distance)) = nearest_saddle(&ring.line, points)
            && distance < HOMOCLINIC * window.diagonal()
        {
            let reason = format!(
                "it passes the saddle {saddle} at a distance of {distance:.1e}: to the accuracy of walks it is a homoclinic or \
                 heteroclinic loop; its parameter is a root of the split function"
            );
            unconfirmed.push((ring.line, reason));
            continue;
        }
        // Where it moves fastest the section of the phase condition is crossed best.
        let speed = |h: &[f64; 2]| {
            let mut f = [0.0; 2];
            field.field(h, &mut f);
            norm(f)
        };
        let Some(guess) = ring.line.points.iter().max_by(|a, b| speed(a).total_cmp(&speed(b))) else {
            continue;
        };
        match shooting(field, &ring.line, ring.period).run(field, guess, ring.period) {
            Ok(cycle) if cycle.stable == ring.stable => {
                let line = outline(&cycle);
                // Newton's method may have gone to another cycle.
                if (line.length() / ring.line.length() - 1.0).abs() < 0.05 {
                    let index = points.iter().filter(|p| line.winding(p.state).round() != 0.0);
                    confirmed.push((line.length(), index.map(PlanarPoint::index).sum(), cycle));
                } else {
                    unconfirmed.push((ring.line, format!("shooting went to another orbit: {cycle:?}")));
                }
            }
            Ok(cycle) => {
                unconfirmed.push((ring.line, format!("shooting gives another stability: {cycle:?}")))
            }
            Err(error) => unconfirmed.push((ring.line, error.to_string())),
        }
    }
    confirmed.sort_by(|a, b| b.0.total_cmp(&a.0));
    let index_sums = confirmed.iter().map(|c| c.1).collect();
    let cycles = confirmed.into_iter().map(|c| c.2).collect();
    Ok(LimitCycles { cycles, index_sums, unconfirmed, undecided: found.undecided })
}

/// Walks err by more than what tells a cycle from a loop through a saddle, where it comes nearer than this share of the
/// window's diagonal.
const HOMOCLINIC: f64 = 1e-6;

/// The saddle that a closed line comes nearest to, and the distance.
fn nearest_saddle(line: &Polyline, points: &[PlanarPoint]) -> Option<(usize, f64)> {
    let saddles = points.iter().enumerate().filter(|(_, point)| point.kind == Kind::Saddle);
    let distances = saddles.map(|(k, point)| (k, line.distance(point.state)));
    distances.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Shooting, at once with the implicit method where the explicit one would take too many steps.
fn shooting(field: &dyn VectorField, line: &Polyline, period: f64) -> Shooting {
    let stiffness = line.points.iter().map(|h| {
        let mut j = [0.0; 4];
        field.jacobian(h, &mut j);
        j.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
    });
    // Stability allows steps of about 3.3 / |lambda|.
    let steps = period * stiffness.fold(0.0, f64::max) / 3.3;
    if steps < 5_000.0 {
        return Shooting::new();
    }
    Shooting::new()
        .with_integrator(Integrator::rosenbrock().with_tolerances(1e-10, 1e-12).with_max_steps(50_000))
}

impl LimitCycles {
    /// Whether every walk ended somewhere, every root was confirmed and every index sum is 1.
    pub fn is_clear(&self) -> bool {
        self.unconfirmed.is_empty()
            && self.undecided.is_empty()
            && self.index_sums.iter().all(|&sum| sum == 1)
    }

    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for LimitCycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stable = self.cycles.iter().filter(|cycle| cycle.stable).count();
        write!(
            f,
            "LimitCycles: {stable} stable, {} unstable, {} unconfirmed, {} walks undecided",
            self.cycles.len() - stable,
            self.unconfirmed.len(),
            self.undecided.len()
        )
    }
}
