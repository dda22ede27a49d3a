//! Manifolds of saddles against lines and a parabola.

use crate::systems::{BENT_SADDLE, known};
use eigengate::dynamics::families::two_bistable_units;
use eigengate::dynamics::{Attractors, Fate, Kind, PlanarPoint, Window, saddle_manifolds};
use eigengate::{Error, Result};

#[test]
fn a_parabola_and_an_axis() -> Result<()> {
    let saddle = PlanarPoint::of(&BENT_SADDLE, [0.0; 2])?;
    assert_eq!(saddle.kind, Kind::Saddle);
    let attractors = Attractors::new(&BENT_SADDLE, &Window::UNIT, &[saddle], &[])?;
    let branches = saddle_manifolds(&BENT_SADDLE, &attractors, 10.0)?;
    assert_eq!(branches.len(), 4);
    assert_eq!(branches.iter().filter(|branch| branch.stable).count(), 2);
    for branch in &branches {
        assert_eq!(branch.end, Fate::Left);
        let end = branch.line.points.last().unwrap();
        for &[x, y] in &branch.line.points {
            let error = if branch.stable { x } else { y - x * x / 3.0 };
            assert!(error.abs() < 1e-8, "{branch:?} at {x}, {y}: {error:e}");
        }
        // Both sides: the ends are on different sides of the saddle.
        let along = if branch.stable { end[1] } else { end[0] };
        assert!(along.abs() > 1.0 && (along > 0.0) == (branch.side > 0), "{branch:?} ends at {end:?}");
        // Arc length: of the parabola from 0 to 1 it is 1.0685 (plus what lies beyond the window).
        let exact = if branch.stable { along.abs() } else { parabola(along.abs()) };
        assert!((branch.length - exact).abs() < 1e-4, "{branch:?}: {exact}");
    }
    Ok(())
}

/// The arc length of `y = x^2 / 3` from 0 to x.
fn parabola(x: f64) -> f64 {
    let slope: f64 = 2.0 * x / 3.0;
    0.75 * (slope * slope.hypot(1.0) + slope.asinh())
}

#[test]
fn two_bistable_units_have_straight_ones() -> Result<()> {
    let known = known(&two_bistable_units(3.0, 3.0)?)?;
    assert_eq!(known.branches.len(), 16);
    for branch in &known.branches {
        let saddle = known.points[branch.saddle].state;
        // One unit of a saddle is at 0, where it is unstable.
        let free = if saddle[0].abs() < 1e-9 { 0 } else { 1 };
        let kept = if branch.stable { free } else { 1 - free };
        for h in &branch.line.points {
            assert!((h[kept] - saddle[kept]).abs() < 1e-9, "{branch:?} at {h:?}");
        }
        match branch.end {
            Fate::FixedPoint(end) if branch.stable => assert!(known.points[end].kind.is_source()),
            Fate::FixedPoint(end) => assert!(known.points[end].kind.is_stable()),
            end => assert!(branch.stable && end == Fate::Left, "{branch:?}"),
        }
    }
    let inner = known.branches.iter().filter(|b| b.stable && matches!(b.end, Fate::FixedPoint(_))).count();
    assert_eq!(inner, 4, "one stable branch of every saddle comes from the source");
    Ok(())
}

#[test]
fn they_end_at_the_arc_length_given() -> Result<()> {
    let known = known(&two_bistable_units(3.0, 3.0)?)?;
    let short = saddle_manifolds(&known.flow, &known.attractors, 0.1)?;
    for branch in &short {
        let there = matches!(branch.end, Fate::FixedPoint(_));
        assert!(branch.end == Fate::Length || there || branch.end == Fate::Left, "{branch:?}");
    }
    assert!(short.iter().any(|branch| branch.end == Fate::Length && branch.length < 0.5));
    for length in [0.0, f64::NAN] {
        assert!(matches!(
            saddle_manifolds(&known.flow, &known.attractors, length),
            Err(Error::Parameter { .. })
        ));
    }
    Ok(())
}
