//! Stable and unstable manifolds of saddles in the plane.

use super::attractors::Attractors;
use super::capture::Fate;
use super::classify::Kind;
use super::field::VectorField;
use super::integrate::Integrator;
use super::walk::{Oriented, Step, Walker};
use super::window::{Polyline, along, distance};
use crate::display::{Content, show};
use crate::error::{Error, Result};
use std::fmt;

/// One branch of a manifold of a saddle, from the saddle on.
#[derive(Clone)]
pub struct Branch {
    /// The number of the saddle among the fixed points.
    pub saddle: usize,
    /// Whether it belongs to the stable manifold, which is followed backward in time.
    pub stable: bool,
    /// 1 where it leaves along the eigenvector, -1 where it leaves on the other side.
    pub side: i8,
    /// The branch; its first point is the saddle.
    pub line: Polyline,
    /// Its arc length.
    pub length: f64,
    /// Where it ends: for a stable branch where its orbits come from.
    pub end: Fate,
}

/// The distance from the saddle, as a share of the window's diagonal, at which a branch is left to the flow. The error of the
/// start is of the order of its square.
const START: f64 = 1e-6;
/// Steps of one branch.
const STEPS: usize = 30_000;

/// The manifolds of all saddles: for every saddle two unstable branches, then two stable ones. They end near an
/// attractor (a source or an unstable cycle for stable branches), where they leave the window, or at the arc length
/// `max_length`.
///
/// # Errors
/// [`Error::Parameter`] for a length not above 0; [`Error::Numeric`] where a saddle has no real directions.
pub fn saddle_manifolds(
    field: &dyn VectorField,
    attractors: &Attractors,
    max_length: f64,
) -> Result<Vec<Branch>> {
    if !(max_length > 0.0) {
        return Err(Error::parameter("max_length", max_length, "an arc length above 0"));
    }
    let mut branches = vec![];
    for (saddle, point) in attractors.points().iter().enumerate().filter(|(_, p)| p.kind == Kind::Saddle) {
        let Some([unstable, stable]) = point.directions else {
            let reason = format!(
                "the saddle at {:?} has complex eigenvalues: it is no saddle of the plane",
                point.state
            );
            return Err(Error::Numeric { method: "the manifolds of a saddle", reason });
        };
        for (direction, stable) in [(unstable, false), (stable, true)] {
            for side in [1, -1] {
                let start = f64::from(side) * START * attractors.window().diagonal();
                let start = along(point.state, start, direction);
                let (line, end) = trace(field, attractors, !stable, point.state, start, max_length)?;
                branches.push(Branch { saddle, stable, side, length: line.length(), line, end });
            }
        }
    }
    Ok(branches)
}

fn trace(
    field: &dyn VectorField,
    attractors: &Attractors,
    forward: bool,
    saddle: [f64; 2],
    start: [f64; 2],
    max_length: f64,
) -> Result<(Polyline, Fate)> {
    let method = Integrator::rosenbrock().with_tolerances(1e-8, 1e-11).with_max_steps(STEPS + 1);
    let mut walker = Walker::new(Oriented { field, forward }, attractors.window(), &method, start)?;
    let mut points = vec![saddle, start];
    let (mut length, mut captured): (f64, Option<(Fate, f64)>) = (0.0, None);
    let near = 1e-4 * attractors.window().diagonal();
    let end = loop {
        if walker.steps() >= STEPS {
            break captured.map_or(Fate::Undecided, |captured| captured.0);
        }
        let step = walker.step();
        if step == Step::Stuck {
            break captured.map_or(Fate::Undecided, |captured| captured.0);
        }
        walker.trace(1.0, &mut points);
        points.push(walker.here());
        length += distance(walker.before(), walker.here());
        if step == Step::Left {
            break Fate::Left;
        }
        if captured.is_none() {
            captured = attractors.captures(&walker).of(&mut walker).map(|fate| (fate, length));
        }
        // What is captured is drawn to its end.
        match captured {
            Some((fate @ Fate::FixedPoint(k), since)) => {
                let target = attractors.points()[k].state;
                if distance(walker.here(), target) < near {
                    points.push(target);
                    break fate;
                }
                if length - since > 20.0 * attractors.window().diagonal() {
                    break fate;
                }
            }
            Some((fate @ Fate::Cycle(k), since))
                if length - since > 2.0 * attractors.cycles()[k].length() =>
            {
                break fate;
            }
            _ => {}
        }
        if length > max_length {
            break captured.map_or(Fate::Length, |captured| captured.0);
        }
    };
    Ok((Polyline { points, closed: false }, end))
}

impl Branch {
    /// Shows it in a notebook cell. evcxr calls this.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Branch({} of saddle {}, side {}, length {:.4}, ends at {:?})",
            if self.stable { "stable" } else { "unstable" },
            self.saddle,
            self.side,
            self.length,
            self.end
        )
    }
}
