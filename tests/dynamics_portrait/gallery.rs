//! Figures for eyes: `cargo test --test dynamics_portrait gallery -- --ignored` writes them into `target/gallery`.

use eigengate::dynamics::{Portrait, PortraitOptions, Reset, families};
use eigengate::plot;

#[test]
#[ignore = "for eyes"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, weights) in [
        ("rotation-0.5", families::rotation(3.0, 0.5)),
        ("rotation-0.1", families::rotation(3.0, 0.1)),
        ("bistable", families::two_bistable_units(3.0, 4.0)),
        ("random-1", families::random(2, 4.0, 1, Reset::Before)),
        ("random-2", families::random(2, 6.0, 2, Reset::Before)),
        ("random-5", families::random(2, 8.0, 5, Reset::After)),
        ("line", families::random(1, 6.0, 3, Reset::Before)),
        ("space", families::random(3, 4.0, 3, Reset::Before)),
        ("components", families::random(8, 2.0, 1, Reset::After)),
    ] {
        let weights = weights.unwrap();
        let start = std::time::Instant::now();
        let portrait = Portrait::new(&weights, &PortraitOptions::default()).unwrap();
        println!("{name}: {portrait:?} in {:?}", start.elapsed());
        for check in portrait.checks().iter().filter(|check| !check.holds) {
            println!("  {check:?}");
        }
        plot::portrait(&portrait).unwrap().save(folder.join(format!("{name}.png"))).unwrap();
    }
    let systems =
        [0.1, 0.3, 0.7, 1.0].map(|alpha| families::rotation(3.0, alpha).unwrap().portrait().unwrap());
    let titles = ["α = 0.1", "α = 0.3", "α = 0.7", "α = 1.0"];
    let all: Vec<(&str, &Portrait)> = titles.into_iter().zip(&systems).collect();
    plot::portraits(&all).unwrap().save(folder.join("family.png")).unwrap();
}
