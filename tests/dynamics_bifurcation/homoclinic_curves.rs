//! Curves of homoclinic orbits: near a Bogdanov-Takens point, in families of GRUs.

use crate::reference;
use crate::systems::{BogdanovTakens, Sandstede, plane_of};
use eigengate::Result;
use eigengate::dynamics::{
    Bifurcation, BranchEnd, Connections, ContinuationOptions, HomoclinicContinuation, HomoclinicCurve,
    ParameterFamily,
};

fn curve(
    family: &ParameterFamily,
    ranges: [(f64, f64); 2],
    saddle: [f64; 2],
    at: [f64; 2],
    width: f64,
) -> Result<HomoclinicCurve> {
    let slice = family.slice(&at, 0)?.family();
    let found = Connections::homoclinic(saddle).run(&*slice, at[0] - width, at[0] + width)?;
    let off = |c: &&eigengate::dynamics::Connection| (c.parameter - at[0]).abs();
    let connection = found.iter().min_by(|a, b| off(a).total_cmp(&off(b))).expect("a homoclinic orbit");
    let options = ContinuationOptions::new().with_steps(1e-6, 0.05);
    HomoclinicContinuation::both(family, ranges, &[connection.parameter, at[1]], connection, &options)
}

#[test]
fn the_curve_starts_in_a_bogdanov_takens_point() -> Result<()> {
    // x' = y, y' = b1 + b2 x + x^2 + x y: homoclinic orbits at b1 = -6/25 b2^2 + o(b2^2), b2 < 0 (Kuznetsov, section 8.4).
    let family = plane_of("b1", "b2", |b1, b2| Box::new(BogdanovTakens { b1, b2 }));
    let begun = std::time::Instant::now();
    let curve = curve(&family, [(-0.3, 0.05), (-1.0, 0.2)], [0.6, 0.0], [-0.06, -0.5], 0.04)?;
    println!("{curve:?} {:?}", begun.elapsed());
    let BranchEnd::At(kind) = curve.ends[1] else { panic!("{curve:?}") };
    assert_eq!(kind, Bifurcation::BogdanovTakens);
    let (last, rest) = curve.points.split_last().unwrap();
    assert!(last.parameters.iter().chain(&last.saddle).all(|x| x.abs() < 1e-10), "{last:?}");
    assert!(last.special.as_ref().unwrap().converged && last.extent == 0.0);
    for point in rest {
        let (b1, b2) = (point.parameters[0], point.parameters[1]);
        let ratio = b1 / (b2 * b2);
        // The next term of the series, measured here: 0.0287 |b2|.
        assert!((ratio + 0.24 - 0.0287 * b2.abs()).abs() < 2e-4 + 5e-3 * b2 * b2, "{point:?} {ratio}");
        assert!(b2 < 0.0 && point.saddle_quantity() > 0.0);
        // The saddle is at the greater root, with eigenvalues of the trace x and the determinant -(b2 + 2 x).
        let x = 0.5 * (-b2 + (b2 * b2 - 4.0 * b1).sqrt());
        assert!((point.saddle[0] - x).abs() < 1e-9 && (point.saddle_quantity() - x).abs() < 1e-9);
    }
    assert!(rest.iter().any(|point| point.parameters[1] > -0.003));
    assert_eq!(curve.frame()?.shape(), (curve.points.len(), 9));
    Ok(())
}

#[test]
fn an_exact_curve_has_its_resonance_and_its_end() -> Result<()> {
    // The loop x^2 (1 - x) = y^2 at mu = 0 for every a; eigenvalues a + 1 and a - 1 of the saddle.
    let family = plane_of("mu", "a", |mu, a| Box::new(Sandstede { mu, a }));
    let curve = curve(&family, [(-0.2, 0.2), (-0.8, 1.3)], [0.0, 0.0], [0.0, -0.5], 0.02)?;
    println!("{curve:?}");
    let ordinary = curve.points.iter().filter(|point| point.special.is_none());
    for point in ordinary {
        assert!(point.parameters[0].abs() < 1e-9, "{point:?}");
        assert!((point.saddle_quantity() - 2.0 * point.parameters[1]).abs() < 1e-9, "{point:?}");
    }
    let specials = curve.specials();
    assert_eq!(specials.len(), 2, "{curve:?}");
    assert_eq!(specials[0].kind, Bifurcation::ResonantHomoclinic);
    assert!(specials[0].parameters[1].abs() < 1e-10 && specials[0].converged, "{curve:?}");
    assert_eq!(specials[1].kind, Bifurcation::SaddleNodeHomoclinic);
    assert!((specials[1].parameters[1] - 1.0).abs() < 5e-3 && !specials[1].converged, "{curve:?}");
    assert!(curve.ends.contains(&BranchEnd::Range));
    Ok(())
}

