//! One unit: the line with its flow.

use super::planar::{MARKER, coordinate, fixed_points};
use crate::dynamics::{Portrait, VectorField};
use crate::error::Result;
use crate::plot::{Axis, Color, Course, Curves, Line, Panel, Reference};

/// Places at which `dh/dt` is computed.
const PLACES: usize = 2001;

/// `dh/dt` against `h`, the axis with arrows between the fixed points, and these by class.
pub(super) fn panel(portrait: &Portrait) -> Result<Panel> {
    let flow = portrait.weights.flow();
    let (low, high) = (-1.08, 1.08);
    let velocity = |h: f64| {
        let mut out = [0.0];
        flow.field(&[h], &mut out);
        out[0]
    };
    let place = |i: usize| low + (high - low) * i as f64 / (PLACES - 1) as f64;
    let h: Vec<f64> = (0..PLACES).map(place).collect();
    let speed: Vec<f64> = h.iter().map(|h| velocity(*h)).collect();
    let panel = Panel::new(
        Axis::linear(coordinate(1)).with_range(low, high),
        Axis::linear(format!("d{}/dt", coordinate(1))),
    );

    let mut roots: Vec<f64> =
        portrait.fixed_points.points.iter().filter_map(|p| p.state.first().copied()).collect();
    roots.sort_by(f64::total_cmp);
    let ends: Vec<f64> = [low].into_iter().chain(roots).chain([high]).collect();
    let mut arrows = Vec::new();
    for pair in ends.windows(2) {
        let &[a, b] = pair else { continue };
        // A stretch that no arrow fits into has none.
        if b - a > 1e-3 {
            let ways = if velocity(0.5 * (a + b)) > 0.0 { [a, b] } else { [b, a] };
            arrows.push(ways.map(|h| [h, 0.0]).to_vec());
        }
    }
    let mut panel = panel.with(Reference::new("", Course::Horizontal(0.0))).with(
        Line::new(format!("d{}/dt", coordinate(1)), &h, &speed)?.with_color(Color::BLUE).with_width(1.4),
    );
    if !arrows.is_empty() {
        let flow = Curves::new("flow", arrows)?.with_color(Color::new(110, 110, 110)).with_width(1.0);
        panel = panel.with(flow.with_arrows());
    }
    let points: Vec<_> = portrait
        .fixed_points
        .points
        .iter()
        .filter_map(|point| Some(([*point.state.first()?, 0.0], point.kind)))
        .collect();
    fixed_points(panel, &points, MARKER)
}
