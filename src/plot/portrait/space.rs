//! Three units and more: orbits and fixed points, projected.

use super::planar::{MARKER, coordinate, fixed_points};
use crate::dynamics::{Kind, Portrait, Space};
use crate::error::Result;
use crate::plot::{Axis, Color, Curves, Panel, Points};
use ndarray::Array1;

/// Orbits from random starts, and those that leave fixed points.
const RANDOM: Color = Color::new(168, 168, 168);
const UNSTABLE: Color = Color::PURPLE;

/// Where a state stands in the figure.
type Place<'a> = dyn Fn(&Array1<f64>) -> [f64; 2] + 'a;

/// A projection onto two axes: their labels, and the place of a state.
struct View<'a> {
    x: String,
    y: String,
    place: Box<Place<'a>>,
}

/// The three pairs of coordinates of three units; for more the two leading principal components.
pub(super) fn panels(portrait: &Portrait, space: &Space) -> Result<Vec<Panel>> {
    let views = if portrait.weights.units() == 3 {
        [(0, 1), (0, 2), (1, 2)].map(|(a, b)| coordinates(a, b)).into()
    } else {
        let share = |k: usize| 100.0 * space.shares.get(k).copied().unwrap_or_default();
        let label = |k: usize| format!("principal component {} ({:.0} %)", k + 1, share(k));
        vec![View { x: label(0), y: label(1), place: Box::new(|state| space.project(state)) }]
    };
    views.iter().map(|view| panel(portrait, space, view)).collect()
}

fn coordinates(a: usize, b: usize) -> View<'static> {
    let at = |state: &Array1<f64>, unit: usize| state.get(unit).copied().unwrap_or(f64::NAN);
    View {
        x: coordinate(a + 1),
        y: coordinate(b + 1),
        place: Box::new(move |state| [at(state, a), at(state, b)]),
    }
}

fn panel(portrait: &Portrait, space: &Space, view: &View<'_>) -> Result<Panel> {
    let mut panel = Panel::new(Axis::linear(&view.x), Axis::linear(&view.y)).with_equal_axes();
    let orbits = |leaves: bool| -> Vec<Vec<[f64; 2]>> {
        let own = space.orbits.iter().filter(|orbit| orbit.leaves.is_some() == leaves);
        own.map(|orbit| orbit.states.outer_iter().map(|row| (view.place)(&row.to_owned())).collect())
            .collect()
    };
    for (name, leaves, color, width) in
        [("orbit", false, RANDOM, 0.5), ("unstable manifold of a fixed point", true, UNSTABLE, 0.8)]
    {
        let lines = orbits(leaves);
        if lines.iter().any(|line| !line.is_empty()) {
            panel = panel.with(Curves::new(name, lines)?.with_color(color).with_width(width).with_arrows());
        }
    }
    let slow: Vec<[f64; 2]> = space.slow_points.iter().map(|slow| (view.place)(&slow.state)).collect();
    if !slow.is_empty() {
        let column = |axis: usize| slow.iter().map(|at| at[axis]).collect::<Vec<f64>>();
        panel = panel.with(Points::new("slow point", &column(0), &column(1))?.with_color(Color::ORANGE));
    }
    let points: Vec<([f64; 2], Kind)> =
        portrait.fixed_points.points.iter().map(|point| ((view.place)(&point.state), point.kind)).collect();
    fixed_points(panel, &points, MARKER)
}
