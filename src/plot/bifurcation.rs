//! Diagrams of bifurcations.

use super::portrait::coordinate;
use super::{Axis, Color, Curves, Dash, Figure, Filling, Marker, Panel, Points};
use crate::dynamics::{
    Bifurcation, BifurcationCurve, BifurcationDiagram, CurvePoint, CycleBranch, CycleEnd, CyclePoint,
    EquilibriumBranch, EquilibriumPoint, SpecialPoint, TwoParameterDiagram,
};
use crate::error::{Error, Result};

/// Equilibria, folds.
const EQUILIBRIUM: Color = Color::BLACK;
/// Cycles, Hopf points.
const CYCLE: Color = Color::GREEN;
/// Curves of homoclinic orbits.
const HOMOCLINIC: Color = Color::PURPLE;
/// Flips.
const FLIP: Color = Color::ORANGE;

/// One coordinate of all branches of equilibria against the parameter. Lines are solid where the equilibrium is stable, dashed with one unstable
/// direction, dotted with more. Cycles are there with their least and greatest value. Special points have markers; neutral saddles
/// have none.
///
/// `unit` counts from 1.
///
/// # Errors
/// [`Error::Parameter`] for a unit that is not there; [`Error::Empty`] for a diagram without branches.
///
/// ```
/// use eigengate::prelude::*;
///
/// let family = dynamics::ParameterFamily::rotation(3.0)?;
/// let options = dynamics::DiagramOptions::new();
/// let diagram = dynamics::BifurcationDiagram::new(&family, (0.05, 1.2), &options)?;
/// let figure = plot::bifurcation_diagram(&diagram, 1)?;
/// assert!(figure.summary()?.contains("Hopf"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn bifurcation_diagram(diagram: &BifurcationDiagram, unit: usize) -> Result<Figure> {
    Ok(Figure::from(diagram_panel(diagram, unit)?))
}

fn diagram_panel(diagram: &BifurcationDiagram, unit: usize) -> Result<Panel> {
    let d = diagram.branches.first().and_then(|branch| branch.points.first()).map(|point| point.state.len());
    let Some(d) = d else { return Err(Error::empty("a diagram: it has no branches, and the list of them")) };
    if unit == 0 || unit > d {
        return Err(Error::parameter("unit", unit, format!("a unit from 1 to {d}")));
    }
    let (low, high) = diagram.range;
    let x = Axis::linear(parameter_label(&diagram.name)).with_range(low, high);
    let mut panel = Panel::new(x, Axis::linear(coordinate(unit)));
    let place = |point: &EquilibriumPoint| [point.parameter, point.state[unit - 1]];
    for (name, dash, holds) in [
        ("stable equilibrium", Dash::Solid, (|n| n == 0) as fn(usize) -> bool),
        ("equilibrium with one unstable direction", Dash::Dashed, |n| n == 1),
        ("with more unstable directions", Dash::Dotted, |n| n > 1),
    ] {
        let of = |branch: &EquilibriumBranch| {
            pieces(&branch.points, |p| p.special.is_some(), |p| holds(p.unstable), place)
        };
        let lines = diagram.branches.iter().flat_map(of).collect();
        panel = add(panel, name, lines, EQUILIBRIUM, dash)?;
    }
    for (name, dash, stable) in [("stable cycle", Dash::Solid, true), ("unstable cycle", Dash::Dashed, false)]
    {
        let extremes = |high: bool| {
            let value =
                move |cycle: &CyclePoint| if high { cycle.high[unit - 1] } else { cycle.low[unit - 1] };
            let of = move |branch: &CycleBranch| {
                let place = |cycle: &CyclePoint| [cycle.parameter, value(cycle)];
                pieces(&branch.points, |c| c.special.is_some(), |c| c.is_stable() == stable, place)
            };
            diagram.cycles.iter().flat_map(of)
        };
        panel = add(panel, name, extremes(false).chain(extremes(true)).collect(), CYCLE, dash)?;
    }
    let specials = diagram.specials();
    let mut panel = markers(panel, &specials, |special| [special.parameter(), special.state[unit - 1]])?;
    // Where cycles end in an orbit of infinite period.
    for (name, marker, filling, is) in [
        ("homoclinic orbit", Marker::Circle, Filling::Open, is_homoclinic as fn(&CycleEnd) -> bool),
        ("saddle-node on the cycle", Marker::Square, Filling::Open, is_saddle_node),
    ] {
        let mut places: Vec<[f64; 2]> = vec![];
        for branch in &diagram.cycles {
            for (end, last) in branch.ends.iter().zip([branch.points.first(), branch.points.last()]) {
                if let (true, Some(last)) = (is(end), last) {
                    let at = end.parameter().unwrap_or(last.parameter);
                    places.extend([[at, last.low[unit - 1]], [at, last.high[unit - 1]]]);
                }
            }
        }
        if !places.is_empty() {
            let column = |axis: usize| places.iter().map(|place| place[axis]).collect::<Vec<f64>>();
            let points = Points::new(name, &column(0), &column(1))?;
            panel = panel.with(points.with_color(CYCLE).with_marker(marker, filling).with_diameter(5.6));
        }
    }
    Ok(panel)
}

