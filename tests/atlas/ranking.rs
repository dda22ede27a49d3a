//! Which example of a class an atlas keeps.

use eigengate::Result;
use eigengate::dynamics::{Atlas, AtlasEntry, Margins, PortraitClass, families};

#[test]
fn cleanliness_is_the_weakest_margin() {
    let far = Margins { separation: 2.0, fold: 1.0, hopf: 1.0, gate: 0.5, multiplier: 1.0, gap: 1.0 };
    assert_eq!(far.cleanliness(), 1.0);
    for (at, unit) in [0.25, 0.5, 0.25, 0.2, 0.5, 0.1].into_iter().enumerate() {
        let mut values = far.values();
        values[at] = 0.3 * unit;
        let [separation, fold, hopf, gate, multiplier, gap] = values;
        let near = Margins { separation, fold, hopf, gate, multiplier, gap };
        assert!((near.cleanliness() - 0.3).abs() < 1e-15, "{near:?}");
    }
}

#[test]
fn the_cleaner_example_stays_whatever_the_order() -> Result<()> {
    // Of one class: farther from the Hopf point is cleaner.
    let far = AtlasEntry::new(&families::rotation(3.0, 1.2)?)?;
    let near = AtlasEntry::new(&families::rotation(3.0, 0.9)?)?;
    assert_eq!(far.class, near.class);
    assert!(far.margins.cleanliness() > near.margins.cleanliness());
    assert!(far.is_better_than(&near) && !near.is_better_than(&far));
    for entries in [vec![far.clone(), near.clone()], vec![near.clone(), far.clone()]] {
        let atlas = Atlas::new(entries);
        assert_eq!(atlas.len(), 1);
        assert_eq!(atlas.entries()[0].weights, far.weights);
    }
    Ok(())
}

#[test]
fn as_clean_with_smaller_weights_is_better() -> Result<()> {
    let small = AtlasEntry::new(&families::two_bistable_units(1.0, 0.5)?)?;
    let large = AtlasEntry::new(&families::two_bistable_units(-60.0, 0.5)?)?;
    let mut alike = large.clone();
    alike.margins = small.margins;
    assert!(small.is_better_than(&alike) && !alike.is_better_than(&small));
    assert!(!small.is_better_than(&small));
    Ok(())
}

#[test]
fn entries_stand_in_the_order_of_their_classes() -> Result<()> {
    let systems =
        [families::rotation(3.0, 0.1)?, families::rotation(3.0, 0.7)?, families::rotation(3.0, 1.0)?];
    let entries = systems.iter().map(AtlasEntry::new).collect::<Result<Vec<_>>>()?;
    let atlas = Atlas::new(entries);
    let points: Vec<usize> = atlas.entries().iter().map(|entry| entry.class.fixed_points()).collect();
    assert_eq!(points, [1, 1, 9]);
    // Fewer sources first.
    assert_eq!((atlas.entries()[0].class.sinks, atlas.entries()[1].class.sources), (1, 1));
    assert_eq!((atlas.topologies(), atlas.most_fixed_points(), atlas.most_cycles()), (3, 9, 1));
    let class = PortraitClass { sinks: 0, saddles: 0, sources: 1, stable_cycles: 1, unstable_cycles: 0 };
    assert_eq!(atlas.find(&class).unwrap().weights, atlas.weights(1)?);
    assert_eq!(
        format!("{atlas:?}"),
        "Atlas(3 classes, 3 by fixed points alone; at most 9 fixed points and 1 cycles)"
    );
    Ok(())
}
