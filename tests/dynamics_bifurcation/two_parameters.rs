//! Diagrams of two parameters.

use eigengate::dynamics::{
    Bifurcation, BranchEnd, DiagramOptions, ParameterFamily, Reset, TwoParameterDiagram, families,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn two_biases(seed: u64) -> eigengate::Result<(ParameterFamily, [(f64, f64); 2])> {
    let weights = families::random(2, 4.0, seed, Reset::Before)?;
    let family = ParameterFamily::weight(&weights, "bh", &[0])?.and_weight("bh", &[1])?;
    let (a, b) = (weights.get("bh", &[0])?, weights.get("bh", &[1])?);
    Ok((family, [(a - 2.5, a + 2.6), (b - 2.4, b + 2.5)]))
}

#[test]
fn random_families_have_all_their_curves() -> Outcome {
    let options = DiagramOptions::new().with_searches(17);
    let mut counts = [0; 3];
    for seed in [2, 6, 12, 18, 25] {
        let (family, ranges) = two_biases(seed)?;
        let diagram = TwoParameterDiagram::new(&family, ranges, &options, 9)?;
        assert!(diagram.complete, "{seed}: {diagram:?} {:?}", diagram.slices);
        for special in diagram.specials() {
            assert!(special.converged, "{seed}: {special:?}");
            let kinds = [Bifurcation::Cusp, Bifurcation::BogdanovTakens, Bifurcation::GeneralizedHopf];
            let k = kinds.iter().position(|kind| *kind == special.kind).unwrap();
            counts[k] += 1;
            // The definition of each, from the flow itself.
            let flow = family.at(&special.parameters)?;
            let (mut factors, mut jacobian) = ([0.0; 2], [0.0; 4]);
            flow.gate_factors(&special.state, &mut factors);
            flow.gate_free_jacobian(&special.state, &mut jacobian);
            let determinant = jacobian[0] * jacobian[3] - jacobian[1] * jacobian[2];
            let trace = factors[0] * jacobian[0] + factors[1] * jacobian[3];
            let (singular, traceless) = (determinant.abs() < 1e-8, trace.abs() < 1e-9);
            let expected = match special.kind {
                Bifurcation::Cusp => (true, traceless),
                Bifurcation::BogdanovTakens => (true, true),
                _ => (false, true),
            };
            assert_eq!((singular, traceless), expected, "{seed}: {special:?} {determinant:e} {trace:e}");
        }
        // Curves of Hopf points end at Bogdanov-Takens points or at the edge, all of these on a curve of folds.
        for curve in diagram.curves.iter().filter(|curve| curve.kind == Bifurcation::Hopf) {
            for end in &curve.ends {
                let known = [BranchEnd::Range, BranchEnd::At(Bifurcation::BogdanovTakens), BranchEnd::Closed];
                assert!(known.contains(end), "{seed}: {curve:?}");
            }
        }
    }
    assert!(counts[0] >= 8 && counts[1] >= 7 && counts[2] >= 6, "{counts:?}");
    Ok(())
}

#[test]
fn the_map_has_folds_where_the_flow_has_them_and_other_curves() -> Outcome {
    let (family, ranges) = two_biases(6)?;
    let mut options = DiagramOptions::new().with_searches(17);
    let flow = TwoParameterDiagram::new(&family, ranges, &options, 9)?;
    options.continuation = options.continuation.with_map(1.0);
    let map = TwoParameterDiagram::new(&family, ranges, &options, 9)?;
    assert!(map.complete, "{map:?} {:?}", map.slices);
    let of = |diagram: &TwoParameterDiagram, kind: Bifurcation| -> usize {
        diagram.curves.iter().filter(|curve| curve.kind == kind).map(|curve| curve.points.len()).sum()
    };
    assert_eq!(of(&flow, Bifurcation::Fold), of(&map, Bifurcation::Fold));
    assert_eq!(of(&map, Bifurcation::Hopf), 0);
    assert!(of(&map, Bifurcation::NeimarkSacker) > 0, "{map:?}");
    for curve in map.curves.iter().filter(|curve| curve.kind == Bifurcation::NeimarkSacker) {
        for point in curve.points.iter().filter(|point| point.special.is_none()) {
            let v = point.eigenvalues[0];
            assert!(((1.0 + v.re).hypot(v.im) - 1.0).abs() < 1e-10, "{point:?}");
        }
    }
    Ok(())
}
