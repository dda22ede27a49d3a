//! Branches of equilibria against exact values.

use crate::systems::{CurvedPitchfork, FitzHughNagumo, Lorenz, family_of};
use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, ContinuationOptions, DiagramOptions, EquilibriumContinuation,
    GruWeights, ParameterFamily, Reset, VectorField, families,
};
use ndarray::{arr1, arr2};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn rotation_family_has_its_hopf_point_and_four_folds() -> Outcome {
    let family = ParameterFamily::rotation(3.0)?;
    let diagram = BifurcationDiagram::new(&family, (0.02, 1.4), &DiagramOptions::new())?;
    assert!(diagram.complete);
    let specials = diagram.specials();
    let (folds, rest): (Vec<_>, Vec<_>) = specials.iter().partition(|s| s.kind == Bifurcation::Fold);
    assert_eq!((folds.len(), rest.len()), (4, 1));
    for fold in &folds {
        assert!((fold.parameter() - 0.147_822_070_7).abs() < 1e-10 && fold.converged, "{fold:?}");
    }
    let hopf = rest[0];
    assert_eq!(hopf.kind, Bifurcation::Hopf);
    assert!((hopf.parameter() - (2.0_f64 / 3.0).acos()).abs() < 1e-12 && hopf.converged, "{hopf:?}");
    assert!((hopf.frequency.unwrap() - 5.0_f64.sqrt() / 4.0).abs() < 1e-12);
    let first = hopf.first_lyapunov.unwrap();
    assert!((first.guckenheimer_holmes + 9.0 / 32.0).abs() < 1e-12, "{first:?}");
    assert!((first.real_part + 9.0 / 16.0).abs() < 1e-12);
    assert!((first.kuznetsov + 9.0 / 16.0 / (5.0_f64.sqrt() / 4.0)).abs() < 1e-12);
    assert_eq!(hopf.is_supercritical(), Some(true));
    Ok(())
}

#[test]
fn the_map_of_the_rotation_family_has_its_own_point() -> Outcome {
    let family = ParameterFamily::rotation(3.0)?;
    let options = ContinuationOptions::new().with_map(1.0);
    let walk = EquilibriumContinuation::new(&family, (0.3, 1.5), 0.3, &[0.0, 0.0], 1.0, &options)?;
    let branch = walk.run()?;
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{branch:?}");
    let point = &specials[0];
    assert_eq!(point.kind, Bifurcation::NeimarkSacker);
    assert!((point.parameter() - 0.25_f64.acos()).abs() < 1e-12 && point.converged, "{point:?}");
    // Multipliers (1 + 3/2 exp(i alpha)) / 2.
    let theta = (1.5 * 15.0_f64.sqrt() / 4.0).atan2(1.0 + 1.5 / 4.0);
    assert!((point.frequency.unwrap() - theta).abs() < 1e-12);
    // c1 = -a |a|^2 / 4 with a = 3/2 exp(i alpha); turned back by theta.
    assert!((point.coefficient + 0.738_281_25).abs() < 1e-12, "{point:?}");
    // Outside of the unit circle before it, inside after it, to the exact end of the range.
    for other in branch.points.iter().filter(|point| point.special.is_none()) {
        assert_eq!(other.unstable, if other.parameter < point.parameter() { 2 } else { 0 }, "{other:?}");
    }
    assert_eq!(branch.points.last().map(|last| last.parameter), Some(1.5));
    Ok(())
}

#[test]
fn fitzhugh_nagumo_has_two_subcritical_hopf_points() -> Outcome {
    let family = family_of(2, "I", |current| Box::new(FitzHughNagumo::new(current)));
    let options = DiagramOptions::new().with_start(0.0, &[-1.2, -0.6]);
    let diagram = BifurcationDiagram::new(&family, (0.0, 2.0), &options)?;
    let hopfs = diagram.specials();
    assert_eq!(hopfs.len(), 2, "{diagram:?}");
    for (hopf, expected) in hopfs.iter().zip([0.331_281_337_5, 1.418_718_662_5]) {
        assert_eq!(hopf.kind, Bifurcation::Hopf);
        assert!((hopf.parameter() - expected).abs() < 1e-10, "{hopf:?}");
        assert!(hopf.converged && hopf.bracket_width() < 1e-9);
        assert_eq!(hopf.is_supercritical(), Some(false));
    }
    Ok(())
}

