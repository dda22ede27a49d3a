//! Systems that nobody has looked at.

use crate::systems::known;
use eigengate::Result;
use eigengate::dynamics::families::random;
use eigengate::dynamics::{Fate, Reset, basins};

#[test]
fn what_holds_of_every_system() -> Result<()> {
    let mut branches = 0;
    for seed in 1000..1032 {
        let scale = [2.0, 3.0, 5.0, 8.0][seed as usize % 4];
        let reset = if seed % 8 < 4 { Reset::Before } else { Reset::After };
        let known = known(&random(2, scale, seed, reset)?)?;
        let name = format!("seed {seed}, {scale}, {reset:?}");
        assert!(known.cycles.is_clear(), "{name}: {:?}", known.cycles);
        let found = basins(&known.flow, &known.attractors, &known.branches, 50, 50)?;
        // The cube is not left, and every end attracts.
        assert_eq!(found.undecided(), 0, "{name}: {found:?}");
        for end in &found.ends {
            match *end {
                Fate::FixedPoint(k) => assert!(known.points[k].kind.is_stable(), "{name}"),
                Fate::Cycle(k) => assert!(known.cycles.cycles[k].stable, "{name}"),
                _ => panic!("{name}: {found:?}"),
            }
        }
        // Neighbours of different basins have a separatrix between them. Two lines of a fold of it may pass between the
        // centres of cells unseen.
        assert!(found.edges_on_separatrix * 50 >= found.edges * 49, "{name}: {found:?}");
        assert!(found.crossings_on_edge * 50 >= found.crossings * 49, "{name}: {found:?}");
        for branch in &known.branches {
            let fine = match branch.end {
                Fate::FixedPoint(k) if branch.stable => known.points[k].kind.is_source(),
                Fate::FixedPoint(k) => known.points[k].kind.is_stable(),
                Fate::Cycle(k) => known.cycles.cycles[k].stable != branch.stable,
                Fate::Left => branch.stable,
                _ => false,
            };
            assert!(fine, "{name}: {branch:?}");
            branches += 1;
        }
    }
    assert!(branches >= 12, "{branches}");
    Ok(())
}

#[test]
fn a_root_proved_in_a_wide_box_is_polished_in_it() -> Result<()> {
    // Krawczyk's test succeeds here on a box 1.7 wide, in which Newton's method from the middle goes astray.
    let found = random(2, 3.0, 2701, Reset::After)?.fixed_points()?;
    assert!(found.complete && found.points.len() == 1);
    let point = &found.points[0];
    assert!(point.residual < 1e-14 && (point.state[0] + 0.28678984419816).abs() < 1e-13, "{point:?}");
    Ok(())
}
