//! The panel of a planar flow: what is drawn, and how.

use crate::dynamics::{Kind, Polyline};
use crate::error::Result;
use crate::plot::theme::Color;
use crate::plot::{Axis, Curves, Dash, Filling, Marker, Panel, Points, Regions};

/// Streamlines: pale enough for everything else to stand out.
const STREAM: Color = Color::new(168, 168, 168);
/// Cycles.
const CYCLE: Color = Color::GREEN;
/// The nullclines of the first and of the second unit.
const NULLCLINES: [Color; 2] = [Color::VERMILLION, Color::BLUE];
/// Manifolds of saddles.
const STABLE_MANIFOLD: Color = Color::BLACK;
const UNSTABLE_MANIFOLD: Color = Color::PURPLE;

/// Diameter of the marker of a fixed point, in points.
pub(super) const MARKER: f64 = 5.6;

/// All that a panel of the plane can show; what is empty is left out.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) basins: Option<Regions>,
    pub(super) streamlines: Vec<Polyline>,
    pub(super) nullclines: [Vec<Polyline>; 2],
    /// Of saddles: where states come from, and where they go.
    pub(super) stable_manifolds: Vec<Polyline>,
    pub(super) unstable_manifolds: Vec<Polyline>,
    pub(super) stable_cycles: Vec<Polyline>,
    pub(super) unstable_cycles: Vec<Polyline>,
    pub(super) points: Vec<([f64; 2], Kind)>,
}

impl Layers {
    /// The panel, with a unit as long on both axes; lines and markers are `scale` times their usual size.
    pub(super) fn panel(self, x: Axis, y: Axis, scale: f64) -> Result<Panel> {
        let mut panel = Panel::new(x, y).with_equal_axes();
        let width = |points: f64| scale * points;
        if let Some(basins) = self.basins {
            panel = panel.with(basins);
        }
        panel = add(panel, "flow", &self.streamlines, |c| {
            c.with_color(STREAM).with_width(width(0.5)).with_arrows()
        })?;
        for (unit, (branches, color)) in self.nullclines.iter().zip(NULLCLINES).enumerate() {
            let name = format!("dh{}/dt = 0", subscript(unit + 1));
            panel = add(panel, &name, branches, |c| c.with_color(color).with_width(width(1.0)))?;
        }
        panel = add(panel, "stable manifold of a saddle", &self.stable_manifolds, |c| {
            c.with_color(STABLE_MANIFOLD).with_width(width(1.0))
        })?;
        panel = add(panel, "unstable manifold of a saddle", &self.unstable_manifolds, |c| {
            c.with_color(UNSTABLE_MANIFOLD).with_width(width(1.0))
        })?;
        panel =
            add(panel, "stable cycle", &self.stable_cycles, |c| c.with_color(CYCLE).with_width(width(2.0)))?;
        panel = add(panel, "unstable cycle", &self.unstable_cycles, |c| {
            c.with_color(CYCLE).with_width(width(2.0)).with_dash(Dash::Dashed)
        })?;
        fixed_points(panel, &self.points, scale * MARKER)
    }
}

/// The panel with these lines, if there are any.
fn add(panel: Panel, name: &str, lines: &[Polyline], style: impl Fn(Curves) -> Curves) -> Result<Panel> {
    let lines: Vec<Vec<[f64; 2]>> = lines.iter().map(closed).filter(|line| line.len() > 1).collect();
    if lines.is_empty() {
        return Ok(panel);
    }
    Ok(panel.with(style(Curves::new(name, lines)?)))
}

/// The points of a line, with the first once more where it is closed.
fn closed(line: &Polyline) -> Vec<[f64; 2]> {
    let again = line.points.first().filter(|_| line.closed);
    line.points.iter().chain(again).copied().collect()
}

/// The panel with a marker for every fixed point: full where it is stable, open where it is unstable, a cross where it is
/// a saddle; round for nodes, on its corner for foci.
pub(super) fn fixed_points(mut panel: Panel, points: &[([f64; 2], Kind)], diameter: f64) -> Result<Panel> {
    for kind in KINDS {
        let of: Vec<[f64; 2]> =
            points.iter().filter(|(_, other)| *other == kind).map(|(at, _)| *at).collect();
        if of.is_empty() {
            continue;
        }
        let column = |axis: usize| of.iter().map(|at| at[axis]).collect::<Vec<f64>>();
        let (marker, filling) = look(kind);
        let points = Points::new(kind.to_string(), &column(0), &column(1))?;
        panel =
            panel.with(points.with_color(Color::BLACK).with_diameter(diameter).with_marker(marker, filling));
    }
    Ok(panel)
}

/// In the order of the legend.
const KINDS: [Kind; 7] = [
    Kind::Saddle,
    Kind::SaddleFocus,
    Kind::UnstableNode,
    Kind::UnstableFocus,
    Kind::NonHyperbolic,
    Kind::StableNode,
    Kind::StableFocus,
];

/// The marker of a class.
fn look(kind: Kind) -> (Marker, Filling) {
    match kind {
        Kind::StableNode => (Marker::Circle, Filling::Full),
        Kind::StableFocus => (Marker::Diamond, Filling::Full),
        Kind::UnstableNode => (Marker::Circle, Filling::Open),
        Kind::UnstableFocus => (Marker::Diamond, Filling::Open),
        Kind::Saddle => (Marker::Cross, Filling::Full),
        Kind::SaddleFocus => (Marker::Square, Filling::Half),
        Kind::NonHyperbolic => (Marker::Circle, Filling::Half),
    }
}

/// The label of a coordinate, `h₁`.
pub(in crate::plot) fn coordinate(unit: usize) -> String {
    format!("h{}", subscript(unit))
}

fn subscript(number: usize) -> String {
    const DIGITS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let digit = |c: char| c.to_digit(10).and_then(|d| DIGITS.get(d as usize)).copied().unwrap_or(c);
    number.to_string().chars().map(digit).collect()
}
