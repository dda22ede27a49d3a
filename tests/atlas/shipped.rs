//! The atlas that comes with the project, worked out anew.

use eigengate::Result;
use eigengate::dynamics::{
    Atlas, AtlasEntry, Attractors, Fate, Kind, PlanarPoint, Window, basins, limit_cycles,
};
use rayon::prelude::*;
use std::collections::BTreeSet;

#[test]
fn every_fixed_point_is_proved() -> Result<()> {
    let atlas = Atlas::shipped()?;
    for entry in atlas.entries() {
        let found = entry.weights.fixed_points()?;
        assert!(found.complete && found.index_sum == 1, "{entry:?}: {found:?}");
        assert!(found.points.iter().all(|point| point.certified && point.index != 0), "{entry:?}");
        assert_eq!(found.topology(), entry.class.topology(), "{entry:?}");
        let kinds = [Kind::StableNode, Kind::StableFocus, Kind::UnstableNode, Kind::UnstableFocus];
        assert_eq!(kinds.map(|kind| found.count(kind)), entry.kinds, "{entry:?}");
        // Boxes of different fixed points do not meet.
        for (k, a) in found.points.iter().enumerate() {
            for b in &found.points[k + 1..] {
                let (a, b) = (a.enclosure.as_ref().unwrap(), b.enclosure.as_ref().unwrap());
                let apart = (0..2).any(|i| a.upper[i] < b.lower[i] || b.upper[i] < a.lower[i]);
                assert!(apart, "{entry:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_row_is_what_comes_out_again() -> Result<()> {
    let atlas = Atlas::shipped()?;
    atlas.entries().par_iter().try_for_each(AtlasEntry::verify)
}

#[test]
fn it_has_more_than_was_known() -> Result<()> {
    let atlas = Atlas::shipped()?;
    // 36 portraits and at most 11 fixed points in Jordan2021.
    assert!(atlas.len() > 90 && atlas.topologies() >= 27 && atlas.most_fixed_points() >= 13, "{atlas:?}");
    // No sink leaves a cycle to go to (Poincare and Bendixson).
    for entry in atlas.entries() {
        let class = &entry.class;
        assert!(class.sinks > 0 || class.stable_cycles > 0, "{entry:?}");
        assert!(entry.margins.cleanliness() >= 0.004, "{entry:?}");
    }
    Ok(())
}

#[test]
fn basins_know_the_attractors() -> Result<()> {
    // Another way to the number of attractors: where the orbits of a grid of states end. A basin may be narrower than a cell.
    let atlas = Atlas::shipped()?;
    let clean: Vec<&AtlasEntry> = atlas.entries().iter().filter(|e| e.margins.cleanliness() > 0.3).collect();
    assert!(clean.len() >= 15, "{}", clean.len());
    // A little more than the square, on whose sides saturated fixed points lie.
    let window = Window::new([-1.04; 2], [1.04; 2])?;
    clean.into_par_iter().try_for_each(|entry| {
        let flow = entry.weights.flow();
        let points = entry.weights.fixed_points()?.points;
        let points = points.iter().map(PlanarPoint::try_from).collect::<Result<Vec<_>>>()?;
        let cycles = limit_cycles(&flow, &window, &points)?;
        let attractors = Attractors::new(&flow, &window, &points, &cycles.cycles)?;
        let found = basins(&flow, &attractors, &[], 60, 60)?;
        // Orbits that start next to an unstable cycle take long.
        assert!(found.undecided() <= 36, "{entry:?}: {found:?}");
        let ends: BTreeSet<String> = found.ends.iter().map(|end| format!("{end:?}")).collect();
        assert!(
            found.ends.iter().all(|end| matches!(end, Fate::FixedPoint(_) | Fate::Cycle(_))),
            "{entry:?}"
        );
        assert_eq!(ends.len(), entry.class.sinks + entry.class.stable_cycles, "{entry:?}");
        Ok(())
    })
}
