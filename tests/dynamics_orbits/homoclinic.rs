//! Connections of saddles: an exact one, reference cases, the period law, what is not defined.

use crate::reference::{cases, pair};
use crate::systems::Sandstede;
use eigengate::Result;
use eigengate::dynamics::{Connections, PlanarSaddle, SplitSection, VectorField};

fn sandstede(mu: f64) -> Result<Box<dyn VectorField>> {
    Ok(Box::new(Sandstede { mu }))
}

#[test]
fn the_exact_homoclinic_orbit_is_found() -> Result<()> {
    let found = Connections::homoclinic([0.02, -0.01]).run(&sandstede, -0.02, 0.03)?;
    for c in &found {
        println!("{c:?} {:?} slope {}", c.alternatives, c.slope);
    }
    assert_eq!(found.len(), 1);
    let c = &found[0];
    assert!(c.parameter.abs() < 1e-11 && c.split.abs() < 1e-11, "{c:?}");
    assert!(
        c.alternatives.len() == 2 && c.alternatives.iter().all(|mu| mu.abs() < 1e-11),
        "{:?}",
        c.alternatives
    );
    // The saddle is the origin with eigenvalues a + b and a - b.
    assert!((c.from.unstable - 0.5).abs() < 1e-12 && (c.from.stable + 1.5).abs() < 1e-12);
    assert!(c.cycle_is_stable());
    for h in c.orbit.rows() {
        let off = h[0] * h[0] * (1.0 - h[0]) - h[1] * h[1];
        assert!(off.abs() < 1e-7, "{h} {off:e}");
    }
    assert!(c.orbit.column(0).iter().any(|x| *x > 0.999));
    let law = c.period_law(&sandstede, &[1e-4, 1e-5, 1e-6, 1e-7])?;
    println!("{law:?}");
    // Measured elsewhere: -1.9989; theory -1 / lambda_u = -2.
    assert!((law.slope + 2.0).abs() < 5e-3 && law.expected == -1.0 / c.from.unstable, "{law:?}");
    assert_eq!(law.frame()?.shape(), (4, 2));
    Ok(())
}

#[test]
fn the_split_function_has_its_sign_and_slope() -> Result<()> {
    let search = Connections::homoclinic([0.0, 0.0]);
    // A ray from the focus at (2/3, 0) away from the saddle.
    let ray = SplitSection::ray([2.0 / 3.0, 0.0], [1.0, 0.0])?;
    let value = |mu: f64, branches: (f64, f64)| search.split(&sandstede, mu, branches, &ray);
    let zero = value(0.0, (1.0, 1.0))?;
    println!("{zero:?} {:?} {:?}", value(1e-3, (1.0, 1.0))?, value(-1e-3, (1.0, 1.0))?);
    assert!(
        zero.value.unwrap().abs() < 1e-11 && (zero.unstable.unwrap() - 1.0 / 3.0).abs() < 1e-10,
        "{zero:?}"
    );
    let (up, down) = (value(1e-3, (1.0, 1.0))?.value.unwrap(), value(-1e-3, (1.0, 1.0))?.value.unwrap());
    // Measured elsewhere, with another section: 4.29e-3.
    assert!((up + 4.29e-3).abs() < 1e-5 && (down - 4.29e-3).abs() < 1e-5, "{up} {down}");
    // Other branches do not come to the section: the reason is a value.
    let wrong = value(1e-3, (-1.0, 1.0))?;
    assert!(
        wrong.value.is_none() && wrong.reason.starts_with("the unstable manifold does not come"),
        "{wrong:?}"
    );
    // A line that both cross, one to the right and one to the left.
    let line = SplitSection::line([0.5, 0.0], [0.0, 1.0])?;
    let crosswise = search.split(&sandstede, 0.0, (1.0, 1.0), &line)?;
    assert!(
        crosswise.value.is_none() && crosswise.reason.contains("in different directions"),
        "{crosswise:?}"
    );
    let wrong = value(1e-3, (1.0, -1.0))?;
    assert!(
        wrong.value.is_none() && wrong.reason.starts_with("the stable manifold does not come"),
        "{wrong:?}"
    );
    Ok(())
}

