//! Networks taken apart.

use super::{Axis, Color, Curves, Dash, Figure, Filling, Marker, Panel, Points};
use crate::dynamics::{Dissection, LocalDynamics};
use crate::error::Result;

/// Points of the unit circle.
const CIRCLE: usize = 180;

/// A network taken apart: its [portrait](super::portrait()), and beside it the multipliers of every fixed point and slow point in the
/// complex plane. Inside of the unit circle a mode falls at the steps of the network, outside it grows; near 1 it is slow.
///
/// # Errors
/// As [`super::portrait()`].
///
/// ```
/// use eigengate::prelude::*;
///
/// let options = dynamics::PortraitOptions::new().with_basins(0).with_spacing(0.0);
/// let options = dynamics::DissectionOptions::new().with_portrait(options);
/// let found = dynamics::Dissection::new(&dynamics::families::rotation(3.0, 0.5)?, &options)?;
/// let figure = plot::dissection(&found)?;
/// assert!(figure.summary()?.contains("unit circle"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn dissection(dissection: &Dissection) -> Result<Figure> {
    let mut panels = super::portrait::panels(&dissection.portrait)?;
    panels.push(multipliers(dissection)?);
    Ok(Figure::new(panels).with_letters())
}

fn multipliers(dissection: &Dissection) -> Result<Panel> {
    let mut panel = Panel::new(Axis::linear("Re μ"), Axis::linear("Im μ")).with_equal_axes();
    let turn = |k: usize| std::f64::consts::TAU * k as f64 / CIRCLE as f64;
    let circle = (0..=CIRCLE).map(|k| [turn(k).cos(), turn(k).sin()]).collect();
    panel =
        panel.with(Curves::new("unit circle", vec![circle])?.with_color(Color::GREY).with_dash(Dash::Dashed));
    let points = &dissection.portrait.fixed_points.points;
    let fixed = |wanted: fn(&crate::dynamics::Kind) -> bool| -> Vec<&LocalDynamics> {
        let pairs = points.iter().zip(&dissection.fixed_points);
        pairs.filter(|(point, _)| wanted(&point.kind)).map(|(_, near)| near).collect()
    };
    let slow = dissection.slow_points.iter().collect();
    for (name, near, color, marker, filling) in [
        ("modes of slow points", slow, Color::ORANGE, Marker::Circle, Filling::Full),
        (
            "modes of saddles and sources",
            fixed(|kind| !kind.is_stable()),
            Color::PURPLE,
            Marker::Cross,
            Filling::Full,
        ),
        ("modes of sinks", fixed(|kind| kind.is_stable()), Color::BLUE, Marker::Circle, Filling::Open),
    ] {
        let at: Vec<[f64; 2]> = near
            .iter()
            .flat_map(|near| near.modes.iter().map(|mode| [mode.multiplier.re, mode.multiplier.im]))
            .collect();
        if !at.is_empty() {
            let column = |axis: usize| at.iter().map(|at| at[axis]).collect::<Vec<f64>>();
            let series = Points::new(name, &column(0), &column(1))?;
            panel = panel.with(series.with_color(color).with_marker(marker, filling).with_diameter(4.0));
        }
    }
    Ok(panel)
}
