//! Classes of systems that are known.

use crate::errors::{has, text};
use eigengate::Result;
use eigengate::dynamics::{AtlasEntry, Origin, PortraitClass, Reset, families};

fn class(sinks: usize, saddles: usize, sources: usize, stable: usize, unstable: usize) -> PortraitClass {
    PortraitClass { sinks, saddles, sources, stable_cycles: stable, unstable_cycles: unstable }
}

#[test]
fn classes_of_the_rotation_family_and_of_two_bistable_units() -> Result<()> {
    let bistable = families::two_bistable_units(3.0, 4.0)?;
    let one_bistable = families::two_bistable_units(3.0, 1.0)?;
    for (weights, expected, kinds) in [
        (families::rotation(3.0, 0.1)?, class(4, 4, 1, 0, 0), [4, 0, 0, 1]),
        (families::rotation(3.0, 0.7)?, class(0, 0, 1, 1, 0), [0, 0, 0, 1]),
        (families::rotation(3.0, 1.0)?, class(1, 0, 0, 0, 0), [0, 1, 0, 0]),
        (bistable, class(4, 4, 1, 0, 0), [4, 0, 1, 0]),
        (one_bistable, class(2, 1, 0, 0, 0), [2, 0, 0, 0]),
    ] {
        let entry = AtlasEntry::new(&weights)?;
        assert_eq!((entry.class, entry.kinds), (expected, kinds), "{entry:?}");
        assert_eq!((entry.periods.len(), entry.origin), (expected.cycles(), Origin::Given));
    }
    Ok(())
}

#[test]
fn margins_of_the_rotation_family_in_closed_form() -> Result<()> {
    // Dg = 1.5 R(a) - I at the origin, lambda = (1.5 exp(i a) - 1) / 2, z = 1/2.
    let a = 0.7f64;
    let entry = AtlasEntry::new(&families::rotation(3.0, a)?)?;
    let (re, im) = (1.5 * a.cos() - 1.0, 1.5 * a.sin());
    let margins = entry.margins;
    assert_eq!((margins.separation, margins.gate), (2.0, 0.5));
    assert!((margins.hopf - re / re.hypot(im)).abs() < 1e-12, "{margins:?}");
    assert!((margins.fold - (re * re + im * im) / (re.abs() + im.abs())).abs() < 1e-12, "{margins:?}");
    // The cycle is that of limit_cycles' example; its orbit goes round the origin at a distance.
    assert!((entry.periods[0] - 14.977200040).abs() < 1e-6, "{:?}", entry.periods);
    assert!(entry.log_multipliers[0] < 0.0);
    assert!((margins.multiplier - (1.0 - entry.log_multipliers[0].exp())).abs() < 1e-12);
    assert!((0.4..1.0).contains(&margins.gap), "{margins:?}");

    // Two units that do not see each other: the fixed points of each are those of one unit.
    let entry = AtlasEntry::new(&families::two_bistable_units(3.0, 3.0)?)?;
    let root = families::one_unit(3.0, 0.0)?.fixed_points()?.points[2].state[0];
    assert!((entry.margins.separation - root).abs() < 1e-12, "{:?}", entry.margins);
    assert_eq!((entry.margins.hopf, entry.margins.multiplier, entry.margins.gap), (1.0, 1.0, 1.0));
    Ok(())
}

#[test]
fn what_has_no_class_is_refused() -> Result<()> {
    let hopf = families::rotation(3.0, (2.0f64 / 3.0).acos())?;
    has(&text(AtlasEntry::new(&hopf)), &["the classification of a portrait failed", "proved and hyperbolic"]);
    let fold = families::one_unit(3.0, 0.0)?;
    has(&text(AtlasEntry::new(&fold)), &["weights = GruWeights(1 units", "two units, Reset::Before"]);
    let after = families::random(2, 2.0, 1, Reset::After)?;
    has(&text(AtlasEntry::new(&after)), &["reset after", "two units, Reset::Before"]);
    Ok(())
}

#[test]
fn an_entry_that_says_something_else_is_found_out() -> Result<()> {
    let entry = AtlasEntry::new(&families::rotation(3.0, 0.7)?)?;
    entry.verify()?;
    let wrong = |change: &dyn Fn(&mut AtlasEntry)| {
        let mut wrong = entry.clone();
        change(&mut wrong);
        text(wrong.verify())
    };
    has(&wrong(&|e| e.class.unstable_cycles = 1), &["has 1 source, 1 stable cycle, not 1 source, 1 stable"]);
    has(&wrong(&|e| e.kinds = [0, 0, 1, 0]), &["nodes and foci [0, 0, 0, 1], not [0, 0, 1, 0]"]);
    has(&wrong(&|e| e.periods[0] += 1e-4), &["has the periods"]);
    has(&wrong(&|e| e.log_multipliers[0] *= -1.0), &["has the multipliers"]);
    has(&wrong(&|e| e.margins.gap *= 1.1), &["has Margins"]);
    has(&wrong(&|e| e.weights = families::rotation(3.0, 1.0).unwrap()), &["has 1 sink, not 1 source"]);
    Ok(())
}

#[test]
fn rounding_keeps_the_class() -> Result<()> {
    // With one digit it is a Hopf point, 2 sqrt(2) R(pi / 4).
    let entry = AtlasEntry::new(&families::rotation(3.0, 0.7)?)?;
    let rounded = entry.rounded();
    assert_eq!(rounded.class, entry.class);
    assert!(rounded.margins.cleanliness() >= 0.9 * entry.margins.cleanliness());
    assert_eq!(rounded.weights.get("Uh", &[0, 0])?, 2.3);
    assert_eq!(rounded.weights.get("Uh", &[0, 1])?, -1.9);
    rounded.verify()?;

    // With one digit a unit that is nearly at a fold is bistable no more, and cleaner; two digits keep the class.
    let near = families::two_bistable_units(2.4, 0.5)?.with("bh", &[0], 0.05)?;
    let beyond = AtlasEntry::new(&near.with("Uh", &[0, 0], 2.0)?)?;
    let near = AtlasEntry::new(&near)?;
    assert_eq!((near.class, beyond.class), (class(2, 1, 0, 0, 0), class(1, 0, 0, 0, 0)));
    assert!(beyond.margins.cleanliness() > near.margins.cleanliness());
    let rounded = near.rounded();
    assert_eq!((rounded.class, rounded.weights.get("Uh", &[0, 0])?), (near.class, 2.4));
    rounded.verify()
}