#[test]
fn reference_homoclinic_orbits_are_found_from_wide_ranges() -> Result<()> {
    for case in cases("E", "homoclinic") {
        let index: Vec<usize> =
            case.json["index"].as_array().unwrap().iter().map(|k| k.as_u64().unwrap() as usize).collect();
        let family = case.weights.family(case.json["parameter"].as_str().unwrap(), &index);
        let value = case.json["value"].as_f64().unwrap();
        let saddle = pair(&case.json["saddle"]);
        let found = Connections::homoclinic(saddle).run(&*family, value - 0.023, value + 0.017)?;
        for c in &found {
            println!("{} {c:?} {:?} off {:e}", case.id, c.alternatives, c.parameter - value);
        }
        let c =
            found.iter().min_by(|a, b| (a.parameter - value).abs().total_cmp(&(b.parameter - value).abs()));
        let c = c.unwrap_or_else(|| panic!("{}: nothing", case.id));
        assert!((c.parameter - value).abs() < 1e-10, "{}: {:e}", case.id, c.parameter - value);
        assert!((c.from.unstable - case.json["lambda_u"].as_f64().unwrap()).abs() < 1e-9);
        assert!((c.to.stable - case.json["lambda_s"].as_f64().unwrap()).abs() < 1e-9);
        assert_eq!(Some(c.cycle_is_stable()), case.json["cycle_stable"].as_bool());
        assert_eq!(c.cycle_side, case.json["cycle_side"].as_f64(), "{}", case.id);
        let law = c.period_law(&*family, &[1e-5, 1e-6, 1e-7, 1e-8])?;
        println!("{law:?}");
        assert!(law.mismatch().abs() < 0.01, "{law:?}");
    }
    Ok(())
}

#[test]
fn saddles_are_told_from_other_points() -> Result<()> {
    let flow = Sandstede { mu: 0.0 };
    let saddle = PlanarSaddle::near(&flow, [0.1, 0.05])?;
    assert!(saddle.state[0].hypot(saddle.state[1]) < 1e-14 && (saddle.quantity() + 1.0).abs() < 1e-12);
    let half = 0.5_f64.sqrt();
    let parallel = |v: [f64; 2], w: [f64; 2]| (v[0] * w[0] + v[1] * w[1]).abs();
    assert!((parallel(saddle.unstable_direction, [half, half]) - 1.0).abs() < 1e-14);
    assert!((parallel(saddle.stable_direction, [half, -half]) - 1.0).abs() < 1e-14);
    let said = PlanarSaddle::near(&flow, [0.66, 0.0]).unwrap_err().to_string();
    assert!(said.contains("is no saddle"), "{said}");
    Ok(())
}

/// Saddles at (-1, mu) and (1, -mu), joined along the axis at `mu = 0`: `x' = 1 - x^2, y' = x y + mu`. On the line `x = 0` the unstable
/// manifold of the first is at `mu pi / 2`, the stable one of the other at the negative of that.
struct Joined(f64);

impl VectorField for Joined {
    fn dimension(&self) -> usize {
        2
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[1.0 - h[0] * h[0], h[0] * h[1] + self.0]);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[-2.0 * h[0], 0.0, h[1], h[0]]);
    }
}

#[test]
fn a_heteroclinic_orbit_is_found_with_its_slope() -> Result<()> {
    let family = |mu: f64| -> Result<Box<dyn VectorField>> { Ok(Box::new(Joined(mu))) };
    let found = Connections::heteroclinic([-1.0, 0.0], [1.0, 0.0]).run(&family, -0.03, 0.05)?;
    println!("{found:?}");
    assert_eq!(found.len(), 1);
    let c = &found[0];
    assert!(c.parameter.abs() < 1e-12 && !c.homoclinic && c.cycle_side.is_none(), "{c:?}");
    // The line of the search is not quite upright, and not quite in the middle.
    assert!((c.slope.abs() - std::f64::consts::PI).abs() < 0.05, "{}", c.slope);
    assert!((c.from.unstable - 2.0).abs() < 1e-13 && (c.to.stable + 2.0).abs() < 1e-13);
    assert!(c.orbit.rows().into_iter().all(|h| h[1].abs() < 1e-10));
    assert!(c.period_law(&family, &[1e-3, 1e-4]).is_err());
    let line = SplitSection::line([0.0, 0.0], [0.0, 1.0])?;
    let split = Connections::heteroclinic([-1.0, 0.0], [1.0, 0.0]).split(&family, 0.01, (1.0, 1.0), &line)?;
    assert!((split.value.unwrap() - 0.01 * std::f64::consts::PI).abs() < 1e-11, "{split:?}");
    Ok(())
}

#[test]
fn a_jump_is_no_connection_and_nothing_is_a_result() -> Result<()> {
    // The sign changes at mu = 0 without a root.
    let jump = |mu: f64| sandstede(if mu < 0.0 { 1e-3 } else { -1e-3 });
    assert!(Connections::homoclinic([0.0, 0.0]).run(&jump, -0.01, 0.013)?.is_empty());
    assert!(Connections::homoclinic([0.0, 0.0]).run(&sandstede, 0.01, 0.02)?.is_empty());
    let said = Connections::homoclinic([0.0, 0.0]).run(&sandstede, 0.02, 0.01).unwrap_err().to_string();
    assert!(said.contains("take low < high"), "{said}");
    let centre = |_: f64| -> Result<Box<dyn VectorField>> {
        Ok(Box::new(crate::systems::StuartLandau { r: 1.0, w: 1.0 }))
    };
    let said = Connections::homoclinic([0.0, 0.0]).run(&centre, 0.0, 1.0).unwrap_err().to_string();
    assert!(said.starts_with("the search for a saddle failed"), "{said}");
    Ok(())
}
