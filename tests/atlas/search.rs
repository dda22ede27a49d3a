//! The search.

use crate::errors::{has, text};
use eigengate::dynamics::{Atlas, AtlasEntry, AtlasSearch, Origin, families};
use eigengate::{Error, Result};
use std::collections::BTreeSet;

fn small(seed: u64) -> AtlasSearch {
    AtlasSearch::new(seed).with_systems(3000).with_cycle_searches(6)
}

fn bytes(atlas: &Atlas) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("atlas.parquet");
    atlas.write(&path).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() -> Result<()> {
    let with = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| small(seed).run())
    };
    let (one, two, other) = (with(1, 5)?, with(2, 5)?, with(2, 6)?);
    assert!(one.len() >= 6, "{one:?}");
    assert_eq!(bytes(&one), bytes(&two));
    let weights = |atlas: &Atlas| atlas.entries().iter().map(|e| e.weights.clone()).collect::<Vec<_>>();
    assert!(weights(&one) != weights(&other));
    // What it says of its entries is so.
    for entry in one.entries() {
        entry.verify()?;
        assert!(entry.seed == 5 && entry.index < 3072 && entry.origin != Origin::Given, "{entry:?}");
    }
    // Guided systems are among them.
    let origins: BTreeSet<&str> = one.entries().iter().map(|entry| entry.origin.name()).collect();
    assert!(origins.contains("mutation") && origins.len() > 1, "{origins:?}");
    Ok(())
}

#[test]
fn a_search_goes_on_from_an_atlas_and_loses_nothing() -> Result<()> {
    let nine = AtlasEntry::new(&families::rotation(3.0, 0.1)?)?;
    let start = Atlas::new(vec![nine, AtlasEntry::new(&families::rotation(3.0, 0.7)?)?]);
    let (mut reports, mut most) = (0, 0);
    let found = small(7).run_from(&start, &mut |progress, atlas| {
        reports += 1;
        assert_eq!(progress.systems, 1024 * reports);
        assert!(progress.proved <= progress.systems && progress.open <= progress.cycle_searches);
        assert!(progress.cycle_searches <= 6 * reports);
        assert!(atlas.len() >= most);
        most = atlas.len();
        Ok(())
    })?;
    assert_eq!(reports, 3);
    assert!(found.len() > start.len());
    for entry in start.entries() {
        let kept = found.find(&entry.class).unwrap();
        assert!(kept.margins.cleanliness() >= entry.margins.cleanliness());
    }
    // The report can end it.
    let stop = |_: &_, _: &_| Err(Error::Draw("enough".to_owned()));
    has(&text(small(7).run_from(&start, &mut { stop })), &["enough"]);
    Ok(())
}

#[test]
fn numbers_out_of_range_are_refused() {
    has(&text(small(0).with_systems(0).run()), &["systems = 0", "at least 1"]);
    for searches in [0, 1025] {
        let refused = text(small(0).with_cycle_searches(searches).run());
        has(&refused, &[&format!("cycle_searches = {searches}"), "1 to 1024"]);
    }
}

/// `cargo test --test atlas speed -- --ignored --nocapture`, on a machine that does nothing else.
#[test]
#[ignore = "takes time"]
fn speed() -> Result<()> {
    let start = std::time::Instant::now();
    let search = AtlasSearch::new(1).with_systems(40_960);
    let atlas = search.run_from(&Atlas::default(), &mut |progress, _| {
        if progress.systems % 10_240 == 0 {
            println!(
                "{progress:?}: {:.0} systems a second",
                progress.systems as f64 / start.elapsed().as_secs_f64()
            );
        }
        Ok(())
    })?;
    println!("{atlas:?}");
    Ok(())
}