fn is_homoclinic(end: &CycleEnd) -> bool {
    matches!(end, CycleEnd::Homoclinic { .. })
}

fn is_saddle_node(end: &CycleEnd) -> bool {
    matches!(end, CycleEnd::SaddleNode { .. })
}

/// The curves of bifurcations in the plane of two parameters, and the points of codimension two. Curves of Hopf (Neimark-Sacker) points are
/// solid where they are supercritical and dashed where they are subcritical.
///
/// # Errors
/// [`Error::Empty`] for a diagram without curves.
pub fn two_parameter_diagram(diagram: &TwoParameterDiagram) -> Result<Figure> {
    let [(left, right), (bottom, top)] = diagram.ranges;
    let label = |k: usize| parameter_label(diagram.names.get(k).map_or("", String::as_str));
    let mut panel = Panel::new(
        Axis::linear(label(0)).with_range(left, right),
        Axis::linear(label(1)).with_range(bottom, top),
    );
    if diagram.curves.is_empty() {
        return Err(Error::empty("a diagram of two parameters: it has no curves, and the list of them"));
    }
    let of = |kind: Bifurcation| diagram.curves.iter().filter(move |curve| curve.kind == kind);
    let part = |curve: &BifurcationCurve, holds: fn(f64) -> bool| {
        let place = |point: &CurvePoint| [point.parameters[0], point.parameters[1]];
        pieces(&curve.points, |p| p.special.is_some(), |p| holds(p.coefficient), place)
    };
    let whole = |kind: Bifurcation| of(kind).flat_map(|curve| part(curve, |_| true)).collect::<Vec<_>>();
    panel = add(panel, "fold", whole(Bifurcation::Fold), EQUILIBRIUM, Dash::Solid)?;
    panel = add(panel, "flip", whole(Bifurcation::Flip), FLIP, Dash::Solid)?;
    for kind in [Bifurcation::Hopf, Bifurcation::NeimarkSacker] {
        let signed = |wanted: fn(f64) -> bool| -> Vec<Vec<[f64; 2]>> {
            of(kind).flat_map(|curve| part(curve, wanted)).collect()
        };
        let name = bifurcation_name(kind);
        panel = add(panel, &format!("{name}, supercritical"), signed(|c| c < 0.0), CYCLE, Dash::Solid)?;
        panel = add(panel, &format!("{name}, subcritical"), signed(|c| !(c < 0.0)), CYCLE, Dash::Dashed)?;
    }
    let orbits = diagram
        .homoclinics
        .iter()
        .map(|curve| curve.points.iter().map(|point| [point.parameters[0], point.parameters[1]]).collect());
    panel = add(panel, "homoclinic orbit", orbits.collect(), HOMOCLINIC, Dash::Solid)?;
    let specials = diagram.specials();
    let panel = markers(panel, &specials, |special| [special.parameters[0], special.parameters[1]])?;
    Ok(Figure::from(panel))
}

/// The pieces of a line of points that have a property. At a special point it changes: there the other end of a step tells.
fn pieces<T>(
    points: &[T],
    is_special: impl Fn(&T) -> bool,
    holds: impl Fn(&T) -> bool,
    place: impl Fn(&T) -> [f64; 2],
) -> Vec<Vec<[f64; 2]>> {
    let mut lines: Vec<Vec<[f64; 2]>> = vec![];
    let mut open = false;
    for pair in points.windows(2) {
        let own = if is_special(&pair[0]) { &pair[1] } else { &pair[0] };
        if !holds(own) {
            open = false;
            continue;
        }
        if !open {
            lines.push(vec![place(&pair[0])]);
            open = true;
        }
        if let Some(line) = lines.last_mut() {
            line.push(place(&pair[1]));
        }
    }
    lines
}

