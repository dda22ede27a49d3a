//! Diagrams with equilibria and cycles, and their figures.

use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, ContinuationOptions, CycleEnd, DiagramOptions, GruWeights,
    ParameterFamily, Reset, TwoParameterDiagram, families,
};
use eigengate::plot;
use ndarray::{arr1, arr2};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn diagram(family: &ParameterFamily, range: (f64, f64)) -> eigengate::Result<BifurcationDiagram> {
    let start = std::time::Instant::now();
    let diagram = BifurcationDiagram::new(family, range, &DiagramOptions::new())?;
    println!("{:?}", start.elapsed());
    let diagram = diagram.with_cycles(family, &ContinuationOptions::for_cycles(), 5)?;
    println!(
        "{:?} {diagram:?} {:?} {:?} {:?} {:?}",
        start.elapsed(),
        diagram.cycles,
        diagram.cycle_failures,
        diagram.cycle_searches,
        diagram.specials()
    );
    Ok(diagram)
}

#[test]
fn rotation_family_with_its_cycles() -> Outcome {
    let diagram = diagram(&ParameterFamily::rotation(3.0)?, (0.0, 1.2))?;
    assert_eq!(diagram.cycles.len(), 1);
    plot::bifurcation_diagram(&diagram, 1)?.save("target/tmp/rotation.png")?;
    Ok(())
}

#[test]
fn a_homoclinic_orbit_ends_a_branch() -> Outcome {
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
    let diagram = diagram(&one, (-1.2, 1.0))?;
    plot::bifurcation_diagram(&diagram, 1)?.save("target/tmp/homoclinic.png")?;
    let two = one.and_weight("bh", &[1])?;
    let start = std::time::Instant::now();
    let plane = TwoParameterDiagram::new(&two, [(-1.2, 1.0), (-1.0, 2.0)], &DiagramOptions::new(), 9)?;
    println!("{:?} {plane:?} {:?}", start.elapsed(), plane.curves);
    plot::two_parameter_diagram(&plane)?.save("target/tmp/two.png")?;
    Ok(())
}

#[test]
fn random_families_have_their_cycles() -> Outcome {
    for seed in 0..25 {
        let weights = families::random(2, 4.0, seed, Reset::Before)?;
        for (name, index) in [("bh", vec![0]), ("Uh", vec![0, 1])] {
            let family = ParameterFamily::weight(&weights, name, &index)?;
            let middle = weights.get(name, &index)?;
            let range = (middle - 2.5, middle + 2.5);
            let start = std::time::Instant::now();
            let diagram = BifurcationDiagram::new(&family, range, &DiagramOptions::new())?;
            let first = start.elapsed();
            let diagram = diagram.with_cycles(&family, &ContinuationOptions::for_cycles(), 5)?;
            let bad = diagram.cycle_searches.iter().any(|s| s.cycles != s.on_branches)
                || !diagram.cycle_failures.is_empty()
                || diagram.cycles.iter().any(|b| b.ends.iter().any(|e| matches!(e, CycleEnd::Stuck { .. })));
            if bad || !diagram.cycles.is_empty() {
                println!(
                    "{seed} {name} {first:?} {:?} {} {:?}",
                    start.elapsed(),
                    if bad { "BAD" } else { "" },
                    diagram.specials_of(Bifurcation::Hopf).len()
                );
            }
            for b in &diagram.cycles {
                println!("    {b:?}");
            }
            if bad {
                println!("  {:?} {:?}", diagram.cycle_failures, diagram.cycle_searches);
            }
        }
    }
    Ok(())
}
