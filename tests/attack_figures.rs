//! Figures of attacks, histograms, and the energy of perturbations along eigenvectors.

#[path = "attack_figures/energy.rs"]
mod energy;
#[path = "common/errors.rs"]
mod errors;
#[path = "attack_figures/figures.rs"]
mod figures;
#[path = "attack_figures/histogram.rs"]
mod histogram;
#[path = "plot/pixels.rs"]
#[allow(dead_code)]
mod pixels;

/// Writes all figures into `target/gallery`, for eyes: `cargo test --test attack_figures gallery -- --ignored`.
#[test]
#[ignore = "for eyes"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, figure) in figures::all() {
        println!("{name}\n{}\n", figure.summary().unwrap());
        figure.save(folder.join(format!("attack-{name}.png"))).unwrap();
        figure.save(folder.join(format!("attack-{name}.svg"))).unwrap();
    }
    let grid = figures::examples();
    println!("{}", grid.summary().unwrap());
    grid.save(folder.join("attack-examples.png")).unwrap();
}

#[test]
fn the_same_figure_has_the_same_bytes() {
    for ((name, first), (_, second)) in figures::all().into_iter().zip(figures::all()) {
        assert_eq!(first.png().unwrap(), second.png().unwrap(), "{name}");
        assert_eq!(first.svg().unwrap(), second.svg().unwrap(), "{name}");
    }
}
