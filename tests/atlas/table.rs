//! The table and its file.

use crate::errors::{has, text};
use eigengate::Result;
use eigengate::dynamics::{Atlas, AtlasEntry, families};
use eigengate::frame::Frame;

fn atlas() -> Result<Atlas> {
    let systems =
        [families::rotation(3.0, 0.1)?, families::rotation(3.0, 0.7)?, families::rotation(3.0, 1.0)?];
    let mut entries = systems.iter().map(AtlasEntry::new).collect::<Result<Vec<_>>>()?;
    (entries[1].seed, entries[1].index) = (u64::MAX, 17);
    Ok(Atlas::new(entries))
}

#[test]
fn a_table_comes_back_to_the_last_bit() -> Result<()> {
    let (folder, atlas) = (tempfile::tempdir().unwrap(), atlas()?);
    let path = folder.path().join("atlas.parquet");
    atlas.write(&path)?;
    let back = Atlas::read(&path)?;
    assert!(back == atlas);
    assert_eq!(back.weights(2)?, families::rotation(3.0, 0.1)?);
    has(&text(back.weights(3)), &["index = 3", "below 3"]);

    let frame = atlas.frame()?;
    let whole = |name: &str| frame.column(name).unwrap().i64().unwrap().to_vec();
    assert_eq!(whole("sinks"), [Some(1), Some(0), Some(4)]);
    assert_eq!(whole("stable_cycles"), [Some(0), Some(1), Some(0)]);
    assert_eq!(whole("unstable_foci"), [Some(0), Some(1), Some(1)]);
    let uh12 = frame.column("uh12")?.f64()?.get(1).unwrap();
    assert_eq!(uh12, -3.0 * 0.7f64.sin());
    let period = frame.column("periods")?.str()?.get(1).unwrap().to_owned();
    assert!(period.starts_with("14.9772"), "{period}");
    Ok(())
}

#[test]
fn other_files_are_refused_by_what_is_wrong() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("atlas.parquet");
    has(&text(Atlas::read(&path)), &["cannot read", "atlas.parquet"]);
    std::fs::write(&path, "no table").unwrap();
    has(&text(Atlas::read(&path)), &["not the parquet file"]);
    Frame::new().with("seed", [1u64])?.write_parquet(&path)?;
    has(&text(Atlas::read(&path)), &["not the atlas file", "fixed_points: i64 as column 1", "seed: u64"]);

    let good = atlas()?.frame()?.into_inner();
    let read = |frame: Frame| {
        frame.write_parquet(&path).unwrap();
        text(Atlas::read(&path))
    };
    has(&read(good.drop("bh2").unwrap().into()), &["bh2: f64 as column 41", "found 40 columns"]);
    // One cell at a time.
    let with = |name: &str, value: Frame| {
        let mut changed = good.clone();
        let column = value.column(name).unwrap().clone();
        changed.replace(name, column).unwrap();
        read(changed.into())
    };
    let counts = |name: &str, values: [i64; 3]| with(name, Frame::new().with(name, values).unwrap());
    has(&counts("saddles", [0, 1, 4]), &["counts that fit together in row 2"]);
    has(&counts("stable_nodes", [0, 0, 3]), &["counts that fit together in row 3"]);
    has(&counts("fixed_points", [1, 1, 8]), &["counts that fit together in row 3"]);
    has(&counts("sinks", [-1, 0, 4]), &["a count sinks in row 1", "Some(-1)"]);
    let texts = |name: &str, values: [&str; 3]| with(name, Frame::new().with(name, values).unwrap());
    has(&texts("origin", ["given", "dreamt", "given"]), &["as origin in row 2", "found dreamt"]);
    has(&texts("periods", ["", "14,9", ""]), &["numbers periods", "row 2", "14,9"]);
    has(&texts("log_multipliers", ["", "0.7", ""]), &["counts that fit together in row 2"]);
    let numbers = |name: &str, values: [f64; 3]| with(name, Frame::new().with(name, values).unwrap());
    has(&numbers("uz11", [0.0, f64::NAN, 0.0]), &["a number uz11 in row 2", "NaN"]);
    // Two rows of one class.
    let twice = good.vstack(&good).unwrap();
    has(&read(twice.into()), &["one row for each class", "6 rows of 3 classes"]);
    Ok(())
}