#[test]
fn symmetric_families_have_pitchforks_and_transcritical_points() -> Outcome {
    // Two uncoupled units, one of which passes its pitchfork at the weight 2.
    let weights = families::two_bistable_units(1.0, 3.0)?;
    let family = ParameterFamily::weight(&weights, "Uh", &[0, 0])?;
    let diagram = BifurcationDiagram::new(&family, (1.0, 3.1), &DiagramOptions::new())?;
    assert!(diagram.complete);
    let specials: Vec<_> = diagram.specials().into_iter().filter(|s| s.kind.is_bifurcation()).collect();
    // One for each equilibrium of the other unit.
    assert_eq!(specials.len(), 3, "{specials:?}");
    for special in &specials {
        assert_eq!(special.kind, Bifurcation::Pitchfork, "{special:?}");
        assert!((special.parameter() - 2.0).abs() < 1e-10 && special.converged, "{special:?}");
        assert_eq!(special.is_supercritical(), Some(true));
    }
    // With a reset gate that knows its unit the symmetry is gone: transcritical at Uh sigmoid(br) = 1.
    let weights = GruWeights::new(
        Reset::Before,
        arr2(&[[0.5]]),
        arr2(&[[-4.0]]),
        arr2(&[[2.0]]),
        arr1(&[0.2]),
        arr1(&[0.3]),
        arr1(&[0.0]),
    )?;
    let family = ParameterFamily::weight(&weights, "Uh", &[0, 0])?;
    let diagram = BifurcationDiagram::new(&family, (0.5, 2.9), &DiagramOptions::new())?;
    let crossing = diagram.specials_of(Bifurcation::Transcritical);
    let exact = 1.0 + (-0.3_f64).exp();
    assert_eq!(crossing.len(), 1);
    assert!((crossing[0].parameter() - exact).abs() < 1e-10 && crossing[0].converged, "{crossing:?}");
    assert!(diagram.complete);
    Ok(())
}

#[test]
fn the_coefficient_of_a_pitchfork_is_that_on_the_centre_manifold() -> Outcome {
    let family = family_of(2, "p", |p| Box::new(CurvedPitchfork { p }));
    let options = ContinuationOptions::new();
    let branch = EquilibriumContinuation::branch(&family, (-1.0, 1.0), -0.3, &[0.0; 2], &options)?;
    let specials: Vec<_> = branch.specials().into_iter().filter(|s| s.kind.is_bifurcation()).collect();
    assert_eq!(specials.len(), 1, "{branch:?}");
    assert_eq!(specials[0].kind, Bifurcation::Pitchfork);
    assert!(
        specials[0].parameter().abs() < 1e-10 && (specials[0].coefficient + 1.0).abs() < 1e-9,
        "{branch:?}"
    );
    Ok(())
}

#[test]
fn pieces_of_a_branch_are_all_there_and_say_why_they_end() -> Outcome {
    let family = ParameterFamily::rotation(3.0)?;
    let mut options = DiagramOptions::new().with_searches(9);
    options.continuation = options.continuation.with_max_points(4);
    let short = BifurcationDiagram::new(&family, (0.02, 1.4), &options)?;
    // Every search starts a piece of its own from what no other piece reaches.
    assert!(short.complete && short.branches.len() > 9);
    assert!(short.branches.iter().flat_map(|b| &b.ends).any(|end| end.to_string().contains("4 points")));
    Ok(())
}

#[test]
fn random_families_are_complete() -> Outcome {
    let mut specials = 0;
    for seed in 0..20 {
        let weights = families::random(2, 4.0, seed, Reset::Before)?;
        for (name, index) in [("bh", vec![0]), ("Uh", vec![0, 1]), ("Ur", vec![1, 0])] {
            let family = ParameterFamily::weight(&weights, name, &index)?;
            let middle = weights.get(name, &index)?;
            let range = (middle - 2.5, middle + 2.5);
            let diagram = BifurcationDiagram::new(&family, range, &DiagramOptions::new())?;
            assert!(diagram.complete, "{seed} {name}: {diagram:?}");
            assert!(diagram.branches.iter().all(|branch| branch.unexplained.is_empty()), "{seed} {name}");
            let found = diagram.specials();
            assert!(found.iter().all(|special| special.converged), "{found:?}");
            specials += found.len();
        }
    }
    assert!(specials > 40, "{specials}");
    Ok(())
}

#[test]
fn one_unit_of_the_map_doubles_its_period() -> Outcome {
    // h' = (h + tanh(w h / 2)) / 2 with the multiplier (1 + w / 2) / 2: -1 at w = -6, where it is -h + 9/2 h^3.
    let family = ParameterFamily::weight(&families::one_unit(-4.0, 0.0)?, "Uh", &[0, 0])?;
    let options = ContinuationOptions::new().with_map(1.0);
    let branch = EquilibriumContinuation::branch(&family, (-8.0, 1.0), -4.0, &[0.0], &options)?;
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{branch:?}");
    assert_eq!(specials[0].kind, Bifurcation::Flip);
    assert!((specials[0].parameter() + 6.0).abs() < 1e-11 && specials[0].converged);
    assert!((specials[0].coefficient - 4.5).abs() < 1e-9, "{specials:?}");
    assert_eq!(specials[0].is_supercritical(), Some(true));
    Ok(())
}

