//! Phase portraits.

mod atlas;
mod line;
mod planar;
mod space;

pub use atlas::atlas;

use super::{Axis, Color, Figure, Panel, Regions};
use crate::dynamics::{Basins, Branch, Fate, FixedPoint, Kind, Plane, Polyline, Portrait, Window};
use crate::error::{Error, Result};
use planar::Layers;
pub(super) use planar::coordinate;

/// The phase portrait of a GRU, as [`Portrait`] has worked it out.
///
/// Two units: nullclines, streamlines, cycles (solid where stable, dashed where not), the manifolds of saddles, basins as
/// tints, fixed points by class: full where they attract, open where they repel, a cross for a saddle, half full where the
/// linear part does not tell; round for a node, on its corner for a focus. One unit: `dh/dt` against `h`, with arrows on
/// the axis. Three units: orbits in the three pairs of coordinates. More: orbits in the leading principal
/// components.
///
/// # Errors
/// [`Error::Empty`] where there is nothing to draw.
///
/// ```
/// use eigengate::prelude::*;
///
/// let options = dynamics::PortraitOptions::new().with_basins(40);
/// let portrait = dynamics::Portrait::new(&dynamics::families::rotation(3.0, 0.5)?, &options)?;
/// let figure = plot::portrait(&portrait)?;
/// assert!(figure.summary()?.contains("stable cycle"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn portrait(portrait: &Portrait) -> Result<Figure> {
    let panels = panels(portrait)?;
    let several = panels.len() > 1;
    let figure = Figure::new(panels);
    Ok(if several { figure.with_letters() } else { figure })
}

/// Portraits side by side, each with its title; the legend is that of all.
///
/// # Errors
/// As [`portrait`]; [`Error::Empty`] for no portraits.
pub fn portraits(portraits: &[(&str, &Portrait)]) -> Result<Figure> {
    if portraits.is_empty() {
        return Err(Error::empty("the list of portraits"));
    }
    let mut all = Vec::new();
    for (title, portrait) in portraits {
        let panels = panels(portrait)?;
        all.extend(panels.into_iter().map(|panel| panel.with_title(*title)));
    }
    Ok(Figure::new(all).with_letters())
}

pub(super) fn panels(portrait: &Portrait) -> Result<Vec<Panel>> {
    match (&portrait.plane, &portrait.space) {
        (Some(plane), _) => Ok(vec![planar_panel(portrait, plane)?]),
        (None, Some(space)) => space::panels(portrait, space),
        (None, None) => Ok(vec![line::panel(portrait)?]),
    }
}

fn planar_panel(portrait: &Portrait, plane: &Plane) -> Result<Panel> {
    let view = portrait.options.view;
    let (x, y) = (axis(0, view.low[0], view.high[0]), axis(1, view.low[1], view.high[1]));
    layers(portrait, plane)?.panel(x, y, 1.0)
}

/// All that a portrait has.
fn layers(portrait: &Portrait, plane: &Plane) -> Result<Layers> {
    let cycles = |stable: bool| -> Vec<Polyline> {
        let own = plane.cycles.cycles.iter().zip(plane.attractors.cycles());
        own.filter(|(cycle, _)| cycle.stable == stable).map(|(_, line)| line.clone()).collect()
    };
    let manifolds = |stable: bool| -> Vec<Polyline> {
        let own = plane.manifolds.iter().filter(|branch| branch.stable == stable);
        own.map(directed).collect()
    };
    let [first, second] = &plane.nullclines;
    Ok(Layers {
        basins: plane.basins.as_ref().map(tints).transpose()?.flatten(),
        streamlines: plane.streamlines.clone(),
        nullclines: [first.branches.clone(), second.branches.clone()],
        stable_manifolds: manifolds(true),
        unstable_manifolds: manifolds(false),
        stable_cycles: cycles(true),
        unstable_cycles: cycles(false),
        points: portrait.fixed_points.points.iter().filter_map(place).collect(),
    })
}

fn axis(unit: usize, low: f64, high: f64) -> Axis {
    Axis::linear(coordinate(unit + 1)).with_range(low, high)
}

/// A branch in the direction of time.
fn directed(branch: &Branch) -> Polyline {
    let mut line = branch.line.clone();
    if branch.stable {
        line.points.reverse();
    }
    line
}

fn place(point: &FixedPoint) -> Option<([f64; 2], Kind)> {
    Some(([*point.state.first()?, *point.state.get(1)?], point.kind))
}

/// One tint for each attractor, in the order in which the basins have them; none where there is only one.
fn tints(basins: &Basins) -> Result<Option<Regions>> {
    if basins.ends.len() < 2 {
        return Ok(None);
    }
    let name = |end: &Fate| if *end == Fate::Left { "leaves the view" } else { "" };
    let regions: Vec<(&str, Color)> =
        basins.ends.iter().enumerate().map(|(index, end)| (name(end), Color::tint(index))).collect();
    // A cell whose orbit nothing captured has no region.
    let labels = basins.labels.mapv(|label| usize::try_from(label).unwrap_or(usize::MAX));
    let Window { low, high } = basins.window;
    Regions::new(labels.view(), &regions, (low[0], high[0]), (low[1], high[1])).map(Some)
}
