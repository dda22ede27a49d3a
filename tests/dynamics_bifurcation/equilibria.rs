//! Branches of equilibria against exact values.

use crate::systems::{FitzHughNagumo, family_of};
use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, ContinuationOptions, DiagramOptions, EquilibriumContinuation,
    GruWeights, ParameterFamily, Reset, families,
};
use ndarray::{arr1, arr2};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn rotation_family_has_its_hopf_point_and_four_folds() -> Outcome {
    let family = ParameterFamily::rotation(3.0)?;
    let diagram = BifurcationDiagram::new(&family, (0.02, 1.4), &DiagramOptions::new())?;
    println!(
        "{:?}",
        diagram
            .searches
            .iter()
            .filter(|s| !(s.certified && s.passes == s.fixed_points && s.on_branches == s.fixed_points))
            .collect::<Vec<_>>()
    );
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
    assert_eq!(point.is_supercritical(), Some(true));
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