#[test]
fn lorenz_equations_have_their_pitchfork_and_subcritical_hopf_points() -> Outcome {
    let family = family_of(3, "rho", |rho| Box::new(Lorenz { rho, sigma: 10.0 }));
    let side = (8.0_f64 / 3.0 * 9.0).sqrt();
    let options = DiagramOptions::new().with_start(0.5, &[0.0; 3]).with_start(10.0, &[side, side, 9.0]);
    let diagram = BifurcationDiagram::new(&family, (0.2, 30.0), &options)?;
    let hopfs = diagram.specials_of(Bifurcation::Hopf);
    assert_eq!(hopfs.len(), 2, "{diagram:?} {:?}", diagram.branches);
    let (sigma, beta) = (10.0, 8.0 / 3.0);
    for hopf in &hopfs {
        let exact = sigma * (sigma + beta + 3.0) / (sigma - beta - 1.0);
        assert!((hopf.parameter() - exact).abs() < 1e-9 && hopf.converged, "{hopf:?}");
        let frequency = (2.0 * sigma * beta * (sigma + 1.0) / (sigma - beta - 1.0)).sqrt();
        assert!((hopf.frequency.unwrap() - frequency).abs() < 1e-9);
        assert_eq!(hopf.is_supercritical(), Some(false));
        assert!(hopf.crossing_speed.unwrap() > 0.0 && hopf.cycle_side() == Some(-1.0));
    }
    let pitchforks = diagram.specials_of(Bifurcation::Pitchfork);
    assert_eq!(pitchforks.len(), 1, "{:?}", diagram.specials());
    assert!((pitchforks[0].parameter() - 1.0).abs() < 1e-9 && pitchforks[0].is_supercritical() == Some(true));
    Ok(())
}

#[test]
fn what_cannot_be_continued_is_refused() -> Outcome {
    let weights = families::rotation(3.0, 0.5)?;
    let family = ParameterFamily::rotation(3.0)?;
    let options = DiagramOptions::new();
    let refused = |result: eigengate::Result<BifurcationDiagram>, text: &str| {
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(text), "{error}, expected {text}");
    };
    refused(BifurcationDiagram::new(&family, (1.0, 1.0), &options), "[1, 1]");
    refused(BifurcationDiagram::new(&family, (0.0, f64::NAN), &options), "range");
    refused(BifurcationDiagram::new(&family, (0.0, 1.0), &options.clone().with_searches(0)), "searches = 0");
    refused(
        BifurcationDiagram::new(&family, (0.0, 1.0), &options.clone().with_start(2.0, &[0.0; 2])),
        "starts = 2",
    );
    refused(
        BifurcationDiagram::new(&family, (0.0, 1.0), &options.clone().with_start(0.5, &[0.0; 3])),
        "expected 2, found 3",
    );
    let two = ParameterFamily::weight(&weights, "bh", &[0])?.and_weight("bh", &[1])?;
    refused(BifurcationDiagram::new(&two, (0.0, 1.0), &options), "one parameter");
    let field = family_of(2, "I", |current| Box::new(FitzHughNagumo::new(current)));
    refused(BifurcationDiagram::new(&field, (0.0, 1.0), &options), "starts = 0");
    assert!(ParameterFamily::weight(&weights, "bx", &[0]).is_err());
    assert!(ParameterFamily::weight(&weights, "bh", &[2]).is_err());
    assert!(two.at(&[0.0]).is_err() && two.slice(&[0.0, 0.0], 2).is_err());
    assert!(ParameterFamily::path(std::slice::from_ref(&weights)).is_err());
    assert!(ParameterFamily::path(&[weights.clone(), families::one_unit(2.0, 0.0)?]).is_err());
    let bad = ContinuationOptions::new().with_map(0.0);
    assert!(EquilibriumContinuation::new(&family, (0.0, 1.0), 0.5, &[0.0; 2], 1.0, &bad).is_err());
    Ok(())
}