fn add(panel: Panel, name: &str, lines: Vec<Vec<[f64; 2]>>, color: Color, dash: Dash) -> Result<Panel> {
    if lines.iter().all(|line| line.len() < 2) {
        return Ok(panel);
    }
    Ok(panel.with(Curves::new(name, lines)?.with_color(color).with_dash(dash).with_width(1.3)))
}

/// A marker for every special point where something happens, one entry of the legend for every kind.
fn markers(
    mut panel: Panel,
    specials: &[SpecialPoint],
    place: impl Fn(&SpecialPoint) -> [f64; 2],
) -> Result<Panel> {
    let mut kinds: Vec<Bifurcation> = vec![];
    for special in specials.iter().filter(|special| special.kind.is_bifurcation()) {
        if !kinds.contains(&special.kind) {
            kinds.push(special.kind);
        }
    }
    for kind in kinds {
        let places: Vec<[f64; 2]> = specials.iter().filter(|s| s.kind == kind).map(&place).collect();
        let column = |axis: usize| places.iter().map(|place| place[axis]).collect::<Vec<f64>>();
        let (marker, filling, color) = look(kind);
        let points = Points::new(bifurcation_name(kind), &column(0), &column(1))?;
        panel = panel.with(points.with_color(color).with_marker(marker, filling).with_diameter(5.6));
    }
    Ok(panel)
}

fn look(kind: Bifurcation) -> (Marker, Filling, Color) {
    match kind {
        Bifurcation::Fold => (Marker::Circle, Filling::Full, EQUILIBRIUM),
        Bifurcation::Hopf | Bifurcation::NeimarkSacker => (Marker::Square, Filling::Full, CYCLE),
        Bifurcation::FoldOfCycles => (Marker::Circle, Filling::Full, CYCLE),
        Bifurcation::Flip => (Marker::Diamond, Filling::Full, FLIP),
        Bifurcation::Pitchfork => (Marker::Diamond, Filling::Full, EQUILIBRIUM),
        Bifurcation::Transcritical => (Marker::Cross, Filling::Full, EQUILIBRIUM),
        Bifurcation::BranchPoint => (Marker::Square, Filling::Open, EQUILIBRIUM),
        Bifurcation::Cusp => (Marker::Diamond, Filling::Open, Color::VERMILLION),
        Bifurcation::BogdanovTakens => (Marker::Circle, Filling::Full, Color::VERMILLION),
        Bifurcation::GeneralizedHopf | Bifurcation::Chenciner => {
            (Marker::Square, Filling::Open, Color::VERMILLION)
        }
        Bifurcation::ZeroHopf | Bifurcation::FoldFlip => (Marker::Diamond, Filling::Full, Color::VERMILLION),
        Bifurcation::GeneralizedFlip => (Marker::Square, Filling::Full, Color::VERMILLION),
        Bifurcation::Resonance11 => (Marker::Circle, Filling::Full, Color::BLUE),
        Bifurcation::Resonance12 => (Marker::Circle, Filling::Open, Color::BLUE),
        Bifurcation::ResonantHomoclinic => (Marker::Diamond, Filling::Full, Color::PURPLE),
        Bifurcation::SaddleNodeHomoclinic => (Marker::Circle, Filling::Full, Color::PURPLE),
        Bifurcation::HeteroclinicLoop => (Marker::Square, Filling::Full, Color::PURPLE),
        Bifurcation::NeutralSaddle => (Marker::Cross, Filling::Full, Color::GREY),
    }
}

/// As it stands in a legend.
fn bifurcation_name(kind: Bifurcation) -> String {
    match kind {
        Bifurcation::Hopf => "Hopf".into(),
        Bifurcation::NeimarkSacker => "Neimark-Sacker".into(),
        Bifurcation::BogdanovTakens => "Bogdanov-Takens".into(),
        Bifurcation::GeneralizedHopf => "generalized Hopf".into(),
        Bifurcation::ZeroHopf => "zero-Hopf".into(),
        Bifurcation::Chenciner => "Chenciner".into(),
        Bifurcation::Resonance11 => "resonance 1:1".into(),
        Bifurcation::Resonance12 => "resonance 1:2".into(),
        other => other.to_string(),
    }
}

/// Greek letters by their signs.
fn parameter_label(name: &str) -> String {
    match name {
        "alpha" => "α (rad)".into(),
        "beta" => "β".into(),
        "step" => "training step".into(),
        other => other.to_owned(),
    }
}
