//! Diagrams with equilibria and cycles, and their figures.

use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, BranchEnd, ContinuationOptions, CycleEnd, DiagramOptions, GruWeights,
    ParameterFamily, Reset, TwoParameterDiagram, families,
};
use eigengate::frame::Frame;
use eigengate::{exchange, plot};
use ndarray::{Array2, arr1, arr2};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn diagram(family: &ParameterFamily, range: (f64, f64)) -> eigengate::Result<BifurcationDiagram> {
    let options = ContinuationOptions::for_cycles();
    BifurcationDiagram::new(family, range, &DiagramOptions::new())?.with_cycles(family, &options, 5)
}

/// Whether every cycle that was searched for lies on a branch, and no branch failed.
fn has_all_cycles(diagram: &BifurcationDiagram) -> bool {
    diagram.cycle_failures.is_empty()
        && diagram.cycle_searches.len() == 5
        && diagram.cycle_searches.iter().all(|search| search.clear && search.cycles == search.on_branches)
}

#[test]
fn rotation_family_with_its_cycles() -> Outcome {
    let diagram = diagram(&ParameterFamily::rotation(3.0)?, (0.0, 1.2))?;
    assert!(diagram.complete && has_all_cycles(&diagram), "{diagram:?} {:?}", diagram.cycle_searches);
    assert_eq!(diagram.cycles.len(), 1);
    assert_eq!(diagram.cycle_searches.iter().filter(|search| search.cycles == 1).count(), 3);
    let CycleEnd::SaddleNode { parameter, passages, .. } = diagram.cycles[0].ends[1] else {
        panic!("{:?}", diagram.cycles)
    };
    assert!((parameter - 0.147_822_070_7).abs() < 1e-9 && passages == 4);
    // The same cycles found without the Hopf point: a range that does not reach it.
    let part = self::diagram(&ParameterFamily::rotation(3.0)?, (0.3, 0.7))?;
    assert!(part.specials().is_empty() && has_all_cycles(&part), "{part:?}");
    assert_eq!(part.cycles.len(), 1);
    assert!(part.cycles[0].ends.iter().all(|end| matches!(end, CycleEnd::Range)));

    // Out as parquet and npy, and back.
    let folder = tempfile::tempdir()?;
    let (table, file) = (folder.path().join("branches.parquet"), folder.path().join("branch.npy"));
    diagram.frame()?.write_parquet(&table)?;
    assert_eq!(Frame::read_parquet(&table)?.into_inner(), diagram.frame()?.into_inner());
    exchange::write_npy(&file, &diagram.branches[0].array())?;
    let back: Array2<f64> = exchange::read_npy(&file)?;
    assert_eq!(back.nrows(), diagram.branches[0].points.len());
    for (row, point) in back.rows().into_iter().zip(&diagram.branches[0].points) {
        assert_eq!(row.to_vec(), [point.parameter, point.state[0], point.state[1]]);
    }

    let frame = diagram.cycle_frame()?;
    assert_eq!(frame.height(), diagram.cycles[0].points.len());
    let specials = diagram.special_frame()?;
    assert_eq!(specials.height(), 5);
    let figure = plot::bifurcation_diagram(&diagram, 1)?;
    let text = figure.summary()?;
    for part in ["stable cycle", "Hopf", "fold", "saddle-node on the cycle", "α (rad)", "h₁"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(figure.png()?, plot::bifurcation_diagram(&diagram, 1)?.png()?);
    assert!(plot::bifurcation_diagram(&diagram, 3).is_err());
    Ok(())
}

#[test]
fn a_homoclinic_orbit_ends_a_branch_and_three_curves_meet_in_a_point() -> Outcome {
    let weights = GruWeights::new(
        Reset::Before,
        arr2(&[[-1.69662, -1.33767], [-1.62873, 2.80536]]),
        arr2(&[[3.3808, 0.2173], [-4.834, 2.0581]]),
        arr2(&[[2.3605, 2.6194], [-5.4753, 3.5656]]),
        arr1(&[0.00573, 0.46437]),
        arr1(&[-0.7134, 0.5466]),
        arr1(&[-0.18, 0.5159]),
    )?;
    let one = ParameterFamily::weight(&weights, "bh", &[0])?;
    let line = diagram(&one, (-1.2, 1.0))?;
    assert!(line.complete && has_all_cycles(&line) && line.cycles.len() == 1);
    let ends = &line.cycles[0].ends;
    assert!(matches!(ends[0], CycleEnd::Hopf { .. }));
    let CycleEnd::Homoclinic { parameter, connection: Some(_), .. } = &ends[1] else { panic!("{ends:?}") };
    assert!((parameter + 0.180_874_822_336).abs() < 1e-10);
    let text = plot::bifurcation_diagram(&line, 2)?.summary()?;
    assert!(text.contains("homoclinic orbit"), "{text}");

    let two = one.and_weight("bh", &[1])?;
    let ranges = [(-1.2, 1.0), (-1.0, 2.0)];
    let plane = TwoParameterDiagram::new(&two, ranges, &DiagramOptions::new().with_searches(17), 9)?;
    assert!(plane.complete, "{plane:?} {:?}", plane.slices);
    let kinds: Vec<Bifurcation> = plane.specials().iter().map(|special| special.kind).collect();
    for kind in [Bifurcation::BogdanovTakens, Bifurcation::Cusp, Bifurcation::GeneralizedHopf] {
        assert_eq!(kinds.iter().filter(|other| **other == kind).count(), 1, "{plane:?}");
    }
    // The special points of the line are those of the curves at the bias that the weights have.
    let at = weights.get("bh", &[1])?;
    for special in line.specials().iter().filter(|special| special.kind.is_bifurcation()) {
        let near = plane.curves.iter().filter(|curve| curve.kind == special.kind).any(|curve| {
            curve.points.windows(2).any(|pair| {
                let (a, b) = (&pair[0].parameters, &pair[1].parameters);
                let share = (at - a[1]) / (b[1] - a[1]);
                let place = a[0] + share * (b[0] - a[0]);
                (0.0..=1.0).contains(&share) && (place - special.parameter()).abs() < 1e-3
            })
        });
        assert!(near, "{special:?}");
    }
    // A curve of homoclinic orbits leaves the point where folds and Hopf points meet. It ends in a heteroclinic loop, and another
    // one, to the other saddle, begins there, which passes the orbit of the line.
    let plane = plane.with_homoclinics(&two, &DiagramOptions::new().with_searches(17), 3)?;
    let orbits = &plane.homoclinics;
    assert_eq!(orbits.len(), 2, "{orbits:?}");
    let near = orbits.iter().flat_map(|curve| curve.points.windows(2)).any(|pair| {
        let (a, b) = (&pair[0].parameters, &pair[1].parameters);
        let share = (at - a[1]) / (b[1] - a[1]);
        (0.0..=1.0).contains(&share) && (a[0] + share * (b[0] - a[0]) - parameter).abs() < 2e-3
    });
    assert!(near, "{orbits:?}");
    assert!(orbits[0].ends.contains(&BranchEnd::At(Bifurcation::BogdanovTakens)), "{orbits:?}");
    let loops: Vec<&Vec<f64>> =
        orbits.iter().map(|curve| &curve.points[curve.points.len() - 1].parameters).collect();
    assert!(orbits.iter().all(|curve| curve.ends[1].to_string() == "heteroclinic loop"), "{orbits:?}");
    assert!((loops[0][0] - loops[1][0]).hypot(loops[0][1] - loops[1][1]) < 1e-3, "{loops:?}");
    let text = plot::two_parameter_diagram(&plane)?.summary()?;
    for part in [
        "homoclinic orbit",
        "fold",
        "Hopf, supercritical",
        "Hopf, subcritical",
        "Bogdanov-Takens",
        "cusp",
        "bh[1]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    Ok(())
}

#[test]
fn cycles_of_random_families_end_where_they_must() -> Outcome {
    for (seed, name, index) in [(9, "Uh", vec![0, 1]), (20, "Uh", vec![0, 1]), (38, "bh", vec![0])] {
        let weights = families::random(2, 4.0, seed, Reset::Before)?;
        let family = ParameterFamily::weight(&weights, name, &index)?;
        let middle = weights.get(name, &index)?;
        let diagram = diagram(&family, (middle - 2.5, middle + 2.5))?;
        assert!(diagram.complete && has_all_cycles(&diagram), "{seed} {:?}", diagram.cycle_searches);
        assert_eq!(diagram.cycles.len(), 1, "{seed}");
        let ends = &diagram.cycles[0].ends;
        assert!(matches!(ends[0], CycleEnd::Hopf { .. }), "{seed} {ends:?}");
        assert!(matches!(ends[1], CycleEnd::Homoclinic { connection: Some(_), .. }), "{seed} {ends:?}");
    }
    Ok(())
}