#[test]
fn curves_of_grus_agree_with_searches_in_one_parameter() -> Result<()> {
    for (id, other) in [("E_hom_01", ("bh", 0)), ("E_hom_09", ("bh", 1))] {
        let cases = reference::homoclinic_cases()?;
        let case = cases.iter().find(|case| case.id == id).unwrap();
        let first = case.weights.get(&case.parameter, &case.index)?;
        let second = case.weights.get(other.0, &[other.1])?;
        let family = ParameterFamily::weight(&case.weights, &case.parameter, &case.index)?
            .and_weight(other.0, &[other.1])?;
        let begun = std::time::Instant::now();
        let ranges = [(first - 0.35, first + 0.1), (second - 0.15, second + 0.1)];
        let curve = curve(&family, ranges, case.saddle, [first, second], 0.01)?;
        println!("{} {curve:?} {:?}", case.id, begun.elapsed());
        // Other places of the curve by a search in the first parameter alone.
        let ordinary: Vec<_> = curve.points.iter().filter(|point| point.extent > 0.1).collect();
        for k in [1, 3] {
            let point = ordinary[k * ordinary.len() / 4];
            let slice = family.slice(&point.parameters, 0)?.family();
            let saddle = [point.saddle[0], point.saddle[1]];
            let (low, high) = (point.parameters[0] - 0.011, point.parameters[0] + 0.017);
            let found = Connections::homoclinic(saddle).run(&*slice, low, high)?;
            let off = found.iter().map(|c| (c.parameter - point.parameters[0]).abs()).fold(1.0, f64::min);
            assert!(off < 1e-8, "{} {point:?} {off:e}", case.id);
        }
        for special in curve.specials() {
            assert_eq!((special.kind, case.id.as_str()), (Bifurcation::BogdanovTakens, "E_hom_01"));
            let mut jacobian = [0.0; 4];
            family.at(&special.parameters)?.jacobian(&special.state, &mut jacobian);
            let determinant = jacobian[0] * jacobian[3] - jacobian[1] * jacobian[2];
            assert!((jacobian[0] + jacobian[3]).abs() < 1e-9 && determinant.abs() < 1e-9, "{special:?}");
        }
        assert!(!curve.ends.iter().any(|end| matches!(end, BranchEnd::Stuck(_))), "{curve:?}");
    }
    Ok(())
}

#[test]
fn impossible_starts_are_refused() -> Result<()> {
    let family = plane_of("mu", "a", |mu, a| Box::new(Sandstede { mu, a }));
    let slice = family.slice(&[0.0, -0.5], 0)?.family();
    let mut found = Connections::homoclinic([0.0, 0.0]).run(&*slice, -0.02, 0.03)?;
    let mut connection = found.remove(0);
    let ranges = [(-0.2, 0.2), (-0.8, 0.8)];
    let options = ContinuationOptions::new();
    let said = |at: &[f64], connection: &eigengate::dynamics::Connection, family: &ParameterFamily| {
        match HomoclinicContinuation::new(family, ranges, at, connection, 1.0, &options) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("it was not refused"),
        }
    };
    assert!(said(&[0.0, -0.9], &connection, &family).contains("a value in [-0.8, 0.8]"));
    assert!(said(&[0.0], &connection, &family).contains("parameters of a start"));
    assert!(said(&[0.0, -0.5], &connection, &family.slice(&[0.0, -0.5], 0)?).contains("two parameters"));
    connection.homoclinic = false;
    assert!(said(&[0.0, -0.5], &connection, &family).contains("heteroclinic"));
    Ok(())
}
