//! Figures byte for byte: what a reader would see changes only when somebody looks at it and says so.
//!
//! `EIGENGATE_GOLDEN=write cargo test --test plot golden` draws the pictures in `tests/data/golden` anew; then look at them.

use eigengate::data::ImageShape;
use eigengate::dynamics::{Portrait, PortraitOptions, families};
use eigengate::plot::{
    self, Axis, Band, Course, Dash, Figure, Filling, Heatmap, Histogram, Image, ImageGrid, Line, Marker,
    Note, Panel, Points, Reference, Theme,
};
use eigengate::spectra::{PowerLaw, Spectrum};
use std::path::Path;

fn compare(name: &str, png: Vec<u8>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/golden/{name}.png"));
    if std::env::var("EIGENGATE_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&path, &png).unwrap();
        return;
    }
    let golden = std::fs::read(&path).unwrap();
    if golden != png {
        let drawn = std::env::temp_dir().join(format!("eigengate-{name}.png"));
        std::fs::write(&drawn, &png).unwrap();
        panic!(
            "{name}: {} bytes instead of {}; the new picture is {}",
            png.len(),
            golden.len(),
            drawn.display()
        );
    }
}

/// Numbers that need no library to be computed: sums, products and quotients.
fn wave(x: f64) -> f64 {
    x * (1.0 - x) * (0.5 - x) / (1.0 + x * x)
}

fn places(count: usize) -> Vec<f64> {
    (0..count).map(|k| k as f64 / (count - 1) as f64).collect()
}

fn lines() -> Figure {
    let x = places(50);
    let y = |scale: f64| x.iter().map(|x| scale * wave(*x)).collect::<Vec<f64>>();
    let (low, high): (Vec<f64>, Vec<f64>) = y(2.0).iter().map(|y| (y - 0.02, y + 0.03)).unzip();
    let panel = Panel::new(Axis::linear("Time (s)"), Axis::linear("Response"))
        .with(Band::new("", &x, &low, &high).unwrap())
        .with(Line::new("first", &x, &y(2.0)).unwrap())
        .with(Line::new("second", &x, &y(-1.0)).unwrap().with_dash(Dash::Dashed))
        .with(Reference::new("rest", Course::Horizontal(0.0)))
        .with(Note::new("a note", 0.6, 0.12));
    let markers = [
        (Marker::Circle, Filling::Full),
        (Marker::Square, Filling::Open),
        (Marker::Diamond, Filling::Half),
        (Marker::Cross, Filling::Full),
    ];
    let mut second = Panel::new(Axis::log("Size"), Axis::linear("Count"));
    for (k, (marker, filling)) in markers.into_iter().enumerate() {
        let x: Vec<f64> = (1..8).map(|n| f64::from(n * n * n)).collect();
        let y: Vec<f64> = x.iter().map(|x| x / (x + 10.0 * (k + 1) as f64)).collect();
        second = second.with(
            Points::new(format!("group {}", k + 1), &x, &y)
                .unwrap()
                .with_marker(marker, filling)
                .with_diameter(5.0),
        );
    }
    Figure::new(vec![panel, second]).with_letters()
}

fn matrices() -> Figure {
    let values =
        ndarray::Array2::from_shape_fn((12, 16), |(i, j)| wave(i as f64 / 11.0) * wave(j as f64 / 15.0));
    let values = values.mapv(|v| 100.0 * v);
    let heat = Panel::new(Axis::linear("x"), Axis::linear("y"))
        .with(Heatmap::new("value", values.view(), (0.0, 1.0), (0.0, 1.0)).unwrap());
    let heights: Vec<f64> = (0..12).map(|k| f64::from(k * (12 - k))).collect();
    let bins = Histogram::new("samples", &places(13), &heights).unwrap();
    let bins = Panel::new(Axis::linear("Value"), Axis::linear("Count")).with(bins);
    Figure::new(vec![heat, bins])
}

fn spectra() -> Figure {
    let values = |power: i32| (1..=300).map(|n| 1.0 / f64::from(n).powi(power)).collect::<Vec<f64>>();
    let (one, two) = (Spectrum::new("a", values(1)).unwrap(), Spectrum::new("b", values(2)).unwrap());
    let fit = PowerLaw::fit(two.eigenvalues(), 11, 200).unwrap();
    let options = plot::SpectrumOptions { fits: vec![("steep".to_owned(), fit)], ..Default::default() };
    plot::spectrum_with(&[("flat", &one), ("steep", &two)], &options).unwrap()
}

fn portrait() -> Figure {
    let options = PortraitOptions::new().with_basins(60).with_spacing(0.12);
    plot::portrait(&Portrait::new(&families::rotation(3.0, 0.1).unwrap(), &options).unwrap()).unwrap()
}

#[test]
fn golden_lines_and_markers() {
    compare("lines", lines().png().unwrap());
    compare("lines_dark", lines().with_theme(Theme::Dark).png().unwrap());
    compare("lines_column", lines().in_one_column().with_columns(1).png().unwrap());
}

#[test]
fn golden_matrices() {
    compare("matrices", matrices().png().unwrap());
    compare("matrices_dark", matrices().with_theme(Theme::Dark).png().unwrap());
}

#[test]
fn golden_spectra() {
    compare("spectra", spectra().png().unwrap());
    compare("spectra_page", spectra().in_two_columns().png().unwrap());
}

#[test]
fn golden_portrait() {
    compare("portrait", portrait().png().unwrap());
    compare("portrait_dark", portrait().with_theme(Theme::Dark).png().unwrap());
}

#[test]
fn golden_images() {
    let shape = ImageShape { channels: 1, height: 8, width: 8 };
    let step = ndarray::Array1::from_shape_fn(64, |i| i as f32 / 63.0);
    let slope = step.mapv(|x| 2.0 * x - 1.0);
    let row = || [Image::pixels(step.view(), shape).unwrap(), Image::signed(slope.view(), shape).unwrap()];
    let grid =
        ImageGrid::new().with_columns(["image", "map"]).with_row("first", row()).with_row("second", row());
    compare("images", grid.png().unwrap());
}

#[test]
fn sizes_are_those_of_paper_columns() {
    // Pixels at 192 per inch.
    let width = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert_eq!(
        width(&lines().in_one_column().with_columns(1).png().unwrap()),
        (89.0 / 25.4 * 192.0f64).round() as u32
    );
    assert_eq!(width(&spectra().in_two_columns().png().unwrap()), (183.0 / 25.4 * 192.0f64).round() as u32);
    let svg = lines().with_theme(Theme::Dark).svg().unwrap();
    assert!(
        !svg.contains("#FFFFFF") && svg.contains("<rect width=\"100%\" height=\"100%\" fill=\"#"),
        "no white is left"
    );
}