#[test]
fn paths_go_through_their_systems() -> Outcome {
    let systems = [0.3, 0.7, 1.2].map(|alpha| families::rotation(3.0, alpha).unwrap());
    let path = ParameterFamily::path(&systems)?;
    for (k, system) in systems.iter().enumerate() {
        assert_eq!(path.weights_at(&[k as f64])?.as_ref(), Some(system));
    }
    let middle = path.weights_at(&[1.5])?.unwrap().get("Uh", &[0, 1])?;
    let mean = (systems[1].get("Uh", &[0, 1])? + systems[2].get("Uh", &[0, 1])?) / 2.0;
    assert!((middle - mean).abs() < 1e-15);
    // Along the path the cycle of 0.7 comes and goes: one Hopf point, in the last piece.
    let diagram = BifurcationDiagram::new(&path, (0.0, 2.0), &DiagramOptions::new())?;
    assert!(diagram.complete);
    let hopfs = diagram.specials_of(Bifurcation::Hopf);
    assert_eq!(hopfs.len(), 1);
    assert!((1.0..2.0).contains(&hopfs[0].parameter()));
    Ok(())
}

/// A map on a line with the multiplier -1 - p at 0 and a quadratic term.
struct Quadratic {
    p: f64,
}

impl VectorField for Quadratic {
    fn dimension(&self) -> usize {
        1
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        out[0] = -(2.0 + self.p) * h[0] + h[0] * h[0];
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        out[0] = -(2.0 + self.p) + 2.0 * h[0];
    }
}

#[test]
fn the_coefficient_of_a_flip_has_its_quadratic_part() -> Outcome {
    // h' = -(1 + p) h + h^2: c = (3 * 2 * (1 / 2) * 2) / 6.
    let family = family_of(1, "p", |p| Box::new(Quadratic { p }));
    let options = ContinuationOptions::new().with_map(1.0);
    let branch = EquilibriumContinuation::branch(&family, (-0.5, 0.5), -0.3, &[0.0], &options)?;
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{branch:?}");
    assert!(specials[0].kind == Bifurcation::Flip && specials[0].parameter().abs() < 1e-11);
    assert!((specials[0].coefficient - 1.0).abs() < 1e-9, "{specials:?}");
    Ok(())
}

/// `a` of Guckenheimer and Holmes (3.4.11), in coordinates of the plane in which the linear part turns.
fn planar_coefficient(field: &dyn VectorField, h: &[f64], omega: f64) -> f64 {
    let mut j = [0.0; 4];
    field.jacobian(h, &mut j);
    // q = (j01, i omega - j00) of length 1: h + x Re q - y Im q.
    let size = (j[1] * j[1] + j[0] * j[0] + omega * omega).sqrt();
    let (a, b) = ([j[1] / size, -j[0] / size], [0.0, -omega / size]);
    let determinant = a[0] * b[1] - a[1] * b[0];
    let second = |u: &[f64; 2], v: &[f64; 2]| {
        let mut out = [0.0; 2];
        field.bilinear(h, u, v, &mut out);
        [(out[0] * b[1] - out[1] * b[0]) / determinant, (a[0] * out[1] - a[1] * out[0]) / determinant]
    };
    let third = |u: &[f64; 2], v: &[f64; 2], w: &[f64; 2]| {
        let mut out = [0.0; 2];
        field.trilinear(h, u, v, w, &mut out);
        [(out[0] * b[1] - out[1] * b[0]) / determinant, (a[0] * out[1] - a[1] * out[0]) / determinant]
    };
    let ([fxx, gxx], [fxy, gxy], [fyy, gyy]) = (second(&a, &a), second(&a, &b), second(&b, &b));
    let (xxx, xxy, xyy, yyy) = (third(&a, &a, &a), third(&a, &a, &b), third(&a, &b, &b), third(&b, &b, &b));
    let cubic = xxx[0] + xyy[0] + xxy[1] + yyy[1];
    (cubic + (fxy * (fxx + fyy) - gxy * (gxx + gyy) - fxx * gxx + fyy * gyy) / omega) / 16.0
}

#[test]
fn first_lyapunov_coefficients_agree_with_the_planar_formula() -> Outcome {
    let mut count = 0;
    for seed in [9, 20, 30, 38] {
        let weights = families::random(2, 4.0, seed, Reset::Before)?;
        for (name, index) in [("bh", vec![0]), ("Uh", vec![0, 1])] {
            let family = ParameterFamily::weight(&weights, name, &index)?;
            let middle = weights.get(name, &index)?;
            let range = (middle - 2.5, middle + 2.5);
            let diagram = BifurcationDiagram::new(&family, range, &DiagramOptions::new())?;
            for hopf in diagram.specials_of(Bifurcation::Hopf) {
                let field = family.at(&[hopf.parameter()])?;
                // With h + z q + c.c. and z = (x + i y) / 2 the coefficient is a quarter.
                let exact = 4.0 * planar_coefficient(&*field, &hopf.state, hopf.frequency.unwrap());
                assert!((hopf.coefficient / exact - 1.0).abs() < 1e-6, "{hopf:?} {exact}");
                count += 1;
            }
        }
    }
    assert!(count > 4, "{count}");
    Ok(())
}
