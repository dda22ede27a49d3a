//! Basins against quadrants, half planes and a disc; labels against walks.

use crate::systems::{NESTED, known};
use eigengate::dynamics::families::{random, rotation, two_bistable_units};
use eigengate::dynamics::{Attractors, Fate, PlanarPoint, Reset, Window, basins, limit_cycles};
use eigengate::{Error, Result};
use std::f64::consts::FRAC_PI_4;

#[test]
fn four_quadrants() -> Result<()> {
    let known = known(&two_bistable_units(3.0, 3.0)?)?;
    let found = basins(&known.flow, &known.attractors, &known.branches, 200, 200)?;
    assert_eq!((found.ends.len(), found.undecided()), (4, 0), "{found:?}");
    for ((row, column), &label) in found.labels.indexed_iter() {
        let cell = Window::UNIT.cell_centre(column, row, 200, 200);
        let Fate::FixedPoint(sink) = found.ends[label as usize] else { panic!("{found:?}") };
        let state = known.points[sink].state;
        assert!(cell[0] * state[0] > 0.0 && cell[1] * state[1] > 0.0, "{cell:?} goes to {state:?}");
        assert_eq!(found.end_of(cell), Some(Fate::FixedPoint(sink)));
    }
    for end in 0..4 {
        assert_eq!(found.share(end), 0.25);
    }
    // The axes: 200 pairs of neighbours each.
    assert_eq!((found.edges, found.edges_on_separatrix), (400, 400));
    assert_eq!((found.crossings, found.crossings_on_edge), (400, 400));
    assert!(found.walked < 4000, "{}", found.walked);
    assert_eq!(found.end_of([1.5, 0.0]), None);
    Ok(())
}

#[test]
fn columns_are_the_first_unit() -> Result<()> {
    // Only the first unit is bistable.
    let known = known(&two_bistable_units(3.0, 1.5)?)?;
    let found = basins(&known.flow, &known.attractors, &known.branches, 40, 30)?;
    assert_eq!(found.labels.dim(), (30, 40));
    for ((_, column), &label) in found.labels.indexed_iter() {
        let Fate::FixedPoint(sink) = found.ends[label as usize] else { panic!("{found:?}") };
        assert_eq!(known.points[sink].state[0] > 0.0, column >= 20);
    }
    Ok(())
}

#[test]
fn a_disc_whose_border_is_an_unstable_cycle() -> Result<()> {
    let window = Window::new([-2.5; 2], [2.5; 2])?;
    let origin = [PlanarPoint::of(&NESTED, [0.0; 2])?];
    let cycles = limit_cycles(&NESTED, &window, &origin)?.cycles;
    let attractors = Attractors::new(&NESTED, &window, &origin, &cycles)?;
    let stable = cycles.iter().position(|cycle| cycle.stable).unwrap();
    let found = basins(&NESTED, &attractors, &[], 100, 100)?;
    for ((row, column), &label) in found.labels.indexed_iter() {
        let [x, y] = window.cell_centre(column, row, 100, 100);
        let radius = x.hypot(y);
        if (radius - 2.0).abs() > 1e-3 {
            let end = if radius < 2.0 { Fate::Cycle(stable) } else { Fate::Left };
            assert_eq!(found.ends.get(label as usize), Some(&end), "{x}, {y}");
        }
    }
    assert_eq!(found.edges_on_separatrix, found.edges);
    assert_eq!(attractors.origin(&NESTED, [1.9, 0.0])?, Fate::Cycle(1 - stable));
    assert_eq!(attractors.fate(&NESTED, [1.9, 0.0])?, Fate::Cycle(stable));
    Ok(())
}

#[test]
fn everything_goes_to_the_only_cycle() -> Result<()> {
    let known = known(&rotation(3.0, FRAC_PI_4)?)?;
    let found = basins(&known.flow, &known.attractors, &known.branches, 50, 50)?;
    assert_eq!(found.ends, [Fate::Cycle(0)]);
    assert_eq!((found.share(0), found.edges, found.crossings), (1.0, 0, 0));
    Ok(())
}

#[test]
fn labels_that_were_filled_are_those_of_walks() -> Result<()> {
    for seed in [3, 4, 16, 18, 19, 33] {
        let known = known(&random(2, 5.0, seed, Reset::Before)?)?;
        let found = basins(&known.flow, &known.attractors, &known.branches, 60, 60)?;
        for ((row, column), &label) in found.labels.indexed_iter().step_by(7) {
            let cell = Window::UNIT.cell_centre(column, row, 60, 60);
            let fate = known.attractors.fate(&known.flow, cell)?;
            assert_eq!(found.ends.get(label as usize), Some(&fate), "seed {seed}, {cell:?}");
        }
    }
    Ok(())
}

#[test]
fn threads_do_not_matter() -> Result<()> {
    let known = known(&random(2, 5.0, 4, Reset::After)?)?;
    let found = basins(&known.flow, &known.attractors, &known.branches, 80, 80)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| basins(&known.flow, &known.attractors, &known.branches, 80, 80))?;
    assert_eq!(found.labels, alone.labels);
    assert_eq!(found.walked, alone.walked);
    Ok(())
}

#[test]
fn what_is_refused() -> Result<()> {
    let known = known(&two_bistable_units(3.0, 3.0)?)?;
    assert!(matches!(basins(&known.flow, &known.attractors, &[], 0, 5), Err(Error::Parameter { .. })));
    assert!(matches!(known.attractors.fate(&known.flow, [f64::NAN, 0.0]), Err(Error::NotFinite { .. })));
    Ok(())
}
