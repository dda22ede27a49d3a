//! The figure of an atlas.

use crate::errors::{has, text};
use eigengate::Result;
use eigengate::dynamics::{Atlas, AtlasEntry, families};
use eigengate::plot;
use std::path::Path;

#[test]
fn every_class_has_a_panel_with_its_title() -> Result<()> {
    let angles = [0.1, 0.7, 1.0];
    let systems = angles.map(|angle| families::rotation(3.0, angle).unwrap());
    let entries = systems.iter().map(AtlasEntry::new).collect::<Result<Vec<_>>>()?;
    let atlas = Atlas::new(entries);
    let figure = plot::atlas(&atlas)?;
    let titles: Vec<&str> = figure.panels().iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["1·0·0", "0·0·1  1+0", "4·4·1"]);
    let summary = figure.summary()?;
    let lines: Vec<&str> = summary.lines().collect();
    has(lines[1], &["1·0·0", "stable focus"]);
    has(lines[2], &["stable cycle", "unstable focus"]);
    has(lines[3], &["saddle", "stable manifold", "25 %"]);
    // The same bytes again; all panels without ticks, and one legend.
    let svg = figure.svg()?;
    assert_eq!(svg, plot::atlas(&atlas)?.svg()?);
    assert_eq!(svg.matches("-legend\">").count(), 1);
    has(&text(plot::atlas(&Atlas::default())), &["the atlas is empty"]);
    Ok(())
}

/// `cargo test --test atlas gallery -- --ignored --nocapture` writes `target/gallery/atlas.png`; ATLAS names another file.
#[test]
#[ignore = "for eyes"]
fn gallery() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    let atlas = match std::env::var_os("ATLAS") {
        Some(file) => Atlas::read(file),
        None => Atlas::shipped(),
    };
    let start = std::time::Instant::now();
    let figure = plot::atlas(&atlas.unwrap()).unwrap();
    println!("{figure:?} in {:?}", start.elapsed());
    figure.save(folder.join("atlas.png")).unwrap();
    println!("{:?} with the file", start.elapsed());
}
