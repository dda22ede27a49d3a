//! All limit cycles, found without being told where.

use crate::systems::{NESTED, Planar, STUART_LANDAU, VAN_DER_POL, points_of, reference_cycles, weights_of};
use eigengate::Result;
use eigengate::dynamics::families::{random, rotation};
use eigengate::dynamics::{LimitCycles, PlanarPoint, Reset, Window, limit_cycles};
use std::f64::consts::{PI, TAU};

/// The cycles of a field whose only fixed point is the origin.
fn around_origin(field: &Planar, half: f64) -> Result<LimitCycles> {
    let origin = PlanarPoint::of(field, [0.0; 2])?;
    limit_cycles(field, &Window::new([-half; 2], [half; 2])?, &[origin])
}

#[test]
fn the_circle_of_stuart_landau() -> Result<()> {
    let found = around_origin(&STUART_LANDAU, 1.5)?;
    assert!(found.is_clear() && found.cycles.len() == 1, "{found:?}");
    let cycle = &found.cycles[0];
    assert!((cycle.period - TAU).abs() < 1e-9);
    let multiplier = (-4.0 * PI).exp();
    assert!(cycle.stable && (cycle.multipliers[0].re / multiplier - 1.0).abs() < 1e-6);
    for h in cycle.points.rows() {
        assert!((h[0].hypot(h[1]) - 1.0).abs() < 1e-8);
    }
    Ok(())
}

#[test]
fn a_stable_circle_in_an_unstable_one() -> Result<()> {
    let found = around_origin(&NESTED, 2.5)?;
    assert!(found.is_clear() && found.cycles.len() == 2, "{found:?}");
    for (cycle, (radius, slope)) in found.cycles.iter().zip([(2.0, 6.0), (1.0, -1.5)]) {
        let h = &cycle.point;
        assert!((h[0].hypot(h[1]) - radius).abs() < 1e-9);
        assert!((cycle.period - TAU).abs() < 1e-9);
        assert!((cycle.divergence / (TAU * slope) - 1.0).abs() < 1e-7);
        assert_eq!(cycle.stable, slope < 0.0);
    }
    Ok(())
}

#[test]
fn van_der_pol() -> Result<()> {
    let found = around_origin(&VAN_DER_POL, 4.0)?;
    assert!(found.is_clear() && found.cycles.len() == 1, "{found:?}");
    assert!((found.cycles[0].period - 6.6632868593).abs() < 1e-9);
    Ok(())
}

#[test]
fn the_rotation_family_has_its_cycle_between_snic_and_hopf_point() -> Result<()> {
    // Jordan2021: nine points below 0.1478220707, then a cycle, until cos(alpha) = 2/3.
    let hopf = (2.0f64 / 3.0).acos();
    for (alpha, period) in [
        (0.1, None),
        (0.7, Some(14.977200039899728)),
        (PI / 4.0, Some(12.573706)),
        (PI / 3.8, Some(11.568605)),
        (hopf + 1e-3, None),
        (PI / 3.0, None),
    ] {
        let weights = rotation(3.0, alpha)?;
        let found = limit_cycles(&weights.flow(), &Window::UNIT, &points_of(&weights)?)?;
        assert!(found.is_clear(), "{alpha}: {found:?}");
        match period {
            None => assert!(found.cycles.is_empty(), "{alpha}: {found:?}"),
            Some(period) => {
                assert_eq!(found.cycles.len(), 1, "{alpha}: {found:?}");
                assert!((found.cycles[0].period - period).abs() < 1e-6, "{alpha}: {found:?}");
            }
        }
    }
    // Close to the Hopf point the radius is sqrt(32/9 Re lambda), and the multiplier is nearly 1: walks take long, and must
    // not be taken for the cycle.
    let alpha = hopf - 1e-3;
    let weights = rotation(3.0, alpha)?;
    let found = limit_cycles(&weights.flow(), &Window::UNIT, &points_of(&weights)?)?;
    assert!(found.is_clear() && found.cycles.len() == 1, "{found:?}");
    let growth = 0.5 * (1.5 * alpha.cos() - 1.0);
    let cycle = &found.cycles[0];
    let radius = cycle.points.rows().into_iter().map(|h| h[0].hypot(h[1])).fold(0.0, f64::max);
    assert!((radius / (32.0 / 9.0 * growth).sqrt() - 1.0).abs() < 0.01);
    assert!(((-cycle.divergence) / (2.0 * growth * cycle.period) - 1.0).abs() < 0.02);
    Ok(())
}

#[test]
fn every_cycle_of_the_reference_cases_is_found() -> Result<()> {
    let mut count = 0;
    for case in reference_cycles() {
        let weights = weights_of(&case["system"]);
        let found = limit_cycles(&weights.flow(), &Window::UNIT, &points_of(&weights)?)?;
        assert!(found.is_clear(), "{}: {found:?}", case["id"]);
        for wanted in case["cycles"].as_array().into_iter().flatten() {
            let number = |name: &str| wanted[name].as_f64().unwrap();
            let cycle =
                found.cycles.iter().find(|cycle| (cycle.period / number("period") - 1.0).abs() < 1e-7);
            let cycle =
                cycle.unwrap_or_else(|| panic!("{}: {wanted}, not in {:?}", case["id"], found.cycles));
            assert_eq!(cycle.stable, wanted["stable"].as_bool().unwrap());
            assert!(
                (cycle.multipliers[0].re / number("multiplier") - 1.0).abs() < 1e-5,
                "{}: {cycle:?}",
                case["id"]
            );
            count += 1;
        }
    }
    assert!(count >= 14, "{count}");
    Ok(())
}

#[test]
fn a_cycle_that_is_slow_on_parts() -> Result<()> {
    // Update gates close on parts of this orbit: its period is 843.9, and its multiplier vanishes.
    let weights = random(2, 8.0, 67, Reset::Before)?;
    let found = limit_cycles(&weights.flow(), &Window::UNIT, &points_of(&weights)?)?;
    assert!(found.is_clear() && found.cycles.len() == 1, "{found:?}");
    let cycle = &found.cycles[0];
    assert!(cycle.period > 100.0 && cycle.residual < 1e-10 && (cycle.trivial.re - 1.0).abs() < 1e-5);
    Ok(())
}

#[test]
fn three_units_are_refused() {
    let flow = random(3, 2.0, 1, Reset::Before).unwrap().flow();
    let error = limit_cycles(&flow, &Window::UNIT, &[]).unwrap_err();
    assert!(error.to_string().contains("expected 2 units, found 3"), "{error}");
    let error = PlanarPoint::of(&STUART_LANDAU, [f64::NAN, 0.0]).unwrap_err();
    assert!(error.to_string().contains("NaN"), "{error}");
}
