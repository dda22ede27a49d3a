//! Curves of bifurcations in two parameters, against closed forms.

use crate::systems::{Bautin, BogdanovTakens, Lorenz, plane_of};
use eigengate::dynamics::{
    Bifurcation, BifurcationCurve, ContinuationOptions, CurveContinuation, ParameterFamily, families,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn curve(
    family: &ParameterFamily,
    kind: Bifurcation,
    ranges: [(f64, f64); 2],
    start: [f64; 2],
    state: &[f64],
    sense: f64,
    options: &ContinuationOptions,
) -> eigengate::Result<BifurcationCurve> {
    CurveContinuation::new(family, kind, ranges, &start, state, sense, options)?.run()
}

#[test]
fn one_unit_has_a_cusp() -> Outcome {
    let family =
        ParameterFamily::weight(&families::one_unit(4.0, 0.0)?, "Uh", &[0, 0])?.and_weight("bh", &[0])?;
    let h = 0.5_f64.sqrt();
    let start = [4.0, h.atanh() - 2.0 * h];
    let options = ContinuationOptions::new();
    let ranges = [(1.0, 6.0), (-2.0, 2.0)];
    let found = curve(&family, Bifurcation::Fold, ranges, start, &[h], -1.0, &options)?;
    let cusps: Vec<_> = found.specials();
    assert_eq!(cusps.len(), 1, "{found:?}");
    assert_eq!(cusps[0].kind, Bifurcation::Cusp);
    assert!((cusps[0].parameters[0] - 2.0).abs() < 1e-9 && cusps[0].parameters[1].abs() < 1e-9, "{cusps:?}");
    assert!(cusps[0].converged);
    for point in &found.points {
        let (w, h) = (point.parameters[0] / 2.0, point.state[0]);
        assert!((h * h - (1.0 - 1.0 / w)).abs() < 1e-11, "{point:?}");
        assert!((point.parameters[1] - (h.atanh() - w * h)).abs() < 1e-11, "{point:?}");
    }
    // It ends at the other side.
    let last = found.points.last().unwrap();
    assert!((last.parameters[0] - 6.0).abs() < 1e-9 && last.state[0] < -0.5, "{last:?}");
    Ok(())
}

#[test]
fn rotation_family_in_angle_and_gain() -> Outcome {
    let family = ParameterFamily::of_gru(2, &["alpha", "beta"], |p| families::rotation(p[1], p[0]));
    let ranges = [(0.2, 1.5), (2.05, 6.0)];
    let options = ContinuationOptions::new();
    let hopf =
        curve(&family, Bifurcation::Hopf, ranges, [(2.0_f64 / 3.0).acos(), 3.0], &[0.0, 0.0], 1.0, &options)?;
    assert!(hopf.points.len() > 10, "{hopf:?}");
    for point in &hopf.points {
        let (alpha, beta) = (point.parameters[0], point.parameters[1]);
        assert!((beta * alpha.cos() - 2.0).abs() < 1e-11, "{point:?}");
        // lambda = (-1 + beta / 2 exp(i alpha)) / 2.
        assert!((point.frequency.unwrap() - beta * alpha.sin() / 4.0).abs() < 1e-11);
        assert!(point.coefficient < 0.0);
    }
    // The map: |1 + lambda| = 1.
    let start = [0.25_f64.acos(), 3.0];
    let map = options.clone().with_map(1.0);
    let circle = curve(&family, Bifurcation::NeimarkSacker, ranges, start, &[0.0, 0.0], -1.0, &map)?;
    assert!(circle.points.len() > 10, "{circle:?}");
    for point in &circle.points {
        let (alpha, beta) = (point.parameters[0], point.parameters[1]);
        assert!((beta * alpha.cos() + beta * beta / 4.0 - 3.0).abs() < 1e-11, "{point:?}");
    }
    Ok(())
}

#[test]
fn bogdanov_takens_point_joins_folds_and_hopf_points() -> Outcome {
    let family = plane_of("b1", "b2", |b1, b2| Box::new(BogdanovTakens { b1, b2 }));
    let ranges = [(-1.0, 1.0), (-1.5, 1.5)];
    let options = ContinuationOptions::new();
    // Folds: x = -b2 / 2, b1 = b2^2 / 4.
    let folds = curve(&family, Bifurcation::Fold, ranges, [0.25, -1.0], &[0.5, 0.0], -1.0, &options)?;
    for point in &folds.points {
        assert!((point.parameters[0] - point.parameters[1].powi(2) / 4.0).abs() < 1e-11, "{point:?}");
    }
    let points = folds.specials();
    assert_eq!(points.len(), 1, "{folds:?}");
    assert_eq!(points[0].kind, Bifurcation::BogdanovTakens);
    assert!(points[0].parameters.iter().all(|p| p.abs() < 1e-9) && points[0].converged, "{points:?}");
    // Hopf points: x = 0, b1 = 0, b2 < 0, omega = sqrt(-b2).
    let hopf = curve(&family, Bifurcation::Hopf, ranges, [0.0, -1.0], &[0.0, 0.0], 1.0, &options)?;
    let back = curve(&family, Bifurcation::Hopf, ranges, [0.0, -1.0], &[0.0, 0.0], -1.0, &options)?;
    // With x' = -v, v' = x - x^2 + x v at b2 = -1 the coefficient of Guckenheimer and Holmes is 1/8, half of this one.
    assert!((hopf.points[0].coefficient - 0.25).abs() < 1e-9, "{:?}", hopf.points[0]);
    let whole: Vec<_> = hopf.points.iter().chain(&back.points).collect();
    for point in &whole {
        assert!(point.parameters[0].abs() < 1e-11, "{point:?}");
        let omega = (-point.parameters[1]).max(0.0).sqrt();
        assert!((point.frequency.unwrap() - omega).abs() < 1e-5, "{point:?}");
    }
    let ends = [&hopf.ends[1], &back.ends[1]].map(ToString::to_string);
    assert!(ends.contains(&"bogdanov takens".to_owned()) && ends.contains(&"end of the range".to_owned()));
    Ok(())
}

#[test]
fn bautin_normal_form_has_a_generalized_hopf_point() -> Outcome {
    let family = plane_of("b1", "b2", |b1, b2| Box::new(Bautin { b1, b2, omega: 1.3 }));
    let ranges = [(-1.0, 1.0), (-1.0, 1.0)];
    let options = ContinuationOptions::new();
    for sense in [1.0, -1.0] {
        let found = curve(&family, Bifurcation::Hopf, ranges, [0.0, 0.5], &[0.0, 0.0], sense, &options)?;
        for point in &found.points {
            assert!(point.parameters[0].abs() < 1e-12);
            // c1 for z' = (b1 + i omega) z + b2 z |z|^2 with |q| = 1: twice, as q = (1, -i) / sqrt 2.
            assert!((point.coefficient - 2.0 * point.parameters[1]).abs() < 1e-8, "{point:?}");
        }
        let specials = found.specials();
        let down = found.points.last().unwrap().parameters[1] < 0.0;
        assert_eq!(specials.len(), usize::from(down), "{found:?}");
        if down {
            assert_eq!(specials[0].kind, Bifurcation::GeneralizedHopf);
            assert!(specials[0].parameters[1].abs() < 1e-9, "{specials:?}");
        }
    }
    Ok(())
}

#[test]
fn lorenz_equations_have_their_curve_of_hopf_points() -> Outcome {
    let family =
        ParameterFamily::of_fields(3, &["rho", "sigma"], |p| Ok(Box::new(Lorenz { rho: p[0], sigma: p[1] })));
    let beta = 8.0 / 3.0;
    let exact = |sigma: f64| sigma * (sigma + beta + 3.0) / (sigma - beta - 1.0);
    let side = (beta * (exact(10.0) - 1.0)).sqrt();
    let state = [side, side, exact(10.0) - 1.0];
    let ranges = [(10.0, 40.0), (5.0, 20.0)];
    for sense in [1.0, -1.0] {
        let start = [exact(10.0), 10.0];
        let options = ContinuationOptions::new();
        let found = curve(&family, Bifurcation::Hopf, ranges, start, &state, sense, &options)?;
        assert!(found.points.len() > 5, "{found:?}");
        for point in &found.points {
            let sigma = point.parameters[1];
            assert!((point.parameters[0] / exact(sigma) - 1.0).abs() < 1e-10, "{point:?}");
            let frequency = (beta * (point.parameters[0] + sigma)).sqrt();
            assert!((point.frequency.unwrap() / frequency - 1.0).abs() < 1e-9, "{point:?}");
        }
    }
    Ok(())
}
